#pragma once

#include "core/format/fxt/FxtPairs.h"
#include "core/format/fxt/FxtTables.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

namespace opscope::fxt {

/// Decides what a record is, and writes it into rows. Records come in the order of the file; what refers to later ones (names of threads,
/// processes of threads that were switched) is put in by finish().
class FxtStager
{
public:
    FxtStager(FxtNotesBuilder& notes, Diagnostics& diagnostics);

    /// A whole record, or as much of a large one as is in `bytes`; `words` is its size.
    void add(std::string_view bytes, std::uint64_t words, std::uint64_t offset);
    std::uint64_t events() const { return m_stats.elements; }
    std::optional<std::int64_t> baseTime() const { return m_tables.baseTime(); }

    struct Staged
    {
        std::vector<StagingTables> tables;
        std::vector<StagedPart> parts;
    };
    /// After the last record.
    Staged finish();

private:
    static constexpr std::size_t kPartRows = 1u << 16;
    static constexpr std::uint64_t kLongestNoted = (1u << 24) - 1;
    static constexpr std::uint32_t kBare = 1u << 31; ///< in StagedSwitch until placeSwitches(): a number of bareThread()

    struct Head
    {
        std::uint64_t offset = 0, words = 0;
        Nanos time = 0;
        std::uint64_t ticks = 0;
        std::uint32_t track = 0;
        std::uint16_t category = 0;
        StringId name;
    };
    struct Fields                           ///< arguments that have columns
    {
        bool any = false, kernel = false;
        StagedArgs args;
        std::array<std::int64_t, kArgFields> wide{};
        Signature signature;
    };
    struct CounterKey
    {
        std::uint64_t process = 0, id = 0;
        StringId name;
        friend bool operator==(const CounterKey&, const CounterKey&) = default;
    };
    struct CounterHash
    {
        std::size_t operator()(const CounterKey& key) const noexcept
        {
            const std::uint64_t h = ((key.process * 31 + key.id) * 31 + key.name.value) * 0x9E3779B97F4A7C15ull;
            return static_cast<std::size_t>(h ^ (h >> 32));
        }
    };

    /// Arguments of the kernel object of a process or a thread that Opscope writes (FxtConverter.h, core/record/sampling).
    struct Said
    {
        std::optional<TrackKey> id;       ///< "pid", "tid": what it is where the koid was made up; texts are of the notes
        StringId labels;                  ///< of the notes
        std::optional<std::int64_t> sortIndex;
        std::uint32_t sampledHz = 0;
        bool any() const { return id || labels.valid() || sortIndex || sampledHz; }
    };

    /// What the file tells of a process and a thread, as far as it does.
    struct Told
    {
        const FxtNotes::Object *process = nullptr, *thread = nullptr;
        const Said *saidOfProcess = nullptr, *saidOfThread = nullptr;
        std::string_view processName = {}, threadName = {}; ///< of the notes
    };

    void addOther(RecordType type, RecordReader& record);
    void metadata(RecordReader& record);
    void initialization(RecordReader& record);
    void string(RecordReader& record);
    void thread(RecordReader& record);
    void event(RecordReader& record);
    void blob(RecordReader& record);
    void userObject(RecordReader& record);
    void kernelObject(RecordReader& record);
    void scheduling(RecordReader& record);
    void legacySwitch(RecordReader& record);
    void log(RecordReader& record);
    void large(RecordReader& record);

    bool readThread(RecordReader& record, std::uint8_t reference, std::uint32_t& track)
    {
        if (reference != 0) [[likely]] {
            track = m_tables.threadAt(reference, m_head.offset);
            return true;
        }
        std::uint64_t process = 0, thread = 0;
        if (!record.next(process) || !record.next(thread)) return false;
        track = m_tables.trackOf(process, thread);
        return true;
    }
    bool readTime(std::uint64_t ticks)
    {
        if (m_tables.time(ticks, m_head.time)) [[likely]] return true;
        note(Defect::TimeOutOfRange, std::to_string(ticks) + " ticks");
        return false;
    }
    /// What all rows of an event share; false when the event cannot be shown.
    bool readArguments(RecordReader& record, std::size_t count, EventType type);
    void noteUnknown(ArgumentType type);
    void takeValue(FxtTables::Text& name, const Argument& argument);
    void takeField(kineto::Key key, const Argument& argument);
    void stage(EventType type, std::uint64_t tail);
    void stageComplete(std::uint64_t endTicks);
    void stageBegin();
    void stageEnd();
    void stageWithId(char phase, std::uint64_t id);
    void stageCounter(std::uint64_t id);
    template <class Row>
    void describe(Row& row, char phase) const
    {
        row.offset = m_head.offset;
        row.length = std::min(m_head.words * kWord, kLongestNoted);
        row.name = m_head.name;
        row.track = m_head.track;
        row.category = m_head.category;
        row.phase = phase;
    }
    StagedEvent& stageRow(char phase)
    {
        StagedPart& to = part();
        StagedEvent row;
        row.start = m_head.time;
        describe(row, phase);
        StagedEvent& staged = to.events.append() = row;
        if (m_fields.any) [[unlikely]] stageFields(to, staged);
        return staged;
    }
    void stageFields(StagedPart& to, StagedEvent& row);
    StagedSwitch& stageSwitch(std::uint64_t cpu);
    void count(char phase, Nanos end)
    {
        ++m_phases[static_cast<unsigned char>(phase)];
        ++m_staged.categories[m_head.category].events;
        FxtTables::Track& track = m_tables.track(m_head.track);
        const Side side = m_tables.side(m_head.category);
        ++track.events;
        track.hostEvents += side == Side::Host;
        track.deviceEvents += side == Side::Device;
        m_first = std::min(m_first, m_head.time);
        m_last = std::max(m_last, end);
    }
    void nameCounters();
    void placeSwitches();
    void nameTracks();
    void nameTrack(const FxtTables::Track& track, StagedTrack& staged, bool magicTrace);
    void takeIdsOfNames(const FxtTables::Track& track, StagedTrack& staged, Told& told, bool magicTrace);
    void takeSaidIds(const FxtTables::Track& track, StagedTrack& staged, const Told& told);
    void stageMeta(const StagedTrack& staged, const Told& told);
    TrackKey keyOf(std::uint64_t koid);
    StringId intern(std::string_view text) { return m_staged.strings.intern(text); }
    void readSaid(std::string_view key, const Argument& argument, Said& said);
    const Said* saidOf(fxt::ObjectType type, std::uint64_t process, std::uint64_t koid) const;
    TrackKey stagedKey(const TrackKey& key);
    void fillStats();
    void note(Defect defect, std::string_view detail = {}) { m_diagnostics.note(defect, m_head.offset, detail); }
    /// Where the next row goes.
    StagedPart& part()
    {
        if (m_partRows >= kPartRows) [[unlikely]] beginPart();
        ++m_partRows;
        return *m_part;
    }
    void beginPart();
    template <class Visit>
    void eachArgument(RecordReader& record, std::size_t count, Visit&& visit);

    FxtNotesBuilder& m_notes;
    FxtNotes::Counts& m_counts;
    Diagnostics& m_diagnostics;
    StagingTables m_staged;
    FxtTables m_tables;
    TraceStats m_stats;
    std::array<std::uint64_t, 128> m_phases{};
    std::vector<StagedPart> m_parts;
    std::shared_ptr<RowMemory> m_memory = std::make_shared<RowMemory>();
    FxtPairs m_pairs;
    StagedPart* m_part = nullptr;     // the last one
    std::size_t m_partRows = kPartRows;
    Head m_head;
    Fields m_fields;
    std::vector<std::pair<StringId, double>> m_values; // of a counter
    std::map<std::tuple<fxt::ObjectType, std::uint64_t, std::uint64_t>, Said> m_said; // by (type, process, koid)
    std::uint16_t m_scheduling = FxtTables::kNoCategory;
    std::vector<CounterKey> m_counterKeys;
    std::unordered_map<CounterKey, std::uint32_t, CounterHash> m_counterOf;
    Nanos m_first = std::numeric_limits<Nanos>::max(), m_last = std::numeric_limits<Nanos>::min();
    std::uint64_t m_minTicks = UINT64_MAX, m_maxTicks = 0;
    bool m_anyTicks = false;
};

} // namespace opscope::fxt
