#include "app/cli/RecordContents.h"

#include "core/base/Path.h"
#include "core/record/RecordProduct.h"
#include "core/trace/ExecutionTrace.h"

#include <algorithm>
#include <numeric>

namespace opscope {
namespace {

RecordContents::File fileOf(const std::string& path, const Trace& trace)
{
    RecordContents::File file{.path = path, .format = trace.sources().front().format, .events = eventCounts(trace), .bytes = trace.sources().front().packedBytes,
                              .extentNs = trace.extent().empty() ? 0 : static_cast<std::uint64_t>(trace.extent().length())};
    const bool nodesOnly = trace.timeBase() == TimeBase::NodeOrder && trace.executionTrace();
    if (nodesOnly) {
        file.nodes = trace.executionTrace()->nodes().size();
        file.events = {};
        file.extentNs = 0;
        return file;
    }
    for (const Track& track : trace.tracks())
        if (track.kind == TrackKind::Thread) ++file.threads;
    return file;
}

template <class Of>
std::uint64_t sum(const std::vector<RecordContents::File>& files, Of of)
{
    return std::accumulate(files.begin(), files.end(), std::uint64_t{0}, [&](std::uint64_t all, const RecordContents::File& file) { return all + of(file); });
}

} // namespace

std::uint64_t RecordContents::events() const { return sum(files, [](const File& f) { return f.events.events; }); }
std::uint64_t RecordContents::threads() const { return sum(files, [](const File& f) { return f.threads; }); }
std::uint64_t RecordContents::bytes() const { return sum(files, [](const File& f) { return f.bytes; }); }

Result<RecordContents> recordContents(LoadJob& job, const std::string& path)
{
    RecordContents found;
    const std::vector<std::string> paths = tracesIn(path);
    if (paths.empty()) return Error{ErrorCode::Empty, fileName(path) + " holds no trace", {}};
    bool events = false, nodes = false;
    for (const std::string& each : paths) {
        const auto trace = job.load(each);
        if (!trace) return trace.error();
        found.files.push_back(fileOf(each, **trace));
        (found.files.back().isNodes() ? nodes : events) = true;
    }
    if (!events || !nodes) return found;
    auto together = job.load(std::span(paths));
    if (!together) return together.error();
    found.linked = std::move(*together);
    return found;
}

} // namespace opscope
