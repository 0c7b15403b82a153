#pragma once

#include "core/trace/Trace.h"
#include "widgets/document/Selection.h"

namespace opscope {

/// The same files read again, together with others: rows have moved and times may count from elsewhere, but what stood at a byte
/// of a file stands there still. Everything here is found by file, track and byte, never by a name alone.
class CarryOver
{
public:
    /// Borrows both.
    CarryOver(const Trace& from, const Trace& to);
    /// What of the selection exists in the new trace. One look at each row of its track.
    Selection selection(const Selection& old) const;
    /// None when the traces have no clock in common: node order against time, or no track of the old one left.
    std::optional<TimeRange> range(TimeRange old) const;

private:
    SourceId source(SourceId old) const;
    TrackId track(TrackId old) const;
    SliceId slice(SliceId old) const;
    InstantId instant(InstantId old) const;
    NodeId node(NodeId old) const;
    void measureShift();

    const Trace& m_from;
    const Trace& m_to;
    std::optional<Nanos> m_shift;   ///< new time minus old time
};

} // namespace opscope
