#include "app/cli/InfoText.h"

#include "app/cli/EventCounts.h"
#include "app/cli/TextTable.h"
#include "core/analysis/Provenance.h"
#include "core/analysis/TraceFacts.h"
#include "core/base/Path.h"
#include "core/base/StringPool.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <ctime>
#include <unordered_map>

namespace opscope {
namespace {

using Lines = std::vector<std::string>;
using Align = TextTable::Align;

constexpr std::size_t kWidth = 100;
constexpr std::size_t kScreenLines = 24;
constexpr std::size_t kLeftWidth = 44;    ///< at most, of the first table
constexpr std::size_t kGap = 4;           ///< blanks between the tables
constexpr std::size_t kScreenProblems = 4;

std::string count(std::uint64_t n) { return formatCount(static_cast<std::int64_t>(n)); }

std::string counted(std::uint64_t n, std::string_view one, std::string_view many)
{
    return count(n) + " " + std::string(n == 1 ? one : many);
}

std::string joined(const std::vector<std::string>& parts, std::string_view between)
{
    std::string out;
    for (const std::string& part : parts) {
        if (part.empty()) continue;
        if (!out.empty()) out += between;
        out += part;
    }
    return out;
}

constexpr std::string_view kDot = " \u00B7 ";

/// Sums may leave int64; the shown form is rounded anyway.
std::string duration(const ExactSum& sum)
{
    const __int128 ns = sum.ns();
    return ns > INT64_MAX ? "more than 292 years" : formatDuration(static_cast<Nanos>(ns));
}

/// "all" is a promise, so 99.99 % does not read as 100.
std::string share(std::uint64_t part, std::uint64_t whole)
{
    return part == whole ? "all" : formatShare(whole ? static_cast<double>(part) / static_cast<double>(whole) : 0);
}

std::string utcTime(Nanos sinceEpoch)
{
    const std::time_t seconds = static_cast<std::time_t>(sinceEpoch / 1'000'000'000);
    std::tm parts{};
    char text[64];
    if (!gmtime_r(&seconds, &parts) || !std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts)) return "";
    return text;
}

/// The lines above the tables: "span      1.211 s".
class Heading
{
public:
    explicit Heading(const Console& console) : m_console(console) {}
    void add(std::string_view label, const std::string& text)
    {
        if (text.empty()) return;
        lines.push_back("  " + m_console.dim(padded(label, 10)) + elided(withoutControls(text), kWidth - 12));
    }
    Lines lines;

private:
    const Console& m_console;
};

std::string sourceText(const SourceFile& source)
{
    const auto unpacked = formatBytes(static_cast<std::int64_t>(source.unpackedBytes));
    if (!source.gzip) return unpacked;
    return formatBytes(static_cast<std::int64_t>(source.packedBytes)) + " gzip, " + unpacked + " unpacked" +
           (source.gzipMembers > 1 ? ", " + count(source.gzipMembers) + " members" : "");
}

/// "8 x NVIDIA H100 (79.10 GiB, 132 multiprocessors)": equal devices are told once.
std::string devicesText(const std::vector<DeviceInfo>& devices)
{
    std::vector<std::pair<std::string, std::uint64_t>> kinds;
    for (const DeviceInfo& device : devices) {
        std::string text = device.name.empty() ? "unnamed device" : device.name;
        const std::string details = joined({device.memoryBytes > 0 ? formatBytes(device.memoryBytes) : "",
            device.processors > 0 ? counted(static_cast<std::uint64_t>(device.processors), "processor", "processors") : ""}, ", ");
        if (!details.empty()) text += " (" + details + ")";
        const auto same = std::find_if(kinds.begin(), kinds.end(), [&](const auto& kind) { return kind.first == text; });
        if (same == kinds.end()) kinds.emplace_back(std::move(text), 1);
        else ++same->second;
    }
    std::vector<std::string> parts;
    for (const auto& [text, number] : kinds) parts.push_back(number > 1 ? count(number) + " \u00D7 " + text : text);
    return joined(parts, ", ");
}

std::string rankText(const Provenance& from)
{
    std::string text = from.rank ? std::to_string(*from.rank) : "";
    if (from.worldSize) text += (text.empty() ? "one of " : " of ") + std::to_string(*from.worldSize);
    return joined({text, from.backend}, kDot);
}

std::string recordedText(const Provenance& from)
{
    return joined({from.recordedAt ? utcTime(*from.recordedAt) : "",
                   from.options.empty() ? "" : "with " + joined(from.options, ", ")}, kDot);
}

/// A table under its title, at most `most` rows of it.
Lines block(const Console& console, std::string_view title, const TextTable& table, std::size_t most)
{
    const Lines rows = table.lines();
    if (rows.empty()) return {};
    const std::size_t cut = rows.size() <= most ? rows.size() : most - 1;
    Lines out{console.bold(title)};
    out.insert(out.end(), rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(cut));
    if (cut < rows.size()) out.push_back("\u2026 and " + count(rows.size() - cut) + " more (--all)");
    return out;
}

std::size_t widest(const Lines& lines)
{
    std::size_t width = 0;
    for (const std::string& line : lines) width = std::max(width, displayWidth(line));
    return width;
}

TextTable categoryTable(const TraceFacts& facts)
{
    struct Row { std::string name; std::uint64_t events; ExactSum total; bool timed; };
    std::vector<Row> rows;
    for (const auto& [name, events] : facts.eventsByCategory) {
        const auto total = facts.durationByCategory.find(name);
        const bool timed = total != facts.durationByCategory.end();
        rows.push_back({name.empty() ? "(no category)" : withoutControls(name), events, timed ? total->second : ExactSum(), timed});
    }
    std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
        return a.total != b.total ? a.total > b.total : a.events > b.events;
    });
    TextTable table({Align::Left, Align::Right, Align::Right});
    for (const Row& row : rows) table.add({elided(row.name, kLeftWidth - 22), count(row.events), row.timed ? duration(row.total) : "\u2013"});
    return table;
}

/// Tracks in the order in which the window shows them; where there is no room for all, the busiest `most`.
TextTable trackTable(const Trace& trace, std::size_t most, std::size_t width)
{
    std::vector<std::size_t> shown;
    for (std::size_t t = 0; t < trace.tracks().size(); ++t)
        if (trace.tracks()[t].visible()) shown.push_back(t);
    const auto busier = [&](std::size_t a, std::size_t b) { return trace.tracks()[a].events > trace.tracks()[b].events; };
    if (shown.size() > most) { // the rows that will be cut are the quiet ones
        std::stable_sort(shown.begin(), shown.end(), busier);
        std::sort(shown.begin(), shown.begin() + static_cast<std::ptrdiff_t>(most - 1));
    }
    std::vector<std::array<std::string, 3>> rows;
    std::string before;
    std::size_t processWidth = 0, trackWidth = 0;
    for (const std::size_t t : shown) {
        const Track& track = trace.tracks()[t];
        const std::string process = track.process.valid() ? withoutControls(trace.processName(track.process)) : "";
        const std::uint64_t events = track.events ? track.events : track.sliceCount + track.instantCount;
        rows.push_back({process == before ? "" : process, withoutControls(trace.trackName(TrackId(t))), count(events)});
        processWidth = std::max(processWidth, displayWidth(process));
        trackWidth = std::max(trackWidth, displayWidth(rows.back()[1]));
        before = process;
    }
    const std::size_t names = width > 50 ? width - 14 : 36; // two columns of them beside the counts
    processWidth = std::min(processWidth, std::max(names / 2, names - std::min(names, trackWidth)));
    TextTable table({Align::Left, Align::Left, Align::Right});
    for (const auto& [process, track, events] : rows)
        table.add({elided(process, processWidth), elided(track, names - processWidth), events});
    return table;
}

TextTable nodeNameTable(const Trace& trace)
{
    std::unordered_map<StringId, std::uint64_t> counts;
    for (const EtNode& node : trace.executionTrace()->nodes())
        if (!node.synthetic) ++counts[node.name];
    std::vector<std::pair<StringId, std::uint64_t>> rows(counts.begin(), counts.end());
    std::sort(rows.begin(), rows.end(), [&](const auto& a, const auto& b) {
        return a.second != b.second ? a.second > b.second : trace.text(a.first) < trace.text(b.first);
    });
    TextTable table({Align::Left, Align::Right});
    for (const auto& [name, number] : rows) table.add({elided(withoutControls(trace.text(name)), kLeftWidth - 10), count(number)});
    return table;
}

Lines problemLines(const Trace& trace, const Console& console, Extent extent)
{
    const std::vector<Defect> seen = trace.diagnostics().seen();
    Lines out;
    for (const Defect defect : seen) {
        if (extent == Extent::OneScreen && out.size() + 1 == kScreenProblems && seen.size() > kScreenProblems) break;
        const DefectInfo& about = info(defect);
        const std::string text = elided(std::string(about.title) + ": " + count(trace.diagnostics().count(defect)) +
                                        (about.action.empty() ? "" : " (" + std::string(about.action) + ")"), kWidth - 12);
        const std::string word = padded(about.severity == Severity::Error ? "error" : about.severity == Severity::Warning ? "warning" : "note", 10);
        out.push_back("  " + (about.severity == Severity::Error ? console.alarm(word)
                              : about.severity == Severity::Warning ? console.warning(word) : console.dim(word)) + text);
    }
    if (out.size() < seen.size())
        out.push_back("  " + padded("", 10) + "\u2026 and " + counted(seen.size() - out.size(), "kind", "kinds") + " more (--all)");
    if (out.empty()) out.push_back("  " + console.dim(padded("problems", 10)) + "none");
    return out;
}

void addEventLines(Heading& heading, const Trace& trace, const TraceFacts& facts)
{
    const bool timed = !trace.extent().empty();
    heading.add("span", timed && trace.extent().length() <= INT64_MAX ? formatDuration(static_cast<Nanos>(trace.extent().length())) : "nothing with a time");
    const auto visible = static_cast<std::uint64_t>(std::count_if(trace.tracks().begin(), trace.tracks().end(),
                                                                   [](const Track& t) { return t.visible(); }));
    heading.add("events", eventCounts(trace).text({}) + " on " + counted(visible, "track", "tracks") + " of " +
                              counted(trace.processes().size(), "process", "processes"));
    if (facts.cpuOps)
        heading.add("CPU ops", count(facts.cpuOps) + (facts.cpuOpsWithShapes ? std::string(kDot) + share(facts.cpuOpsWithShapes, facts.cpuOps) + " with shapes" : ""));
    if (facts.deviceEvents.total)
        heading.add("device", counted(facts.kernels.total, "kernel", "kernels") + std::string(kDot) +
                                  counted(facts.deviceEvents.total - facts.kernels.total, "copy or set", "copies and sets") + " on " +
                                  counted(facts.streams, "stream", "streams") + std::string(kDot) +
                                  share(facts.deviceEvents.withLaunch, facts.deviceEvents.total) + " with their launch");
}

void addNodeLines(Heading& heading, const Trace& trace)
{
    const ExecutionTrace& et = *trace.executionTrace();
    const EtStats& stats = trace.etStats();
    heading.add("nodes", count(stats.nodes) + std::string(kDot) + counted(et.roots().size(), "root", "roots") + std::string(kDot) +
                             "deepest " + count(stats.maxTreeDepth) + std::string(kDot) + count(stats.nodesWithRfId) + " with a record function id");
    heading.add("tensors", count(stats.tensorsIn) + " in inputs" + std::string(kDot) + count(stats.tensorsOut) + " in outputs" +
                               std::string(kDot) + count(stats.distinctTensorIds) + " tensor ids" + std::string(kDot) +
                               count(stats.distinctStorageIds) + " storages");
    std::vector<std::string> extras;
    if (stats.withTensorRange) extras.push_back(count(stats.withTensorRange) + " with tensor ranges");
    if (stats.withKernelFile) extras.push_back(count(stats.withKernelFile) + " with kernel files");
    if (stats.withCollectiveName) extras.push_back(count(stats.withCollectiveName) + " collectives");
    heading.add("also", joined(extras, kDot));
    std::vector<std::string> pids, times;
    for (const EtFile& file : et.files()) {
        if (file.pid) pids.push_back("pid " + std::to_string(*file.pid));
        if (!file.time.empty()) times.push_back(file.time);
    }
    heading.add("process", joined(pids, kDot));
    heading.add("started", joined(times, kDot));
    heading.add("times", "none: a node says what ran in which order, not when");
}

void append(Lines& out, const Lines& more)
{
    out.insert(out.end(), more.begin(), more.end());
}

} // namespace

Lines infoText(const Trace& trace, const Console& console, Extent extent)
{
    const Provenance from = provenance(trace);
    const SourceFile& source = trace.sources().front();
    const bool nodesOnly = trace.timeBase() == TimeBase::NodeOrder && trace.executionTrace();
    Heading heading(console);
    TextTable first({});
    heading.add("file", sourceText(source));
    if (nodesOnly) {
        addNodeLines(heading, trace);
        first = nodeNameTable(trace);
    } else {
        heading.add("hardware", devicesText(from.devices));
        heading.add("recorded", recordedText(from));
        heading.add("rank", rankText(from));
        heading.add("providers", joined(from.providers, ", "));
        heading.add("blobs", joined(from.attachments, ", "));
        const TraceFacts facts = traceFacts(trace);
        addEventLines(heading, trace, facts);
        first = categoryTable(facts);
    }
    const Lines problems = problemLines(trace, console, extent);

    Lines out{console.bold(elided(withoutControls(fileName(source.path) + ": " + from.producer), kWidth))};
    append(out, heading.lines);
    // A blank line above the tables, their titles, and a blank line below are no rows.
    const std::size_t most = extent == Extent::Everything ? SIZE_MAX : kScreenLines - out.size() - problems.size() - 3;
    Lines left = block(console, nodesOnly ? "most frequent nodes" : "categories, by total time", first, most);
    for (std::string& line : left) line.insert(0, "  ");
    const std::size_t column = widest(left) + kGap;
    const Lines right = block(console, nodesOnly ? "threads" : "tracks", trackTable(trace, most, kWidth - column), most);
    if (!left.empty() || !right.empty()) {
        out.emplace_back();
        append(out, sideBySide(left, right, column));
    }
    out.emplace_back();
    append(out, problems);
    return out;
}

} // namespace opscope
