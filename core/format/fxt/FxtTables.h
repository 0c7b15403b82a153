#pragma once

#include "core/format/fxt/FxtNotesBuilder.h"
#include "core/format/fxt/RecordReader.h"
#include "core/format/kineto/KinetoFields.h"
#include "core/trace/Staging.h"

#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace opscope::fxt {

/// What the numbers in records mean where the reader stands: texts, threads and clocks of each provider. An index is resolved by looking
/// into an array; texts are hashed once, where they are registered.
class FxtTables
{
public:
    /// What a text is used as; filled when it is first used so.
    struct Text
    {
        StringId note;                          ///< of the notes
        StringId staged;                        ///< of StagingTables::strings; none: not used as a name yet
        std::uint16_t category = kNoCategory;   ///< row of StagingTables::categories
        kineto::Key argument = kineto::Key::Other; ///< as the name of an argument
        bool isAddress = false;                 ///< "address": says whether a frame is the kernel's
        bool defined = false;
    };
    static constexpr std::uint16_t kNoCategory = UINT16_MAX;

    /// A (process, thread) of koids, or an index that was never defined.
    struct Track
    {
        std::uint64_t process = 0, thread = 0;
        bool known = true;                      ///< false: `thread` is the index, `process` the provider's row
        bool hasEvents = false;                 ///< of event records: what counts as a track of the file
        std::uint64_t events = 0, hostEvents = 0, deviceEvents = 0;
    };

    FxtTables(StagingTables& staged, FxtNotesBuilder& notes, Diagnostics& diagnostics);

    // Providers. A life is a row of FxtNotes::providers().
    void providerInfo(std::uint32_t id, std::string_view name, std::uint64_t offset);
    void providerSection(std::uint32_t id, std::uint64_t offset);
    void setClock(std::uint64_t ticksPerSecond, std::uint64_t offset, std::optional<std::pair<std::uint64_t, std::int64_t>> base);
    void defineString(std::uint32_t index, std::string_view bytes, std::uint64_t offset);
    void defineThread(std::uint32_t index, std::uint64_t process, std::uint64_t thread, std::uint64_t offset);
    std::uint32_t life() const { return m_life; }

    /// Ticks to nanoseconds, exactly. False: does not fit.
    bool time(std::uint64_t ticks, Nanos& out) const
    {
        const Clock& clock = *m_clock;
        if (clock.plain) {
            out = static_cast<Nanos>(ticks);
            return out >= 0;
        }
        return convert(clock, ticks, out);
    }

    /// Of a reference; `offset` for what is counted when it leads nowhere.
    Text& text(std::uint16_t reference, std::string_view inlined, std::uint64_t offset)
    {
        const std::uint32_t index = reference;
        if (index == 0) return m_empty;
        if (index < m_texts->size() && (*m_texts)[index].defined) [[likely]] return (*m_texts)[index];
        return otherText(reference, inlined, offset);
    }
    StringId name(Text& text) { return text.staged.valid() ? text.staged : stage(text); }
    std::uint16_t category(Text& text) { return text.category != kNoCategory ? text.category : addCategory(text); }
    std::uint16_t category(std::string_view name);
    Side side(std::uint16_t category) const { return m_sides[category]; }
    /// Of text that is no reference: messages.
    StringId stagedText(std::string_view bytes, std::uint64_t offset);
    StringId noteText(std::string_view bytes, std::uint64_t offset);

    /// Row of tracks().
    std::uint32_t threadAt(std::uint8_t index, std::uint64_t offset)
    {
        if (index < m_threads->size() && (*m_threads)[index] != kNoTrack) [[likely]] return (*m_threads)[index];
        return unknownThread(index, offset);
    }
    std::uint32_t trackOf(std::uint64_t process, std::uint64_t thread);
    /// Of bare thread koids: a number that threadRows() turns into a track in the end.
    std::uint32_t bareThread(std::uint64_t koid);
    std::vector<Track>& tracks() { return m_tracks; }
    Track& track(std::uint32_t row) { return m_tracks[row]; }
    /// Rows of tracks() by bareThread(), made where there was none. Call with settled objects, after the last record.
    std::vector<std::uint32_t> threadRows();

    /// When the first base time of the file is: of time 0 of the model.
    std::optional<std::int64_t> baseTime() const { return m_baseTime; }
    void fill(FxtNotes::Counts& counts) const;

private:
    struct Clock
    {
        std::uint64_t ticksPerSecond = 1'000'000'000;
        Nanos shift = 0;
        bool plain = true;                      ///< a tick is a nanosecond
    };
    struct Life
    {
        std::vector<Text> texts;                ///< by index
        std::unordered_map<std::uint32_t, Text> sparse; ///< of indexes far above the others, where there are many providers
        std::vector<std::uint32_t> threads;     ///< by index: row of tracks(), kNoTrack
        std::size_t defined = 0;                ///< texts
        Clock clock;
    };
    static constexpr std::uint32_t kNoTrack = UINT32_MAX;
    static constexpr std::size_t kFewLives = 64;
    struct PairHash
    {
        std::size_t operator()(const std::pair<std::uint64_t, std::uint64_t>& key) const noexcept
        {
            const std::uint64_t h = (key.first * 31 + key.second) * 0x9E3779B97F4A7C15ull;
            return static_cast<std::size_t>(h ^ (h >> 32));
        }
    };
    void enter(std::uint32_t life);
    Text& slotOf(std::uint32_t index);
    static bool convert(const Clock& clock, std::uint64_t ticks, Nanos& out);
    std::uint32_t unknownThread(std::uint8_t index, std::uint64_t offset);
    Text& otherText(std::uint16_t reference, std::string_view inlined, std::uint64_t offset);
    Text makeText(std::string_view bytes, std::uint64_t offset);
    StringId stage(Text& text);
    std::uint16_t addCategory(Text& text);
    std::string_view repaired(std::string_view bytes, std::uint64_t offset);

    StagingTables& m_staged;
    FxtNotesBuilder& m_notes;
    Diagnostics& m_diagnostics;
    std::vector<std::unique_ptr<Life>> m_lives;
    std::unordered_map<std::uint32_t, std::uint32_t> m_lifeOf;  // by provider id
    std::unordered_map<std::uint32_t, std::uint64_t> m_rates;   // by provider id: the last one
    std::unordered_map<std::uint32_t, bool> m_told;             // ids of info and section records
    std::uint32_t m_life = 0;
    std::vector<Text>* m_texts = nullptr;                       // of the current life, as are the next two
    std::vector<std::uint32_t>* m_threads = nullptr;
    Clock* m_clock = nullptr;
    std::unordered_map<StringId, Text> m_inlined;               // by note
    Text m_empty;
    std::vector<Side> m_sides;                                  // by category
    std::unordered_map<std::string, std::uint16_t> m_categoryOf;
    std::vector<Track> m_tracks;
    std::unordered_map<std::pair<std::uint64_t, std::uint64_t>, std::uint32_t, PairHash> m_trackOf, m_unknownOf;
    std::pair<std::uint64_t, std::uint64_t> m_lastKey{};
    std::uint32_t m_lastRow = kNoTrack;
    std::unordered_map<std::uint64_t, std::uint32_t> m_bareOf;
    std::vector<std::uint64_t> m_bare;
    std::optional<std::int64_t> m_baseTime;
    std::unordered_map<std::uint64_t, bool> m_stringsSeen, m_threadsSeen; // (provider id, index), for the counts
    std::string m_scratch;
};

} // namespace opscope::fxt
