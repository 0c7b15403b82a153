#include "core/format/fxt/FxtSwitches.h"

#include "core/format/fxt/FxtRecords.h"
#include "core/format/fxt/FxtReferences.h"

#include <algorithm>

namespace opscope::fxt {

namespace {

constexpr std::uint64_t kNoCpu = 0xFFFF; ///< of records that only end a state: no CPU's time may end there

bool runs(const Trace& trace, const Track& track, SliceId slice) { return track.kind == TrackKind::Cpu || trace.name(slice) == "Running"; }

void appendWords(std::string& out, std::initializer_list<std::uint64_t> words)
{
    for (const std::uint64_t word : words) out.append(reinterpret_cast<const char*>(&word), sizeof word);
}

/// Who leaves and who comes, in either form of the record; threads of the old form stand by index or inline.
class Switch
{
public:
    explicit Switch(std::string_view record) : m_record(record), m_header(wordAt(record, 0))
    {
        m_legacy = static_cast<SchedulingType>(bits(m_header, 60, 63)) == SchedulingType::LegacySwitch;
        if (!m_legacy) {
            m_leaves = {0, 0, wordAt(record, 2)};
            m_comes = {0, 0, wordAt(record, 3)};
            return;
        }
        std::size_t next = 2;
        for (auto [shift, who] : {std::pair{28u, &m_leaves}, std::pair{36u, &m_comes}}) {
            who->index = bits(m_header, shift, shift + 7);
            if (who->index || (next + 2) * kWord > record.size()) continue;
            who->process = wordAt(record, next);
            who->thread = wordAt(record, next + 1);
            next += 2;
        }
    }
    static bool isWhole(std::string_view record)
    {
        const bool legacy = static_cast<SchedulingType>(bits(wordAt(record, 0), 60, 63)) == SchedulingType::LegacySwitch;
        return record.size() >= (legacy ? 2 : 4) * kWord;
    }
    bool someoneLeaves() const { return m_leaves.known(); }
    bool someoneComes() const { return m_comes.known(); }
    bool leavesForGood() const { return state() >= static_cast<std::uint64_t>(ThreadState::Dying); }

    /// The record with these two alone; a thread that leaves without its next state has none.
    void write(bool leaver, bool leaverGoesOn, bool comer, std::string& out) const
    {
        const std::uint64_t how = leaverGoesOn ? state() : static_cast<std::uint64_t>(ThreadState::Dead);
        put(leaver ? m_leaves : Who(), how, comer ? m_comes : Who(), cpu(), out);
    }
    /// The incoming thread stops doing what it did, and does nothing from then on.
    void writeEndOfComer(std::string& out) const { put(m_comes, static_cast<std::uint64_t>(ThreadState::Dead), Who(), cpu(), out); }

private:
    struct Who
    {
        std::uint64_t index = 0, process = 0, thread = 0;
        bool known() const { return index || process || thread; }
    };
    std::uint64_t state() const { return m_legacy ? bits(m_header, 24, 27) : bits(m_header, 36, 39); }
    std::uint64_t cpu() const { return m_legacy ? bits(m_header, 16, 23) : bits(m_header, 20, 35); }

    void put(const Who& leaves, std::uint64_t how, const Who& comes, std::uint64_t onCpu, std::string& out) const
    {
        constexpr auto type = static_cast<std::uint64_t>(RecordType::Scheduling);
        const std::uint64_t time = wordAt(m_record, 1);
        if (!m_legacy) return appendWords(out, {type | 4 << 4 | onCpu << 20 | how << 36 | std::uint64_t{1} << 60, time, leaves.thread, comes.thread});
        constexpr std::uint64_t kPriority = 1; // idle is what has none
        const std::uint64_t words = 2 + (leaves.index ? 0 : 2) + (comes.index ? 0 : 2);
        appendWords(out, {type | words << 4 | onCpu << 16 | how << 24 | leaves.index << 28 | comes.index << 36 |
                              (leaves.known() ? kPriority << 44 : 0) | (comes.known() ? kPriority << 52 : 0),
                          time});
        if (!leaves.index) appendWords(out, {leaves.process, leaves.thread});
        if (!comes.index) appendWords(out, {comes.process, comes.thread});
    }

    std::string_view m_record;
    std::uint64_t m_header;
    bool m_legacy = false;
    Who m_leaves, m_comes;
};

void writeWakeup(std::string_view record, const KeptSwitch& kept, std::string& out)
{
    if (kept.parts & KeptSwitch::WokenBegins || record.size() < 3 * kWord) {
        out.append(record);
        return;
    }
    constexpr auto type = static_cast<std::uint64_t>(RecordType::Scheduling);
    appendWords(out, {type | 4 << 4 | kNoCpu << 20 | static_cast<std::uint64_t>(ThreadState::Dead) << 36 | std::uint64_t{1} << 60,
                      wordAt(record, 1), wordAt(record, 2), 0});
}

void merge(KeptSwitch& into, const KeptSwitch& other)
{
    into.parts |= other.parts;
    for (const std::uint64_t thread : other.ended)
        if (thread && into.ended[0] != thread) (into.ended[0] ? into.ended[1] : into.ended[0]) = thread;
}

} // namespace

std::vector<KeptSwitch> keptSwitches(const Trace& trace, SourceId source, const Subset& subset)
{
    std::vector<KeptSwitch> all;
    for (const Track& track : trace.tracks()) {
        if ((track.kind != TrackKind::State && track.kind != TrackKind::Cpu) || trace.process(track.process).source != source) continue;
        const bool isCpu = track.kind == TrackKind::Cpu;
        const std::uint64_t thread = !isCpu && track.tid.kind == TrackKey::Kind::Number ? static_cast<std::uint64_t>(track.tid.number) : 0;
        for (std::uint32_t row = track.firstSlice; row < track.firstSlice + track.sliceCount; ++row) {
            const SliceId slice(row);
            if (!subset.rows.slices.contains(slice)) continue;
            const std::uint8_t begins = runs(trace, track, slice) ? KeptSwitch::ComerBegins : KeptSwitch::LeaverBegins | KeptSwitch::WokenBegins;
            all.push_back({trace.slices().sourceOffset(slice), begins, {}});
            if (const ExtraElement* end = trace.elements().endOf(slice))
                all.push_back({end->offset, isCpu ? std::uint8_t{KeptSwitch::CpuEnds} : std::uint8_t{0}, {thread, 0}});
        }
    }
    std::ranges::sort(all, {}, &KeptSwitch::offset);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (kept && all[kept - 1].offset == all[i].offset) merge(all[kept - 1], all[i]);
        else all[kept++] = all[i];
    }
    all.resize(kept);
    return all;
}

void writeSwitch(std::string_view record, const KeptSwitch& kept, std::uint64_t leaver, std::uint64_t comer, std::string& out)
{
    const auto type = static_cast<SchedulingType>(bits(wordAt(record, 0), 60, 63));
    if (type == SchedulingType::Wakeup) return writeWakeup(record, kept, out);
    if (type > SchedulingType::Wakeup || !Switch::isWhole(record)) {
        out.append(record);
        return;
    }
    const Switch all(record);
    const auto ends = [&](std::uint64_t thread) { return thread && (kept.ended[0] == thread || kept.ended[1] == thread); };
    const bool comerBegins = kept.parts & KeptSwitch::ComerBegins, leaverBegins = kept.parts & KeptSwitch::LeaverBegins;
    const bool nothingTooMuch = (comerBegins || !all.someoneComes()) && (leaverBegins || !all.someoneLeaves() || all.leavesForGood());
    if (nothingTooMuch) {
        out.append(record);
        return;
    }
    if (ends(comer) && !comerBegins && comer != leaver) all.writeEndOfComer(out); // in front of it: its CPU changes hands then anyway
    const bool leaves = leaverBegins || ends(leaver);
    if (leaves || comerBegins || kept.parts & KeptSwitch::CpuEnds) all.write(leaves, leaverBegins, comerBegins, out);
}

} // namespace opscope::fxt
