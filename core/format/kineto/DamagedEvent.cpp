#include "core/format/kineto/DamagedEvent.h"

#include "core/format/kineto/EventLook.h"
#include "core/format/kineto/JsonBytes.h"
#include "core/format/kineto/KinetoFields.h"

namespace opscope::kineto {
namespace {

class Repair
{
public:
    explicit Repair(std::string_view text) : m_text(text) {}
    RepairedEvent run();

private:
    enum class Want { Key, Colon, Value, Comma };
    static constexpr int kMostGarbage = 256;

    char at(std::size_t i) const { return i < m_text.size() ? m_text[i] : '\0'; }
    /// Behind blanks and comments.
    std::size_t blanks(std::size_t i) const
    {
        for (;;) {
            while (i < m_text.size() && isBlank(m_text[i]))
                ++i;
            const std::size_t behind = commentEnd(i);
            if (behind == i)
                return i;
            i = behind;
        }
    }
    std::size_t commentEnd(std::size_t i) const;
    bool inObject() const { return m_open.back() == '{'; }
    void tell(std::string_view what)
    {
        if (m_what.empty())
            m_what = what;
    }
    std::size_t keyAt(std::size_t i) const;
    std::string_view keyText(std::size_t i) const;
    bool quoteCloses(std::size_t quote, Want role) const;
    bool nextEventAt(std::size_t quote) const;
    std::size_t previous(std::size_t i) const;

    bool comment();
    void step();
    void string(Want role);
    void key();
    void value();
    void comma();
    void word();
    void open();
    void close(char c);
    void dropComma();
    void dropEndOfEvent();
    void closeAll();
    void garbage();

    std::string_view m_text;
    std::size_t m_at = 0;
    std::string m_out;
    std::string m_open;        // brackets
    Want m_want = Want::Value;
    int m_garbage = 0;
    bool m_stop = false;       // the next event begins here
    std::string_view m_what;
};

/// Behind the colon of `"key" :` at `i`, 0 when there is no key.
std::size_t Repair::keyAt(std::size_t i) const
{
    if (at(i) != '"')
        return 0;
    std::size_t close = i + 1;
    while (close < m_text.size() && close < i + 80 && m_text[close] != '"' && m_text[close] != '\n')
        ++close;
    if (at(close) != '"')
        return 0;
    const std::size_t colon = blanks(close + 1);
    return at(colon) == ':' ? colon + 1 : 0;
}

std::string_view Repair::keyText(std::size_t i) const
{
    const std::size_t close = m_text.find('"', i + 1);
    return m_text.substr(i + 1, close - i - 1);
}

std::size_t Repair::previous(std::size_t i) const
{
    while (i > 0 && isBlank(m_text[i - 1]))
        --i;
    return i;
}

// Could what stands behind this quote stand behind a whole string?
bool Repair::quoteCloses(std::size_t quote, Want role) const
{
    const std::size_t next = blanks(quote + 1);
    if (next >= m_text.size())
        return true;
    if (role == Want::Key)
        return m_text[next] == ':';
    if (m_text[next] == '}' || m_text[next] == ']')
        return true;
    if (inObject() && keyAt(next))
        return true; // the comma is missing
    if (m_text[next] != ',')
        return false;
    const std::size_t then = blanks(next + 1);
    if (inObject())
        return then >= m_text.size() || at(then) == '}' || at(then) == ',' || keyAt(then);
    return at(then) != '\0' && std::string_view("\"[]{}0123456789-tfnNI,").find(at(then)) != std::string_view::npos;
}

/// Whether the quote begins the first key of another event: then a closing quote was missing before.
bool Repair::nextEventAt(std::size_t quote) const
{
    const std::size_t before = previous(quote);
    return before > 0 && m_text[before - 1] == '{' && keyAt(quote) && looksLikeEventKey(keyText(quote));
}

// `open},\n`: what a string without its closing quote took of the event's end.
void Repair::dropEndOfEvent()
{
    for (const char last : {',', '}'}) {
        const std::size_t kept = m_out.find_last_not_of(" \t\r\n");
        if (kept != m_out.npos && m_out[kept] == last)
            m_out.resize(kept);
    }
}

void Repair::string(Want role)
{
    m_out += '"';
    const std::size_t begin = ++m_at;
    for (; m_at < m_text.size(); ++m_at) {
        const char c = m_text[m_at];
        if (c == '\\' && m_at + 1 < m_text.size()) {
            // C:\dir\" , "pid": the backslash is a path's, not the quote's
            if (at(m_at + 1) == '"' && quoteCloses(m_at + 1, role) && looksLikeEventKey(keyText(blanks(blanks(m_at + 2) + 1))) &&
                at(blanks(m_at + 2)) == ',') {
                m_out += "\\\\";
                tell("stray backslash");
                continue;
            }
            m_out.append(m_text, m_at, 2);
            ++m_at;
            continue;
        }
        if (c != '"') {
            m_out += c;
            continue;
        }
        if (quoteCloses(m_at, role)) {
            ++m_at;
            m_out += '"';
            return;
        }
        const std::size_t before = previous(m_at);
        if (nextEventAt(m_at)) { // the string swallowed the end of this event
            tell("missing quote");
            m_out.resize(m_out.size() - (m_at - (before - 1)));
            dropEndOfEvent();
            m_at = before - 1;
            m_stop = true;
            break;
        }
        if (before > begin && m_text[before - 1] == ',' && keyAt(m_at)) { // it ended at that comma
            tell("missing quote");
            m_out.resize(m_out.size() - (m_at - (before - 1)));
            m_at = before - 1;
            break;
        }
        tell("unescaped quote");
        m_out += "\\\"";
    }
    if (!m_out.empty() && m_out.back() == '\\')
        m_out += '\\';
    m_out += '"';
}

std::size_t Repair::commentEnd(std::size_t i) const
{
    if (at(i) != '/' || (at(i + 1) != '/' && at(i + 1) != '*'))
        return i;
    const bool line = at(i + 1) == '/';
    const std::size_t end = m_text.find(line ? "\n" : "*/", i + 2);
    return end == m_text.npos ? m_text.size() : end + (line ? 1 : 2);
}

bool Repair::comment()
{
    const std::size_t behind = commentEnd(m_at);
    if (behind == m_at)
        return false;
    tell("comment");
    m_at = behind;
    return true;
}

void Repair::dropComma()
{
    const std::size_t last = m_out.find_last_not_of(" \t\r\n");
    if (last != m_out.npos && m_out[last] == ',')
        m_out.resize(last);
}

void Repair::close(char c)
{
    const char opener = c == '}' ? '{' : '[';
    if (m_open.find(opener) == m_open.npos)
        return garbage();
    dropComma();
    if (m_want == Want::Value && !m_out.empty() && m_out.back() == ':')
        m_out += "null";
    if (m_want == Want::Colon)
        m_out += ":null";
    while (!m_open.empty()) {
        const char top = m_open.back();
        m_out += top == '{' ? '}' : ']';
        m_open.pop_back();
        if (top == opener)
            break;
        tell("missing bracket");
    }
    ++m_at;
    m_want = Want::Comma;
}

void Repair::closeAll()
{
    if (m_want == Want::Colon)
        m_out += ":null";
    dropComma();
    if (!m_out.empty() && m_out.back() == ':')
        m_out += "null";
    for (; !m_open.empty(); m_open.pop_back())
        m_out += m_open.back() == '{' ? '}' : ']';
}

void Repair::garbage()
{
    tell("unexpected text");
    ++m_garbage;
    ++m_at;
}

void Repair::open()
{
    m_open += m_text[m_at];
    m_out += m_text[m_at++];
    m_want = inObject() ? Want::Key : Want::Value;
}

void Repair::key()
{
    const char c = m_text[m_at];
    if (c == '"') {
        string(Want::Key);
        m_want = Want::Colon;
    } else if (c == '}' || c == ']') {
        close(c);
    } else if (c == '{') { // no key: the closers of this event are missing
        tell("missing bracket");
        m_stop = true;
    } else {
        garbage();
    }
}

void Repair::word()
{
    const std::size_t begin = m_at;
    while (m_at < m_text.size() && std::string_view(",}]\" \t\r\n:{[").find(m_text[m_at]) == std::string_view::npos)
        ++m_at;
    if (m_at == begin)
        return garbage();
    const std::string_view text = m_text.substr(begin, m_at - begin);
    const bool number = isDigit(text[0]) || text[0] == '-' || text[0] == '+';
    const bool known = text == "true" || text == "false" || text == "null" || text == "NaN" || text == "Infinity" || text == "inf" || text == "nan";
    if (known || (number && text.find_first_not_of("0123456789+-.eE") == text.npos) || text == "-Infinity" || text == "-nan" || text == "-inf") {
        m_out += text;
    } else {
        tell("unquoted text");
        m_out += '"';
        for (char c : text)
            m_out += c == '\\' ? '/' : c;
        m_out += '"';
    }
    m_want = Want::Comma;
}

void Repair::value()
{
    const char c = m_text[m_at];
    if (c == '"') {
        string(Want::Value);
        m_want = Want::Comma;
    } else if (c == '{' || c == '[') {
        open();
    } else if (c == '}' || c == ']') {
        close(c);
    } else if (c == ',') {
        tell("missing value");
        if (inObject()) {
            m_out += "null";
            m_want = Want::Comma;
        } else {
            ++m_at;
        }
    } else {
        word();
    }
}

void Repair::comma()
{
    const char c = m_text[m_at];
    if (c == ',') {
        ++m_at;
        m_out += ',';
        m_want = inObject() ? Want::Key : Want::Value;
    } else if (c == '}' || c == ']') {
        close(c);
    } else if (c == '"' || (!inObject() && (c == '{' || c == '['))) {
        tell("missing comma");
        m_out += ',';
        m_want = inObject() ? Want::Key : Want::Value;
    } else if (c == '{') {
        tell("missing bracket");
        m_stop = true;
    } else {
        garbage();
    }
}

void Repair::step()
{
    const char c = m_text[m_at];
    if (isBlank(c)) {
        m_out += ' ';
        ++m_at;
        return;
    }
    if (comment())
        return;
    switch (m_want) {
    case Want::Key: key(); break;
    case Want::Colon:
        if (c == ':') {
            m_out += ':';
            ++m_at;
            m_want = Want::Value;
        } else if (c == ',' || c == '}') {
            tell("missing value");
            m_out += ":null";
            m_want = Want::Comma;
        } else {
            garbage();
        }
        break;
    case Want::Value: value(); break;
    case Want::Comma: comma(); break;
    }
}

RepairedEvent Repair::run()
{
    RepairedEvent result;
    m_out.reserve(512);
    open();
    while (m_at < m_text.size() && !m_open.empty() && !m_stop && m_garbage <= kMostGarbage)
        step();
    result.what = m_what.empty() ? "unexpected text" : m_what;
    result.consumed = m_at;
    if (m_garbage > kMostGarbage)
        return result;
    result.outcome = m_open.empty() || m_stop ? RepairedEvent::Outcome::Whole : RepairedEvent::Outcome::Cut;
    closeAll();
    result.json = std::move(m_out);
    return result;
}

} // namespace

RepairedEvent repairEvent(std::string_view text) { return Repair(text).run(); }

std::optional<RepairedEvent> repairWithin(std::string_view text, bool atEnd)
{
    RepairedEvent repaired = repairEvent(text);
    if (repaired.outcome == RepairedEvent::Outcome::Whole)
        return repaired;
    const std::size_t sure = nextSureEventStart(text, 1);
    if (sure == text.npos)
        return atEnd && repaired.outcome == RepairedEvent::Outcome::Hopeless ? std::optional(std::move(repaired)) : std::nullopt;
    repaired = repairEvent(text.substr(0, sure));
    repaired.consumed = sure;
    return repaired;
}

} // namespace opscope::kineto
