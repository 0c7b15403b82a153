#include "app/cli/EventCounts.h"

#include "core/base/Time.h"
#include "core/format/fxt/FxtEventText.h"
#include "core/format/fxt/FxtNotes.h"
#include "core/format/fxt/FxtRecords.h"

#include <algorithm>
#include <numeric>

namespace opscope {

std::string EventCounts::text(const std::string& word) const
{
    const auto counted = [](std::uint64_t n, const std::string& thing) {
        return formatCount(static_cast<std::int64_t>(n)) + (thing.empty() ? "" : " " + thing + (n == 1 ? "" : "s"));
    };
    std::string text = counted(events, word);
    if (scheduling) text += (others ? ", " : " and ") + counted(scheduling, "scheduling record");
    if (others) text += " and " + counted(others, "other record");
    return text;
}

EventCounts eventCounts(const Trace& trace)
{
    const std::uint64_t all = trace.stats().elements;
    const FxtNotes* notes = trace.sources().size() == 1 ? fxtNotes(trace, SourceId(0)) : nullptr;
    if (!notes) return {.events = all};
    const FxtNotes::Counts& counts = notes->counts();
    EventCounts found{.events = std::accumulate(counts.events.begin(), counts.events.end(), std::uint64_t{0})};
    const std::uint64_t rest = all > found.events ? all - found.events : 0;
    found.scheduling = std::min(rest, counts.records[static_cast<std::size_t>(fxt::RecordType::Scheduling)]);
    found.others = rest - found.scheduling;
    return found;
}

} // namespace opscope
