#include "tests/bench/ScaledTrace.h"

#include "core/base/Time.h"
#include "core/io/ByteSource.h"
#include "tests/bench/Bench.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <vector>
#include <zlib.h>

namespace opscope::bench {
namespace {

using FilePtr = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

FilePtr openFile(const std::string& path, const char* mode)
{
    FilePtr file(std::fopen(path.c_str(), mode), &std::fclose);
    if (!file)
        throw std::runtime_error("cannot open " + path);
    return file;
}

std::string readAll(const std::string& path)
{
    auto source = ByteSource::openFile(path);
    if (!source)
        throw std::runtime_error(source.error().text());
    std::string all;
    std::vector<char> block(1 << 20);
    for (;;) {
        const auto got = (*source)->read(block);
        if (!got)
            throw std::runtime_error(got.error().text());
        if (*got == 0)
            return all;
        all.append(block.data(), *got);
    }
}

/// A number in the text of an event that differs from copy to copy.
struct Hole
{
    std::size_t begin = 0, end = 0; ///< within the event
    bool time = false;
    std::int64_t value = 0;         ///< nanoseconds or identifier
    bool decimals = false;
};
struct Event
{
    std::string text;
    std::vector<Hole> holes;
    bool metadata = false;
};

constexpr std::string_view kIdKeys[] = {"correlation", "External id", "external id", "Ev Idx", "Profiler Event Index",
                                        "Sequence number", "Record function id", "Python id", "Python parent id", "id"};

bool isIdKey(std::string_view key) { return std::find(std::begin(kIdKeys), std::end(kIdKeys), key) != std::end(kIdKeys); }

/// Behind the string that begins at `i` (a quote).
std::size_t skipString(std::string_view text, std::size_t i)
{
    for (++i; i < text.size() && text[i] != '"'; ++i)
        i += text[i] == '\\';
    return i + 1;
}

std::size_t skipBlanks(std::string_view text, std::size_t i)
{
    return std::min(text.find_first_not_of(" \t\r\n", i), text.size());
}

/// Keys with numbers at the level of the event and of its args.
void findHoles(Event& event)
{
    const std::string_view text = event.text;
    std::size_t depth = 0;
    for (std::size_t i = 0; i < text.size();) {
        const char c = text[i];
        if (c == '{' || c == '[')
            ++depth;
        if (c == '}' || c == ']')
            --depth;
        if (c != '"') {
            ++i;
            continue;
        }
        const std::size_t begin = i;
        i = skipString(text, i);
        const std::string_view key = text.substr(begin + 1, i - begin - 2);
        const std::size_t colon = skipBlanks(text, i);
        if (depth > 2 || colon >= text.size() || text[colon] != ':')
            continue;
        const std::size_t value = skipBlanks(text, colon + 1);
        if (key == "ph")
            event.metadata = text.substr(value, 3) == "\"M\"";
        const bool time = depth == 1 && key == "ts";
        if (!time && (!isIdKey(key) || (key == "id") != (depth == 1)))
            continue;
        const std::size_t end = std::min(text.find_first_not_of("0123456789.", value), text.size());
        if (end == value)
            continue; // a string, null, negative: stays
        Hole hole{value, end, time, 0, text.substr(value, end - value).find('.') != std::string_view::npos};
        if (time)
            hole.value = parseMicroseconds(text.substr(value, end - value)).value_or(ExactTime{}).ns;
        else
            std::from_chars(text.data() + value, text.data() + end, hole.value);
        if (time || hole.value > 0 || key == "Ev Idx")
            event.holes.push_back(hole);
    }
}

class Copier
{
public:
    explicit Copier(const std::string& text) : m_text(text) { split(); }

    std::uint64_t write(std::FILE* out, const Scale& scale)
    {
        put(out, std::string_view(m_text).substr(0, m_first));
        std::uint64_t count = 0;
        for (std::int64_t copy = 0; copy == 0 || m_written < scale.bytes || count < scale.events; ++copy)
            for (const Event& event : m_events)
                if (copy == 0 || !event.metadata) {
                    if (count++ > 0)
                        put(out, m_between);
                    writeEvent(out, event, copy);
                }
        put(out, std::string_view(m_text).substr(m_behind));
        return count;
    }

private:
    void split()
    {
        const std::size_t key = m_text.find("\"traceEvents\"");
        m_first = m_text.find('{', m_text.find('[', key == std::string::npos ? 0 : key));
        Nanos least = INT64_MAX, most = INT64_MIN;
        std::int64_t greatest = 0;
        for (std::size_t i = m_first; i < m_text.size() && m_text[i] == '{';) {
            std::size_t depth = 0, end = i;
            do {
                depth += m_text[end] == '{';
                depth -= m_text[end] == '}';
                end = m_text[end] == '"' ? skipString(m_text, end) : end + 1;
            } while (depth && end < m_text.size());
            Event event{m_text.substr(i, end - i), {}, false};
            findHoles(event);
            for (const Hole& hole : event.holes) {
                if (!hole.time)
                    greatest = std::max(greatest, hole.value);
                else if (!event.metadata && hole.value > 0)
                    least = std::min(least, hole.value), most = std::max(most, hole.value);
            }
            m_events.push_back(std::move(event));
            m_behind = end;
            const std::size_t next = m_text.find_first_not_of(" \t\r\n,", end);
            if (m_between.empty() && next != std::string::npos)
                m_between = m_text.substr(end, next - end);
            i = next;
        }
        if (m_events.empty())
            throw std::runtime_error("no events in the input");
        m_stride = greatest + 1;
        m_period = most - least + 1'000'000'000; // no slice may reach into the next copy
    }

    void writeEvent(std::FILE* out, const Event& event, std::int64_t copy)
    {
        std::size_t at = 0;
        for (const Hole& hole : event.holes) {
            put(out, std::string_view(event.text).substr(at, hole.begin - at));
            char digits[40];
            const std::int64_t value = hole.value + copy * (hole.time ? m_period : m_stride);
            if (copy == 0)
                put(out, std::string_view(event.text).substr(hole.begin, hole.end - hole.begin));
            else if (!hole.time)
                put(out, {digits, static_cast<std::size_t>(std::snprintf(digits, sizeof digits, "%lld", static_cast<long long>(value)))});
            else if (hole.decimals)
                put(out, {digits, static_cast<std::size_t>(std::snprintf(digits, sizeof digits, "%lld.%03lld",
                                                                         static_cast<long long>(value / 1000),
                                                                         static_cast<long long>(value % 1000)))});
            else
                put(out, {digits, static_cast<std::size_t>(std::snprintf(digits, sizeof digits, "%lld", static_cast<long long>(value / 1000)))});
            at = hole.end;
        }
        put(out, std::string_view(event.text).substr(at));
    }

    void put(std::FILE* out, std::string_view text)
    {
        m_written += text.size();
        if (std::fwrite(text.data(), 1, text.size(), out) != text.size())
            throw std::runtime_error("cannot write");
    }

    const std::string& m_text;
    std::vector<Event> m_events;
    std::string m_between;
    std::size_t m_first = 0, m_behind = 0;
    std::int64_t m_stride = 1;
    Nanos m_period = 0;
    std::uint64_t m_written = 0;
};

} // namespace

std::uint64_t writeScaled(const Scale& scale, const std::string& output)
{
    const std::string text = readAll(scale.input);
    const FilePtr out = openFile(output, "wb");
    return Copier(text).write(out.get(), scale);
}

void compress(const std::string& input, const std::string& output)
{
    const FilePtr in = openFile(input, "rb");
    gzFile out = gzopen(output.c_str(), "wb6");
    std::vector<char> block(1 << 20);
    bool good = out != nullptr;
    while (good) {
        const std::size_t got = std::fread(block.data(), 1, block.size(), in.get());
        if (got == 0)
            break;
        good = gzwrite(out, block.data(), static_cast<unsigned>(got)) == static_cast<int>(got);
    }
    if (!out || gzclose(out) != Z_OK || !good)
        throw std::runtime_error("cannot write " + output);
}

int benchScaled(int count, char** args, const char* sample, int (*measure)(const std::string& path, int runs))
{
    Arguments arguments(count, args);
    const int runs = arguments.runs();
    const std::uint64_t events = std::max<std::uint64_t>(1, arguments.number("--events", 5'000'000));
    const std::string input = arguments.file(sample);
    return guarded([&] {
        const TemporaryFile big(".json");
        writeScaled({input, 0, events}, big.path);
        return measure(big.path, runs);
    });
}

} // namespace opscope::bench
