#include "core/format/kineto/WindowCounts.h"

#include <algorithm>

namespace opscope::kineto {

std::string_view spelling(Reason reason)
{
    constexpr std::array<std::string_view, static_cast<std::size_t>(Reason::Count_)> kNames = {
        "not_an_object", "no_ph", "no_name", "no_ts", "bad_ts", "no_dur", "bad_dur", "negative_dur", "string_number", "damaged"};
    return kNames[static_cast<std::size_t>(reason)];
}

void WindowCounts::add(const WindowCounts& other)
{
    elements += other.elements;
    malformedEvents += other.malformedEvents;
    memoryEvents += other.memoryEvents;
    for (std::size_t i = 0; i < byPhase.size(); ++i)
        byPhase[i] += other.byPhase[i];
    for (const auto& [phase, count] : other.oddPhases)
        oddPhases[phase] += count;
    for (std::size_t i = 0; i < reasons.size(); ++i)
        reasons[i] += other.reasons[i];
    if (other.minTime && (!minTime || *other.minTime < *minTime))
        minTime = other.minTime;
    if (other.maxEnd && (!maxEnd || *other.maxEnd > *maxEnd))
        maxEnd = other.maxEnd;
    categories.resize(std::max(categories.size(), other.categories.size()));
    for (std::size_t i = 0; i < other.categories.size(); ++i)
        categories[i] += other.categories[i];
    for (const OfTrack& t : other.tracks) { // a sum is dense: row is the index
        if (tracks.size() <= t.row)
            tracks.resize(t.row + 1);
        tracks[t.row].row = t.row;
        tracks[t.row].events += t.events;
        tracks[t.row].hostEvents += t.hostEvents;
        tracks[t.row].deviceEvents += t.deviceEvents;
    }
}

void WindowCounts::addTo(StagingTables& tables) const
{
    TraceStats& stats = tables.stats;
    stats.elements += elements;
    stats.malformedEvents += malformedEvents;
    stats.memoryEvents += memoryEvents;
    for (std::size_t i = 0; i < byPhase.size(); ++i)
        if (byPhase[i])
            stats.byPhase[i ? std::string(1, static_cast<char>(i)) : std::string()] += byPhase[i];
    for (const auto& [phase, count] : oddPhases)
        stats.byPhase[phase] += count;
    for (std::size_t i = 0; i < reasons.size(); ++i)
        if (reasons[i])
            stats.malformedByReason[std::string(spelling(static_cast<Reason>(i)))] += reasons[i];
    if (minTime && (!stats.minTime || *minTime < *stats.minTime))
        stats.minTime = minTime;
    if (maxEnd && (!stats.maxEnd || *maxEnd > *stats.maxEnd))
        stats.maxEnd = maxEnd;
    for (std::size_t i = 0; i < categories.size(); ++i)
        tables.categories[i].events += categories[i];
    for (const OfTrack& t : tracks) {
        tables.tracks[t.row].events += t.events;
        tables.tracks[t.row].hostEvents += t.hostEvents;
        tables.tracks[t.row].deviceEvents += t.deviceEvents;
    }
}

} // namespace opscope::kineto
