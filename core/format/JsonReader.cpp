#include "core/format/JsonReader.h"

#include "core/base/StringPool.h"
#include "core/format/JsonNumber.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace opscope {

namespace {

using Kind = JsonDocument::Kind;

constexpr std::size_t kMaxBytes = std::size_t{1} << 31;

bool isBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool isCloser(char c) { return c == ']' || c == '}'; }
bool isControl(char c) { return static_cast<unsigned char>(c) < 0x20; }
/// What ends a bare word.
bool isDelimiter(char c)
{
    return isBlank(c) || isCloser(c) || c == ',' || c == ':' || c == '"' || c == '[' || c == '{';
}

int hexDigit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    const char low = static_cast<char>(c | 0x20);
    return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

/// Value of `count` hex digits at the front of `text`, -1 when there are not as many.
int hexNumber(std::string_view text, std::size_t count)
{
    if (text.size() < count) return -1;
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const int digit = hexDigit(text[i]);
        if (digit < 0) return -1;
        value = value * 16 + digit;
    }
    return value;
}

void appendUtf8(std::string& out, std::uint32_t c)
{
    const auto put = [&out](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
    if (c < 0x80) {
        put(c);
    } else if (c < 0x800) {
        put(0xC0 | c >> 6);
        put(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        put(0xE0 | c >> 12);
        put(0x80 | (c >> 6 & 0x3F));
        put(0x80 | (c & 0x3F));
    } else {
        put(0xF0 | c >> 18);
        put(0x80 | (c >> 12 & 0x3F));
        put(0x80 | (c >> 6 & 0x3F));
        put(0x80 | (c & 0x3F));
    }
}

} // namespace

/// Walks the text once, from left to right; the open containers are a fixed stack.
class JsonReaderImpl
{
public:
    JsonReaderImpl(std::string_view text, JsonDocument& out) : m_text(text), m_out(out) {}

    Status run()
    {
        if (m_text.substr(0, 3) == "\xEF\xBB\xBF") m_at = 3;
        skipBlank();
        if (atEnd() || isCloser(here()) || here() == ',' || here() == ':')
            return Error{ErrorCode::Malformed, "there is no JSON value", m_at};
        readValue();
        while (m_depth > 0 && !m_tooLarge) step();
        if (m_tooLarge) return Error{ErrorCode::TooLarge, "the text of one JSON value is too large", std::nullopt};
        m_out.m_consumed = m_at;
        return Done{};
    }

private:
    enum class State : std::uint8_t { Start, AfterValue, AfterComma };
    struct Frame
    {
        std::uint32_t row = 0;
        State state = State::Start;
    };

    bool atEnd() const { return m_at >= m_text.size(); }
    char here() const { return m_text[m_at]; }
    char peek(std::size_t ahead) const { return m_at + ahead < m_text.size() ? m_text[m_at + ahead] : '\0'; }
    void forgive(JsonDocument::Forgiven what) { m_out.m_forgiven |= what; }
    std::uint32_t offset() const { return static_cast<std::uint32_t>(m_at); }
    std::uint32_t rows() const { return static_cast<std::uint32_t>(m_out.m_values.size()); }

    JsonDocument::Value& add(Kind kind)
    {
        JsonDocument::Value& value = m_out.m_values.emplace_back();
        value.kind = kind;
        value.begin = value.end = offset();
        value.next = rows();
        return value;
    }

    void skipBlank()
    {
        while (!atEnd()) {
            if (isBlank(here())) {
                ++m_at;
            } else if (here() == '/' && (peek(1) == '/' || peek(1) == '*')) {
                forgive(JsonDocument::kComment);
                const bool line = peek(1) == '/';
                const std::size_t end = m_text.find(line ? "\n" : "*/", m_at + 2);
                m_at = end == std::string_view::npos ? m_text.size() : end + (line ? 1 : 2);
            } else {
                return;
            }
        }
    }

    /// One member, element, comma or closing bracket of the innermost open container.
    void step()
    {
        skipBlank();
        if (atEnd()) {
            forgive(JsonDocument::kCut);
            while (m_depth > 0) closeTop();
            return;
        }
        Frame& top = m_stack[m_depth - 1];
        if (here() == ',') {
            if (top.state != State::AfterValue) forgive(JsonDocument::kComma);
            top.state = State::AfterComma;
            ++m_at;
        } else if (isCloser(here())) {
            if (top.state == State::AfterComma) forgive(JsonDocument::kComma);
            close(here() == ']' ? Kind::Array : Kind::Object);
        } else {
            if (top.state == State::AfterValue) forgive(JsonDocument::kComma);
            top.state = State::AfterValue;
            if (m_out.m_values[top.row].kind == Kind::Object)
                readMember(top.row);
            else
                readElement(top.row);
        }
    }

    void readElement(std::uint32_t array)
    {
        ++m_out.m_values[array].size;
        readValue();
    }

    /// A key without a value because the text ends is dropped; any other missing value is null.
    void readMember(std::uint32_t object)
    {
        const std::uint32_t key = rows();
        readKey();
        skipBlank();
        if (!atEnd() && here() == ':')
            ++m_at;
        else
            forgive(JsonDocument::kOther);
        skipBlank();
        if (atEnd()) {
            m_out.m_values.resize(key);
            return;
        }
        ++m_out.m_values[object].size;
        if (here() == ',' || isCloser(here())) {
            forgive(JsonDocument::kOther);
            add(Kind::Null);
        } else {
            readValue();
        }
    }

    void readKey()
    {
        const char c = here();
        if (c == '"' || c == '\'') {
            readString(Position::Key);
        } else if (c == ':' || c == '{' || c == '[') { // a value where a key belongs: it gets the empty key
            forgive(JsonDocument::kOther);
            add(Kind::String);
        } else {
            forgive(JsonDocument::kOther);
            const std::size_t begin = m_at;
            const std::string_view word = bareWord();
            const std::uint32_t text = textSize();
            appendText(word);
            JsonDocument::Value& key = add(Kind::String);
            key.begin = static_cast<std::uint32_t>(begin);
            key.text = text;
            key.textLength = textSize() - text;
        }
    }

    void readValue()
    {
        const char c = here();
        if (c == '"' || c == '\'') {
            const bool inObject = m_depth > 0 && m_out.m_values[m_stack[m_depth - 1].row].kind == Kind::Object;
            readString(inObject ? Position::MemberValue : Position::Element);
        } else if (c != '{' && c != '[') {
            readWord();
        } else if (m_depth == JsonDocument::kMaxDepth) {
            skipTooDeep();
        } else {
            add(c == '{' ? Kind::Object : Kind::Array);
            m_stack[m_depth++] = Frame{rows() - 1, State::Start};
            ++m_at;
        }
    }

    /// Closes the innermost container of this kind and all inside it; a bracket that fits none is passed over.
    void close(Kind kind)
    {
        std::size_t level = m_depth;
        while (level > 0 && m_out.m_values[m_stack[level - 1].row].kind != kind) --level;
        ++m_at;
        if (level != m_depth) forgive(JsonDocument::kOther);
        if (level == 0) return;
        while (m_depth > level) {
            --m_at; // what was left open ends in front of the bracket
            closeTop();
            ++m_at;
        }
        closeTop();
    }

    void closeTop()
    {
        JsonDocument::Value& value = m_out.m_values[m_stack[--m_depth].row];
        value.end = offset();
        value.next = rows();
        if (value.kind == Kind::Object) lookForDuplicates(m_stack[m_depth].row);
    }

    void lookForDuplicates(std::uint32_t object)
    {
        const JsonDocument::Value& value = m_out.m_values[object];
        if (value.size < 2) return;
        m_keys.clear();
        for (std::uint32_t key = object + 1; key < value.next; key = m_out.m_values[key + 1].next)
            m_keys.push_back(
                std::string_view(m_out.m_text).substr(m_out.m_values[key].text, m_out.m_values[key].textLength));
        std::sort(m_keys.begin(), m_keys.end());
        if (std::adjacent_find(m_keys.begin(), m_keys.end()) != m_keys.end()) forgive(JsonDocument::kDuplicateKey);
    }

    /// At least one byte, up to the next delimiter.
    std::string_view bareWord()
    {
        const std::size_t begin = m_at++;
        while (!atEnd() && !isDelimiter(here()) && !(here() == '/' && (peek(1) == '/' || peek(1) == '*'))) ++m_at;
        return m_text.substr(begin, m_at - begin);
    }

    void readWord()
    {
        JsonDocument::Value& value = add(Kind::Raw);
        const std::string_view word = bareWord();
        value.end = offset();
        const bool cut = atEnd() && m_depth > 0;
        if (word == "null") {
            value.kind = Kind::Null;
        } else if (word == "true" || word == "false") {
            value.kind = word == "true" ? Kind::True : Kind::False;
        } else if (const Numeral numeral = numeralOf(word); numeral != Numeral::None) {
            value.kind = Kind::Number;
            if (numeral == Numeral::Loose) forgive(JsonDocument::kOther);
        } else if (isNonFinite(word)) {
            value.kind = Kind::NonFinite;
            forgive(JsonDocument::kNonFinite);
        } else {
            forgive(cut ? JsonDocument::kCut : JsonDocument::kOther);
        }
    }

    /// Counts brackets only; strings are stepped over.
    void skipTooDeep()
    {
        forgive(JsonDocument::kTooDeep);
        JsonDocument::Value& value = add(Kind::Raw);
        std::size_t open = 0;
        for (bool inString = false; !atEnd(); ++m_at) {
            const char c = here();
            if (inString) {
                inString = c != '"';
                m_at += c == '\\' ? 1 : 0;
            } else if (c == '"') {
                inString = true;
            } else if (c == '{' || c == '[') {
                ++open;
            } else if (isCloser(c) && --open == 0) {
                ++m_at;
                break;
            }
        }
        m_at = std::min(m_at, m_text.size());
        value.end = offset();
        if (open != 0) forgive(JsonDocument::kCut);
    }

    enum class Position : std::uint8_t { Key, MemberValue, Element };

    void readString(Position position)
    {
        JsonDocument::Value value;
        value.kind = Kind::String;
        value.begin = offset();
        value.text = textSize();
        const char quote = here();
        if (quote == '\'') forgive(JsonDocument::kQuote);
        ++m_at;
        const std::size_t content = m_at;
        bool ended = false;
        while (!atEnd() && !ended) {
            const std::size_t plain = m_at;
            bool control = false;
            while (!atEnd() && here() != quote && here() != '\\') {
                control = control || isControl(here());
                ++m_at;
            }
            if (control) forgive(JsonDocument::kControlCharacter);
            m_out.m_text.append(m_text, plain, m_at - plain);
            if (atEnd()) break;
            if (here() == '\\') {
                readEscape();
            } else if (quote == '"' && m_at + 1 < m_text.size() && isContent(position)) {
                forgive(JsonDocument::kQuote);
                m_out.m_text.push_back('"');
                ++m_at;
            } else {
                ended = true;
                ++m_at;
            }
        }
        if (!ended) forgive(JsonDocument::kCut);
        value.end = offset();
        repair(value.text, m_text.substr(content, m_at - content));
        value.textLength = textSize() - value.text;
        value.next = rows() + 1;
        m_out.m_values.push_back(value);
    }

    /// A quote that nobody escaped ("he said "hi"") is followed by something that cannot follow a string here.
    bool isContent(Position position) const
    {
        if (position == Position::Key) return false;
        std::size_t next = m_at + 1;
        while (next < m_text.size() && isBlank(m_text[next])) ++next;
        if (next == m_text.size()) return false;
        const char c = m_text[next];
        const bool close = next == m_at + 1;
        if (c == ',' || isCloser(c) || c == '/') return false;
        if (c == '"') // hi"", or a missing comma: "a" "b"
            return close && next + 1 < m_text.size() && (m_text[next + 1] == ',' || isCloser(m_text[next + 1]));
        if (position == Position::Element) return close && c != ':' && c != '{' && c != '[';
        return c != ':';
    }

    void readEscape()
    {
        std::string& out = m_out.m_text;
        const char c = peek(1);
        static constexpr std::string_view kNames = "\"\\/bfnrt", kBytes = "\"\\/\b\f\n\r\t";
        if (m_at + 1 >= m_text.size()) {
            forgive(JsonDocument::kCut);
            out.push_back('\\');
            ++m_at;
        } else if (const std::size_t known = kNames.find(c); known != std::string_view::npos) {
            out.push_back(kBytes[known]);
            m_at += 2;
        } else if (c == 'u' && hexNumber(m_text.substr(m_at + 2), 4) >= 0) {
            readUnicodeEscape();
        } else {
            forgive(JsonDocument::kUnknownEscape);
            out.push_back('\\');
            ++m_at;
        }
    }

    void readUnicodeEscape()
    {
        const auto unit = static_cast<std::uint32_t>(hexNumber(m_text.substr(m_at + 2), 4));
        m_at += 6;
        const bool high = unit >= 0xD800 && unit < 0xDC00;
        if (unit == 0xFFFF && m_text.substr(m_at, 2) == "ff" && hexNumber(m_text.substr(m_at + 2), 2) >= 0x80) {
            // A writer printed a signed char with %04x: these eight digits are one byte of UTF-8.
            forgive(JsonDocument::kOther);
            m_rawBytes = true;
            m_out.m_text.push_back(static_cast<char>(hexNumber(m_text.substr(m_at + 2), 2)));
            m_at += 4;
        } else if (high && m_text.substr(m_at, 2) == "\\u" &&
                   (hexNumber(m_text.substr(m_at + 2), 4) & ~0x3FF) == 0xDC00) {
            const auto low = static_cast<std::uint32_t>(hexNumber(m_text.substr(m_at + 2), 4));
            appendUtf8(m_out.m_text, 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00));
            m_at += 6;
        } else if (unit >= 0xD800 && unit < 0xE000) {
            forgive(JsonDocument::kLoneSurrogate);
            appendUtf8(m_out.m_text, 0xFFFD);
        } else {
            appendUtf8(m_out.m_text, unit);
        }
    }

    void appendText(std::string_view bytes)
    {
        const std::uint32_t begin = textSize();
        m_out.m_text.append(bytes);
        repair(begin, bytes);
    }

    /// Makes what was appended since `begin` valid UTF-8.
    void repair(std::uint32_t begin, std::string_view source)
    {
        const bool ascii =
            std::all_of(source.begin(), source.end(), [](char c) { return static_cast<signed char>(c) >= 0; });
        const std::string_view added = std::string_view(m_out.m_text).substr(begin);
        if ((!ascii || m_rawBytes) && !isValidUtf8(added)) {
            forgive(JsonDocument::kBadUtf8);
            std::string repaired;
            sanitizeUtf8(added, repaired);
            m_out.m_text.replace(begin, std::string::npos, repaired);
        }
        m_rawBytes = false;
        m_tooLarge = m_tooLarge || m_out.m_text.size() > std::numeric_limits<std::uint32_t>::max() / 2;
    }

    std::uint32_t textSize() const { return static_cast<std::uint32_t>(m_out.m_text.size()); }

    std::string_view m_text;
    JsonDocument& m_out;
    std::size_t m_at = 0;
    std::array<Frame, JsonDocument::kMaxDepth> m_stack;
    std::size_t m_depth = 0;
    std::vector<std::string_view> m_keys;
    bool m_rawBytes = false; // the string so far has bytes that an escape spelled
    bool m_tooLarge = false;
};

Result<JsonDocument> JsonDocument::parse(std::string_view text)
{
    if (text.size() > kMaxBytes)
        return Error{ErrorCode::TooLarge, "one JSON value of more than 2 GiB is not read", std::nullopt};
    JsonDocument document;
    document.m_source = text;
    if (Status status = JsonReaderImpl(text, document).run(); !status) return status.error();
    return document;
}

JsonDocument::Kind JsonDocument::Ref::kind() const { return m_document->m_values[m_row].kind; }

std::string_view JsonDocument::Ref::raw() const
{
    if (!valid()) return {};
    const Value& value = m_document->m_values[m_row];
    return m_document->m_source.substr(value.begin, value.end - value.begin);
}

std::string_view JsonDocument::Ref::string() const
{
    if (!isString()) return {};
    const Value& value = m_document->m_values[m_row];
    return std::string_view(m_document->m_text).substr(value.text, value.textLength);
}

std::uint32_t JsonDocument::Ref::size() const { return valid() ? m_document->m_values[m_row].size : 0; }

JsonDocument::Ref JsonDocument::Ref::first() const
{
    if (size() == 0) return {};
    return Ref(m_document, m_row + (isObject() ? 2 : 1));
}

JsonDocument::Ref JsonDocument::Ref::after(Ref child) const
{
    if (!valid() || !child.valid()) return {};
    const std::uint32_t end = m_document->m_values[m_row].next;
    const std::uint32_t row = m_document->m_values[child.m_row].next + (isObject() ? 1 : 0);
    return row < end ? Ref(m_document, row) : Ref();
}

std::string_view JsonDocument::Ref::keyOf(Ref child) const
{
    return isObject() && child.valid() ? Ref(m_document, child.m_row - 1).string() : std::string_view();
}

JsonDocument::Ref JsonDocument::Ref::member(std::string_view key) const
{
    Ref found;
    if (isObject()) {
        for (Ref value = first(); value.valid(); value = after(value)) {
            if (keyOf(value) == key) found = value;
        }
    }
    return found;
}

bool JsonDocument::Ref::integer(std::int64_t& out) const
{
    if (isNumber()) return wholeNumber(raw(), out);
    return isString() && wholeNumber(string(), out);
}

double JsonDocument::Ref::number() const
{
    std::string_view text = isNumber() ? raw() : string();
    if (!text.empty() && text[0] == '+') text.remove_prefix(1);
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = !text.empty() && end == text.data() + text.size() &&
                       (error == std::errc() || error == std::errc::result_out_of_range);
    return whole ? value : std::numeric_limits<double>::quiet_NaN();
}

} // namespace opscope
