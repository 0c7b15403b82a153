#pragma once

#include "core/format/fxt/FxtRecords.h"

#include <bit>
#include <cstring>
#include <optional>
#include <string_view>

namespace opscope::fxt {

/// The words of one record behind its header, from front to back. Nothing is read that is not there: next() and text() say so.
class RecordReader
{
public:
    /// `record` begins with the header; a part of a word at its end is not looked at.
    explicit RecordReader(std::string_view record) : m_record(record.substr(0, record.size() / kWord * kWord)) { m_at = kWord; }

    std::uint64_t header() const { return wordAt(0); }
    std::size_t wordsLeft() const { return m_at < m_record.size() ? (m_record.size() - m_at) / kWord : 0; }
    bool next(std::uint64_t& word)
    {
        if (!wordsLeft()) return false;
        word = wordAt(m_at);
        m_at += kWord;
        return true;
    }
    /// `bytes` bytes of text or data with their padding.
    bool text(std::uint64_t bytes, std::string_view& out)
    {
        if (wordsOf(bytes) > wordsLeft()) return false;
        out = m_record.substr(m_at, bytes);
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
    /// The rest as it stands, of at most that many words.
    std::string_view rest(std::uint64_t words) const { return m_record.substr(std::min(m_at, m_record.size()), words * kWord); }
    std::uint64_t last() const { return wordAt(m_record.size() - kWord); }

private:
    std::uint64_t wordAt(std::size_t place) const
    {
        std::uint64_t word;
        std::memcpy(&word, m_record.data() + place, kWord);
        if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
        return word;
    }
    std::string_view m_record;
    std::size_t m_at = 0;
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

/// Takes the next argument. False: it reaches beyond the record, or beyond itself; what is behind it cannot be found then.
inline bool nextArgument(RecordReader& record, Argument& out)
{
    const std::string_view here = record.rest(1);
    std::uint64_t header = 0;
    if (here.empty() || !record.next(header)) return false;
    const std::uint64_t words = bits(header, 4, 15);
    if (words == 0 || words - 1 > record.wordsLeft()) return false;
    out.type = static_cast<ArgumentType>(bits(header, 0, 3));
    out.name = static_cast<std::uint16_t>(bits(header, 16, 31));
    out.upper = static_cast<std::uint32_t>(bits(header, 32, 63));
    const std::size_t behind = record.wordsLeft() - (words - 1); // words left when it is through
    const auto within = [&] { return record.wordsLeft() >= behind; };
    if (out.name & kInlineString && (!record.inlineText(out.name, out.inlineName) || !within())) return false;
    switch (out.type) {
    case ArgumentType::Int64:
    case ArgumentType::Uint64:
    case ArgumentType::Double:
    case ArgumentType::Pointer:
    case ArgumentType::Koid:
        if (!record.next(out.word) || !within()) return false;
        break;
    case ArgumentType::String:
        if (out.textReference() & kInlineString && (!record.inlineText(out.textReference(), out.inlineText) || !within())) return false;
        break;
    default: break; // in the header, or not of interest
    }
    return record.skip(record.wordsLeft() - behind);
}

} // namespace opscope::fxt
