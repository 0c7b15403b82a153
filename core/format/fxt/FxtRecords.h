#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

/// The bits of the Fuchsia trace format (fxt.md): what reader and writer share. Words are 64 bits, little-endian; bit 0 is the lowest.
namespace opscope::fxt {

inline constexpr std::uint64_t kMagic = 0x0016547846040010;
inline constexpr std::size_t kWord = 8;
inline constexpr std::size_t kMaxRecordWords = 4095;     ///< large records aside
inline constexpr std::size_t kMaxArguments = 15;
inline constexpr std::uint32_t kMaxStringIndex = 0x7FFF;
inline constexpr std::uint32_t kMaxThreadIndex = 0xFF;
inline constexpr std::uint32_t kInlineString = 0x8000;   ///< or-ed with the length of what follows
inline constexpr std::size_t kMaxWrittenString = 32'000; ///< longer ones are cut (fxt.md section 10)

enum class RecordType : std::uint8_t {
    Metadata = 0, Initialization = 1, String = 2, Thread = 3, Event = 4, Blob = 5, UserspaceObject = 6, KernelObject = 7,
    Scheduling = 8, Log = 9, Profiler = 10, Large = 15
};

enum class MetadataType : std::uint8_t { ProviderInfo = 1, ProviderSection = 2, ProviderEvent = 3, TraceInfo = 4 };

enum class EventType : std::uint8_t {
    Instant = 0, Counter = 1, DurationBegin = 2, DurationEnd = 3, DurationComplete = 4, AsyncBegin = 5, AsyncInstant = 6, AsyncEnd = 7,
    FlowBegin = 8, FlowStep = 9, FlowEnd = 10
};
/// Whether a word stands behind the arguments: counter id, end time or correlation id.
constexpr bool hasTail(EventType type) { return type == EventType::Counter || (type >= EventType::DurationComplete && type <= EventType::FlowEnd); }

enum class ArgumentType : std::uint8_t {
    Null = 0, Int32 = 1, Uint32 = 2, Int64 = 3, Uint64 = 4, Double = 5, String = 6, Pointer = 7, Koid = 8, Bool = 9, Blob = 10
};

enum class ObjectType : std::uint8_t { Process = 1, Thread = 2 };

enum class SchedulingType : std::uint8_t { LegacySwitch = 0, Switch = 1, Wakeup = 2 };

/// What a thread is left in when it is switched out. Running and New: it could go on, so it waits for a CPU.
enum class ThreadState : std::uint8_t { New = 0, Running = 1, Suspended = 2, Blocked = 3, Dying = 4, Dead = 5 };

/// The weight that says "idle thread" in switch records.
inline constexpr std::int32_t kIdleWeight = INT32_MIN;

/// Bits [first, last] of a word.
constexpr std::uint64_t bits(std::uint64_t word, unsigned first, unsigned last)
{
    const unsigned width = last - first + 1;
    return width == 64 ? word : (word >> first) & ((std::uint64_t{1} << width) - 1);
}

constexpr RecordType recordType(std::uint64_t header) { return static_cast<RecordType>(bits(header, 0, 3)); }
/// Header included. A large record has 32 bits for it: the type must be looked at first.
constexpr std::uint64_t recordWords(std::uint64_t header)
{
    return recordType(header) == RecordType::Large ? bits(header, 4, 35) : bits(header, 4, 15);
}
/// How many bytes of it, from the beginning, are whole records.
inline std::size_t wholeRecords(std::string_view bytes)
{
    std::size_t whole = 0;
    for (std::uint64_t header = 0; bytes.size() - whole >= kWord;) {
        std::memcpy(&header, bytes.data() + whole, kWord);
        const std::uint64_t size = recordWords(header) * kWord;
        if (size == 0 || size > bytes.size() - whole) break;
        whole += size;
    }
    return whole;
}
/// Words that `bytes` bytes of text or data take.
constexpr std::uint64_t wordsOf(std::uint64_t bytes) { return (bytes + kWord - 1) / kWord; }

} // namespace opscope::fxt
