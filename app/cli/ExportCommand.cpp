#include "app/cli/Commands.h"
#include "app/cli/ExportTargets.h"
#include "app/cli/FilterOption.h"
#include "app/cli/LoadJob.h"
#include "core/base/Path.h"
#include "core/base/StringPool.h"
#include "core/io/SubsetWriter.h"

#include <CLI/CLI.hpp>

#include <csignal>
#include <memory>
#include <ostream>

namespace opscope {
namespace {

struct Options
{
    std::vector<std::string> files, outputs, tracks;
    std::string filter, range;
    bool clip = false, noLinks = false, effects = false, parents = false, producers = false, subtrees = false;
    bool redact = false, evenIfEmpty = false;
    bool everything() const { return filter.empty() && range.empty() && tracks.empty(); }
};

/// What the options mean, as far as that can be told without the trace.
struct Wish
{
    Filter filter;
    std::optional<TimeRange> range; ///< counted from the first event
};

/// --range and --tracks are filters written shorter.
std::optional<Wish> readWish(Console& console, const Options& options)
{
    Wish wish;
    const auto filter = readFilter(console, "export", options.filter);
    if (!filter) return std::nullopt;
    wish.filter = *filter;
    if (!options.range.empty()) {
        wish.range = readRange(console, "export", options.range);
        if (!wish.range) return std::nullopt;
        wish.filter = both(wish.filter, timeFilter(*wish.range));
    }
    if (!options.tracks.empty()) {
        std::string text;
        for (const std::string& track : options.tracks) text += (text.empty() ? "track in (" : ", ") + opscope::quoted(track);
        const auto tracks = readFilter(console, "export", text + ")");
        if (!tracks) return std::nullopt;
        wish.filter = both(wish.filter, *tracks);
    }
    if (options.clip && !wish.range) {
        console.complain("opscope export: --clip cuts to a range; say which: --range 10ms..20ms --clip");
        return std::nullopt;
    }
    return wish;
}

Result<Subset> chosen(const Trace& trace, const Options& options, const Wish& wish, const JobControl& job)
{
    if (options.everything()) return wholeTrace(trace);
    auto matches = runQuery(trace, wish.filter, job);
    if (!matches) return matches.error();
    const SubsetOptions closing{.links = !options.noLinks, .effects = options.effects, .parents = options.parents, .producers = options.producers,
                                .subtrees = options.subtrees};
    return closeSubset(trace, std::move(*matches), closing, job);
}

std::string count(std::uint64_t n) { return formatCount(static_cast<std::int64_t>(n)); }

/// "12 of 3,400 events" ... and what is not as it was, a line each.
void tell(std::ostream& out, const Trace& trace, const Subset& subset, const std::vector<ExportTarget>& targets, const ExportReport& report)
{
    const Subset all = wholeTrace(trace);
    if (!subset.whole)
        out << count(subset.matched) << " match" << (subset.added ? ", " + count(subset.added) + " came along" : std::string()) << '\n';
    for (std::size_t i = 0; i < report.files.size(); ++i) {
        const ExportReport::File& file = report.files[i];
        const SourceFile& source = trace.sources()[targets[i].source.index()];
        const std::string things = source.format == "et" ? " nodes" : " events";
        out << withoutControls(file.path) << ": ";
        if (targets[i].as == ExportTarget::As::Fxt) out << count(file.events) << (file.events == 1 ? " event" : " events") << " as a Fuchsia trace";
        else if (subset.whole) out << "all " << count(file.events) << things;
        else out << count(file.events) << " of " << count(all.sources[targets[i].source.index()].events) << things;
        out << ", " << formatBytes(static_cast<std::int64_t>(file.bytes));
        if (file.packedBytes != file.bytes) out << ", packed " << formatBytes(static_cast<std::int64_t>(file.packedBytes));
        out << '\n';
        if (file.leftOut) out << "  " << count(file.leftOut) << " of " << fileName(source.path) << " left out: no filter can match what is no event\n";
        if (file.rewritten) out << "  " << count(file.rewritten) << " damaged ones written as they were understood\n";
        if (file.clipped) out << "  " << count(file.clipped) << " cut to the range\n";
        if (file.resources) out << "  " << count(file.resources) << " captured files copied beside it\n";
        if (file.redactions) out << "  " << count(file.redactions) << " texts replaced\n";
        if (file.timeless) out << "  " << count(file.timeless) << " nodes of execution traces left out: .fxt knows events with times only\n";
    }
}

ExitStatus failed(Console& console, const LoadJob& job, const Error& error)
{
    if (job.cancelled()) return ExitStatus::Cancelled;
    console.complain(error);
    return ExitStatus::Cannot;
}

ExitStatus exportPart(Console& console, const Options& options)
{
    const auto wish = readWish(console, options);
    if (!wish) return ExitStatus::Usage;
    std::signal(SIGXFSZ, SIG_IGN); // a file that may not grow is told like a full disk
    LoadJob job(console);
    const Result<TracePtr> loaded = job.load(options.files);
    if (!loaded) return failed(console, job, loaded.error());
    const Trace& trace = **loaded;
    const auto subset = chosen(trace, options, *wish, job.control());
    if (!subset) return failed(console, job, subset.error());
    if (!subset->whole && subset->rows.empty() && !options.evenIfEmpty) {
        console.complain("nothing matches, so no file was written; --even-if-empty writes one without events");
        return ExitStatus::Cannot;
    }
    ExportTargets targets;
    if (const Status fine = targets.choose(trace, options.outputs); !fine) return failed(console, job, fine.error());
    ExportOptions how;
    how.evenIfEmpty = options.evenIfEmpty;
    if (options.clip) how.clip = fromFilterTimes(trace, *wish->range);
    if (options.redact) how.redactor = Redactor::of(trace);
    how.commit = [&job] { return job.commit(); };
    const LoadJob::Step writing(job, fileName(targets.all().front().path));
    const auto report = writeSubset(trace, *subset, targets.all(), how, job.control());
    if (!report) return failed(console, job, report.error());
    targets.keepFolder();
    tell(console.out(), trace, *subset, targets.all(), *report);
    return console.delivered() ? ExitStatus::Ok : ExitStatus::Cannot;
}

Run declare(CLI::App& app)
{
    const auto options = std::make_shared<Options>();
    app.add_option("files", options->files, "The trace, or files that belong together")->required()->type_name("FILE");
    app.add_option("--filter", options->filter, "Keep what matches (core/query/FILTER.md)")->type_name("EXPRESSION");
    app.add_option("--range", options->range, "Keep what overlaps the range; times count from the first event")->type_name("A..B");
    app.add_option("--tracks", options->tracks, "Keep what lies on these tracks, named as the timeline shows them")
        ->type_name("NAME,...")->delimiter(',')->allow_extra_args(false);
    app.add_flag("--clip", options->clip, "Cut kept slices to --range; else they stay whole");
    app.add_flag("--no-links", options->noLinks, "Matches alone, without what launched and what encloses them");
    app.add_flag("--with-kernels", options->effects, "Also what matches launched");
    app.add_flag("--parents", options->parents, "Also everything around a kept slice on its track");
    app.add_flag("--producers", options->producers, "Execution trace: also the nodes that made the inputs of matched ones");
    app.add_flag("--subtrees", options->subtrees, "Execution trace: also everything below matched nodes");
    app.add_flag("--redact", options->redact, "Replace names of hosts, users, jobs and paths, the same by the same");
    app.add_flag("--even-if-empty", options->evenIfEmpty, "Write a file although nothing matches");
    app.add_option("-o,--output", options->outputs, "Where to; .gz packs. For several files a folder, or -o once each. OUT.fxt[.gz]: as a Fuchsia trace")
        ->required()->type_name("OUT")->allow_extra_args(false);
    return [options](Console& console) { return exportPart(console, *options); };
}

} // namespace

Command exportCommand()
{
    return {"export", "Save a part of a trace as a file that every other tool opens", "[--filter E] [--range A..B] FILE... -o OUT[.gz]",
            "Kept events are copied byte by byte, with all top-level keys, the names of their tracks, and (unless --no-links) the\n"
            "calls and operators that launched kept device ops, both ends of flows, and enclosing annotations. Of an execution\n"
            "trace: nodes with their ancestors and captured files. Without filter, range and tracks the file is copied as it is.\n"
            "The target gets its name when it is whole; nothing is left behind before that.\n\n"
            "A name that ends in .fxt or .fxt.gz makes one Fuchsia trace of any trace, all FILEs on one clock, for Perfetto and\n"
            "magic-trace's viewer: slices, instants, counters, async events, flows, threads and processes, and the arguments that\n"
            "have columns (ids, bytes, shapes). A part of an .fxt is an .fxt, of its own records. Execution traces have no times\n"
            "and no place in it.\n\n"
            "Examples:\n"
            "  opscope export --filter 'cat == kernel and dur > 1ms' trace.json.gz -o slow.json.gz\n"
            "  opscope export --range 1.2s..1.3s --clip trace.json -o moment.json\n"
            "  opscope export --filter 'inside(name ~ \"ProfilerStep#3\")' trace.json -o step3.fxt.gz\n"
            "  opscope export --filter 'inside(name ~ \"ProfilerStep#3\")' trace.json et.json -o step3/",
            declare};
}

} // namespace opscope
