#pragma once

#include "core/format/fxt/FxtRecords.h"

#include <bit>
#include <cstring>
#include <string_view>

namespace opscope::fxt {

/// The words of one record behind its header, from front to back. Nothing is read that is not there: next() and text() say so.
class RecordReader
{
public:
    /// `record` begins with the header; a part of a word at its end is not looked at.
    explicit RecordReader(std::string_view record)
        : m_begin(record.data()), m_at(m_begin + kWord), m_end(m_begin + record.size() / kWord * kWord)
    {
    }

    std::uint64_t header() const { return wordAt(m_begin); }
    std::size_t wordsLeft() const { return m_at < m_end ? static_cast<std::size_t>(m_end - m_at) / kWord : 0; }
    bool next(std::uint64_t& word)
    {
        if (m_at >= m_end) return false;
        word = wordAt(m_at);
        m_at += kWord;
        return true;
    }
    /// The word so far ahead; it must be there.
    std::uint64_t ahead(std::size_t words) const { return wordAt(m_at + words * kWord); }
    /// `bytes` bytes of text or data with their padding.
    bool text(std::uint64_t bytes, std::string_view& out)
    {
        if (wordsOf(bytes) > wordsLeft()) return false;
        out = {m_at, bytes};
        m_at += wordsOf(bytes) * kWord;
        return true;
    }
    /// The text of a reference that has it behind the record's fixed words; `out` is left alone for any other.
    bool inlineText(std::uint64_t reference, std::string_view& out)
    {
        return !(reference & kInlineString) || text(reference & (kInlineString - 1), out);
    }
    /// Words that are not to be looked at.
    bool skip(std::uint64_t words)
    {
        if (words > wordsLeft()) return false;
        m_at += words * kWord;
        return true;
    }
    std::uint64_t last() const { return wordAt(m_end - kWord); }

private:
    static std::uint64_t wordAt(const char* place)
    {
        std::uint64_t word;
        std::memcpy(&word, place, kWord);
        if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
        return word;
    }
    const char* m_begin;
    const char* m_at;
    const char* m_end;
};

/// One argument, its texts not yet looked up.
struct Argument
{
    ArgumentType type = ArgumentType::Null;
    std::uint16_t name = 0;            ///< string reference
    std::string_view inlineName;
    std::uint32_t upper = 0;           ///< bits [32..63] of its header: 32-bit values, bool, size of a blob, reference of a text
    std::uint64_t word = 0;            ///< 64-bit values
    std::string_view inlineText;       ///< of a text that stands in the argument

    bool isNumber() const { return type >= ArgumentType::Int32 && type <= ArgumentType::Double; }
    bool isWhole() const { return type >= ArgumentType::Int32 && type <= ArgumentType::Uint64; }
    /// Of whole numbers; unsigned ones keep their 64 bits.
    std::int64_t whole() const
    {
        switch (type) {
        case ArgumentType::Int32: return static_cast<std::int32_t>(upper);
        case ArgumentType::Uint32: return upper;
        default: return static_cast<std::int64_t>(word);
        }
    }
    /// Of any number.
    double real() const
    {
        if (type == ArgumentType::Double) return std::bit_cast<double>(word);
        return type == ArgumentType::Uint64 ? static_cast<double>(word) : static_cast<double>(whole());
    }
    std::uint16_t textReference() const { return static_cast<std::uint16_t>(upper); }
};

/// Whether a word with the value follows the header and the name.
constexpr bool hasWord(ArgumentType type)
{
    return (type >= ArgumentType::Int64 && type <= ArgumentType::Double) || type == ArgumentType::Pointer || type == ArgumentType::Koid;
}

/// Of an argument with inline texts, or one that is damaged. `header` is read.
inline bool nextLongArgument(RecordReader& record, std::uint64_t header, Argument& out)
{
    const std::uint64_t words = bits(header, 4, 15);
    if (words == 0 || words - 1 > record.wordsLeft()) return false;
    const std::size_t behind = record.wordsLeft() - (words - 1); // words left when it is through
    const auto within = [&] { return record.wordsLeft() >= behind; };
    if (out.name & kInlineString && (!record.inlineText(out.name, out.inlineName) || !within())) return false;
    if (hasWord(out.type) && (!record.next(out.word) || !within())) return false;
    if (out.type == ArgumentType::String && out.textReference() & kInlineString && (!record.inlineText(out.textReference(), out.inlineText) || !within()))
        return false;
    return record.skip(record.wordsLeft() - behind);
}

/// Takes the next argument. False: it reaches beyond the record, or beyond itself; what is behind it cannot be found then.
inline bool nextArgument(RecordReader& record, Argument& out)
{
    std::uint64_t header = 0;
    if (!record.next(header)) return false;
    const std::uint64_t words = bits(header, 4, 15), needed = hasWord(static_cast<ArgumentType>(bits(header, 0, 3))) ? 2 : 1;
    out.type = static_cast<ArgumentType>(bits(header, 0, 3));
    out.name = static_cast<std::uint16_t>(bits(header, 16, 31));
    out.upper = static_cast<std::uint32_t>(bits(header, 32, 63));
    const bool isInline = out.name & kInlineString || (out.type == ArgumentType::String && out.textReference() & kInlineString);
    if (isInline || words < needed || words - 1 > record.wordsLeft()) [[unlikely]] return nextLongArgument(record, header, out);
    if (needed == 2) out.word = record.ahead(0);
    return record.skip(words - 1);
}

} // namespace opscope::fxt
