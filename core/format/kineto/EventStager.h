#pragma once

#include "core/format/kineto/CategoryRows.h"
#include "core/format/kineto/RawEvent.h"
#include "core/format/kineto/TrackRows.h"
#include "core/format/kineto/WindowCounts.h"
#include "core/trace/Staging.h"

#include <string>
#include <unordered_map>
#include <vector>

namespace opscope::kineto {

/// Decides what an event is, and writes it into the rows of its window. One per worker; takes no lock.
/// Texts, categories, signatures and tracks go into the worker's tables at once and may stay there unused when a window is
/// dropped; what counts goes into the window's own WindowCounts.
class EventStager
{
public:
    /// Longer texts are cut (LongText): names are for reading, and the whole stands in the file.
    static constexpr std::size_t kLongestText = 4096;
    /// Lists of shapes are read again as JSON, so they are kept whole up to here.
    static constexpr std::size_t kLongestSignature = 64 << 10;

    explicit EventStager(StagingTables& tables);

    void begin(StagedPart& part, WindowCounts& counts);
    void end();

    void add(const RawEvent& event);
    void addNotAnObject(std::uint64_t offset);
    /// An event that nothing could be made of.
    void addLost(std::uint64_t offset, std::string_view why);
    Diagnostics& diagnostics() { return m_part->diagnostics; }

private:
    struct Times
    {
        bool usable = false;
        bool drawable = true;   ///< false: counted, but no place on the timeline
        ExactTime start, duration;
        std::uint8_t flags = 0;
    };
    void note(Defect defect, std::string_view detail = {}) { m_part->diagnostics.note(defect, m_event->offset, detail); }
    void malformed(Reason reason)
    {
        ++m_counts->reasons[static_cast<std::size_t>(reason)];
        m_malformed = true;
    }
    char phase();
    Times times(char phase);
    bool time(Key key, ExactTime& out);
    void duration(Times& times);
    void countTime(const Times& times);
    void tellTroubles();

    std::uint16_t category();
    TrackKey key(Key which);
    StringId text(const Scalar& value);
    StringId rawText(std::string_view text, std::size_t longest);
    StringId longText(std::string_view text, std::size_t longest);
    StringId name();

    template <class Row>
    void place(Row& row, char phase, StringId name);
    void stageSlice(char phase, const Times& times, StringId name);
    void stageWithId(char phase, const Times& times, StringId name);
    void stageCounter(const Times& times, StringId name);
    void stageMemory(const Times& times);
    void stageMeta(StringId name);
    bool isAlreadyKept(const StagedMeta& meta, std::uint64_t args);
    void fillArgs(StagedEvent& row, std::uint32_t index);
    void fillId(StagedIdEvent& row);
    void setId(StagedIdEvent& row, const Scalar& value);

    StagingTables& m_tables;
    StagedPart* m_part = nullptr;
    WindowCounts* m_counts = nullptr;
    const RawEvent* m_event = nullptr;
    bool m_malformed = false;
    std::uint16_t m_category = 0;
    std::uint32_t m_track = 0;
    std::string m_scratch;

    CategoryRows m_categories;
    TrackRows m_tracks;
    struct LastMeta
    {
        std::uint64_t value = 0; // hash
        std::size_t row = 0;
    };
    std::unordered_map<std::uint64_t, LastMeta> m_metaSeen; // (lane, kind) -> the last one in this window
    StringId m_memory, m_allocated;
};

} // namespace opscope::kineto
