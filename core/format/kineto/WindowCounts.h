#pragma once

#include "core/trace/Staging.h"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace opscope::kineto {

/// Why an event counts as malformed: the reasons of check_facts.py, and ours for what no reader can take.
enum class Reason : std::uint8_t {
    NotAnObject, NoPhase, NoName, NoTime, BadTime, NoDuration, BadDuration, NegativeDuration, StringNumber, Damaged, Count_
};
std::string_view spelling(Reason reason);

/// What one window adds to the counts of its worker. Kept apart until it is proved that the window began where it should:
/// a window that did not is read again, and must not have counted.
struct WindowCounts
{
    struct OfTrack
    {
        std::uint32_t row = 0;
        std::uint64_t events = 0, hostEvents = 0, deviceEvents = 0;
    };
    std::uint64_t elements = 0, malformedEvents = 0, memoryEvents = 0;
    std::array<std::uint64_t, 128> byPhase = {};       ///< [0]: without ph
    std::map<std::string, std::uint64_t> oddPhases;    ///< longer than a character, or not ASCII
    std::array<std::uint64_t, static_cast<std::size_t>(Reason::Count_)> reasons = {};
    std::optional<ExactTime> minTime, maxEnd;
    std::vector<std::uint64_t> categories;             ///< by row of StagingTables::categories
    std::vector<OfTrack> tracks;                       ///< those that occurred, each once

    void add(const WindowCounts& other);
    void addTo(StagingTables& tables) const;
};

} // namespace opscope::kineto
