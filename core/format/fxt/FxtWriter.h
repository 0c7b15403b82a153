#pragma once

#include "core/base/Time.h"
#include "core/format/fxt/FxtRecords.h"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>

namespace opscope {

/// Writes records of the Fuchsia trace format by the rules of fxt.md section 10, so that Perfetto and others read them as well. Appends to
/// a buffer that the caller empties whenever it likes: everything in it is whole records. Strings and threads are registered before
/// their first use; when the tables are full they are written inline. Texts are cut at a UTF-8 boundary, arguments past the
/// fifteenth are counted in a last one. Memory: the strings that have an index (at most 32,767). One thread at a time.
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

    /// Writes magic, provider and initialization: one tick is a nanosecond.
    FxtWriter(std::string& buffer, const Start& start);

    void processName(std::uint64_t process, std::string_view name, Arguments more = {});
    void threadName(Thread thread, std::string_view name, Arguments more = {});

    // Times are ns since the start of the file and not negative.
    void slice(Thread thread, Nanos start, Nanos end, std::string_view category, std::string_view name, Arguments arguments = {});
    void begin(Thread thread, Nanos time, std::string_view category, std::string_view name, Arguments arguments = {});
    void end(Thread thread, Nanos time, std::string_view category, std::string_view name, Arguments arguments = {});
    void instant(Thread thread, Nanos time, std::string_view category, std::string_view name, Arguments arguments = {});
    void counter(Thread thread, Nanos time, std::string_view category, std::string_view name, std::uint64_t id, Arguments series);
    /// Async and flow events: `type` says which.
    void linked(fxt::EventType type, Thread thread, Nanos time, std::string_view category, std::string_view name, std::uint64_t id,
                Arguments arguments = {});

    /// A CPU goes from one thread to another; 0 for a thread that is not recorded (idle or of another process).
    void contextSwitch(std::uint16_t cpu, Nanos time, std::uint64_t outgoing, fxt::ThreadState state, std::uint64_t incoming,
                       Arguments arguments = {});
    void wakeup(std::uint16_t cpu, Nanos time, std::uint64_t thread, Arguments arguments = {});
    void log(Thread thread, Nanos time, std::string_view message);
    /// Events were lost here for want of room.
    void bufferFilledUp();

private:
    struct Text
    {
        std::uint16_t reference = 0;
        std::string_view inlined = {};
    };
    struct Head
    {
        fxt::EventType type;
        Thread thread;
        Nanos time;
        std::string_view category, name;
        Arguments arguments;
        std::optional<std::uint64_t> tail;
    };
    Text text(std::string_view text);
    std::uint8_t threadIndex(Thread thread);
    void event(const Head& head);

    std::string& m_out;
    std::unordered_map<std::string, std::uint16_t> m_strings;
    std::map<Thread, std::uint8_t> m_threads;
};

} // namespace opscope
