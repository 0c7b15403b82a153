#pragma once

#include "core/base/Id.h"
#include "core/base/RawVector.h"
#include "core/base/Time.h"
#include "core/trace/BlockColumn.h"

#include <array>
#include <cstdint>
#include <span>

namespace opscope {

/// The args fields that links, filters and tables need. Everything else stays in the file (EventReader).
/// JSON spellings stand in format/kineto/KinetoFields; a field that is absent or no number reads BlockColumn::kNone.
enum class ArgField : std::uint8_t {
    Correlation,        ///< "correlation"
    ExternalId,         ///< "External id", "external id"
    RecordFunctionId,   ///< "Record function id"
    SequenceNumber,     ///< "Sequence number"
    FwdThreadId,        ///< "Fwd thread id"
    EventIndex,         ///< "Ev Idx", "Profiler Event Index"
    Device,             ///< "device"
    Stream,             ///< "stream"
    Bytes,              ///< "bytes", "Bytes"
    Signature,          ///< SignatureId of Input Dims / type / Strides
    WaitCorrelation,    ///< "wait_on_cuda_event_record_corr_id": the call that recorded what a synchronisation waits for
    Count_
};
inline constexpr std::size_t kArgFields = static_cast<std::size_t>(ArgField::Count_);

/// How a slice came to be, and what was repaired.
enum SliceFlags : std::uint8_t {
    kFromComplete = 0,      ///< ph X
    kFromPair = 1,          ///< B and E
    kFromAsync = 2,         ///< b/e, S/F
    kFromNode = 3,          ///< a node of an execution trace: start and end count nodes, not time
    kOriginMask = 3,
    kUnclosed = 4,          ///< a begin without end: drawn to the end of its track
    kNoDuration = 8,        ///< missing, unusable or negative: length 0
    kUnfinished = 16,       ///< "finished": false
    kRepaired = 32,         ///< taken by the forgiving reader
    kSpilled = 64,          ///< overlaps another slice of its lane, so lies in a further one
    kCollective = 128       ///< its arguments tell of a collective: Trace::collectiveArgs()
};

/// Frozen columns. Rows are grouped by track; within a track by (start, longer first, event index, file order).
class SliceTable
{
public:
    std::size_t size() const { return m_start.size(); }
    Nanos start(SliceId s) const { return m_start[s.index()]; }
    Nanos duration(SliceId s) const { return m_duration[s.index()]; }
    Nanos end(SliceId s) const { return m_start[s.index()] + m_duration[s.index()]; }
    TimeRange range(SliceId s) const { return {start(s), end(s)}; }
    StringId name(SliceId s) const { return m_name[s.index()]; }
    CategoryId category(SliceId s) const { return CategoryId(static_cast<std::uint32_t>(m_category[s.index()])); }
    std::uint8_t flags(SliceId s) const { return m_flags[s.index()]; }
    /// The slice that encloses it on its track, none at the top.
    SliceId parent(SliceId s) const { return SliceId(m_parent[s.index()]); }
    /// Row within its track where it is drawn: nesting depth, below the lanes of other stacks when it spilled.
    std::uint16_t lane(SliceId s) const { return m_lane[s.index()]; }
    /// Time of its own, children on the same track taken off; computed once in finish().
    Nanos selfTime(SliceId s) const { return m_self[s.index()]; }
    std::int64_t arg(SliceId s, ArgField field) const { return m_args[static_cast<std::size_t>(field)][s.index()]; }
    const BlockColumn& column(ArgField field) const { return m_args[static_cast<std::size_t>(field)]; }
    /// Where its JSON begins in the unpacked source, and how long it is (0: longer than we note; the reader finds the end).
    std::uint64_t sourceOffset(SliceId s) const
    {
        return m_offsetLow[s.index()] | (static_cast<std::uint64_t>(m_offsetHigh[s.index()]) << 32);
    }
    std::uint32_t sourceLength(SliceId s) const { return m_length[s.index()]; }

    std::span<const Nanos> starts() const { return m_start; }
    std::span<const Nanos> durations() const { return m_duration; }
    std::span<const StringId> names() const { return m_name; }
    std::span<const std::uint16_t> categories() const { return m_category; }
    std::size_t bytes() const;

private:
    friend class TraceBuilder;
    friend class LinkBuilder; // brings the clocks of ranks together
    RawVector<Nanos> m_start, m_duration, m_self;
    RawVector<StringId> m_name;
    RawVector<std::uint32_t> m_parent, m_offsetLow;
    RawVector<std::uint16_t> m_category, m_lane, m_length;
    RawVector<std::uint8_t> m_flags, m_offsetHigh;
    std::array<BlockColumn, kArgFields> m_args;
};

/// Moments without length: ph i, I, n, R, P, N, O, D and the like. Grouped by track, by (time, file order) within.
class InstantTable
{
public:
    std::size_t size() const { return m_time.size(); }
    Nanos time(InstantId i) const { return m_time[i.index()]; }
    StringId name(InstantId i) const { return m_name[i.index()]; }
    CategoryId category(InstantId i) const { return CategoryId(static_cast<std::uint32_t>(m_category[i.index()])); }
    char phase(InstantId i) const { return m_phase[i.index()]; }
    std::uint64_t sourceOffset(InstantId i) const { return m_offset[i.index()]; }
    std::span<const Nanos> times() const { return m_time; }
    std::size_t bytes() const;

private:
    friend class TraceBuilder;
    friend class LinkBuilder;
    RawVector<Nanos> m_time;
    RawVector<StringId> m_name;
    RawVector<std::uint64_t> m_offset;
    RawVector<std::uint16_t> m_category;
    RawVector<char> m_phase;
};

} // namespace opscope
