#include "core/query/GroupKey.h"

#include "core/trace/Family.h"
#include "core/trace/ShortName.h"

#include <array>

namespace opscope {
namespace {

constexpr std::array<std::string_view, 10> kIds{"name", "short", "shapes", "cat", "family", "track", "process", "device", "stream", "rank"};

StringId nameOf(const Trace& trace, SliceId row)
{
    const StringId name = trace.slices().name(row);
    return name ? name : StringId(0);
}

/// "[[32,512], []]" whatever blanks the file has -> "[[32, 512], []]".
std::string evenlySpaced(std::string_view json)
{
    std::string out;
    for (const char c : json) {
        if (c == ' ' || c == '\n' || c == '\t' || c == '\r') continue;
        out += c;
        if (c == ',') out += ' ';
    }
    return out;
}

/// As the profiler writes "Input Dims": a list of shapes, [] for what is no tensor, a list of tensors as a list in it.
std::string inputShapes(const Trace& trace, NodeId node)
{
    std::string out = "[";
    std::size_t argument = 0;
    const std::span<const TensorDesc> tensors = trace.executionTrace()->inputs(node);
    for (std::size_t i = 0; i < tensors.size();) {
        for (; argument < tensors[i].argument; ++argument) out += argument ? ",[]" : "[]";
        std::size_t end = i;
        std::string list;
        for (; end < tensors.size() && tensors[end].argument <= argument; ++end)
            list += (end > i ? "," : "") + std::string(tensors[end].shape ? trace.text(tensors[end].shape) : "?");
        out += argument ? "," : "";
        out += end - i > 1 ? "[" + list + "]" : list;
        ++argument;
        i = end;
    }
    return evenlySpaced(out + "]");
}

} // namespace

std::string_view id(GroupBy by) { return kIds[static_cast<std::size_t>(by)]; }

std::optional<GroupBy> groupById(std::string_view text)
{
    for (std::size_t i = 0; i < kIds.size(); ++i)
        if (kIds[i] == text) return static_cast<GroupBy>(i);
    return std::nullopt;
}

GroupKey::GroupKey(const Trace& trace, GroupBy by) : m_trace(trace), m_by(by)
{
    switch (by) {
    case GroupBy::Name:
    case GroupBy::ShortName: m_markCount = trace.strings().size(); break;
    case GroupBy::Category: m_markCount = trace.categories().size(); break;
    case GroupBy::Track: m_markCount = trace.tracks().size(); break;
    case GroupBy::Process:
    case GroupBy::Rank: m_markCount = trace.processes().size() + 1; break; // the last: none
    case GroupBy::Shapes: numberNodeShapes(); break;
    case GroupBy::Family:
    case GroupBy::Device:
    case GroupBy::Stream: break;
    }
}

/// A number for each list of shapes that nodes have, without a text for any.
void GroupKey::numberNodeShapes()
{
    const ExecutionTrace* et = m_trace.executionTrace();
    if (!et) {
        m_markCount = m_trace.signatures().size() + 1;
        return;
    }
    PairTable lists;
    m_nodeShapes.reserve(et->nodes().size());
    for (std::size_t n = 0; n < et->nodes().size(); ++n) {
        std::uint32_t list = lists.numberOf(0, UINT64_MAX); // no tensors
        for (const TensorDesc& tensor : et->inputs(NodeId(n)))
            list = lists.numberOf(list + 1, std::uint64_t{tensor.argument} << 32 | tensor.shape.value);
        m_nodeShapes.push_back(list);
    }
}

/// 0: nothing is known of its inputs; else its signature or, behind those, the shapes of its node.
std::uint64_t GroupKey::shapeMark(std::uint32_t row) const
{
    const std::int64_t signature = m_trace.slices().column(ArgField::Signature)[row];
    if (signature != BlockColumn::kNone) return static_cast<std::uint64_t>(signature) + 1;
    if (m_nodeShapes.empty()) return 0;
    const NodeId node = m_trace.nodeOf(SliceId(row));
    return node ? m_trace.signatures().size() + 1 + m_nodeShapes[node.index()] : 0;
}

/// Rows of a track are neighbours, so the track is looked for only where one ends.
template <class Visit>
void GroupKey::eachWithTrack(std::span<const std::uint32_t> rows, Visit&& visit) const
{
    std::uint64_t end = 0;
    TrackId track;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (rows[i] >= end) {
            track = m_trace.trackOf(SliceId(rows[i]));
            end = std::uint64_t{m_trace.track(track).firstSlice} + m_trace.track(track).sliceCount;
        }
        visit(i, track);
    }
}

void GroupKey::marks(std::span<const std::uint32_t> rows, std::uint64_t* out) const
{
    const SliceTable& slices = m_trace.slices();
    const auto each = [&](auto&& markOf) {
        for (std::size_t i = 0; i < rows.size(); ++i) out[i] = markOf(rows[i]);
    };
    const auto name = [&](std::uint32_t row) -> std::uint64_t { return nameOf(m_trace, SliceId(row)).value; };
    // A number of the file; where it says none, the track decides. All of those together are one mark a track.
    const auto number = [&](ArgField field) {
        eachWithTrack(rows, [&](std::size_t i, TrackId track) {
            const std::int64_t value = slices.column(field)[rows[i]];
            out[i] = value == BlockColumn::kNone ? 0x8000000000000001ull + track.value : static_cast<std::uint64_t>(value);
        });
    };
    switch (m_by) {
    case GroupBy::Name:
    case GroupBy::ShortName: each(name); break;
    case GroupBy::Shapes: each([&](std::uint32_t row) { return shapeMark(row); }); break;
    case GroupBy::Category: each([&](std::uint32_t row) -> std::uint64_t { return slices.categories()[row]; }); break;
    case GroupBy::Family: each([&](std::uint32_t row) { return name(row) << 16 | slices.categories()[row]; }); break;
    case GroupBy::Track: eachWithTrack(rows, [&](std::size_t i, TrackId track) { out[i] = track.value; }); break;
    case GroupBy::Process:
    case GroupBy::Rank:
        eachWithTrack(rows, [&](std::size_t i, TrackId track) {
            const ProcessId process = m_trace.track(track).process;
            out[i] = process ? process.index() : m_trace.processes().size();
        });
        break;
    case GroupBy::Device: number(ArgField::Device); break;
    case GroupBy::Stream: number(ArgField::Stream); break;
    }
}

std::uint32_t GroupKey::keyOf(SliceId row)
{
    switch (m_by) {
    case GroupBy::Name: return nameOf(m_trace, row).value;
    case GroupBy::Category: return m_trace.slices().category(row).value;
    case GroupBy::Track: return m_trace.trackOf(row).value;
    case GroupBy::Process: return m_trace.track(m_trace.trackOf(row)).process.value;
    case GroupBy::ShortName:
    case GroupBy::Shapes:
    case GroupBy::Family:
    case GroupBy::Device:
    case GroupBy::Stream:
    case GroupBy::Rank: break;
    }
    return m_texts.intern(text(row)).value;
}

std::string GroupKey::text(SliceId row) const
{
    const TrackId track = m_trace.trackOf(row);
    const ProcessId process = m_trace.track(track).process;
    switch (m_by) {
    case GroupBy::Name: return std::string(m_trace.name(row));
    case GroupBy::ShortName: return shortName(m_trace.name(row));
    case GroupBy::Shapes: return shapeText(row);
    case GroupBy::Category: return m_trace.category(m_trace.slices().category(row)).name;
    case GroupBy::Family: return std::string(id(familyOf(m_trace.name(row), m_trace.kindOf(row))));
    case GroupBy::Track: return m_trace.trackName(track);
    case GroupBy::Process: return process ? m_trace.processName(process) : std::string();
    case GroupBy::Device: return numberText(row, ArgField::Device, process && m_trace.process(process).side == Side::Device);
    case GroupBy::Stream: return numberText(row, ArgField::Stream, m_trace.track(track).kind == TrackKind::Stream);
    case GroupBy::Rank: return rankText(row);
    }
    return {};
}

std::string GroupKey::shapeText(SliceId row) const
{
    const std::int64_t signature = m_trace.slices().arg(row, ArgField::Signature);
    if (signature != BlockColumn::kNone)
        return evenlySpaced(m_trace.text(m_trace.signatures()[SignatureId(static_cast<std::size_t>(signature))].dims));
    const NodeId node = m_trace.nodeOf(row);
    return node && m_trace.executionTrace() && !m_trace.executionTrace()->inputs(node).empty() ? inputShapes(m_trace, node) : std::string();
}

/// What the event says; where it says nothing and stands on a device, what its track or process is called in the file.
std::string GroupKey::numberText(SliceId row, ArgField field, bool ofTrack) const
{
    const std::int64_t value = m_trace.slices().arg(row, field);
    if (value != BlockColumn::kNone) return std::to_string(value);
    if (!ofTrack) return {};
    const Track& track = m_trace.track(m_trace.trackOf(row));
    return m_trace.keyText(field == ArgField::Stream ? track.tid : m_trace.process(track.process).pid);
}

std::string GroupKey::rankText(SliceId row) const
{
    const ProcessId process = m_trace.track(m_trace.trackOf(row)).process;
    const SourceId source = process ? m_trace.process(process).source : SourceId();
    if (source.index() >= m_trace.sources().size() || !m_trace.sources()[source.index()].rank) return {};
    return std::to_string(*m_trace.sources()[source.index()].rank);
}

} // namespace opscope
