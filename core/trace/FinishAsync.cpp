#include "core/trace/Finisher.h"

#include <algorithm>
#include <tuple>

// Events with an id: async begins and ends become slices on tracks made for them, one per (process, category); object events
// stay instants where they were; flows are left to FinishFlows.
namespace opscope {

namespace {

/// What belongs together, then in order of time. Numbers of strings are the trace's.
struct AsyncRow
{
    std::uint32_t source;
    std::uint16_t category;
    std::uint8_t idKind;
    std::uint8_t how;          // what makes two events one: kById ...
    std::uint64_t id;
    std::uint32_t scope, pid, name;
    Nanos time;
    std::uint64_t offset;
    StagedPlace place;

    auto key() const { return std::tie(source, category, idKind, how, id, scope, pid, name); }
    bool operator<(const AsyncRow& o) const
    {
        return std::tuple_cat(key(), std::tie(time, offset, place)) <
               std::tuple_cat(o.key(), std::tie(o.time, o.offset, o.place));
    }
};

constexpr std::uint8_t kById = 0, kOneLevel = 1, kByName = 2; // kOneLevel: S T p F, by id and name; kByName: without category

constexpr bool begins(char phase) { return phase == 'b' || phase == 'S'; }
constexpr bool ends(char phase) { return phase == 'e' || phase == 'F'; }
constexpr bool isAsync(char phase) { return begins(phase) || ends(phase) || phase == 'n' || phase == 'T' || phase == 'p'; }

} // namespace

std::uint64_t TraceBuilder::Finisher::idOf(const Worker& worker, const StagedIdEvent& event) const
{
    const bool isText = event.idKind == static_cast<unsigned>(TrackKey::Kind::Text) ||
                        event.idKind == static_cast<unsigned>(TrackKey::Kind::Other);
    return isText ? text(worker, StringId(static_cast<std::uint32_t>(event.id))).value : event.id;
}

/// A row of our own on a planned track.
StagedEvent& TraceBuilder::Finisher::addOwn(const Worker& worker, const StagedIdEvent& from, std::uint32_t plan, char phase)
{
    StagedEvent& event = own.events.append();
    event.start = from.time;
    event.offset = from.offset;
    event.length = from.length;
    event.name = text(worker, from.name);
    event.track = plan;
    event.category = category(worker, from.category);
    event.phase = phase;
    asyncGroup.push_back(0);
    return event;
}

std::uint32_t TraceBuilder::Finisher::rawPlan(const Worker& worker, std::uint32_t track, std::uint16_t localCategory) const
{
    return rawTracks[worker.rawTracks[track]].plan[worker.onDevice[localCategory]];
}

/// The track for async events of one category and of the process that began them; one more event lies on it.
std::uint32_t TraceBuilder::Finisher::asyncPlan(const Worker& worker, const StagedIdEvent& event)
{
    const std::uint32_t group = plans[rawPlan(worker, event.track, event.category)].group;
    const std::uint16_t cat = category(worker, event.category);
    const auto [it, isNew] = asyncPlans.try_emplace({group, cat}, 0);
    if (isNew) it->second = addPlan(group, TrackKind::Async, trace->m_strings.intern(trace->m_categories[cat].name));
    ++plans[it->second].track.events;
    return it->second;
}

void TraceBuilder::Finisher::pairAsync()
{
    std::vector<AsyncRow> rows;
    for (std::uint32_t p = 0; p < parts.size(); ++p) {
        const Worker& worker = workers[parts[p].worker];
        const StagedPart& staged = *parts[p].staged;
        for (std::uint32_t i = 0; i < staged.idEvents.size(); ++i) {
            const StagedIdEvent& e = staged.idEvents[i];
            if (isFlow(e.phase)) continue;
            lastTime = std::max(lastTime, e.time);
            if (!isAsync(e.phase)) { // N, O, D: what became of an object
                addOwn(worker, e, rawPlan(worker, e.track, e.category), e.phase);
                continue;
            }
            const bool old = e.phase == 'S' || e.phase == 'T' || e.phase == 'p' || e.phase == 'F';
            const std::uint8_t how = old ? kOneLevel : e.idHasName ? kByName : kById;
            rows.push_back({worker.source.value, how == kByName ? std::uint16_t{0} : category(worker, e.category), e.idKind, how, idOf(worker, e),
                            text(worker, e.scope).value,
                            e.idIsLocal ? plans[rawPlan(worker, e.track, e.category)].group : kNoPlan,
                            how != kById ? text(worker, e.name).value : 0, e.time, e.offset, {p, i}});
        }
    }
    std::sort(rows.begin(), rows.end());
    std::vector<StagedPlace> loose;
    std::vector<std::uint32_t> open;       // rows of `rows`
    std::uint32_t group = 0;
    const auto eventAt = [&](std::size_t i) -> const StagedIdEvent& {
        return parts[rows[i].place.part].staged->idEvents[rows[i].place.row];
    };
    const auto addSlice = [&](std::size_t begin, Nanos end, unsigned flags) {
        const Worker& worker = workers[parts[rows[begin].place.part].worker];
        StagedEvent& event = addOwn(worker, eventAt(begin), asyncPlan(worker, eventAt(begin)), 'X');
        event.duration = distance(event.start, end);
        event.flags = static_cast<std::uint8_t>(flags);
        asyncGroup.back() = group;
    };
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const char phase = eventAt(i).phase;
        const Worker& worker = workers[parts[rows[i].place.part].worker];
        if (begins(phase)) {
            open.push_back(static_cast<std::uint32_t>(i));
        } else if (!ends(phase)) {
            addOwn(worker, eventAt(i), asyncPlan(worker, eventAt(i)), phase);
        } else if (open.empty()) {
            loose.push_back(rows[i].place);
            looseEnds.push_back(rows[i].place);
        } else {
            addSlice(open.back(), rows[i].time, kFromAsync);
            ownEnds.push_back({static_cast<std::uint32_t>(own.events.size() - 1), rows[i].offset, worker.source});
            open.pop_back();
        }
        if (i + 1 < rows.size() && rows[i + 1].key() == rows[i].key()) continue;
        for (const std::uint32_t begin : open) {
            loose.push_back(rows[begin].place);
            addSlice(begin, lastTime, kFromAsync | kUnclosed);
        }
        open.clear();
        ++group;
    }
    std::sort(loose.begin(), loose.end());
    for (const StagedPlace place : loose) {
        const Worker& worker = workers[parts[place.part].worker];
        const StagedIdEvent& e = parts[place.part].staged->idEvents[place.row];
        defects(worker.source).note(Defect::AsyncWithoutPartner, e.offset, trace->text(text(worker, e.name)));
    }
}

} // namespace opscope
