#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <sys/types.h>

namespace opscope::sampling {

/// What the samples of a recording hold besides address, thread, time and processor.
struct SampleLayout
{
    bool chain = false;          ///< PERF_SAMPLE_CALLCHAIN
    unsigned userRegisters = 0;  ///< how many, with a stack copy behind them; 0: neither
};

enum class PerfKind : std::uint8_t { Sample, Lost, Comm, Exit, Fork, Throttle, Unthrottle, Mmap, Switch, Other };

/// One record of a ring, decoded. Spans and texts lie in the words that were decoded.
struct PerfRecord
{
    PerfKind kind = PerfKind::Other;
    pid_t pid = 0, tid = 0;      ///< whom it is about; of Fork the new thread
    std::uint64_t time = 0;      ///< ns of the clock of the recording
    std::uint16_t cpu = 0;

    // Sample
    std::uint64_t address = 0;
    std::span<const std::uint64_t> chain;     ///< with its context marks
    std::span<const std::uint64_t> registers; ///< as the kernel orders them; empty: the thread has none, or a 32-bit program
    std::span<const std::byte> stack;         ///< what was really copied
    bool stackFull = false;                   ///< and there was no room for more

    std::uint64_t lost = 0;                   ///< Lost
    pid_t parentPid = 0, parentTid = 0;       ///< Fork, Exit
    bool exec = false;                        ///< Comm: because of an exec
    bool out = false, preempted = false;      ///< Switch
    std::string_view text;                    ///< Comm: the name. Mmap: the path
    std::uint64_t start = 0, length = 0, offset = 0, device = 0, inode = 0; ///< Mmap
    bool executable = false;
};

/// What the first word says of the record's size, in words; 0: that cannot be one.
std::size_t recordWords(std::uint64_t header);
/// The same first word for a record of another size.
std::uint64_t withRecordWords(std::uint64_t header, std::size_t words);
/// Size in words of the record that begins there; 0: that cannot be one, what follows has to be thrown away.
std::size_t recordWords(std::span<const std::uint64_t> words);
/// Its time, without decoding it: what merging needs. 0 for one that has none.
std::uint64_t recordTime(std::span<const std::uint64_t> record);
/// Words from one of a ring on, which has a power of two of them: they may wrap.
struct RingWords
{
    std::span<const std::uint64_t> ring;
    std::uint64_t first = 0;
    std::size_t place(std::uint64_t i) const { return (first + i) & (ring.size() - 1); }
    std::uint64_t operator[](std::uint64_t i) const { return ring[place(i)]; }
};
/// The copy of a stack in a sample. The word before it says its size, the one behind it how much of that was written.
struct StackPart
{
    std::size_t first = 0, words = 0; ///< from the beginning of the record
    std::size_t unused = 0;           ///< of its words, at its end
};
/// Of a record of `words` words. All zero where it has none, or is too short for what it claims.
StackPart stackPartOf(const RingWords& record, std::size_t words, const SampleLayout& layout);
/// False: too short for what it claims to be.
bool decodeRecord(std::span<const std::uint64_t> record, const SampleLayout& layout, PerfRecord& into);

/// perf_event_attr::sample_type that all of this is about, without the parts that the layout switches.
std::uint64_t basicSampleType();

} // namespace opscope::sampling
