#pragma once

#include <QString>

#include "core/trace/Trace.h"

#include <vector>

namespace opscope {

/// Where a line of the link report leads: at most LinkReason::kPlacesKept places of `total`.
struct LinkPlaces
{
    QString about;                  ///< "3 device records missing"
    std::vector<LinkPlace> places;
    std::uint64_t total = 0;
};

LinkPlaces placesOf(const LinkReason& reason);
/// Of a whole row: what has no partner or two; where all is well, what is linked. One look at each link or node.
LinkPlaces placesOf(const Trace& trace, const LinkCount& row);

} // namespace opscope
