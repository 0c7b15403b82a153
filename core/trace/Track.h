#pragma once

#include "core/base/Id.h"
#include "core/base/Time.h"
#include "core/trace/Category.h"

#include <cstdint>
#include <string>
#include <vector>

namespace opscope {

/// A pid or tid as the file has it: 7 and "7" are different things (kineto-trace.md section 5).
struct TrackKey
{
    enum class Kind : std::uint8_t {
        None,    ///< missing or null
        Number,  ///< a whole number that fits int64: `number`
        Text,    ///< a JSON string: `text` (already unescaped)
        Other    ///< anything else (fractions, beyond int64, true, lists): `text` is the JSON text
    };
    Kind kind = Kind::None;
    std::int64_t number = 0;
    StringId text;

    friend auto operator<=>(const TrackKey&, const TrackKey&) = default;
};

enum class TrackKind : std::uint8_t {
    Thread,      ///< host thread
    Stream,      ///< device lane
    Async,       ///< b/e and S/F pairs of one process and category
    Counter,     ///< one counter name: its series are drawn together
    NodeOrder,   ///< a thread of an execution trace without times
    State,       ///< what one thread was doing, from context switches: "Running", "Waiting for a CPU", "Blocked"; beside the Thread of the same tid
    Cpu          ///< which thread one CPU ran
};

struct Process
{
    SourceId source;
    TrackKey pid;
    StringId name;                    ///< process_name; none if not given
    StringId labels;                  ///< process_labels ("CPU", "GPU 0")
    Side side = Side::Host;           ///< by the categories of its events, not by its number
    std::int64_t sortIndex = 0;       ///< process_sort_index; kNoSortIndex when not given
    std::uint64_t events = 0;
};
inline constexpr std::int64_t kNoSortIndex = INT64_MAX;

/// One (pid, tid) of the file, or one counter, or one group of async events. Tracks of a process are neighbours, in the
/// order in which they are to be shown; so are the processes.
struct Track
{
    ProcessId process;
    TrackKind kind = TrackKind::Thread;
    TrackKey tid;
    StringId name;                    ///< thread_name trimmed, counter name, async category; none if not given
    std::int64_t sortIndex = kNoSortIndex;
    std::uint32_t sampledHz = 0;      ///< its slices were put together from so many samples a second: lengths are estimates. 0: they were recorded

    std::uint32_t firstSlice = 0;     ///< slices of a track are neighbours, by (start, longer first, event index, file order)
    std::uint32_t sliceCount = 0;
    std::uint32_t firstInstant = 0;
    std::uint32_t instantCount = 0;
    std::uint32_t firstSeries = 0;    ///< counter tracks only
    std::uint32_t seriesCount = 0;
    std::uint32_t firstLane = 0;      ///< row of LaneIndex of its lane 0
    std::uint16_t laneCount = 0;      ///< rows needed to draw it: nesting depth plus spilled lanes
    std::vector<std::uint16_t> spillBases; ///< first lane of each further stack of overlapping slices; empty when all nest
    std::uint64_t events = 0;         ///< everything of the file that lies on it, flow ends included, metadata not
    TimeRange extent;                 ///< of its slices and instants; empty when it has none
    bool fromFile = true;             ///< false: made by us (async groups, counters); not counted as a (pid, tid) pair
    bool visible() const { return sliceCount || instantCount || seriesCount; }
};

} // namespace opscope
