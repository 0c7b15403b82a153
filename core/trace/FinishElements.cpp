#include "core/base/Prefault.h"
#include "core/trace/Finisher.h"
#include "core/trace/MergeSort.h"

#include <algorithm>
#include <tuple>

// What is no row, but belongs to rows: the second event of a pair, metadata. So that a saved part has them too (ElementTable).
namespace opscope {

namespace {

ExtraElement pairEnd(SourceId source, std::uint64_t offset, std::uint32_t slice)
{
    ExtraElement element;
    element.offset = offset;
    element.source = source.value & 0xFFFFu;
    element.kind = static_cast<std::uint64_t>(ExtraElement::Kind::PairEnd);
    element.row = slice;
    return element;
}

} // namespace

void TraceBuilder::Finisher::addPairEnd(SourceId source, std::uint64_t offset, std::uint32_t slice)
{
    trace->m_elements.m_elements.push_back(pairEnd(source, offset, slice));
}

/// In the order of the file. Ends know where their begin was staged (rememberBegin), and that row knows its slice by now (gatherSlices).
void TraceBuilder::Finisher::collectPairEnds()
{
    const auto addOf = [&](const Part& part, std::uint64_t offset, const Part& of, std::uint64_t begin) {
        addPairEnd(workers[part.worker].source, offset, static_cast<std::uint32_t>(of.staged->events[begin].start));
    };
    const auto add = [&](const Part& part, Nanos begin, std::uint64_t offset) {
        const auto place = static_cast<std::uint64_t>(begin);
        if (begin != kLooseEnd) addOf(part, offset, parts[place >> 32], place & UINT32_MAX);
    };
    const auto addEnd = [&](const Part& part, const StagedEnd& end) {
        if (end.isPaired) addOf(part, end.offset, *(&part - end.partsBack), static_cast<std::uint64_t>(end.time));
        else add(part, end.time, end.offset);
    };
    std::size_t most = ownEnds.size() + metaElements.size();
    for (const Part& part : parts) most += part.fullEnds + part.staged->ends.size();
    trace->m_elements.m_elements.reserve(most);
    for (const Part& part : parts) {
        const Chunked<StagedEnd>& ends = part.staged->ends;
        prefault(trace->m_elements.m_elements, trace->m_elements.m_elements.size(), ends.size());
        if (!part.fullEnds) {
            part.staged->ends.each([&, out = &trace->m_elements.m_elements](std::size_t, const StagedEnd& end) {
                if (!end.isPaired) return add(part, end.time, end.offset);
                const StagedEvent& begin = (&part - end.partsBack)->staged->events[static_cast<std::size_t>(end.time)];
                out->push_back(pairEnd(workers[part.worker].source, end.offset, static_cast<std::uint32_t>(begin.start)));
            });
            continue;
        }
        std::size_t end = 0;
        for (std::size_t i = 0, n = part.staged->events.size(); i < n; ++i) {
            const StagedEvent& e = part.staged->events[i];
            if (e.phase != 'E') continue;
            for (; end < ends.size() && ends[end].offset < e.offset; ++end) addEnd(part, ends[end]);
            add(part, e.start, e.offset);
        }
        for (; end < ends.size(); ++end) addEnd(part, ends[end]);
    }
    addedBehind = ownEnds.size();
    for (const OwnEnd& end : ownEnds) addPairEnd(end.source, end.offset, static_cast<std::uint32_t>(own.events[end.row].start));
    ownEnds = {};
}

/// What readNames() goes through, once more for what repeats itself.
void TraceBuilder::Finisher::keepMeta(SourceId source, const StagedMeta& meta, const std::pair<TrackKey, TrackKey>& keys, std::size_t side, StringId name)
{
    const bool known = meta.kind != MetaKind::Other;
    metaElements.push_back({source, meta.kind, keys.first, keys.second, known ? side : 2, known ? StringId() : name, known ? 0 : meta.number, meta.offset});
}

void TraceBuilder::Finisher::addElements()
{
    std::vector<ExtraElement>& out = trace->m_elements.m_elements;
    const bool pairs = !out.empty();
    const std::size_t inOrder = out.size() - addedBehind;
    const auto what = [](const MetaElement& m) { return std::tie(m.source, m.kind, m.pid, m.tid, m.side, m.name, m.args); };
    std::sort(metaElements.begin(), metaElements.end(), [&](const MetaElement& a, const MetaElement& b) {
        return std::tuple_cat(what(a), std::tie(a.offset)) < std::tuple_cat(what(b), std::tie(b.offset));
    });
    for (std::size_t i = 0; i < metaElements.size(); ++i)
        if (i + 1 == metaElements.size() || what(metaElements[i]) != what(metaElements[i + 1])) out.push_back(elementOf(metaElements[i]));
    const auto isBefore = [](const ExtraElement& a, const ExtraElement& b) {
        const std::uint64_t placeOfA = std::uint64_t{a.source} << 40 | a.offset, placeOfB = std::uint64_t{b.source} << 40 | b.offset;
        if (placeOfA != placeOfB) return placeOfA < placeOfB;
        return std::pair<std::uint64_t, std::uint32_t>(a.kind, a.row) < std::pair<std::uint64_t, std::uint32_t>(b.kind, b.row);
    };
    mergeSort(out.data(), {{0, inOrder}, {inOrder, out.size()}}, threads(), isBefore);
    mergeTail(out.data(), inOrder, out.size(), isBefore);
    metaElements = {};
    if (!pairs) return;
    std::vector<std::uint32_t>& endOf = trace->m_elements.m_endOf;
    endOf.reserve(trace->m_slices.size());
    prefault(endOf, 0, trace->m_slices.size());
    endOf.assign(trace->m_slices.size(), SliceId::kNone);
    for (std::size_t i = 0; i < out.size(); ++i)
        if (out[i].kind == static_cast<std::uint64_t>(ExtraElement::Kind::PairEnd)) endOf[out[i].row] = static_cast<std::uint32_t>(i);
}

/// Whom it speaks of. Where one pid is a process and a device, names and sort indexes go with the side that they look like.
ExtraElement TraceBuilder::Finisher::elementOf(const MetaElement& meta) const
{
    ExtraElement element;
    element.offset = meta.offset;
    element.source = meta.source.value;
    element.kind = static_cast<std::uint64_t>(ExtraElement::Kind::Metadata);
    element.row = TrackId::kNone;
    const auto groupAt = [&](std::size_t side) {
        const KeyMap& map = groupOfPid[2 * meta.source.index() + side];
        const auto found = map.find({meta.pid, kProcess});
        return found == map.end() ? kNoPlan : found->second;
    };
    const std::uint32_t host = groupAt(0), device = groupAt(1);
    const bool both = host != kNoPlan && device != kNoPlan;
    if (host == kNoPlan && device == kNoPlan) return element;
    if (both && meta.side > 1) return element; // of both
    const std::size_t side = both ? meta.side : host != kNoPlan ? 0 : 1;
    element.process = finalProcess[side ? device : host];
    if (meta.tid == kProcess) return element;
    const KeyMap& tracks = rawTrackOf[meta.source.index()];
    const auto raw = tracks.find({meta.pid, meta.tid});
    if (raw == tracks.end()) return element;
    const std::uint32_t plan = rawTracks[raw->second].plan[side];
    if (plan == kNoPlan) return element;
    element.row = finalTrack[plan].value;
    element.process = trace->m_tracks[element.row].process;
    return element;
}

/// Elements of the event array less those that became something, by source. Async pairs are two elements and one row.
void TraceBuilder::Finisher::countRowless()
{
    std::vector<std::uint64_t>& left = trace->m_elements.m_rowless;
    left.resize(in.sources.size(), 0);
    for (const Worker& worker : workers) {
        if (!worker.tables) continue; // rows that we made
        const auto metadata = worker.tables->stats.byPhase.find("M");
        left[worker.source.index()] += worker.tables->stats.elements - (metadata == worker.tables->stats.byPhase.end() ? 0 : metadata->second);
    }
    for (const Part& part : parts) {
        if (part.staged == &own) continue;
        std::uint64_t& rest = left[workers[part.worker].source.index()];
        const StagedPart& staged = *part.staged;
        std::uint64_t rows = staged.events.size() + staged.idEvents.size() + staged.ends.size() + staged.switches.size(), last = UINT64_MAX;
        for (std::size_t i = 0, n = part.staged->counters.size(); i < n; ++i) { // of one event they are neighbours
            const StagedCounter& value = part.staged->counters[i];
            if (!value.isBytes) rows += value.offset != last; // memory is an instant as well
            last = value.offset;
        }
        rest -= std::min(rest, rows);
    }
    for (const StagedPlace place : looseEnds) ++left[workers[parts[place.part].worker].source.index()];
    looseEnds = {};
}

} // namespace opscope
