#pragma once

#include "core/base/Result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace opscope {

/// A forgiving JSON value reader for small texts: one event, one node, one top-level member. Takes what strict readers refuse
/// and says so: raw control characters, unknown escapes (the backslash stands for itself), NaN and Infinity, missing or
/// doubled commas, comments, bad UTF-8 (U+FFFD), lone surrogates, a cut end. Numbers keep their digits. No recursion: depth is
/// limited by `kMaxDepth` levels kept as structure; what is deeper stays as raw text. Flat: one vector, no object per value.
class JsonDocument
{
public:
    enum class Kind : std::uint8_t { Null, False, True, Number, NonFinite, String, Array, Object, Raw };
    static constexpr int kMaxDepth = 64;

    struct Value
    {
        Kind kind = Kind::Null;
        std::uint32_t next = 0;      ///< row behind this value and all inside it: the next sibling
        std::uint32_t size = 0;      ///< elements, or members (a member is a key row followed by its value)
        std::uint32_t begin = 0, end = 0; ///< raw text in the source, quotes and brackets included
        std::uint32_t text = 0, textLength = 0; ///< String: unescaped UTF-8 in the document's own buffer
    };
    /// What had to be forgiven, as bits.
    enum Forgiven : std::uint32_t {
        kControlCharacter = 1, kUnknownEscape = 2, kNonFinite = 4, kComma = 8, kComment = 16, kBadUtf8 = 32,
        kLoneSurrogate = 64, kCut = 128, kTooDeep = 256, kDuplicateKey = 512, kQuote = 1024, kOther = 2048
    };

    /// Parses the first value of `text` (borrowed; must outlive the document). Fails only when there is no value at all.
    static Result<JsonDocument> parse(std::string_view text);

    /// A value, by row; cheap to copy.
    class Ref
    {
    public:
        Ref() = default;
        Ref(const JsonDocument* document, std::uint32_t row) : m_document(document), m_row(row) {}
        bool valid() const { return m_document != nullptr; }
        Kind kind() const;
        bool isObject() const { return valid() && kind() == Kind::Object; }
        bool isArray() const { return valid() && kind() == Kind::Array; }
        bool isString() const { return valid() && kind() == Kind::String; }
        bool isNumber() const { return valid() && kind() == Kind::Number; }
        std::string_view raw() const;       ///< as the file has it
        std::string_view string() const;    ///< unescaped; "" unless a string
        std::uint32_t size() const;
        /// Members and elements in file order: for (auto v = a.first(); v.valid(); v = a.after(v)).
        Ref first() const;                  ///< first element, or first member's value
        Ref after(Ref child) const;
        std::string_view keyOf(Ref child) const; ///< unescaped key of a member's value
        /// The member with this key, the last one when it stands twice; invalid when absent or not an object.
        Ref member(std::string_view key) const;
        /// Whole number that fits int64, also when it is written as a string of digits or as 12.0; unsigned above 2^63 keeps its bits.
        bool integer(std::int64_t& out) const;
        double number() const;              ///< for drawing only; NaN when it is none
        std::uint32_t row() const { return m_row; }

    private:
        const JsonDocument* m_document = nullptr;
        std::uint32_t m_row = 0;
    };
    Ref root() const { return Ref(this, 0); }
    std::uint32_t forgiven() const { return m_forgiven; }
    std::size_t consumed() const { return m_consumed; } ///< bytes of text up to the end of the value

private:
    std::string_view m_source;
    std::vector<Value> m_values;
    std::string m_text;
    std::uint32_t m_forgiven = 0;
    std::size_t m_consumed = 0;
    friend class JsonReaderImpl;
};

} // namespace opscope
