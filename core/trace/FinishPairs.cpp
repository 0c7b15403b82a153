#include "core/trace/Finisher.h"

#include <algorithm>
#include <tuple>

// B and E of a (pid, tid), in order of (time, file order): each E closes the last open B, whatever the names are. The B row
// becomes the slice; E rows are dropped.
namespace opscope {

namespace {

constexpr std::uint64_t kAttoPerNano = 1'000'000'000'000'000'000ull;

struct PairRow
{
    std::uint32_t track;
    StagedPlace place;
    Nanos time;
    std::uint64_t atto;
    bool operator<(const PairRow& o) const
    {
        return std::tie(track, time, atto, place) < std::tie(o.track, o.time, o.atto, o.place);
    }
};

} // namespace

/// Where the times of the file are finer than a nanosecond, so is the length of the pair.
void TraceBuilder::Finisher::closePair(StagedPlace begin, Nanos endTime, std::uint64_t startAtto, std::uint64_t endAtto)
{
    StagedPart& part = *parts[begin.part].staged;
    StagedEvent& event = part.events[begin.row];
    event.flags |= kFromPair;
    event.duration = distance(event.start, endTime);
    if (!startAtto && !endAtto) return;
    const bool borrow = endAtto < startAtto;
    if (borrow && event.duration > 0) --event.duration;
    const std::uint64_t atto = borrow ? endAtto + (kAttoPerNano - startAtto) : endAtto - startAtto;
    if (FineTime* fine = fineTime(part, begin.row)) fine->durationAtto = atto;
    else lateFine.push_back({begin.part, {begin.row, startAtto, atto}});
}

/// Fields that only the E has count for the slice as well, as in every other viewer.
void TraceBuilder::Finisher::takeArgs(StagedPlace begin, StagedPlace end)
{
    const StagedPart& from = *parts[end.part].staged;
    for (std::size_t f = 0; f < kArgFields; ++f) {
        std::uint32_t& mine = parts[begin.part].staged->events[begin.row].args[f];
        const std::uint32_t theirs = from.events[end.row].args[f];
        if (mine != kArgNone || theirs == kArgNone) continue;
        const auto field = static_cast<ArgField>(f);
        if (field == ArgField::Signature && parts[begin.part].worker != parts[end.part].worker) continue; // not its numbers
        mine = theirs;
        if (theirs == kArgWide) lateWide.push_back({begin.part, {begin.row, field, wideArg(from, end.row, field)}});
    }
}

/// The order that the lookups by row need, after rows were added behind.
void TraceBuilder::Finisher::mergeLateRows()
{
    std::vector<std::uint8_t> touched(parts.size(), 0);
    for (const auto& [p, fine] : lateFine) {
        parts[p].staged->fine.push_back(fine);
        touched[p] = 1;
    }
    for (const auto& [p, wide] : lateWide) {
        parts[p].staged->wide.push_back(wide);
        touched[p] = 1;
    }
    for (std::size_t p = 0; p < parts.size(); ++p) {
        if (!touched[p]) continue;
        StagedPart& part = *parts[p].staged;
        std::sort(part.fine.begin(), part.fine.end(), [](const FineTime& a, const FineTime& b) { return a.event < b.event; });
        std::stable_sort(part.wide.begin(), part.wide.end(),
                         [](const WideArg& a, const WideArg& b) { return a.event < b.event; });
    }
}

void TraceBuilder::Finisher::pairBeginEnd()
{
    std::vector<PairRow> rows;
    for (std::uint32_t p = 0; p < parts.size(); ++p) {
        if (!parts[p].pairEvents) continue;
        StagedPart& staged = *parts[p].staged;
        for (std::uint32_t i = 0; i < staged.events.size(); ++i) {
            const StagedEvent& e = staged.events[i];
            if (e.phase != 'B' && e.phase != 'E') continue;
            const FineTime* fine = fineTime(staged, i);
            rows.push_back({workers[parts[p].worker].rawTracks[e.track], {p, i}, e.start, fine ? fine->startAtto : 0});
        }
    }
    std::sort(rows.begin(), rows.end());
    std::vector<PairRow> open;
    std::vector<StagedPlace> loose, renamed;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const PairRow& r = rows[i];
        if (parts[r.place.part].staged->events[r.place.row].phase == 'B') {
            open.push_back(r);
        } else if (open.empty()) {
            loose.push_back(r.place);
        } else {
            const PairRow b = open.back();
            open.pop_back();
            if (!nameAt(r.place).empty() && nameAt(r.place) != nameAt(b.place)) renamed.push_back(r.place);
            takeArgs(b.place, r.place);
            closePair(b.place, r.time, b.atto, r.atto);
            const Part& part = parts[r.place.part];
            pairEnds.push_back({b.place, part.staged->events[r.place.row].offset, workers[part.worker].source});
        }
        if (i + 1 == rows.size() || rows[i + 1].track != r.track) {
            for (const PairRow& b : open) loose.push_back(b.place);
            open.clear();
        }
    }
    mergeLateRows();
    std::sort(renamed.begin(), renamed.end());
    for (const StagedPlace place : renamed) noteAt(Defect::EndNameDiffers, place);
    std::sort(loose.begin(), loose.end());
    closeLoose(loose);
}

/// What found no partner: a B is drawn to the end of its track, an E is only counted.
void TraceBuilder::Finisher::closeLoose(const std::vector<StagedPlace>& loose)
{
    if (loose.empty()) return;
    std::vector<Nanos> lastOf(rawTracks.size(), std::numeric_limits<Nanos>::min());
    for (const Part& part : parts) {
        for (std::size_t i = 0, n = part.staged->events.size(); i < n; ++i) {
            const StagedEvent& e = part.staged->events[i];
            Nanos& last = lastOf[workers[part.worker].rawTracks[e.track]];
            last = std::max(last, e.start + e.duration);
        }
    }
    for (const StagedPlace place : loose) {
        StagedEvent& event = parts[place.part].staged->events[place.row];
        const bool begin = event.phase == 'B';
        noteAt(begin ? Defect::BeginWithoutEnd : Defect::EndWithoutBegin, place);
        ++(begin ? trace->m_stats.unclosedBegins : trace->m_stats.unmatchedEnds);
        if (!begin) {
            looseEnds.push_back(place);
            continue;
        }
        event.flags |= kFromPair | kUnclosed;
        event.duration = distance(event.start, lastOf[workers[parts[place.part].worker].rawTracks[event.track]]);
    }
}

std::string_view TraceBuilder::Finisher::nameAt(StagedPlace place) const
{
    return trace->text(text(workers[parts[place.part].worker], parts[place.part].staged->events[place.row].name));
}

void TraceBuilder::Finisher::noteAt(Defect defect, StagedPlace place)
{
    defects(workers[parts[place.part].worker].source)
        .note(defect, parts[place.part].staged->events[place.row].offset, nameAt(place));
}

} // namespace opscope
