#include "core/format/kineto/TopLevel.h"

#include "core/format/kineto/JsonText.h"

#include <algorithm>
#include <charconv>

namespace opscope::kineto {
namespace {

constexpr std::size_t kBufferBytes = 256 << 10;
constexpr std::size_t kLongestKey = 4096;

/// The keys of the object that `text` begins with, as far as they stand in it. `use` returns whether to go on.
template <class Use>
void forEachKey(std::string_view text, Use&& use)
{
    std::size_t depth = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '{' || c == '[') {
            ++depth;
        } else if (c == '}' || c == ']') {
            if (--depth == 0)
                return;
        } else if (c == '"') {
            std::size_t close = i + 1;
            while (close < text.size() && text[close] != '"')
                close += text[close] == '\\' ? 2 : 1;
            if (close >= text.size())
                return;
            const std::string_view string = text.substr(i + 1, close - i - 1);
            i = close;
            std::size_t colon = close + 1;
            while (colon < text.size() && isBlank(text[colon]))
                ++colon;
            if (depth == 1 && colon < text.size() && text[colon] == ':' && !use(string))
                return;
        }
    }
}

enum class FirstKey { KnownOfEvents, Any };

/// Within a list any object with a "ph" is one; at the top level a stranger's object may have such a key as well.
bool isEvent(std::string_view object, FirstKey firstKey = FirstKey::KnownOfEvents)
{
    bool first = true, yes = false;
    forEachKey(object, [&](std::string_view key) {
        if (std::exchange(first, false) && firstKey == FirstKey::KnownOfEvents && !looksLikeEventKey(key))
            return false;
        yes = key == "ph";
        return !yes && key != "traceEvents";
    });
    return yes;
}

std::string_view withoutBlanksAndComments(std::string_view text)
{
    if (text.starts_with("\xEF\xBB\xBF"))
        text.remove_prefix(3);
    for (;;) {
        while (!text.empty() && isBlank(text[0]))
            text.remove_prefix(1);
        if (!text.starts_with("//") && !text.starts_with("/*"))
            return text;
        const bool line = text[1] == '/';
        const std::size_t end = text.find(line ? "\n" : "*/", 2);
        text.remove_prefix(end == text.npos ? text.size() : end + (line ? 1 : 2));
    }
}

} // namespace

// ---------------------------------------------------------------- what is it

Sniff sniff(std::string_view head)
{
    if (head.starts_with("\xFF\xFE") || head.starts_with("\xFE\xFF")) // UTF-16: import() says that it is not read
        return head.size() > 3 && (head.find('{') != head.npos || head.find('[') != head.npos) ? Sniff::Maybe : Sniff::No;
    head = withoutBlanksAndComments(head);
    if (head.starts_with("[")) {
        const std::string_view first = withoutBlanksAndComments(head.substr(1));
        if (first.empty() || first.starts_with("]"))
            return first.empty() ? Sniff::Maybe : Sniff::Yes;
        const std::size_t object = first.find('{');
        if (object == first.npos)
            return Sniff::No;
        if (isEvent(first.substr(object), FirstKey::Any))
            return Sniff::Yes;
        // A single event that is longer than the head, or quotes that import() explains.
        const std::string_view inside = withoutBlanksAndComments(first.substr(object + 1));
        return object == 0 && (inside.starts_with("'ph'") || inside.size() > (512 << 10)) ? Sniff::Maybe : Sniff::No;
    }
    if (!head.starts_with("{"))
        return Sniff::No;
    if (isEvent(head))
        return Sniff::Yes;
    Sniff found = Sniff::No;
    bool other = false;
    forEachKey(head, [&](std::string_view key) {
        if (key == "traceEvents")
            found = Sniff::Yes;
        else if (key == "deviceProperties" || key == "schemaVersion" || key == "displayTimeUnit" || key == "systemTraceEvents" ||
                 key == "baseTimeNanoseconds")
            found = Sniff::Maybe;
        else if (key == "nodes" || key == "schema")
            other = true;
        return found != Sniff::Yes;
    });
    return found == Sniff::Maybe && other ? Sniff::No : found;
}

std::optional<std::int64_t> baseTimeOf(std::string_view json)
{
    Scalar value{json.data(), 0, static_cast<std::uint32_t>(std::min<std::size_t>(json.size(), 64)), Form::Number, 0};
    if (json.size() > 2 && json[0] == '"')
        value = {json.data() + 1, 0, static_cast<std::uint32_t>(json.size() - 2), Form::String, 0};
    std::int64_t base = 0;
    return wholeNumber(value, base) ? std::optional(base) : std::nullopt;
}

// ---------------------------------------------------------------- bytes

TopLevel::TopLevel(Feed& feed, SourceId source, TraceBuilder& builder, const JobControl& job, ReadEvents readEvents)
    : m_feed(feed), m_source(source), m_builder(builder), m_job(job), m_readEvents(std::move(readEvents))
{
}

bool TopLevel::fill()
{
    if (m_ended)
        return false;
    if (m_job.cancelled()) {
        m_error = Error{ErrorCode::Cancelled, "cancelled", {}};
        m_ended = true;
        return false;
    }
    m_buffer.resize(kBufferBytes);
    m_at = 0;
    const Result<std::size_t> got = m_feed.read(m_buffer);
    m_buffer.resize(got ? *got : 0);
    if (!got)
        m_error = got.error();
    m_ended = m_buffer.empty();
    if (m_job.progress)
        m_job.progress->done = m_feed.packedPosition();
    return !m_ended;
}

int TopLevel::peek()
{
    if (m_at == m_buffer.size() && !fill())
        return -1;
    return static_cast<unsigned char>(m_buffer[m_at]);
}

void TopLevel::next() { m_line += m_buffer[m_at++] == '\n'; }

void TopLevel::skipComment()
{
    m_builder.diagnostics(m_source).note(Defect::CommentsInJson, position());
    next();
    const bool line = peek() == '/';
    for (int before = 0, c = peek(); c >= 0; before = c, c = peek()) {
        next();
        if (line ? c == '\n' : (before == '*' && c == '/'))
            return;
    }
}

int TopLevel::skipBlanks()
{
    for (;;) {
        const int c = peek();
        if (c == '/')
            skipComment();
        else if (c >= 0 && isBlank(static_cast<char>(c)))
            next();
        else
            return c;
    }
}

Error TopLevel::problem(ErrorCode code, const std::string& message)
{
    if (m_error)
        return *m_error;
    return Error{code, message, position()};
}

// ---------------------------------------------------------------- the document

Status TopLevel::read()
{
    peek();
    const std::string_view start = m_buffer;
    if (start.starts_with("\xFF\xFE") || start.starts_with("\xFE\xFF"))
        return Error{ErrorCode::Unsupported, "the file is written in UTF-16, and traces are read in UTF-8 only", 0};
    if (start.starts_with("\xEF\xBB\xBF"))
        m_at = 3;
    const int c = skipBlanks();
    if (c < 0)
        return problem(ErrorCode::Empty, "the file is empty");
    Status done = Done{};
    EventShape& shape = m_builder.source(m_source).shape;
    if (c == '[') {
        shape = EventShape::Array;
        next();
        done = readArray(false);
    } else if (c != '{') {
        return problem(ErrorCode::NotATrace, "not a trace: neither a JSON object nor a JSON array");
    } else if (isEventPerLine()) {
        shape = EventShape::Lines;
        done = readArray(true);
    } else {
        next();
        done = readObject();
    }
    if (!done)
        return done;
    if (m_error)
        return *m_error;
    if (m_arrays > 0)
        return readRest();
    if (m_notArray)
        return Error{ErrorCode::Malformed, "traceEvents is not an array", *m_notArray};
    return problem(ErrorCode::NotATrace, "JSON, but not a trace: it has no traceEvents");
}

bool TopLevel::isEventPerLine() { return isEvent(std::string_view(m_buffer).substr(m_at)); }

Status TopLevel::readArray(bool lines)
{
    if (m_arrays == 0) m_builder.source(m_source).eventsOffset = position() - (lines ? 0 : 1);
    if (!lines && skipBlanks() == '{')
        if (Status fine = refuseSingleQuotes(); !fine)
            return fine;
    m_feed.putBack(m_buffer.substr(m_at));
    m_buffer.clear();
    m_at = 0;
    ++m_arrays;
    m_ended = false;
    const Result<bool> closed = m_readEvents(lines);
    if (!closed)
        return closed.error();
    m_sourceEnded = !*closed;
    return Done{};
}

// A Python dict that was printed instead of dumped. Worth a sentence of its own; nothing has been read yet.
Status TopLevel::refuseSingleQuotes()
{
    const std::string_view inside = withoutBlanksAndComments(std::string_view(m_buffer).substr(m_at + 1));
    if (!inside.starts_with("'"))
        return Done{};
    return problem(ErrorCode::Malformed, "line " + std::to_string(m_line) + ": names stand in single quotes; JSON needs double quotes");
}

Status TopLevel::readObject()
{
    for (;;) {
        const int c = skipBlanks();
        if (c < 0) {
            m_builder.diagnostics(m_source).note(Defect::FileCutOff, position(), "the closing brace is missing");
            return Done{};
        }
        if (c == '"') {
            if (Status member = readMember(); !member)
                return member;
            if (m_sourceEnded)
                return Done{};
            continue;
        }
        if (c == '}') {
            next();
            return Done{};
        }
        if (c == ',') {
            next();
            continue;
        }
        if (m_arrays == 0 && c == '\'')
            return problem(ErrorCode::Malformed,
                           "line " + std::to_string(m_line) + ": names stand in single quotes; JSON needs double quotes");
        if (m_arrays == 0)
            return problem(ErrorCode::Malformed, "line " + std::to_string(m_line) + ": expected a key in double quotes");
        m_builder.diagnostics(m_source).note(Defect::JsonSyntax, position(), "expected a key behind traceEvents");
        next();
    }
}

Status TopLevel::readMember()
{
    const std::uint64_t keyOffset = position();
    std::string key = readString();
    if (skipBlanks() != ':') {
        if (m_arrays > 0 || peek() < 0) {
            m_builder.diagnostics(m_source).note(Defect::JsonSyntax, position(), "expected ':' behind a key");
            return Done{};
        }
        return problem(ErrorCode::Malformed, "line " + std::to_string(m_line) + ": expected ':' behind a key");
    }
    next();
    const int c = skipBlanks();
    if (std::find(m_keys.begin(), m_keys.end(), key) != m_keys.end())
        m_builder.diagnostics(m_source).note(Defect::DuplicateTopLevelKey, position(), key.substr(0, 80));
    else if (m_keys.size() < 1000)
        m_keys.push_back(key);
    if (key == "traceEvents" && c == '[') {
        next();
        return readArray(false);
    }
    const std::uint64_t offset = position();
    if (key == "traceEvents" && !m_notArray)
        m_notArray = offset;
    std::uint64_t length = 0;
    std::string json = readValue(length);
    keep(std::move(key), keyOffset, std::move(json), offset, length);
    return Done{};
}

// Unescaped, at most kLongestKey bytes of it.
std::string TopLevel::readString()
{
    std::string raw;
    next();
    for (int c = peek(); c >= 0 && c != '"'; c = peek()) {
        next();
        if (raw.size() < kLongestKey)
            raw += static_cast<char>(c);
        if (c == '\\' && peek() >= 0) {
            raw += static_cast<char>(peek());
            next();
        }
    }
    if (peek() >= 0)
        next();
    std::string text;
    unescape(raw, text);
    return text;
}

std::string TopLevel::readValue(std::uint64_t& length)
{
    const std::uint64_t begin = position();
    std::string kept;
    std::uint64_t depth = 0;
    bool inString = false, escaped = false;
    for (int c = peek(); c >= 0; c = peek()) {
        if (!inString && depth == 0 && (c == ',' || c == '}' || c == ']') ) // behind a number, or where a value is missing
            break;
        next();
        if (kept.size() < TopLevelEntry::kKept)
            kept += static_cast<char>(c);
        if (inString) {
            inString = escaped || c != '"';
            escaped = !escaped && c == '\\';
        } else if (c == '"') {
            inString = true;
        } else if (c == '{' || c == '[') {
            ++depth;
        } else if (c == '}' || c == ']') {
            --depth;
        }
        if (!inString && depth == 0 && (c == '"' || c == '}' || c == ']'))
            break;
    }
    length = position() - begin;
    while (!kept.empty() && isBlank(kept.back()))
        kept.pop_back();
    return kept;
}

void TopLevel::keep(std::string key, std::uint64_t keyOffset, std::string json, std::uint64_t offset, std::uint64_t length)
{
    Diagnostics& diagnostics = m_builder.diagnostics(m_source);
    if (!isValidUtf8(json)) {
        std::string clean;
        sanitizeUtf8(json, clean);
        json = std::move(clean);
        diagnostics.note(Defect::InvalidUtf8, offset);
    }
    if (m_ended)
        diagnostics.note(Defect::FileCutOff, offset, "the file ends within " + key.substr(0, 80));
    if (key == "baseTimeNanoseconds")
        if (const auto base = baseTimeOf(json))
            m_builder.setBaseTime(m_source, *base);
    if (key == "ERROR" || key == "WARNING")
        tellMessages(key, json, offset);
    m_builder.addTopLevel({m_source, std::move(key), std::move(json), offset, length, keyOffset});
}

void TopLevel::tellMessages(std::string_view key, std::string_view json, std::uint64_t offset)
{
    for (std::size_t i = 0; i < json.size(); ++i) {
        if (json[i] != '"')
            continue;
        const std::size_t begin = i + 1;
        for (++i; i < json.size() && json[i] != '"'; ++i)
            i += json[i] == '\\';
        std::string message;
        unescape(json.substr(begin, std::min<std::size_t>(i - begin, 2000)), message);
        if (message.size() > 300)
            message = std::string(json.substr(begin, 300)); // raw, so that no character is cut: escapes are ASCII
        std::string clean;
        sanitizeUtf8(message, clean);
        m_builder.diagnostics(m_source).note(Defect::ProducerMessage, offset + begin, std::string(key) + ": " + clean);
    }
}

// Nothing but blanks should follow.
Status TopLevel::readRest()
{
    if (m_sourceEnded)
        return Done{};
    int c = peek();
    while (c >= 0 && (isBlank(static_cast<char>(c)) || c == 0)) {
        next();
        c = peek();
    }
    if (c >= 0)
        m_builder.diagnostics(m_source).note(c == '{' || c == '[' ? Defect::SecondDocument : Defect::TrailingBytes, position());
    if (m_error)
        return *m_error;
    return Done{};
}

} // namespace opscope::kineto
