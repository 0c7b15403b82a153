#include "core/io/SubsetWriter.h"

#include "core/base/Path.h"
#include "core/base/StringPool.h"
#include "core/format/Exporter.h"
#include "core/format/Format.h"
#include "core/format/et/EtResources.h"
#include "core/format/fxt/FxtConverter.h"
#include "core/io/ByteSink.h"
#include "core/io/ByteSource.h"

#include <algorithm>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace opscope {

namespace {

namespace fs = std::filesystem;

bool packs(const std::string& path) { return path.ends_with(".gz"); }
bool isJsonName(const std::string& path) { return path.ends_with(".json") || path.ends_with(".json.gz"); }

const Format* formatOf(const SourceFile& source)
{
    const auto all = formats();
    const auto found = std::find_if(all.begin(), all.end(), [&](const Format& f) { return f.id == source.format; });
    return found == all.end() ? nullptr : &*found;
}

/// What tells a file from all others, whatever names and links lead to it.
struct Identity
{
    bool exists = false;
    dev_t device = 0;
    ino_t inode = 0;
    std::int64_t modifiedNs = 0;
    std::uint64_t bytes = 0;
    bool sameFile(const Identity& other) const { return exists && other.exists && device == other.device && inode == other.inode; }
};

Identity identityOf(const std::string& path)
{
    struct stat status = {};
    if (::stat(path.c_str(), &status) != 0) return {};
    return {true, status.st_dev, status.st_ino, std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec,
            static_cast<std::uint64_t>(status.st_size)};
}

/// Two names of one place to be: the same folder by whatever path, and the same name in it.
bool samePlace(const std::string& a, const std::string& b)
{
    if (identityOf(a).sameFile(identityOf(b))) return true;
    const auto folder = [](const std::string& path) { return fs::path(path).has_parent_path() ? fs::path(path).parent_path().string() : std::string("."); };
    return fs::path(a).filename() == fs::path(b).filename() && identityOf(folder(a)).sameFile(identityOf(folder(b)));
}

Error cancelled() { return {ErrorCode::Cancelled, "cancelled", {}}; }

class SubsetWriter
{
public:
    SubsetWriter(const Trace& trace, const Subset& subset, const std::vector<ExportTarget>& targets, const ExportOptions& options, const JobControl& job)
        : m_trace(trace), m_subset(subset), m_targets(targets), m_options(options), m_job(job)
    {
    }

    Result<ExportReport> run()
    {
        using Step = Status (SubsetWriter::*)();
        constexpr Step kSteps[] = {&SubsetWriter::check, &SubsetWriter::openSources, &SubsetWriter::createTargets, &SubsetWriter::writeAll, &SubsetWriter::nameAll};
        for (const Step step : kSteps)
            if (Status done = (this->*step)(); !done) return done.error();
        return std::move(m_report);
    }

private:
    const SourceFile& source(const ExportTarget& target) const { return m_trace.sources()[target.source.index()]; }
    Status check();
    Status checkTarget(std::size_t number) const;
    Status checkFormat(const ExportTarget& target) const;
    Status openSources();
    Status createTargets();
    Status writeAll();
    Result<ExportReport::File> write(std::size_t number);
    Status copyResources(const ExportTarget& target, ExportReport::File& report);
    Status nameAll();
    Error changed(const SourceFile& file) const { return {ErrorCode::CannotRead, displayName(file.path) + " has changed since it was opened; open it again", {}}; }

    const Trace& m_trace;
    const Subset& m_subset;
    const std::vector<ExportTarget>& m_targets;
    const ExportOptions& m_options;
    const JobControl& m_job;
    std::vector<std::unique_ptr<ByteSource>> m_sources; // by target
    std::vector<Identity> m_identities;                 // of the sources when they were opened, by target
    std::vector<std::unique_ptr<ByteSink>> m_sinks;
    std::vector<ResourcesExport> m_resources;           // of execution traces
    ExportReport m_report;
};

Status SubsetWriter::check()
{
    if (m_targets.empty()) return Error{ErrorCode::Usage, "there is no file to write", {}};
    if (!m_subset.whole && m_subset.rows.empty() && !m_options.evenIfEmpty)
        return Error{ErrorCode::Empty, "nothing is left to be saved, so no file is written", {}};
    for (std::size_t i = 0; i < m_targets.size(); ++i)
        if (Status fine = checkTarget(i); !fine) return fine;
    return Done{};
}

Status SubsetWriter::checkTarget(std::size_t number) const
{
    const ExportTarget& target = m_targets[number];
    if (Status possible = checkFormat(target); !possible) return possible;
    for (const SourceFile& file : m_trace.sources())
        if (samePlace(target.path, file.path))
            return Error{ErrorCode::Usage, displayName(target.path) + " is the trace itself (" + displayName(file.path) + "); choose another name", {}};
    for (std::size_t i = 0; i < number; ++i)
        if (samePlace(target.path, m_targets[i].path)) return Error{ErrorCode::Usage, "two files would be written to " + displayName(target.path), {}};
    return Done{};
}

Status SubsetWriter::checkFormat(const ExportTarget& target) const
{
    if (target.as == ExportTarget::As::Fxt) return canBeFxt(m_trace);
    if (target.source.index() >= m_trace.sources().size()) return Error{ErrorCode::Usage, "there is no such source", {}};
    const Format* format = formatOf(source(target));
    if (!format || !format->exporter)
        return Error{ErrorCode::Unsupported, displayName(source(target).path) + ": a part of such a file cannot be saved", {}};
    const bool fxt = format->id == "fxt"; // a name that lies would be opened by the wrong programs
    if (fxt ? isJsonName(target.path) : isFxtName(target.path))
        return Error{ErrorCode::Usage, displayName(source(target).path) + " cannot go to " + displayName(target.path) + " as it is; choose a name that ends in " +
                                           (fxt ? ".fxt or .fxt.gz" : ".json or .json.gz, or one Fuchsia trace for all files"), {}};
    return Done{};
}

Status SubsetWriter::openSources()
{
    for (const ExportTarget& target : m_targets) {
        if (target.as == ExportTarget::As::Fxt) { // made of rows: nothing is read again
            m_identities.emplace_back();
            m_sources.emplace_back();
            continue;
        }
        const SourceFile& file = source(target);
        m_identities.push_back(identityOf(file.path));
        auto bytes = ByteSource::openFile(file.path);
        if (!bytes) return Error{ErrorCode::CannotRead, displayName(file.path) + " cannot be read again: " + bytes.error().message, {}};
        if ((*bytes)->packedSize() != file.packedBytes || (*bytes)->modifiedNs() != file.modifiedNs) return changed(file);
        m_sources.push_back(std::move(*bytes));
    }
    return Done{};
}

Status SubsetWriter::createTargets()
{
    for (const ExportTarget& target : m_targets) {
        auto sink = ByteSink::createFile(target.path, packs(target.path) ? ByteSink::Packing::Gzip : ByteSink::Packing::Plain);
        if (!sink) return sink.error();
        m_sinks.push_back(std::move(*sink));
    }
    return Done{};
}

Result<ExportReport::File> SubsetWriter::write(std::size_t number)
{
    const ExportTarget& target = m_targets[number];
    if (target.as == ExportTarget::As::Fxt) return writeAsFxt(m_trace, m_subset, *m_sinks[number], m_options, m_job);
    const SourceFile& file = source(target);
    auto written = formatOf(file)->exporter()->write(m_trace, target.source, m_subset, *m_sources[number], *m_sinks[number], m_options, m_job);
    if (!written) return written.error().code == ErrorCode::CannotRead ? written.error().in(displayName(file.path)) : written.error();
    // Written over in place while we read: then what we have is of both. (Replaced by a new file: then it is of the old one.)
    const Identity now = identityOf(file.path);
    if (now.sameFile(m_identities[number]) && (now.modifiedNs != file.modifiedNs || now.bytes != file.packedBytes)) return changed(file);
    return written;
}

Status SubsetWriter::writeAll()
{
    for (std::size_t i = 0; i < m_targets.size(); ++i) {
        auto written = write(i);
        if (!written) return written.error();
        m_sources[i].reset();
        if (Status finished = m_sinks[i]->finish(); !finished) return finished;
        if (Status copied = copyResources(m_targets[i], *written); !copied) return copied;
        written->path = m_targets[i].path;
        written->packedBytes = m_sinks[i]->packed();
        m_report.files.push_back(std::move(*written));
        if (m_job.cancelled()) return cancelled();
    }
    return Done{};
}

Status SubsetWriter::copyResources(const ExportTarget& target, ExportReport::File& report)
{
    if (!m_options.resources || target.as == ExportTarget::As::Fxt || source(target).format != "et") return Done{};
    auto resources = ResourcesExport::prepare(m_trace, target.source, m_subset, target.path, {.code = !m_options.redactor}, m_job);
    if (!resources) return resources.error();
    report.resources = resources->files();
    m_resources.push_back(std::move(*resources));
    return Done{};
}

/// What already has its name when a later one fails is taken away again, where nothing stood before.
Status SubsetWriter::nameAll()
{
    if (m_options.commit && !m_options.commit()) return cancelled();
    for (ResourcesExport& resources : m_resources)
        if (Status named = resources.commit(); !named) return named;
    std::vector<std::string> made;
    for (std::size_t i = 0; i < m_sinks.size(); ++i) {
        const bool isNew = !identityOf(m_targets[i].path).exists;
        if (Status named = m_sinks[i]->close(); !named) {
            for (const std::string& path : made) ::unlink(path.c_str());
            return named;
        }
        if (isNew) made.push_back(m_targets[i].path);
    }
    return Done{};
}

} // namespace

Result<ExportReport> writeSubset(const Trace& trace, const Subset& subset, const std::vector<ExportTarget>& targets, const ExportOptions& options,
                                 const JobControl& job)
{
    return SubsetWriter(trace, subset, targets, options, job).run();
}

bool isFxtName(std::string_view path) { return path.ends_with(".fxt") || path.ends_with(".fxt.gz"); }

ExportTarget fxtTarget(const Trace& trace, std::string path)
{
    const bool already = trace.sources().size() == 1 && trace.sources().front().format == "fxt";
    return {SourceId(0), std::move(path), already ? ExportTarget::As::Original : ExportTarget::As::Fxt};
}

std::string proposedTarget(const SourceFile& source, ExportTarget::As as)
{
    const std::size_t slash = source.path.find_last_of('/');
    const std::string folder = slash == source.path.npos ? "" : source.path.substr(0, slash + 1);
    std::string name = source.path.substr(folder.size()), ends;
    for (const std::string_view end : {".gz", ".json", ".fxt"}) {
        if (!name.ends_with(end)) continue;
        ends = std::string(end) + ends;
        name.resize(name.size() - end.size());
    }
    const bool packed = source.gzip || ends.ends_with(".gz"); // the content decides, and it stays packed
    const bool fxt = as == ExportTarget::As::Fxt || source.format == "fxt";
    return folder + name + ".subset" + (fxt ? ".fxt" : ".json") + (packed ? ".gz" : "");
}

} // namespace opscope
