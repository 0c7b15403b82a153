#include "core/trace/Finisher.h"

#include <algorithm>
#include <tuple>

// B and E of a (pid, tid), in order of (time, file order): each E closes the last open B, whatever the names are. The B row
// becomes the slice; E rows are dropped.
namespace opscope {

namespace {

constexpr std::uint64_t kAttoPerNano = 1'000'000'000'000'000'000ull;

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
    const std::uint32_t source = from.events[end.row].args;
    if (source == StagedEvent::kNoArgs) return;
    StagedPart& to = *parts[begin.part].staged;
    StagedEvent& slice = to.events[begin.row];
    StagedArgs& args = slice.args == StagedEvent::kNoArgs ? to.addArgs(slice) : to.args[slice.args];
    for (std::size_t f = 0; f < kArgFields; ++f) {
        const auto field = static_cast<ArgField>(f);
        std::uint32_t& mine = args[field];
        const std::uint32_t theirs = from.args[source][field];
        if (mine != kArgNone || theirs == kArgNone) continue;
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

/// All B and E, those of a track together, in the order of the file. firstOf: where each raw track begins, and the end.
RawVector<TraceBuilder::Finisher::PairRow> TraceBuilder::Finisher::pairRows(std::vector<std::uint32_t>& firstOf) const
{
    firstOf.assign(rawTracks.size() + 1, 0);
    const auto eachOf = [this](std::uint32_t p, auto&& visit) {
        if (!parts[p].pairEvents) return;
        const StagedPart& staged = *parts[p].staged;
        const std::vector<std::uint32_t>& tracks = workers[parts[p].worker].rawTracks;
        const auto ends = static_cast<std::uint32_t>(staged.ends.size());
        std::uint32_t end = 0;
        const auto visitEnd = [&] {
            const StagedEnd& e = staged.ends[end];
            if (!e.isPaired) visit(tracks[e.track], e.time, StagedPlace{p, end | kEndRow});
        };
        for (std::uint32_t i = 0, n = static_cast<std::uint32_t>(staged.events.size()); i < n; ++i) {
            const StagedEvent& e = staged.events[i];
            for (; end < ends && staged.ends[end].offset < e.offset; ++end) visitEnd();
            if (e.phase == 'B' || e.phase == 'E') visit(tracks[e.track], e.start, StagedPlace{p, i});
        }
        for (; end < ends; ++end) visitEnd();
    };
    for (const Part& part : parts)
        for (const Count& count : part.counts) firstOf[workers[part.worker].rawTracks[count.place / 2] + 1] += count.pairs;
    for (std::size_t t = 1; t < firstOf.size(); ++t) firstOf[t] += firstOf[t - 1];
    RawVector<PairRow> rows(firstOf.back());
    std::vector<std::uint32_t> next(firstOf.begin(), firstOf.end() - 1);
    for (std::uint32_t p = 0; p < parts.size(); ++p)
        eachOf(p, [&](std::uint32_t track, Nanos time, StagedPlace place) { rows[next[track]++] = {time, place}; });
    return rows;
}

/// By time; rows of one time stay in the order of the file. Most files have them so already.
void TraceBuilder::Finisher::sortPairRows(std::span<PairRow> rows) const
{
    const bool fine = std::any_of(parts.begin(), parts.end(), [](const Part& part) { return !part.staged->fine.empty(); });
    if (!fine) {
        const auto earlier = [](const PairRow& a, const PairRow& b) { return a.time < b.time; };
        if (!std::is_sorted(rows.begin(), rows.end(), earlier)) std::stable_sort(rows.begin(), rows.end(), earlier);
        return;
    }
    std::stable_sort(rows.begin(), rows.end(), [this](const PairRow& a, const PairRow& b) {
        return a.time != b.time ? a.time < b.time : attoAt(a.place) < attoAt(b.place);
    });
}

std::uint64_t TraceBuilder::Finisher::attoAt(StagedPlace place) const
{
    if (place.row & kEndRow) return 0;
    const FineTime* fine = fineTime(*parts[place.part].staged, place.row);
    return fine ? fine->startAtto : 0;
}

/// In place of the time of the end, which is in the rows by now: what is saved of a trace needs both.
void TraceBuilder::Finisher::rememberBegin(StagedPlace end, StagedPlace begin)
{
    const auto where = static_cast<Nanos>(std::uint64_t{begin.part} << 32 | begin.row);
    StagedPart& part = *parts[end.part].staged;
    if (end.row & kEndRow) part.ends[end.row & ~kEndRow].time = where;
    else part.events[end.row].start = where;
}

void TraceBuilder::Finisher::pairTrack(std::span<const PairRow> rows, std::vector<PairRow>& open, std::vector<StagedPlace>& loose,
                                       std::vector<StagedPlace>& renamed)
{
    open.clear();
    for (const PairRow& r : rows) {
        if (isBegin(r.place)) {
            open.push_back(r);
        } else if (open.empty()) {
            loose.push_back(r.place);
        } else {
            const PairRow b = open.back();
            open.pop_back();
            if (const StringId name = nameAt(r.place); name != nameAt(b.place) && !trace->text(name).empty()) renamed.push_back(r.place);
            if (!(r.place.row & kEndRow)) takeArgs(b.place, r.place);
            closePair(b.place, r.time, attoAt(b.place), attoAt(r.place));
            rememberBegin(r.place, b.place);
        }
    }
    for (const PairRow& b : open) loose.push_back(b.place);
}

void TraceBuilder::Finisher::pairBeginEnd()
{
    std::vector<std::uint32_t> firstOf;
    RawVector<PairRow> rows = pairRows(firstOf);
    if (rows.empty()) return;
    std::vector<PairRow> open;
    std::vector<StagedPlace> loose, renamed;
    for (std::size_t t = 0; t < rawTracks.size(); ++t) {
        const std::span<PairRow> track = std::span(rows).subspan(firstOf[t], firstOf[t + 1] - firstOf[t]);
        sortPairRows(track);
        pairTrack(track, open, loose, renamed);
    }
    mergeLateRows();
    std::sort(renamed.begin(), renamed.end());
    for (const StagedPlace place : renamed) noteAt(Defect::EndNameDiffers, place);
    std::sort(loose.begin(), loose.end());
    closeLoose(loose, rows, firstOf);
}

/// What found no partner: a B is drawn to the end of its track, an E is only counted.
void TraceBuilder::Finisher::closeLoose(const std::vector<StagedPlace>& loose, std::span<const PairRow> rows, std::span<const std::uint32_t> firstOf)
{
    if (loose.empty()) return;
    std::vector<Nanos> lastOf(rawTracks.size(), std::numeric_limits<Nanos>::min());
    for (std::size_t t = 0; t < lastOf.size(); ++t)
        if (firstOf[t] < firstOf[t + 1]) lastOf[t] = rows[firstOf[t + 1] - 1].time;
    for (const Part& part : parts) { // a B that has its E ends no later than the last of `rows`
        for (const Count& count : part.counts) {
            Nanos& last = lastOf[workers[part.worker].rawTracks[count.place / 2]];
            last = std::max(last, count.last);
        }
    }
    for (const StagedPlace place : loose) {
        const bool begin = isBegin(place);
        noteAt(begin ? Defect::BeginWithoutEnd : Defect::EndWithoutBegin, place);
        ++(begin ? trace->m_stats.unclosedBegins : trace->m_stats.unmatchedEnds);
        StagedPart& part = *parts[place.part].staged;
        if (!begin) {
            (place.row & kEndRow ? part.ends[place.row & ~kEndRow].time : part.events[place.row].start) = kLooseEnd;
            looseEnds.push_back(place);
            continue;
        }
        StagedEvent& event = part.events[place.row];
        event.flags |= kFromPair | kUnclosed;
        event.duration = distance(event.start, lastOf[workers[parts[place.part].worker].rawTracks[event.track]]);
    }
}

StringId TraceBuilder::Finisher::nameAt(StagedPlace place) const
{
    const StagedPart& part = *parts[place.part].staged;
    const StringId name = place.row & kEndRow ? part.ends[place.row & ~kEndRow].name : part.events[place.row].name;
    return text(workers[parts[place.part].worker], name);
}

void TraceBuilder::Finisher::noteAt(Defect defect, StagedPlace place)
{
    const StagedPart& part = *parts[place.part].staged;
    const std::uint64_t offset = place.row & kEndRow ? part.ends[place.row & ~kEndRow].offset : part.events[place.row].offset;
    defects(workers[parts[place.part].worker].source).note(defect, offset, trace->text(nameAt(place)));
}

} // namespace opscope
