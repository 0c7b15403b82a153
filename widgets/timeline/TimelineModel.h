#pragma once

#include "core/base/JobControl.h"
#include "core/query/Query.h"
#include "core/trace/Trace.h"
#include "widgets/timeline/CounterPyramid.h"
#include "widgets/timeline/LanePyramid.h"
#include "widgets/timeline/OverviewData.h"

#include <memory>
#include <string>
#include <vector>

namespace opscope {

enum class BandKind : std::uint8_t { Thread, Python, Operators, Stream, Async, Counter, NodeOrder };

struct LaneSpan
{
    std::uint32_t first = 0;     ///< row of TimelineModel::lanes
    std::uint32_t count = 0;
};

/// One block of the timeline with a header: a track, or half of one. A host thread that carries Python frames is two bands,
/// because fifty frames of Python between two operators hide what both have to say:
///
///     Python      ProfilerStep#6 | Encoder_0 | EncoderLayer_0 ...     annotations, nn.Module frames (all frames on a click)
///     operators   aten::linear | aten::addmm ...                      everything else, nested among itself
struct Band
{
    TrackId track;
    ProcessId process;
    BandKind kind = BandKind::Thread;
    std::string name;            ///< "main thread"
    std::string side;            ///< dim, right-aligned: raw id, or what a stream is for
    std::string note;            ///< second line: the name that the file gives it; may be empty
    TrackId stateTrack;          ///< what the thread was doing, from context switches: shown as a strip of this band, not as one of its own. None: not known
    LaneSpan states;             ///< its lanes, above all others
    LaneSpan common;             ///< always shown, above the others
    LaneSpan folded;             ///< shown by default
    LaneSpan full;               ///< shown when unfolded; the same as `folded` when there is nothing to fold
    bool modulesOnly = false;    ///< the folded form shows nn.Module frames
    std::vector<std::uint32_t> instants; ///< rows of InstantTable drawn here, by time: without memory events, which are a counter
    bool foldable() const { return folded.first != full.first || folded.count != full.count; }
};

struct ModelLane
{
    LanePyramid pyramid;
    bool python = false;         ///< 16 px rows
    bool states = false;         ///< a strip too low for words
};

/// A process or device with its bands.
struct BandGroup
{
    ProcessId process;
    std::string name;            ///< "python", "GPU 0"
    std::string note;            ///< "process 21587", "NVIDIA H100 80GB HBM3"
    bool quiet = false;          ///< only marks of the recording itself: starts closed
    std::uint32_t firstBand = 0;
    std::uint32_t bandCount = 0;
};

/// What the timeline needs to know about a trace beyond the trace: which rows there are and how to draw each at any zoom.
/// Depends on nothing that a user can change. Made on a worker, frozen, shared.
struct TimelineModel
{
    static constexpr std::uint32_t kFoldedLanes = 12; ///< deeper tracks start folded to this many rows

    TracePtr trace;
    MatchesPtr only;                                  ///< nothing else has a row here; null: everything has
    std::vector<BandGroup> groups;
    std::vector<Band> bands;
    std::vector<ModelLane> lanes;
    std::vector<CounterPyramid> counters;             ///< by SeriesId
    OverviewData overview;

    /// Null when cancelled.
    static std::shared_ptr<const TimelineModel> build(TracePtr trace, const JobControl& job = {});
    /// Of the rows that match alone: they close up, nested among themselves; lanes, bands and groups without any are gone.
    /// Null when cancelled. O(matches), and once over counters.
    static std::shared_ptr<const TimelineModel> matching(const TimelineModel& full, MatchesPtr only, const JobControl& job = {});

    bool shows(SliceId slice) const { return !only || only->slices.contains(slice); }
    /// Bands of a track are neighbours; of states: the band that has them as its strip.
    std::vector<std::uint32_t> bandsOf(TrackId track) const;
    struct Place
    {
        static constexpr std::uint32_t kNowhere = 0xFFFFFFFFu;
        std::uint32_t band = kNowhere;
        std::uint32_t lane = kNowhere;   ///< row of lanes
        bool needsFull = false;          ///< only there when the band is unfolded
        bool valid() const { return band != kNowhere; }
    };
    Place placeOf(SliceId slice) const;

private:
    friend class TimelineModelBuilder;
    std::vector<std::vector<std::uint32_t>> m_ownRows; ///< rows of split tracks; others are borrowed from LaneIndex
};

using TimelineModelPtr = std::shared_ptr<const TimelineModel>;

} // namespace opscope
