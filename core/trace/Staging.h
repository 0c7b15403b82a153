#pragma once

#include "core/base/Diagnostics.h"
#include "core/base/Id.h"
#include "core/base/RawVector.h"
#include "core/base/StringPool.h"
#include "core/base/Time.h"
#include "core/trace/Category.h"
#include "core/trace/SignatureTable.h"
#include "core/trace/SliceTable.h"
#include "core/trace/Trace.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

/// Rows on their way from an importer to finish(). POD, by the window: importers fill them directly, no call per event
/// crosses an interface (loading.md 2.5, 2.11).
///
///     worker 0: StagingTables ─┬─ window 0: StagedPart        merge tables, then
///     worker 1: StagingTables ─┼─ window 1: StagedPart   ──►  distribute, sort, gather, nest, index
///                              └─ window 2: ...               (TraceBuilder::finish)
namespace opscope {

/// Narrow argument values: the two top values are marks, everything that does not fit goes to StagingTables::wide.
inline constexpr std::uint32_t kArgNone = 0xFFFFFFFFu;  ///< the event has no such field
inline constexpr std::uint32_t kArgWide = 0xFFFFFFFEu;  ///< look in StagedPart::wide

/// The argument fields of an event that has any, by ArgField; Signature is a worker-local SignatureId.
struct StagedArgs
{
    std::array<std::uint32_t, kArgFields> values = none();

    std::uint32_t& operator[](ArgField field) { return values[static_cast<std::size_t>(field)]; }
    std::uint32_t operator[](ArgField field) const { return values[static_cast<std::size_t>(field)]; }
    static constexpr std::array<std::uint32_t, kArgFields> none()
    {
        std::array<std::uint32_t, kArgFields> all{};
        all.fill(kArgNone);
        return all;
    }
};

/// ph X, B, E and all instants. Times in ns, offsets in the unpacked source. Ids are those of the worker's tables. Every pass of finish()
/// goes over these rows, so they are short: arguments stand beside them.
struct StagedEvent
{
    static constexpr std::uint32_t kNoArgs = UINT32_MAX;
    Nanos start = 0;
    Nanos duration = 0;
    std::uint64_t offset : 40 = 0;
    std::uint64_t length : 24 = 0;   ///< 0: longer than 16 MiB
    StringId name;
    std::uint32_t track = 0;         ///< row of StagingTables::tracks
    std::uint32_t args = kNoArgs;    ///< row of StagedPart::args
    std::uint16_t category = 0;      ///< row of StagingTables::categories
    char phase = 'X';
    std::uint8_t flags = 0;          ///< SliceFlags, without the origin
};
static_assert(sizeof(StagedEvent) == 40);

/// Everything with an id: flows s t f, async b n e S T F p, objects N O D.
struct StagedIdEvent
{
    Nanos time = 0;
    std::uint64_t id = 0;            ///< the number, or a worker-local StringId for idKind Text and Other
    std::uint64_t offset : 40 = 0;
    std::uint64_t length : 24 = 0;
    StringId name;
    StringId scope;                  ///< "scope", or id2.local's pid mark; none if absent
    std::uint32_t track = 0;
    std::uint16_t category = 0;
    char phase = 's';
    std::uint8_t idKind : 4 = 0;     ///< TrackKey::Kind
    std::uint8_t bindsEnclosing : 1 = 0;
    std::uint8_t idIsLocal : 1 = 0;  ///< id2.local: unique within its process only
    std::uint8_t idHasName : 1 = 0;  ///< async: one id of several names is several things; the category is no part of it
};
static_assert(sizeof(StagedIdEvent) == 40);

/// ph E without fields that have columns: half of the events of call traces, so it is short. An importer may have made one slice of it
/// and its begin (phase X, kFromPair); then it only says where that is.
struct StagedEnd
{
    Nanos time = 0;                  ///< paired: row of the begin in the part `partsBack` in front of this one's
    std::uint64_t offset : 40 = 0;
    std::uint64_t partsBack : 23 = 0;
    std::uint64_t isPaired : 1 = 0;
    StringId name;                   ///< none where the file has none
    std::uint32_t track = 0;
};
static_assert(sizeof(StagedEnd) == 24);

/// What a thread waits for when a CPU leaves it.
enum class LeftAs : std::uint8_t { Ready, Blocked, Suspended, Gone };

/// A CPU goes from one thread to another, or a thread is woken up (no outgoing one, `wakes`).
struct StagedSwitch
{
    static constexpr std::uint32_t kNobody = UINT32_MAX; ///< idle, or a thread that nothing is known of
    Nanos time = 0;
    std::uint64_t offset : 40 = 0;
    std::uint64_t cpu : 16 = 0;
    std::uint64_t leftAs : 7 = 0;    ///< LeftAs of the outgoing thread
    std::uint64_t wakes : 1 = 0;
    std::uint32_t outgoing = kNobody, incoming = kNobody; ///< rows of StagingTables::tracks
    std::uint16_t category = 0;
    std::uint16_t length = 0;        ///< of its record; 0: not known
};
static_assert(sizeof(StagedSwitch) == 32);

/// One value of one counter: ph C, or a [memory] instant.
struct StagedCounter
{
    Nanos time = 0;
    double value = 0;
    std::uint64_t offset = 0;
    StringId counter;                ///< event name (with the id behind it when there is one); for memory "Allocated"
    StringId series;                 ///< args key; for memory "CUDA 0"
    std::uint32_t track = 0;         ///< the (pid, tid) it was written under
    bool isBytes = false;
    bool isDelta = false;            ///< add to the last value (memory events of files without "Total Allocated")
};

enum class MetaKind : std::uint8_t { ProcessName, ProcessLabels, ProcessSortIndex, ThreadName, ThreadSortIndex, SampledHz, Other };

/// Metadata: the last one in the file wins. SampledHz: the slices of a thread were made of so many samples a second. Other: what we do not interpret and only keep for saving; `text` is its name, `number` a
/// hash of its arguments, and the last one that says the same stands for all of them.
struct StagedMeta
{
    TrackKey pid, tid;
    MetaKind kind = MetaKind::ProcessName;
    StringId text;
    std::int64_t number = 0;
    std::uint64_t offset = 0;
};

/// A value that needs more than 32 bits, negative ones included.
struct WideArg
{
    std::uint32_t event = 0;         ///< number of the StagedEvent within its part
    ArgField field = ArgField::Correlation;
    std::int64_t value = 0;          ///< unsigned 64-bit values keep their bits
};
/// The arguments of an event that tells of a collective: JSON text.
struct CollectiveNote
{
    std::uint32_t event = 0;
    StringId args;
};
struct FineTime
{
    std::uint32_t event = 0;
    std::uint64_t startAtto = 0, durationAtto = 0;
};

/// Where an importer that fills one part after the other may have the rows of all of them: in big pieces, with nothing to give back one
/// by one. Not for several threads. It goes when the last rows in it do.
class RowMemory
{
public:
    /// Aligned to 64 bytes.
    void* take(std::size_t bytes);

private:
    std::vector<RawVector<std::byte>> m_blocks;
    std::byte* m_next = nullptr;    // in the last block
    std::byte* m_present = nullptr; // in front of it pages are there
    std::size_t m_left = 0;         // behind m_next
};

/// Fixed chunks, so that a part never copies what it holds and never over-reserves by more than one chunk. Rows are plain data.
template <class Row, std::size_t kRows = 256>
class Chunked
{
public:
    /// In front of the first row.
    void setMemory(const std::shared_ptr<RowMemory>& memory) { m_memory = memory; }
    Row& append()
    {
        if (m_next == m_end) [[unlikely]] grow();
        ++m_size;
        return *m_next++ = Row{};
    }
    std::size_t size() const { return m_size; }
    Row& operator[](std::size_t i) { return m_chunks[i / kRows][i % kRows]; }
    const Row& operator[](std::size_t i) const { return m_chunks[i / kRows][i % kRows]; }
    void clear() { *this = {}; }
    /// work(i, row) for all rows.
    template <class Work>
    void each(Work&& work)
    {
        std::size_t i = 0;
        for (Row* row : m_chunks)
            for (Row* const end = row + std::min(kRows, m_size - i); row != end; ++row) work(i++, *row);
    }

private:
    static_assert(std::is_trivially_copyable_v<Row> && alignof(Row) <= 64);
    void grow()
    {
        m_next = m_memory ? static_cast<Row*>(m_memory->take(kRows * sizeof(Row))) : m_own.emplace_back(kRows).data();
        m_end = m_next + kRows;
        m_chunks.push_back(m_next);
    }
    std::vector<Row*> m_chunks;           ///< of kRows each, written to by append() only
    std::vector<RawVector<Row>> m_own;    ///< those that are not in m_memory
    std::shared_ptr<RowMemory> m_memory;
    Row* m_next = nullptr;                ///< in the last chunk, as is its end
    Row* m_end = nullptr;
    std::size_t m_size = 0;
};

/// (pid, tid) of one worker.
struct StagedTrack
{
    TrackKey pid, tid;               ///< texts are worker-local StringIds
    std::uint64_t events = 0;        ///< everything with a time and a ph other than M
    std::uint64_t hostEvents = 0, deviceEvents = 0; ///< by category, to tell a device from a process
};

/// What one worker thread learned over all its windows: its own, so that scanning takes no lock.
struct StagingTables
{
    StringPool strings;
    std::vector<Category> categories;    ///< names raw; `events` counts elements; ids by intern order
    SignatureTable signatures;
    std::vector<StagedTrack> tracks;
    TraceStats stats;                    ///< this worker's share; added up in finish()
};

/// What was read from one window. Parts are given to the builder in file order.
struct StagedPart
{
    std::uint32_t worker = 0;            ///< which StagingTables its ids belong to
    Chunked<StagedEvent> events;
    Chunked<StagedArgs> args;            ///< of the events that have any
    Chunked<StagedIdEvent> idEvents;
    Chunked<StagedEnd> ends;
    std::size_t pairedEnds = 0;          ///< how many of `ends` are
    Chunked<StagedCounter> counters;
    Chunked<StagedSwitch> switches;
    std::vector<StagedMeta> meta;
    std::vector<WideArg> wide;           ///< by event, ascending
    std::vector<FineTime> fine;          ///< by event, ascending
    std::vector<CollectiveNote> collectives; ///< by event, ascending
    Diagnostics diagnostics;

    /// To be filled by whoever adds an event with arguments.
    StagedArgs& addArgs(StagedEvent& event)
    {
        event.args = static_cast<std::uint32_t>(args.size());
        return args.append();
    }
    std::uint32_t argOf(const StagedEvent& event, ArgField field) const
    {
        return event.args == StagedEvent::kNoArgs ? kArgNone : args[event.args][field];
    }
};

} // namespace opscope
