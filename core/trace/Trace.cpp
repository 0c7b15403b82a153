#include "core/trace/Trace.h"

#include "core/base/Path.h"

#include <algorithm>

namespace opscope {

namespace {

/// The last track whose first row is not behind `row`; tracks without rows lie in front of the one that has it.
template <class First>
TrackId lastNotBehind(const std::vector<Track>& tracks, std::uint32_t row, First first)
{
    const auto it = std::partition_point(tracks.begin(), tracks.end(), [&](const Track& t) { return first(t) <= row; });
    return it == tracks.begin() ? TrackId() : TrackId(static_cast<std::size_t>(it - tracks.begin()) - 1);
}

template <class Vector>
std::size_t bytesOf(const Vector& v)
{
    return v.capacity() * sizeof(typename Vector::value_type);
}

} // namespace

TrackId Trace::trackOf(SliceId slice) const
{
    return lastNotBehind(m_tracks, slice.value, [](const Track& t) { return t.firstSlice; });
}

TrackId Trace::trackOf(InstantId instant) const
{
    return lastNotBehind(m_tracks, instant.value, [](const Track& t) { return t.firstInstant; });
}

std::string Trace::keyText(const TrackKey& key) const
{
    switch (key.kind) {
    case TrackKey::Kind::None: return {};
    case TrackKey::Kind::Number: return std::to_string(key.number);
    case TrackKey::Kind::Text:
    case TrackKey::Kind::Other: return std::string(text(key.text));
    }
    return {};
}

std::string Trace::trackName(TrackId id) const
{
    const Track& track = this->track(id);
    const std::string_view given = text(track.name);
    const std::string tid = keyText(track.tid);
    const std::string number = tid.empty() ? "no thread" : "thread " + tid;
    if (track.kind == TrackKind::State) return (given.empty() ? number : std::string(given)) + ", states";
    if (!given.empty()) return std::string(given);
    switch (track.kind) {
    case TrackKind::Async: return "async events";
    case TrackKind::Counter: return "counter";
    case TrackKind::Stream: return tid.empty() ? "stream" : "stream " + tid;
    case TrackKind::Cpu: return "CPU " + tid;
    case TrackKind::State:
    case TrackKind::Thread:
    case TrackKind::NodeOrder: break;
    }
    return number;
}

bool Trace::hasSeveralRanks() const
{
    const SourceFile* first = nullptr;
    for (const SourceFile& source : m_sources) {
        if (!source.rank) continue;
        if (first && first->rank != source.rank) return true;
        first = &source;
    }
    return false;
}

std::string Trace::processName(ProcessId id) const
{
    const Process& process = this->process(id);
    if (process.source.index() >= m_sources.size() || m_sources.size() < 2) return ownName(process);
    const SourceFile& source = m_sources[process.source.index()];
    if (source.rank && hasSeveralRanks())
        return "rank " + std::to_string(*source.rank) + (source.rankFrom == RankOrigin::FileName ? "?, " : ", ") + ownName(process);
    if (m_timeBase != TimeBase::NodeOrder) return ownName(process);
    return displayName(source.path) + ", " + ownName(process);
}

std::string Trace::ownName(const Process& process) const
{
    const std::string_view name = text(process.name), labels = text(process.labels);
    const std::string pid = keyText(process.pid);
    if (process.side == Side::Device) {
        if (!labels.empty()) return std::string(labels); // "GPU 0"; the name is that of the program
        if (name.starts_with("GPU")) return std::string(name);
        return pid.empty() ? "device" : "GPU " + pid;
    }
    if (m_timeBase == TimeBase::NodeOrder) return pid.empty() ? "execution trace" : "execution trace, process " + pid;
    const bool number = process.pid.kind == TrackKey::Kind::Number;
    if (name.empty()) return pid.empty() ? "no process" : number ? "process " + pid : pid;
    if (!number) return std::string(name);
    return std::string(name) + ", process " + pid;
}

SliceId Trace::operatorOf(SliceId slice) const
{
    const auto isOperator = [this](SliceId s) {
        const CategoryClass kind = kindOf(s);
        return kind == CategoryClass::CpuOp || kind == CategoryClass::UserAnnotation;
    };
    if (const Link* link = m_links.into(slice, LinkKind::Operator)) return link->from;
    const CategoryClass kind = kindOf(slice);
    if (kind != CategoryClass::Runtime && kind != CategoryClass::Driver) return {};
    SliceId above = m_slices.parent(slice);
    while (above && !isOperator(above)) above = m_slices.parent(above);
    return above;
}

Trace::NodeLink Trace::nodeLink(NodeId node) const
{
    if (m_timeBase == TimeBase::NodeOrder || !m_executionTrace || !sliceOf(node)) return {};
    const EtPairing* pairing = m_links.pairing(m_executionTrace->fileOf(node).source);
    if (!pairing) return {};
    return {pairing->method, pairing->confidence, pairing->relation};
}

/// Rows of a track are in the order of their starts, so what lies inside a slice stands behind it, up to the first row that starts
/// at its end. Only rows of overlapping stacks (spilled ones) can stand there without being inside.
DeviceWork Trace::deviceWork(SliceId slice) const
{
    if (m_workFrom.empty()) return {};
    const Track& track = this->track(trackOf(slice));
    const auto starts = m_slices.starts().subspan(slice.index(), track.firstSlice + track.sliceCount - slice.index());
    const Nanos end = m_slices.end(slice);
    const auto behind = std::lower_bound(starts.begin() + 1, starts.end(), end);
    const SliceId last(slice.index() + static_cast<std::size_t>(behind - starts.begin()));
    const auto first = std::lower_bound(m_workFrom.begin(), m_workFrom.end(), slice);
    const auto stop = std::lower_bound(first, m_workFrom.end(), last);
    const DeviceWork& a = m_workSum[static_cast<std::size_t>(first - m_workFrom.begin())];
    const DeviceWork& b = m_workSum[static_cast<std::size_t>(stop - m_workFrom.begin())];
    DeviceWork sum{b.ops - a.ops, b.time - a.time};
    if (track.spillBases.empty()) return sum;
    for (auto it = first; it != stop; ++it) {
        SliceId above = *it;
        while (above && above > slice) above = m_slices.parent(above);
        if (above == slice) continue;
        const auto i = static_cast<std::size_t>(it - m_workFrom.begin());
        sum.ops -= m_workSum[i + 1].ops - m_workSum[i].ops;
        sum.time -= m_workSum[i + 1].time - m_workSum[i].time;
    }
    return sum;
}

std::size_t SliceTable::bytes() const
{
    std::size_t sum = bytesOf(m_start) + bytesOf(m_duration) + bytesOf(m_self) + bytesOf(m_name) + bytesOf(m_parent) +
                      bytesOf(m_offsetLow) + bytesOf(m_category) + bytesOf(m_lane) + bytesOf(m_length) + bytesOf(m_flags) +
                      bytesOf(m_offsetHigh);
    for (const BlockColumn& column : m_args) sum += column.bytes();
    return sum;
}

std::size_t InstantTable::bytes() const
{
    return bytesOf(m_time) + bytesOf(m_name) + bytesOf(m_offset) + bytesOf(m_category) + bytesOf(m_phase);
}

std::size_t CounterTable::bytes() const
{
    return bytesOf(m_series) + bytesOf(m_time) + bytesOf(m_value) + bytesOf(m_offset);
}

std::size_t Trace::bytes() const
{
    std::size_t sum = m_strings.bytes() + m_strings.size() * 24 + m_slices.bytes() + m_instants.bytes() + m_counters.bytes() +
                      m_flows.bytes() + m_lanes.bytes() + m_signatures.size() * 48;
    sum += bytesOf(m_categories) + bytesOf(m_processes) + bytesOf(m_tracks) + bytesOf(m_subNanoseconds) + bytesOf(m_collectiveArgs);
    for (const Track& track : m_tracks) sum += bytesOf(track.spillBases);
    for (const TopLevelEntry& entry : m_topLevel) sum += sizeof entry + entry.key.size() + entry.json.size();
    if (m_executionTrace) sum += m_executionTrace->bytes();
    sum += m_elements.bytes() + m_links.bytes() + bytesOf(m_workFrom) + bytesOf(m_workSum) + bytesOf(m_nodeWork);
    return sum + bytesOf(m_sliceNode) + bytesOf(m_nodeSlice);
}

} // namespace opscope
