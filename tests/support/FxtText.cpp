#include "FxtText.h"

#include <cstdint>
#include <cstring>
#include <map>
#include <stdexcept>

namespace opscope::test {

namespace {

using Word = std::uint64_t;

struct Provider
{
    std::map<unsigned, std::string> strings;
    std::map<unsigned, std::string> threads;
};

const char* const kEvents[] = {"instant", "counter", "begin", "end", "complete", "async-begin", "async-instant", "async-end", "flow-begin", "flow-step", "flow-end"};
const char* const kStates[] = {"new", "running", "suspended", "blocked", "dying", "dead"};

std::string inQuotes(std::string_view text)
{
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        if (static_cast<unsigned char>(c) < 0x20) out += "^" + std::string(1, static_cast<char>(c + 64));
        else out += c;
    }
    return out + '"';
}

[[noreturn]] void wrong(const std::string& what) { throw std::runtime_error(what); }

void demandUtf8(std::string_view text)
{
    for (std::size_t i = 0; i < text.size();) {
        const unsigned char c = static_cast<unsigned char>(text[i]);
        const std::size_t length = c < 0x80 ? 1 : c >> 5 == 6 ? 2 : c >> 4 == 14 ? 3 : c >> 3 == 30 ? 4 : 0;
        if (length == 0 || i + length > text.size()) wrong("a text is no UTF-8");
        for (std::size_t k = 1; k < length; ++k)
            if ((static_cast<unsigned char>(text[i + k]) & 0xC0) != 0x80) wrong("a text is cut inside a character");
        i += length;
    }
}

class Reader
{
public:
    Reader(std::string_view bytes, FxtText& out) : m_bytes(bytes), m_out(out) {}

    void run()
    {
        if (m_bytes.size() < 8 || at(0) != 0x0016547846040010ull) wrong("no magic");
        if (m_bytes.size() % 8) wrong("not whole words");
        const std::size_t words = m_bytes.size() / 8;
        for (; m_record < words; m_record = m_end) {
            const Word head = at(m_record);
            const Word size = (head & 15) == 15 ? head >> 4 & 0xFFFFFFFF : head >> 4 & 0xFFF;
            if (size == 0) wrong("size zero");
            if (m_record + size > words) wrong("beyond the end");
            m_end = m_record + size;
            m_next = m_record + 1;
            m_out.longestRecord = std::max<std::size_t>(m_out.longestRecord, size);
            one(head);
            if (m_next != m_end) wrong("words are left at the end of a record");
        }
    }
    std::size_t byte() const { return m_record * 8; }

private:
    Word at(std::size_t word) const
    {
        Word value = 0;
        std::memcpy(&value, m_bytes.data() + word * 8, 8);
        return value;
    }
    Word word()
    {
        if (m_next >= m_end) wrong("the record is too short");
        return at(m_next++);
    }
    std::string stream(std::size_t length)
    {
        const std::size_t words = (length + 7) / 8;
        if (m_next + words > m_end) wrong("a text is longer than its record");
        const std::string text(m_bytes.substr(m_next * 8, length));
        for (std::size_t i = m_next * 8 + length; i < (m_next + words) * 8; ++i)
            if (m_bytes[i] != 0) wrong("a text is not padded with zeros");
        m_next += words;
        return text;
    }
    std::string string(unsigned reference)
    {
        if (reference == 0) return {};
        if (reference & 0x8000) {
            ++m_out.inlineStrings;
            std::string text = stream(reference & 0x7FFF);
            demandUtf8(text);
            return text;
        }
        const auto found = provider().strings.find(reference);
        if (found == provider().strings.end()) wrong("string " + std::to_string(reference) + " is not registered");
        return found->second;
    }
    std::string thread(unsigned reference)
    {
        if (reference == 0) {
            ++m_out.inlineThreads;
            const Word process = word(), thread = word();
            return std::to_string(process) + "/" + std::to_string(thread);
        }
        const auto found = provider().threads.find(reference);
        if (found == provider().threads.end()) wrong("thread " + std::to_string(reference) + " is not registered");
        return found->second;
    }
    Provider& provider() { return m_providers[m_provider]; }
    void line(const std::string& text) { m_out.lines.push_back(text); }

    void one(Word head)
    {
        switch (head & 15) {
        case 0: return metadata(head);
        case 1: return initialization();
        case 2: return registerString(head);
        case 3: return registerThread(head);
        case 4: return event(head);
        case 7: return object(head);
        case 8: return scheduling(head);
        case 9: return log(head);
        default: // of no interest to our writer; copied ones are compared byte by byte
            m_next = m_end;
            return line("record " + std::to_string(head & 15) + " of " + std::to_string(m_end - m_record) + " words");
        }
    }
    void metadata(Word head)
    {
        switch (head >> 16 & 15) {
        case 1:
            m_provider = static_cast<std::uint32_t>(head >> 20);
            provider() = {};
            return line("provider " + std::to_string(m_provider) + " " + inQuotes(stream(head >> 52 & 0xFF)));
        case 2:
            m_provider = static_cast<std::uint32_t>(head >> 20);
            return line("section " + std::to_string(m_provider));
        case 3: return line("provider " + std::to_string(static_cast<std::uint32_t>(head >> 20)) + " event " + std::to_string(head >> 52 & 15));
        case 4: return; // magic
        default: wrong("an unknown kind of metadata");
        }
    }
    void initialization()
    {
        std::string text = "ticks " + std::to_string(word());
        if (m_end - m_record >= 4) {
            text += " base " + std::to_string(word());
            text += " at " + std::to_string(static_cast<std::int64_t>(word()));
        }
        line(text);
    }
    void registerString(Word head)
    {
        const unsigned index = head >> 16 & 0x7FFF;
        if (index == 0) wrong("string 0 is registered");
        provider().strings[index] = stream(head >> 32 & 0x7FFF);
        m_out.registrations.push_back("string " + std::to_string(index) + " " + inQuotes(provider().strings[index]));
    }
    void registerThread(Word head)
    {
        const unsigned index = head >> 16 & 0xFF;
        if (index == 0) wrong("thread 0 is registered");
        const Word process = word(), thread = word();
        provider().threads[index] = std::to_string(process) + "/" + std::to_string(thread);
        m_out.registrations.push_back("threadref " + std::to_string(index) + " " + provider().threads[index]);
    }
    std::string arguments(Word count)
    {
        std::string text = "{";
        for (Word i = 0; i < count; ++i) text += (i ? ", " : "") + argument();
        return text + "}";
    }
    std::string argument()
    {
        const std::size_t begin = m_next;
        const Word head = word();
        const std::size_t end = begin + (head >> 4 & 0xFFF);
        if (end == begin || end > m_end) wrong("an argument of a wrong size");
        const std::string name = string(head >> 16 & 0xFFFF);
        std::string value;
        const auto high = static_cast<std::uint32_t>(head >> 32);
        switch (head & 15) {
        case 0: value = "null"; break;
        case 1: value = "int32:" + std::to_string(static_cast<std::int32_t>(high)); break;
        case 2: value = "uint32:" + std::to_string(high); break;
        case 3: value = "int64:" + std::to_string(static_cast<std::int64_t>(word())); break;
        case 4: value = "uint64:" + std::to_string(word()); break;
        case 5: value = "double:" + doubleText(word()); break;
        case 6: value = inQuotes(string(high & 0xFFFF)); break;
        case 7: value = "pointer:" + std::to_string(word()); break;
        case 8: value = "koid:" + std::to_string(word()); break;
        case 9: value = high & 1 ? "true" : "false"; break;
        case 10: value = "blob:" + inQuotes(stream(high)); break;
        default: wrong("an unknown type of argument");
        }
        if (m_next != end) wrong("an argument that is not as long as it says");
        return name + "=" + value;
    }
    static std::string doubleText(Word bits)
    {
        double value = 0;
        std::memcpy(&value, &bits, 8);
        char text[40];
        std::snprintf(text, sizeof text, "%.17g", value);
        return text;
    }
    void event(Word head)
    {
        const unsigned type = head >> 16 & 15;
        if (type > 10) wrong("an unknown type of event");
        const Word time = word();
        if (time >> 63) wrong("a time with the top bit set");
        const std::string who = thread(head >> 24 & 0xFF), category = string(head >> 32 & 0xFFFF), name = string(head >> 48);
        const std::string all = arguments(head >> 20 & 15);
        const bool hasTail = type == 1 || type >= 4;
        const Word tail = hasTail ? word() : 0;
        const auto slash = who.find('/');
        m_out.events.push_back({kEvents[type], std::stoull(who), std::stoull(who.substr(slash + 1)), time, tail, category, name, all});
        line(std::string(kEvents[type]) + " " + who + " " + std::to_string(time) + " " + inQuotes(category) + " " + inQuotes(name) + " " + all +
             (hasTail ? " tail " + std::to_string(tail) : ""));
    }
    void object(Word head)
    {
        const unsigned type = head >> 16 & 0xFF;
        const Word koid = word();
        const std::string name = string(head >> 24 & 0xFFFF);
        const std::string all = arguments(head >> 40 & 15);
        m_out.objects[{type, koid}] = {name, all};
        line((type == 1 ? "process " : type == 2 ? "thread " : "object " + std::to_string(type) + " ") + std::to_string(koid) + " " + inQuotes(name) + " " + all);
    }
    void scheduling(Word head)
    {
        const std::string cpu = "cpu " + std::to_string(head >> 20 & 0xFFFF);
        const Word time = m_next < m_end ? at(m_next) : 0;
        switch (head >> 60) {
        case 0: {
            word();
            const std::string out = thread(head >> 28 & 0xFF), in = thread(head >> 36 & 0xFF);
            return line("legacy-switch cpu " + std::to_string(head >> 16 & 0xFF) + " at " + std::to_string(time) + ": " + out + " (" + state(head >> 24 & 15) +
                        ") -> " + in);
        }
        case 1: {
            word();
            const Word out = word(), in = word();
            return line("switch " + cpu + " at " + std::to_string(time) + ": " + std::to_string(out) + " (" + state(head >> 36 & 15) + ") -> " +
                        std::to_string(in) + " " + arguments(head >> 16 & 15));
        }
        case 2: {
            word();
            const Word who = word();
            return line("wakeup " + cpu + " at " + std::to_string(time) + ": " + std::to_string(who) + " " + arguments(head >> 16 & 15));
        }
        default: wrong("an unknown kind of scheduling");
        }
    }
    static std::string state(Word number) { return number < 6 ? kStates[number] : "state " + std::to_string(number); }
    void log(Word head)
    {
        const Word time = word();
        const std::string who = thread(head >> 32 & 0xFF);
        line("log " + who + " " + std::to_string(time) + " " + inQuotes(stream(head >> 16 & 0x7FFF)));
    }

    std::string_view m_bytes;
    FxtText& m_out;
    std::map<std::uint32_t, Provider> m_providers;
    std::uint32_t m_provider = 0;
    std::size_t m_record = 0, m_end = 0, m_next = 0; // in words
};

} // namespace

std::string FxtText::Object::argument(std::string_view key) const
{
    const std::string wanted = std::string(key) + "=";
    for (const char before : {'{', ' '}) {
        const auto at = arguments.find(before + wanted);
        if (at == std::string::npos) continue;
        const auto begin = at + 1 + wanted.size();
        return arguments.substr(begin, arguments.find_first_of(",}", begin) - begin);
    }
    return {};
}

std::string FxtText::text() const
{
    std::string all;
    for (const std::string& line : lines) all += line + "\n";
    return all;
}

FxtText fxtText(std::string_view bytes)
{
    FxtText out;
    Reader reader(bytes, out);
    try {
        reader.run();
    } catch (const std::runtime_error& e) {
        out.error = "ERROR at " + std::to_string(reader.byte()) + ": " + e.what();
        out.lines.push_back(out.error);
    }
    return out;
}

} // namespace opscope::test
