#pragma once

#include "core/base/StringPool.h"
#include "core/format/fxt/FxtRecords.h"
#include "core/trace/Trace.h"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace opscope {

/// What an .fxt file says in front of its events, by place: records refer to strings and threads by numbers that are given anew in the
/// middle of the file, so a record can only be understood (and copied) with what was valid where it stood.
///
/// Whoever copies records by the offsets of their rows can rely on this:
///   * Every offset of a row (slice, instant, counter value, flow point) and of an ExtraElement::PairEnd is that of a whole record, header
///     first, within unpackedBytes. Slices of TrackKind::State and Cpu have the scheduling record that began them as their offset, and the
///     one that ended them as their PairEnd: copied together they make the same slice again.
///   * providerAt(), string(), thread() and clock() with the offset of a record tell what was valid for it, each with the offset of the
///     record that said so. A registration that repeats the one in force is left out: nothing changed there.
///   * A provider of this list is one life of a provider: a second info record for a known id empties its tables, so it begins a new one.
///     Life 0 is what stands in front of any provider record (id 0, no name, no record).
///   * objects() has the last kernel object record of each (type, koid, process), whatever provider wrote it; its strings are looked up with the
///     record's own offset like all others. (Metadata of Trace::elements() is by pid and tid: where koids were invented, two may share one.)
/// Immutable once the trace is made; read from any thread.
class FxtNotes final : public FormatNotes
{
public:
    struct Provider
    {
        std::uint32_t id = 0;
        StringId name;                          ///< of texts()
        std::optional<std::uint64_t> offset;    ///< of its info record; none: it has no such record
    };
    /// From here on records are this provider's: an info or a section record.
    struct Section
    {
        std::uint64_t offset = 0;
        std::uint32_t provider = 0;             ///< row of providers()
    };
    struct String
    {
        std::uint64_t offset : 40 = 0;
        std::uint64_t index : 24 = 0;
        std::uint32_t provider = 0;
        StringId text;                          ///< of texts(), repaired where it was no UTF-8
    };
    struct Thread
    {
        std::uint64_t offset : 40 = 0;
        std::uint64_t index : 24 = 0;
        std::uint32_t provider = 0;
        std::uint64_t process = 0, thread = 0;  ///< koids
    };
    /// An initialization record. ns of the model = floor(ticks * 1e9 / ticksPerSecond) + shift.
    struct Clock
    {
        std::uint64_t offset = 0;
        std::uint32_t provider = 0;
        std::uint64_t ticksPerSecond = 1'000'000'000; ///< never 0
        Nanos shift = 0;                        ///< brings providers with other base times to the base time of the trace
    };
    struct Object
    {
        std::uint8_t type = 0;                  ///< fxt::ObjectType, or another number
        std::uint64_t koid = 0;
        std::uint64_t process = 0;              ///< of threads: koid of the argument "process", 0 when it has none
        bool renamed = false;                   ///< it says itself that it had another name before
        StringId name;                          ///< of texts()
        std::uint64_t offset = 0;
    };
    /// What pointers of a process point to.
    struct UserObject
    {
        std::uint64_t process = 0, pointer = 0;
        StringId name;
        std::uint64_t offset = 0;
    };
    struct Blob
    {
        std::uint64_t offset = 0, bytes = 0;    ///< of the payload, chunks of one name together; offset of the first one
        StringId name;
        std::uint8_t type = 0;                  ///< 1 data, 2 last-branch, 3 Perfetto protobuf; large records: kLargeBlob
        std::uint64_t chunks = 1;
    };
    static constexpr std::uint8_t kLargeBlob = 255;
    /// Where ids in the file were invented (magic-trace) and names hold the real ones.
    struct RealIds
    {
        std::uint64_t process = 0, thread = 0;  ///< koids
        TrackKey pid, tid;                      ///< as the trace has them; texts are of texts()
    };
    /// Of the file as found (the definitions are those of check_facts.py).
    struct Counts
    {
        std::array<std::uint64_t, 16> records{}; ///< by type
        std::array<std::uint64_t, 16> events{};  ///< by event type
        std::uint64_t providers = 0, strings = 0, threadRecords = 0, tracks = 0;
        std::vector<std::uint64_t> tickRates;    ///< distinct, ascending; the last of each provider
        std::optional<std::uint64_t> minTicks, maxTicks;
    };

    std::string_view text(StringId id) const { return m_texts.view(id); }
    const StringPool& texts() const { return m_texts; }
    std::span<const Provider> providers() const { return m_providers; }
    std::span<const Section> sections() const { return m_sections; }   ///< ascending; the first is life 0 at offset 0
    std::span<const Object> objects() const { return m_objects; }      ///< by (type, koid, process)
    std::span<const UserObject> userObjects() const { return m_userObjects; } ///< by (process, pointer); the last of each
    std::span<const Blob> blobs() const { return m_blobs; }            ///< in the order of the file
    const Counts& counts() const { return m_counts; }

    /// Row of providers() whose tables hold for the record at `offset`. O(log sections), as are all of these.
    std::uint32_t providerAt(std::uint64_t offset) const;
    /// What index 1...32,767 means for a record at `offset`; null when it was never defined in front of it.
    const String* string(std::uint32_t provider, std::uint32_t index, std::uint64_t offset) const;
    const Thread* thread(std::uint32_t provider, std::uint32_t index, std::uint64_t offset) const;
    /// Null: none yet, so a tick is a nanosecond and nothing is shifted.
    const Clock* clock(std::uint32_t provider, std::uint64_t offset) const;
    /// Of a thread in that process; where there is none, or no process is asked for, the one that stands last in the file.
    const Object* object(fxt::ObjectType type, std::uint64_t koid, std::uint64_t process = 0) const;
    /// The name of whatever has this koid: a process, a thread, anything else. Empty: not known.
    std::string_view nameOf(std::uint64_t koid) const;
    std::string_view labelOf(std::uint64_t process, std::uint64_t pointer) const;
    /// Null where the ids are what the file says.
    const RealIds* realIds(std::uint64_t process, std::uint64_t thread) const;
    /// Whether the end record at this offset brings arguments for its slice.
    bool endHasArguments(std::uint64_t offset) const;
    std::size_t bytes() const;

private:
    friend class FxtNotesBuilder;
    StringPool m_texts;
    std::vector<Provider> m_providers;
    std::vector<Section> m_sections;
    std::vector<String> m_strings;              // by (provider, index, offset), as are the next two
    std::vector<Thread> m_threads;
    std::vector<Clock> m_clocks;
    std::vector<Object> m_objects;
    std::vector<UserObject> m_userObjects;
    std::vector<Blob> m_blobs;
    std::vector<RealIds> m_realIds;             // by (process, thread)
    std::vector<std::uint64_t> m_endsWithArguments;
    Counts m_counts;
};

} // namespace opscope
