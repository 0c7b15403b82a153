#include "core/base/Parallel.h"
#include "core/base/Prefault.h"
#include "core/trace/Finisher.h"
#include "core/trace/MergeSort.h"

#include <algorithm>

// Rows to tracks, by time, then into columns.
namespace opscope {

namespace {

constexpr std::size_t kBlock = BlockColumn::kBlockRows;

constexpr std::size_t kBlocksAhead = 8; // of which pages are made present at once

/// Columns of exact size, nothing in them yet.
template <class... Columns>
void make(std::size_t rows, Columns&... columns)
{
    (columns.resize(rows), ...);
}

template <class... Columns>
void prefaultRows(std::size_t first, std::size_t count, const Columns&... columns)
{
    (prefault(columns, first, count), ...);
}

/// Those of a row, whose fields are no longer "none" in `seen`.
inline const StagedArgs& argsOf(const StagedPart& part, const StagedEvent& event, StagedArgs& seen)
{
    static constexpr StagedArgs kNone;
    if (event.args == StagedEvent::kNoArgs) return kNone;
    const StagedArgs& args = part.args[event.args];
    for (std::size_t f = 0; f < kArgFields; ++f) seen.values[f] &= args.values[f];
    return args;
}

const CollectiveNote* collectiveNote(const StagedPart& part, std::uint32_t row)
{
    const auto note = std::ranges::lower_bound(part.collectives, row, {}, &CollectiveNote::event);
    return note != part.collectives.end() && note->event == row ? &*note : nullptr;
}

} // namespace

std::int64_t TraceBuilder::Finisher::wideArg(const StagedPart& part, std::uint32_t row, ArgField field) const
{
    auto it = std::lower_bound(part.wide.begin(), part.wide.end(), row,
                               [](const WideArg& w, std::uint32_t r) { return w.event < r; });
    std::int64_t value = BlockColumn::kNone;
    for (; it != part.wide.end() && it->event == row; ++it)
        if (it->field == field) value = it->value; // the last one wins, as for keys that stand twice
    return value;
}

FineTime* TraceBuilder::Finisher::fineTime(StagedPart& part, std::uint32_t row) const
{
    if (part.fine.empty()) return nullptr;
    const auto it = std::lower_bound(part.fine.begin(), part.fine.end(), row,
                                     [](const FineTime& f, std::uint32_t r) { return f.event < r; });
    return it != part.fine.end() && it->event == row ? &*it : nullptr;
}

/// Where the rows of each (part, track) go is known from the survey: parts can be dealt out at the same time.
/// Returns false when there are more rows than row numbers.
bool TraceBuilder::Finisher::distribute()
{
    std::vector<Track>& tracks = trace->m_tracks;
    std::vector<std::uint64_t> slices(tracks.size(), 0), instants(tracks.size(), 0);
    const auto trackOf = [&](const Part& part, const Count& c) { return workers[part.worker].tracks[c.place].index(); };
    for (const Part& part : parts) {
        for (const Count& c : part.counts) {
            slices[trackOf(part, c)] += c.slices;
            instants[trackOf(part, c)] += c.instants;
        }
    }
    std::uint64_t slice = 0, instant = 0;
    for (std::size_t t = 0; t < tracks.size(); ++t) {
        if (slice + slices[t] >= SliceId::kNone || instant + instants[t] >= InstantId::kNone) return false;
        tracks[t].firstSlice = static_cast<std::uint32_t>(slice);
        tracks[t].sliceCount = static_cast<std::uint32_t>(slices[t]);
        tracks[t].firstInstant = static_cast<std::uint32_t>(instant);
        tracks[t].instantCount = static_cast<std::uint32_t>(instants[t]);
        slices[t] = std::exchange(slice, slice + slices[t]);
        instants[t] = std::exchange(instant, instant + instants[t]);
    }
    make(slice, sliceKeys);
    make(instant, instantKeys);
    prefaultRows(0, slice, sliceKeys);
    for (Part& part : parts) { // counts become first rows
        for (Count& c : part.counts) {
            const std::size_t t = trackOf(part, c);
            c.slices = static_cast<std::uint32_t>(std::exchange(slices[t], slices[t] + c.slices));
            c.instants = static_cast<std::uint32_t>(std::exchange(instants[t], instants[t] + c.instants));
        }
    }
    parallelFor(parts.size(), threads(), [&](std::size_t p) { distributePart(static_cast<std::uint32_t>(p)); });
    return true;
}

void TraceBuilder::Finisher::distributePart(std::uint32_t p)
{
    Part& part = parts[p];
    const Worker& worker = workers[part.worker];
    struct Next
    {
        std::uint32_t slice, instant;
    };
    thread_local std::vector<Next> next;
    next.resize(std::max(next.size(), 2 * worker.rawTracks.size()));
    for (const Count& c : part.counts) next[c.place] = {c.slices, c.instants};
    part.staged->events.each([&, slices = sliceKeys.data(), instants = instantKeys.data(), to = next.data()](std::size_t i, const StagedEvent& e) {
        const SortKey key{e.start, p, static_cast<std::uint32_t>(i)};
        Next& behind = to[place(worker, e.track, e.category)];
        if (isSlice(e.phase)) slices[behind.slice++] = key;
        else if (e.phase != 'E') instants[behind.instant++] = key;
    });
    part.counts = {};
}

/// (start, longer first, event index, file order); a total order.
bool TraceBuilder::Finisher::sliceLess(const SortKey& a, const SortKey& b) const
{
    if (a.start != b.start) return a.start < b.start;
    const StagedEvent& x = parts[a.part].staged->events[a.row];
    const StagedEvent& y = parts[b.part].staged->events[b.row];
    if (x.duration != y.duration) return x.duration > y.duration;
    const std::uint32_t xIndex = parts[a.part].staged->argOf(x, ArgField::EventIndex), yIndex = parts[b.part].staged->argOf(y, ArgField::EventIndex);
    if (xIndex != yIndex) return xIndex < yIndex; // none: behind
    if (x.offset != y.offset) return x.offset < y.offset;
    return a.part != b.part ? a.part < b.part : a.row < b.row;
}

bool TraceBuilder::Finisher::instantLess(const SortKey& a, const SortKey& b) const
{
    if (a.start != b.start) return a.start < b.start;
    const StagedEvent& x = parts[a.part].staged->events[a.row];
    const StagedEvent& y = parts[b.part].staged->events[b.row];
    if (x.offset != y.offset) return x.offset < y.offset;
    return a.part != b.part ? a.part < b.part : a.row < b.row;
}

void TraceBuilder::Finisher::sortRows()
{
    std::vector<SortRange> slices, instants;
    for (const Track& t : trace->m_tracks) {
        if (t.sliceCount > 1) slices.push_back({t.firstSlice, std::size_t{t.firstSlice} + t.sliceCount});
        if (t.instantCount > 1) instants.push_back({t.firstInstant, std::size_t{t.firstInstant} + t.instantCount});
    }
    mergeSort(sliceKeys.data(), slices, threads(), [this](const SortKey& a, const SortKey& b) { return sliceLess(a, b); });
    mergeSort(instantKeys.data(), instants, threads(),
              [this](const SortKey& a, const SortKey& b) { return instantLess(a, b); });
}

void TraceBuilder::Finisher::gather()
{
    SliceTable& s = trace->m_slices;
    const std::size_t rows = sliceKeys.size();
    make(rows, s.m_start, s.m_duration, s.m_self, s.m_name, s.m_parent, s.m_offsetLow, s.m_category, s.m_lane, s.m_length, s.m_flags, s.m_offsetHigh);
    for (BlockColumn& column : s.m_args) column = BlockColumn(rows);
    if (!asyncGroup.empty()) make(rows, groupOfSlice);
    InstantTable& t = trace->m_instants;
    make(instantKeys.size(), t.m_time, t.m_name, t.m_offset, t.m_category, t.m_phase);

    const std::size_t sliceBlocks = (rows + kBlock - 1) / kBlock;
    const std::size_t instantBlocks = (instantKeys.size() + kBlock - 1) / kBlock;
    std::vector<std::vector<SubNanosecond>> fine(sliceBlocks);
    std::vector<std::vector<CollectiveArgs>> collectives(sliceBlocks);
    parallelFor(sliceBlocks + instantBlocks, threads(), [&](std::size_t b) {
        if (b < sliceBlocks) gatherSlices(b, fine[b], collectives[b]);
        else gatherInstants(b - sliceBlocks);
    });
    for (const auto& block : fine)
        trace->m_subNanoseconds.insert(trace->m_subNanoseconds.end(), block.begin(), block.end());
    for (const auto& block : collectives)
        trace->m_collectiveArgs.insert(trace->m_collectiveArgs.end(), block.begin(), block.end());
    sliceKeys = {};
    instantKeys = {};
    collectPairEnds();
    parallelFor(parts.size(), threads(), [&](std::size_t p) {
        parts[p].staged->events.clear();
        parts[p].staged->args.clear();
        parts[p].staged->ends.clear();
        parts[p].staged->switches.clear();
    });
}

/// From a block on.
void TraceBuilder::Finisher::prefaultSlices(std::size_t first)
{
    SliceTable& s = trace->m_slices;
    const std::size_t rows = std::min(kBlocksAhead * kBlock, sliceKeys.size() - first);
    prefaultRows(first, rows, s.m_start, s.m_duration, s.m_name, s.m_offsetLow, s.m_category, s.m_length, s.m_flags, s.m_offsetHigh);
}

void TraceBuilder::Finisher::gatherSlices(std::size_t block, std::vector<SubNanosecond>& fine, std::vector<CollectiveArgs>& collectives)
{
    SliceTable& s = trace->m_slices;
    const std::size_t first = block * kBlock, end = std::min(first + kBlock, sliceKeys.size());
    std::array<const StagedArgs*, kBlock> args; // by row of the block
    StagedArgs seen;                            // all "none" as long as no row has the field
    if (block % kBlocksAhead == 0) prefaultSlices(first);
    Nanos* const start = s.m_start.data();
    Nanos* const duration = s.m_duration.data();
    StringId* const name = s.m_name.data();
    std::uint32_t* const offsetLow = s.m_offsetLow.data();
    std::uint16_t* const categories = s.m_category.data();
    std::uint16_t* const length = s.m_length.data();
    std::uint8_t* const flags = s.m_flags.data();
    std::uint8_t* const offsetHigh = s.m_offsetHigh.data();
    const SortKey* const keys = sliceKeys.data();
    StagedPart* part = nullptr;
    const Worker* worker = nullptr;
    std::uint32_t partOf = kNoPlan; // rows of a part come in runs
    for (std::size_t i = first; i < end; ++i) {
        const SortKey key = keys[i];
        if (key.part != partOf) {
            partOf = key.part;
            part = parts[partOf].staged;
            worker = &workers[parts[partOf].worker];
        }
        StagedEvent& e = part->events[key.row];
        start[i] = e.start;
        duration[i] = e.duration;
        name[i] = text(*worker, e.name);
        categories[i] = category(*worker, e.category);
        flags[i] = e.flags;
        offsetLow[i] = static_cast<std::uint32_t>(e.offset);
        offsetHigh[i] = static_cast<std::uint8_t>(e.offset >> 32);
        length[i] = static_cast<std::uint16_t>(e.length <= UINT16_MAX ? e.length : 0);
        args[i - first] = &argsOf(*part, e, seen);
        if (e.flags & kCollective) [[unlikely]]
            if (const CollectiveNote* note = collectiveNote(*part, key.row)) collectives.push_back({SliceId(i), text(*worker, note->args)});
        if (const FineTime* t = part->fine.empty() ? nullptr : fineTime(*part, key.row)) fine.push_back({SliceId(i), t->startAtto, t->durationAtto});
        if (!asyncGroup.empty()) groupOfSlice[i] = part == &own && key.row < asyncGroup.size() ? asyncGroup[key.row] : 0;
        e.start = static_cast<Nanos>(i); // for collectPairEnds(); nobody else looks at it again
    }
    for (std::size_t f = 0; f < kArgFields; ++f)
        if (seen.values[f] != kArgNone) gatherField(block, static_cast<ArgField>(f), args.data());
}

/// One field of the rows of a block that has it at all.
void TraceBuilder::Finisher::gatherField(std::size_t block, ArgField field, const StagedArgs* const* args)
{
    const std::size_t first = block * kBlock, rows = std::min(kBlock, sliceKeys.size() - first);
    thread_local std::vector<std::int64_t> values;
    values.resize(kBlock);
    bool isWide = false;
    for (std::size_t i = 0; i < rows; ++i) { // no branches: kinds of events alternate unpredictably
        const std::uint32_t value = (*args[i])[field];
        values[i] = value == kArgNone ? BlockColumn::kNone : std::int64_t{value};
        isWide |= value == kArgWide;
    }
    for (std::size_t i = 0; field == ArgField::Signature && i < rows; ++i) {
        const Worker& worker = workers[parts[sliceKeys[first + i].part].worker];
        const std::uint32_t value = (*args[i])[field];
        if (value != kArgNone && !worker.signatures.empty()) values[i] = worker.signatures[value].value;
    }
    for (std::size_t i = 0; isWide && i < rows; ++i) {
        const SortKey key = sliceKeys[first + i];
        if ((*args[i])[field] == kArgWide) values[i] = wideArg(*parts[key.part].staged, key.row, field);
    }
    trace->m_slices.m_args[static_cast<std::size_t>(field)].setBlock(block, values.data(), rows);
}

void TraceBuilder::Finisher::gatherInstants(std::size_t block)
{
    InstantTable& t = trace->m_instants;
    const std::size_t first = block * kBlock, end = std::min(first + kBlock, instantKeys.size());
    for (std::size_t i = first; i < end; ++i) {
        const SortKey key = instantKeys[i];
        const Worker& worker = workers[parts[key.part].worker];
        const StagedEvent& e = parts[key.part].staged->events[key.row];
        t.m_time[i] = e.start;
        t.m_name[i] = text(worker, e.name);
        t.m_offset[i] = e.offset;
        t.m_category[i] = category(worker, e.category);
        t.m_phase[i] = e.phase;
    }
}

} // namespace opscope
