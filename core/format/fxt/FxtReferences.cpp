#include "core/format/fxt/FxtReferences.h"

#include "core/format/fxt/CutText.h"
#include "core/format/fxt/FxtRecords.h"

#include <algorithm>

namespace opscope::fxt {

namespace {

/// Walks one record; good() turns false where it makes no sense.
class Walk
{
public:
    Walk(std::string_view record, References& out) : m_record(record), m_out(out), m_words(record.size() / kWord) {}

    void run()
    {
        const std::uint64_t header = wordAt(m_record, 0);
        m_next = 1;
        switch (recordType(header)) {
        case RecordType::Event: return event(header);
        case RecordType::Blob: return text(0, 16);
        case RecordType::UserspaceObject: return userspaceObject(header);
        case RecordType::KernelObject: return kernelObject(header);
        case RecordType::Scheduling: return scheduling(header);
        case RecordType::Log: skip(1); thread(0, 32); return text(0, 16, Kind::Message);
        case RecordType::Profiler: skip(1); return thread(0, 20);
        case RecordType::Large: return large(header);
        default: return; // refers to nothing that we know of
        }
    }

private:
    using Kind = Reference::Kind;

    std::uint64_t next()
    {
        if (m_next >= m_words) m_good = false;
        return m_good ? wordAt(m_record, m_next++) : 0;
    }
    void skip(std::size_t words)
    {
        if (words > m_words - m_next) m_good = false;
        else m_next += words;
    }

    void text(std::uint32_t word, unsigned shift, Kind kind = Kind::Text, std::uint32_t argument = 0)
    {
        if (!m_good) return;
        Reference r;
        r.kind = kind;
        r.word = word;
        r.shift = static_cast<std::uint8_t>(shift);
        r.argument = argument;
        r.number = static_cast<std::uint16_t>(wordAt(m_record, word) >> shift);
        if (r.isInline()) {
            const std::size_t bytes = r.number & kMaxStringIndex;
            r.inlineWord = static_cast<std::uint32_t>(m_next);
            skip(wordsOf(bytes));
            if (!m_good) return;
            r.inlined = m_record.substr(r.inlineWord * kWord, bytes);
        }
        m_out.all.push_back(r);
    }
    /// `koids`: how many words an inline one has.
    void thread(std::uint32_t word, unsigned shift, unsigned koids = 2)
    {
        Reference r;
        r.kind = Kind::Thread;
        r.word = word;
        r.shift = static_cast<std::uint8_t>(shift);
        r.number = static_cast<std::uint8_t>(wordAt(m_record, word) >> shift);
        if (r.number == 0) {
            r.process = next();
            r.thread = koids == 2 ? next() : 0;
        }
        if (m_good) m_out.all.push_back(r);
    }
    void value(Kind kind, std::uint64_t number)
    {
        if (!m_good) return;
        Reference r;
        r.kind = kind;
        r.thread = number;
        m_out.all.push_back(r);
    }

    void arguments(std::uint64_t count)
    {
        for (std::uint64_t i = 0; i < count && m_good; ++i) argument();
    }
    void argument()
    {
        const auto begin = static_cast<std::uint32_t>(m_next);
        const std::uint64_t header = next();
        const std::uint64_t words = bits(header, 4, 15);
        if (!m_good || words == 0 || begin + words > m_words) {
            m_good = false;
            return;
        }
        text(begin, 16, Kind::ArgumentName, begin);
        switch (static_cast<ArgumentType>(bits(header, 0, 3))) {
        case ArgumentType::String: text(begin, 32, Kind::ArgumentValue, begin); break;
        case ArgumentType::Pointer: value(Kind::Pointer, next()); break;
        case ArgumentType::Koid: value(Kind::Koid, next()); break;
        default: break;
        }
        if (m_next > begin + words) m_good = false; // it reaches into the next one
        m_next = begin + words;
    }

    void event(std::uint64_t header)
    {
        skip(1);
        thread(0, 24);
        text(0, 32);
        text(0, 48);
        arguments(bits(header, 20, 23));
        if (m_good && m_next < m_words && hasTail(static_cast<EventType>(bits(header, 16, 19)))) m_out.tail = static_cast<std::uint32_t>(m_next);
    }
    void userspaceObject(std::uint64_t header)
    {
        skip(1);
        thread(0, 16, 1);
        text(0, 24);
        arguments(bits(header, 40, 43));
    }
    void kernelObject(std::uint64_t header)
    {
        skip(1);
        text(0, 24);
        arguments(bits(header, 40, 43));
    }
    void scheduling(std::uint64_t header)
    {
        skip(1);
        switch (static_cast<SchedulingType>(bits(header, 60, 63))) {
        case SchedulingType::LegacySwitch:
            thread(0, 28);
            return thread(0, 36);
        case SchedulingType::Switch: value(Kind::Koid, next()); [[fallthrough]];
        case SchedulingType::Wakeup:
            value(Kind::Koid, next());
            return arguments(bits(header, 16, 19));
        }
    }
    void large(std::uint64_t header)
    {
        const std::uint64_t format = next();
        if (!m_good || bits(header, 36, 39) != 0) return;
        text(1, 0);
        text(1, 16);
        if (bits(header, 40, 43) != 0) return;
        skip(1);
        thread(1, 36);
        arguments(bits(format, 32, 35));
    }

    std::string_view m_record;
    References& m_out;
    const std::size_t m_words;
    std::size_t m_next = 1;
    bool m_good = true;
};

} // namespace

bool Reference::isInline() const { return kind == Kind::Message || (isText() && (number & kInlineString)); }

void References::find(std::string_view record)
{
    all.clear();
    tail = 0;
    ofObject = record.size() >= kWord && recordType(wordAt(record, 0)) == RecordType::KernelObject;
    if (record.size() >= kWord) Walk(record, *this).run();
}

std::string withInlineTexts(std::string_view record, const References& references, const std::vector<std::string_view>& texts)
{
    std::string out;
    std::size_t copied = 0, spare = kMaxRecordWords - std::min(kMaxRecordWords, record.size() / kWord); // words that it may grow
    std::vector<std::pair<std::uint32_t, std::int64_t>> grown;           // headers of arguments, and words
    std::vector<std::pair<std::size_t, std::uint64_t>> numbers;          // new references: row of references, number
    std::int64_t all = 0;
    for (std::size_t i = 0; i < references.all.size(); ++i) {
        const Reference& r = references.all[i];
        if (!r.isInline() || texts[i] == r.inlined) continue;
        const std::size_t before = wordsOf(r.inlined.size());
        const std::string_view text = cutText(texts[i], std::min(kMaxWrittenString, (before + spare) * kWord));
        const std::size_t words = wordsOf(text.size());
        spare = spare + before - words;
        out.append(record.substr(copied, r.inlineWord * kWord - copied)).append(text).append(words * kWord - text.size(), '\0');
        copied = (r.inlineWord + before) * kWord;
        const std::int64_t growth = static_cast<std::int64_t>(words) - static_cast<std::int64_t>(before);
        if (r.argument) grown.push_back({r.argument, growth});
        numbers.push_back({i, text.empty() ? 0 : (r.kind == Reference::Kind::Message ? 0 : kInlineString) | text.size()});
        all += growth;
    }
    out.append(record.substr(copied));
    // Sizes and numbers stand in front of what grew by now: their words are where they were, moved by what grew in front of them.
    const auto moved = [&](std::uint32_t word) {
        std::int64_t by = 0;
        for (const auto& [row, number] : numbers) {
            const Reference& r = references.all[row];
            if (r.inlineWord >= word) break;
            const std::uint64_t size = number ? number & kMaxStringIndex : 0;
            by += static_cast<std::int64_t>(wordsOf(size)) - static_cast<std::int64_t>(wordsOf(r.inlined.size()));
        }
        return static_cast<std::size_t>(word + by);
    };
    const auto addWords = [&](std::size_t word, std::int64_t by) { setWord(out, word, wordAt(out, word) + (static_cast<std::uint64_t>(by) << 4)); };
    for (const auto& [argument, by] : grown) addWords(moved(argument), by);
    for (const auto& [row, number] : numbers) {
        const Reference& r = references.all[row];
        const std::size_t word = moved(r.word);
        setWord(out, word, (wordAt(out, word) & ~(std::uint64_t{0xFFFF} << r.shift)) | number << r.shift);
    }
    addWords(0, all);
    return out;
}

} // namespace opscope::fxt
