#include "widgets/hierarchy/HierarchyText.h"

#include "core/base/Path.h"
#include "widgets/common/SliceColors.h"
#include "widgets/common/Text.h"

#include <algorithm>
#include <limits>

namespace opscope {

namespace {

constexpr std::string_view kEngine = "autograd::engine::";
constexpr std::string_view kWrapper = "autograd::engine::evaluate_function: ";
constexpr std::size_t kShapesShown = 6;
constexpr std::size_t kShapeBytes = 200;

/// a - b, held at the ends of what 64 bits can say: hostile files have times at both.
Nanos difference(Nanos a, Nanos b)
{
    Nanos result = 0;
    if (!__builtin_sub_overflow(a, b, &result)) return result;
    return a < b ? std::numeric_limits<Nanos>::min() : std::numeric_limits<Nanos>::max();
}

std::string_view rawName(const Trace& trace, const HierarchyTree& tree, std::uint32_t row)
{
    if (const SliceId slice = tree.slice(row)) return trace.name(slice);
    if (const NodeId node = tree.node(row)) return trace.text(trace.executionTrace()->node(node).name);
    return {};
}

std::optional<RowTimes> extentOf(const Trace& trace, TimeRange extent)
{
    if (extent.empty()) return std::nullopt;
    return RowTimes{difference(extent.start, trace.origin()), difference(extent.end, extent.start), std::nullopt};
}

TimeRange processExtent(const Trace& trace, ProcessId process)
{
    TimeRange all;
    for (const Track& track : trace.tracks()) {
        if (track.process != process || track.extent.empty()) continue;
        all = all.empty() ? track.extent
                          : TimeRange{std::min(all.start, track.extent.start), std::max(all.end, track.extent.end)};
    }
    return all;
}

constexpr std::string_view kNodeMark = "[pytorch|profiler|execution_";
constexpr std::size_t kChildrenSeen = 64;

/// Process and thread nodes by what they stand for; "" for all others.
QString markerName(const Trace& trace, const HierarchyTree& tree, std::uint32_t row, std::string_view name)
{
    const NodeId id = tree.node(row);
    if (!id || !name.starts_with(kNodeMark)) return {};
    const EtNode& node = trace.executionTrace()->node(id);
    if (name.ends_with("|process]")) {
        const EtFile& file = trace.executionTrace()->fileOf(id);
        const QString process = file.pid ? QStringLiteral("process %1").arg(*file.pid) : QStringLiteral("process");
        if (trace.executionTrace()->files().size() < 2 || file.source.index() >= trace.sources().size()) return process;
        // Several of one process tell apart by their files.
        return displayText(fileName(trace.sources()[file.source.index()].path)) + QStringLiteral(", ") + process;
    }
    if (!name.ends_with("|thread]")) return {};
    const QString thread = QStringLiteral("thread %1").arg(node.tid);
    if (trace.timeBase() == TimeBase::NodeOrder) return thread;
    const auto children = trace.executionTrace()->children(id);
    for (std::size_t i = 0; i < std::min(children.size(), kChildrenSeen); ++i) {
        const SliceId slice = trace.sliceOf(children[i]);
        if (!slice) continue;
        const std::string track = trace.trackName(trace.trackOf(slice)); // of "thread 2919752 (pt_autograd_0)" the name
        const std::size_t open = track.ends_with(')') ? track.find('(') : std::string::npos;
        const std::string_view shown = open == std::string::npos ? std::string_view(track)
                                                                 : std::string_view(track).substr(open + 1, track.size() - open - 2);
        return thread + QStringLiteral(" (") + displayText(shown) + QLatin1Char(')');
    }
    return thread;
}

} // namespace

QString noneText() { return QStringLiteral("–"); }

QString shownName(const Trace& trace, const HierarchyTree& tree, std::uint32_t row)
{
    if (const ProcessId process = tree.process(row)) return displayText(trace.processName(process));
    if (const TrackId track = tree.track(row)) return displayText(trace.trackName(track));
    const std::string_view name = rawName(trace, tree, row);
    if (const QString marker = markerName(trace, tree, row, name); !marker.isEmpty()) return marker;
    return name.empty() ? QStringLiteral("(unnamed)") : displayText(shortName(name));
}

QString dimPrefix(const Trace& trace, const HierarchyTree& tree, std::uint32_t row)
{
    const std::string_view name = rawName(trace, tree, row);
    return name.starts_with(kWrapper) ? displayText(kWrapper.substr(kEngine.size())) : QString();
}

QString fullName(const Trace& trace, const HierarchyTree& tree, std::uint32_t row)
{
    const std::string_view name = rawName(trace, tree, row);
    return name.empty() ? shownName(trace, tree, row) : displayText(name);
}

std::optional<RowTimes> timesOf(const Trace& trace, const HierarchyTree& tree, std::uint32_t row)
{
    if (trace.timeBase() == TimeBase::NodeOrder) return std::nullopt;
    if (const ProcessId process = tree.process(row)) return extentOf(trace, processExtent(trace, process));
    if (const TrackId track = tree.track(row)) return extentOf(trace, trace.track(track).extent);
    const SliceTable& slices = trace.slices();
    const NodeId node = tree.node(row);
    const SliceId slice = node ? trace.sliceOf(node) : tree.slice(row);
    if (!slice) return std::nullopt;
    RowTimes times{difference(slices.start(slice), trace.origin()), std::nullopt, std::nullopt};
    if (slices.flags(slice) & kNoDuration) return times;
    times.duration = slices.duration(slice);
    times.self = slices.selfTime(slice);
    return times;
}

QString spacedShape(std::string_view json)
{
    QString text;
    for (const QChar c : displayText(json.substr(0, kShapeBytes))) {
        // Writers differ in blanks and line ends (a picture of one, U+240A, by now); we do not.
        if (c.isSpace() || (c.unicode() >= 0x2400 && c.unicode() <= 0x2421)) continue;
        text += c;
        if (c == QLatin1Char(',')) text += QLatin1Char(' ');
    }
    return json.size() > kShapeBytes ? text + QStringLiteral("…") : text;
}

QString shapesText(const Trace& trace, std::span<const TensorDesc> tensors)
{
    QString text;
    std::size_t shown = 0;
    for (const TensorDesc& tensor : tensors) {
        if (!tensor.shape || tensor.undefined()) continue;
        if (shown++ == kShapesShown) return text + QStringLiteral(" …");
        if (!text.isEmpty()) text += QLatin1Char(' ');
        text += spacedShape(trace.text(tensor.shape));
    }
    return text;
}

} // namespace opscope
