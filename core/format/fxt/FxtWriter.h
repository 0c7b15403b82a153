#pragma once

#include "core/base/StringPool.h"
#include "core/base/Time.h"
#include "core/format/fxt/FxtRecords.h"

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace opscope {

/// Writes records of the Fuchsia trace format by the rules of fxt.md section 10, so that Perfetto and others read them as well. Appends to
/// a buffer that the caller empties whenever it likes: everything in it is whole records, so that what was written so far is a valid
/// file at any time. Strings and threads are registered before their first use and never anew; when the tables are full they are
/// written inline. Texts are made valid UTF-8 and cut between its characters, at 32,000 bytes and where a record would be too long.
/// Arguments past the fifteenth, and those that a record has no room for, are counted in a last one, "arguments left out".
/// Cost: a text that has an index is one look-up, without an allocation. Memory: the texts that have an index (at most 32,767 and
/// 64 MiB). One thread at a time.
class FxtWriter
{
public:
    struct Pointer { std::uint64_t value; };
    struct Koid { std::uint64_t value; };
    struct Argument
    {
        std::string_view name;
        std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string_view, Pointer, Koid> value;
    };
    using Arguments = std::span<const Argument>;
    /// Whose event it is: ids as the system gives them (pid, tid).
    struct Thread
    {
        std::uint64_t process = 0, thread = 0;
        friend auto operator<=>(const Thread&, const Thread&) = default;
    };
    struct Start
    {
        std::string_view provider = "Opscope"; ///< who wrote it; at most 255 bytes
        std::optional<std::int64_t> wallClockNs = {}; ///< Unix time of tick 0
    };
    static constexpr std::uint32_t kProvider = 1;

    /// Writes magic, provider and initialization: one tick is a nanosecond. `buffer` must live as long as the writer.
    FxtWriter(std::string& buffer, const Start& start);

    void processName(std::uint64_t process, std::string_view name, Arguments more = {});
    /// Says as well whose thread it is, which records of context switches do not: needed for each thread that they name.
    void threadName(Thread thread, std::string_view name, Arguments more = {});

    // Times are ns since the start of the file; negative ones are written as 0. An end before its start is written as the start.
    void slice(Thread thread, Nanos start, Nanos end, std::string_view category, std::string_view name, Arguments arguments = {});
    void begin(Thread thread, Nanos time, std::string_view category, std::string_view name, Arguments arguments = {});
    void end(Thread thread, Nanos time, std::string_view category, std::string_view name, Arguments arguments = {});
    void instant(Thread thread, Nanos time, std::string_view category, std::string_view name, Arguments arguments = {});
    void counter(Thread thread, Nanos time, std::string_view category, std::string_view name, std::uint64_t id, Arguments series);
    /// Async and flow events: `type` says which.
    void linked(fxt::EventType type, Thread thread, Nanos time, std::string_view category, std::string_view name, std::uint64_t id,
                Arguments arguments = {});

    /// A CPU goes from one thread to another; 0 for a thread that is not recorded (idle or of another process): gets the weight of idle
    /// threads, so that readers show nothing for it.
    void contextSwitch(std::uint16_t cpu, Nanos time, std::uint64_t outgoing, fxt::ThreadState state, std::uint64_t incoming,
                       Arguments arguments = {});
    /// The same of threads whose processes are known, in the older form: less than half as long. {0, 0} for a thread that is not recorded.
    void contextSwitch(std::uint16_t cpu, Nanos time, Thread outgoing, fxt::ThreadState state, Thread incoming);
    void wakeup(std::uint16_t cpu, Nanos time, std::uint64_t thread, Arguments arguments = {});
    void log(Thread thread, Nanos time, std::string_view message);
    /// Events were lost here for want of room.
    void bufferFilledUp();

private:
    /// What is registered while indexes last: values of arguments are often all different, so they leave room for names.
    enum class TextUse : std::uint8_t { Name, Value };
    struct Text
    {
        std::uint16_t reference;
        std::string_view inlined;
        std::size_t words() const { return fxt::wordsOf(inlined.size()); }
    };
    struct Prepared
    {
        const Argument* argument;
        Text name, value;
        std::uint64_t words;
    };
    struct Head
    {
        fxt::EventType type;
        Thread thread;
        Nanos time;
        std::string_view category, name;
        Arguments arguments;
        std::optional<std::uint64_t> tail = {};
    };
    class Record;

    void startRecord(std::size_t fixedWords);
    std::size_t roomForText(std::size_t most) const;
    Text text(std::string_view text, TextUse use, std::size_t mostWords = fxt::kMaxRecordWords);
    Text inlined(std::string_view text, std::size_t mostWords);
    std::uint16_t registered(std::string_view text, TextUse use);
    void prepare(Arguments arguments);
    bool prepare(const Argument& argument);
    void countLeftOut();
    std::size_t takenWords() const { return fxt::kMaxRecordWords - m_room; }
    std::uint8_t threadIndex(Thread thread);
    void event(const Head& head);
    void kernelObject(fxt::ObjectType type, std::uint64_t koid, std::string_view name, Arguments own, Arguments more);
    void scheduling(fxt::SchedulingType type, std::uint64_t fields, std::span<const std::uint64_t> words, Arguments own, Arguments more);

    std::string& m_out;
    StringPool m_strings;                  // its numbers are the indexes: 0 is the empty text in both
    std::map<Thread, std::uint8_t> m_threads;
    Thread m_lastThread;                   // most events follow one of the same thread
    std::uint8_t m_lastIndex = 0;
    // Of the record that is being made:
    std::size_t m_room = 0;                // words that are left of the longest record
    std::array<Prepared, fxt::kMaxArguments> m_arguments;
    std::size_t m_argumentCount = 0;
    bool m_cutForRoom = false;             // a text was longer than what is left of the record
    std::int64_t m_leftOut = 0;
    Argument m_leftOutArgument;
    std::deque<std::string> m_repaired;    // inlined texts that were no UTF-8
};

} // namespace opscope
