#include "core/format/JsonOutline.h"

#include <algorithm>

namespace opscope {

namespace {

using Kind = JsonOutline::Kind;

/// Walks over one text, never past its end.
class Scanner
{
public:
    explicit Scanner(std::string_view text) : m_text(text) {}

    bool atEnd() const { return m_at >= m_text.size(); }
    char peek() const { return atEnd() ? '\0' : m_text[m_at]; }
    std::size_t place() const { return m_at; }
    void step() { ++m_at; }
    bool sawComment() const { return m_sawComment; }

    void skipBlank()
    {
        for (;;) {
            m_at = std::min(m_text.find_first_not_of(" \t\r\n", m_at), m_text.size());
            if (m_text.substr(m_at, 2) == "//") {
                m_at = std::min(m_text.find('\n', m_at), m_text.size());
            } else if (m_text.substr(m_at, 2) == "/*") {
                const std::size_t end = m_text.find("*/", m_at + 2);
                m_at = end == std::string_view::npos ? m_text.size() : end + 2;
            } else {
                return;
            }
            m_sawComment = true;
        }
    }

    Kind kind() const
    {
        switch (peek()) {
        case '{': return Kind::Object;
        case '[': return Kind::Array;
        case '"': return Kind::String;
        case '-': case 't': case 'f': case 'n': case 'N': case 'I': return Kind::Scalar;
        default: return peek() >= '0' && peek() <= '9' ? Kind::Scalar : atEnd() ? Kind::None : Kind::Bad;
        }
    }

    /// The text between quotes, as written.
    std::string_view string()
    {
        const std::size_t begin = ++m_at;
        while (!atEnd() && peek() != '"') m_at += peek() == '\\' ? 2 : 1;
        m_at = std::min(m_at, m_text.size());
        const std::string_view text = m_text.substr(begin, m_at - begin);
        if (!atEnd()) ++m_at;
        return text;
    }

    /// To behind the value that begins here; brackets are counted, not matched.
    void skipValue()
    {
        std::size_t depth = 0;
        do {
            m_at = std::min(m_text.find_first_of("\"{}[],", m_at), m_text.size());
            if (atEnd()) return;
            const char c = peek();
            if (depth == 0 && (c == ',' || c == '}' || c == ']')) return; // behind a scalar
            if (c == '"') {
                string();
                continue;
            }
            ++m_at;
            if (c == '{' || c == '[') ++depth;
            if (c == '}' || c == ']') --depth;
        } while (depth > 0);
    }

private:
    std::string_view m_text;
    std::size_t m_at = 0;
    bool m_sawComment = false;
};

/// Keys of the object that begins here, without leaving it.
std::vector<std::string_view> keysOf(Scanner scanner)
{
    std::vector<std::string_view> keys;
    scanner.step();
    while (keys.size() < JsonOutline::kMaxKeys) {
        scanner.skipBlank();
        if (scanner.peek() == ',') {
            scanner.step();
            continue;
        }
        if (scanner.peek() != '"') break;
        keys.push_back(scanner.string());
        scanner.skipBlank();
        if (scanner.peek() != ':') break;
        scanner.step();
        scanner.skipBlank();
        scanner.skipValue();
    }
    return keys;
}

void readValue(Scanner& scanner, JsonOutline::Member& member)
{
    scanner.skipBlank();
    member.kind = scanner.kind();
    if (member.kind == Kind::Array) {
        Scanner inside = scanner;
        inside.step();
        inside.skipBlank();
        member.element = inside.peek() == ']' ? Kind::None : inside.kind();
        if (member.element == Kind::Object) member.elementKeys = keysOf(inside);
    }
    scanner.skipValue();
}

void readMembers(Scanner& scanner, JsonOutline& outline)
{
    scanner.step();
    for (;;) {
        scanner.skipBlank();
        const char c = scanner.peek();
        if (scanner.atEnd() || outline.members.size() == JsonOutline::kMaxMembers) {
            outline.cut = true;
            return;
        }
        if (c == '}') return;
        if (c != '"') { // a comma, or something that the format's own reader will complain about
            scanner.step();
            continue;
        }
        JsonOutline::Member member;
        member.key = scanner.string();
        scanner.skipBlank();
        if (scanner.peek() == ':') scanner.step();
        readValue(scanner, member);
        outline.members.push_back(std::move(member));
    }
}

} // namespace

JsonOutline JsonOutline::of(std::string_view head)
{
    JsonOutline outline;
    Scanner scanner(head);
    if (head.starts_with("\xEF\xBB\xBF")) {
        for (int i = 0; i < 3; ++i) scanner.step();
    }
    scanner.skipBlank();
    outline.startsWithComment = scanner.sawComment();
    outline.begin = scanner.place();
    outline.top = scanner.kind();
    if (outline.top == Kind::Object) {
        readMembers(scanner, outline);
    } else if (outline.top == Kind::Array) {
        Member self;
        readValue(scanner, self);
        outline.members.push_back(std::move(self));
        outline.cut = scanner.atEnd();
    }
    return outline;
}

const JsonOutline::Member* JsonOutline::find(std::string_view key) const
{
    const auto found = std::find_if(members.begin(), members.end(), [&](const Member& m) { return m.key == key; });
    return found == members.end() ? nullptr : &*found;
}

bool JsonOutline::hasKey(const Member& member, std::string_view key)
{
    return std::find(member.elementKeys.begin(), member.elementKeys.end(), key) != member.elementKeys.end();
}

} // namespace opscope
