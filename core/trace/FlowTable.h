#pragma once

#include "core/base/Id.h"
#include "core/base/RawVector.h"
#include "core/base/Time.h"

#include <cstdint>
#include <span>

namespace opscope {

/// Flow events as the file has them (s, t, f), sorted by (source, category, kind of id, id, time, file order): the points of
/// one flow are neighbours. What they bind to is the business of links; here only what is known for sure.
struct FlowPoint
{
    Nanos time = 0;
    std::uint64_t id = 0;             ///< the number, or the StringId of a text
    std::uint64_t source : 40 = 0;    ///< offset in the unpacked source
    std::uint64_t phase : 8 = 's';    ///< 's', 't', 'f'
    std::uint64_t idKind : 8 = 0;     ///< TrackKey::Kind of the id
    std::uint64_t bindsEnclosing : 8 = 0; ///< "bp":"e"
    TrackId track;
    CategoryId category;
};
static_assert(sizeof(FlowPoint) == 32);

class FlowTable
{
public:
    std::span<const FlowPoint> points() const { return m_points; }
    std::size_t bytes() const { return m_points.capacity() * sizeof(FlowPoint); }

private:
    friend class TraceBuilder;
    friend class LinkBuilder;
    RawVector<FlowPoint> m_points;
};

} // namespace opscope
