#include "core/format/et/EtStream.h"

#include "core/format/et/EtScan.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace opscope::et {

namespace {

enum Class : std::uint8_t { kPlain, kOpen, kClose, kQuote, kNewline };

constexpr std::array<std::uint8_t, 256> makeClasses()
{
    std::array<std::uint8_t, 256> classes{};
    classes['{'] = classes['['] = kOpen;
    classes['}'] = classes[']'] = kClose;
    classes['"'] = kQuote;
    classes['\n'] = kNewline;
    return classes;
}
constexpr std::array<std::uint8_t, 256> kOutside = makeClasses();

bool endsWord(char c)
{
    return isBlank(c) || c == ',' || c == ':' || c == '"' || c == '{' || c == '[' || c == '}' || c == ']';
}

} // namespace

Stream::Stream(ByteSource& source, std::size_t window, const JobControl& job)
    : m_source(source), m_job(job), m_capacity(std::max<std::size_t>(window, 64))
{
    m_buffer = std::make_unique_for_overwrite<char[]>(m_capacity);
}

/// More bytes behind the window. What lies in front of the cursor is given up; the buffer doubles when it is still full
/// then.
bool Stream::fill()
{
    if (m_ended) return false;
    if (m_job.cancelled()) {
        m_status = Error{ErrorCode::Cancelled, "cancelled", std::nullopt};
        m_ended = true;
        return false;
    }
    const std::size_t kept = m_end > m_at ? m_end - m_at : 0;
    const std::size_t gone = std::min(m_at, m_end);
    if (kept * 2 > m_capacity) {
        auto larger = std::make_unique_for_overwrite<char[]>(m_capacity * 2);
        std::memcpy(larger.get(), m_buffer.get() + gone, kept);
        m_buffer = std::move(larger);
        m_capacity *= 2;
    } else {
        std::memmove(m_buffer.get(), m_buffer.get() + gone, kept);
    }
    m_origin += gone;
    m_at -= gone;
    m_end = kept;
    const Result<std::size_t> got = m_source.read(std::span(m_buffer.get() + m_end, m_capacity - m_end));
    if (!got) m_status = got.error();
    m_ended = !got || got.value() == 0;
    m_end += got.ok() ? got.value() : 0;
    if (m_job.progress) {
        m_job.progress->done = m_source.packedPosition();
        m_job.progress->total = m_source.packedSize();
    }
    return !m_ended;
}

int Stream::peek(std::size_t ahead)
{
    while (m_at + ahead >= m_end) {
        if (!fill()) return -1;
    }
    return static_cast<unsigned char>(m_buffer[m_at + ahead]);
}

bool Stream::skipBlank()
{
    bool comment = false;
    for (int c = peek(); c >= 0; c = peek()) {
        if (isBlank(static_cast<char>(c))) {
            ++m_at;
        } else if (c == '/' && peek(1) == '/') {
            comment = true;
            while (peek() >= 0 && peek() != '\n') ++m_at;
        } else if (c == '/' && peek(1) == '*') {
            comment = true;
            m_at += 2;
            while (peek() >= 0 && !(peek() == '*' && peek(1) == '/')) ++m_at;
            m_at += 2;
        } else {
            break;
        }
    }
    return comment;
}

/// Does the line behind this newline begin a node? `behindBlank`: how far it is only white space.
Stream::Line Stream::lineAt(std::size_t newline, std::size_t& behindBlank) const
{
    const std::string_view text = window();
    std::size_t at = et::skipBlank(text, newline);
    behindBlank = at;
    if (at < text.size() && text[at] != '{') return Line::NoNode;
    at = et::skipBlank(text, at + 1);
    const std::string_view rest = text.substr(std::min(at, text.size()));
    for (const auto& [key, line] : {std::pair(std::string_view("\"id\""), Line::IdFirst),
                                    std::pair(std::string_view("\"name\""), Line::NameFirst)}) {
        if (rest.size() < key.size() && key.starts_with(rest)) return Line::Unknown;
        if (!rest.starts_with(key)) continue;
        at = et::skipBlank(rest, key.size());
        return at == rest.size() ? Line::Unknown : rest[at] == ':' ? line : Line::NoNode;
    }
    return Line::NoNode;
}

/// At a newline: the next node, or on behind the white space (each is looked at once, so that long ones cost nothing).
Stream::Step Stream::passNewline(Scan& scan, Watch watch) const
{
    if (watch == Watch::Nothing) {
        ++scan.at;
        return Step::Going;
    }
    std::size_t behind = 0;
    const Line line = lineAt(scan.at, behind);
    if (line == Line::Unknown && !m_ended) return Step::More;
    // In the flat layout a node holds no objects. In the later one it does, but none of them begins with an id.
    if ((line == Line::IdFirst && watch == Watch::IdLines) ||
        (line == Line::NameFirst && watch == Watch::NameLines && (scan.inString || scan.open == 1)))
        return Step::Node;
    scan.at = behind;
    return Step::Going;
}

Stream::Step Stream::passString(Scan& scan, Watch watch) const
{
    const std::string_view text = window();
    const std::size_t i = stringStop(text, scan.at);
    scan.at = i;
    if (i == text.size() || (text[i] == '\\' && i + 1 == text.size())) return Step::More;
    if (text[i] == '\n') return passNewline(scan, watch);
    scan.inString = text[i] != '"';
    scan.at += scan.inString ? 2 : 1; // a backslash and what it stands for, or the end
    return !scan.inString && scan.open == 0 ? Step::Ended : Step::Going;
}

/// Brackets, quotes and words between them.
Stream::Step Stream::passOutside(Scan& scan, Watch watch) const
{
    const std::string_view text = window();
    std::size_t i = scan.at;
    while (i < text.size()) {
        const char c = text[i];
        if (scan.word && endsWord(c)) {
            scan.at = i;
            return Step::Ended;
        }
        switch (kOutside[static_cast<unsigned char>(c)]) {
        case kOpen:
            ++scan.open;
            break;
        case kClose:
            if (scan.open <= 1 && (c == '}' || watch == Watch::Nothing)) { // a node is an object
                scan.at = i + 1;
                return Step::Ended;
            }
            scan.open -= scan.open > 1 ? 1 : 0;
            break;
        case kQuote:
            scan.inString = true;
            scan.at = i + 1;
            return Step::Going;
        case kNewline:
            scan.at = i;
            return passNewline(scan, watch);
        default:
            scan.word = scan.open == 0;
        }
        ++i;
    }
    scan.at = i;
    return Step::More;
}

/// Goes on from scan.at to the end of the value, of the window, or to a line that begins another node.
Stream::Step Stream::scan(Scan& scan, Watch watch) const
{
    Step step = Step::Going;
    while (step == Step::Going) step = scan.inString ? passString(scan, watch) : passOutside(scan, watch);
    return step;
}

Stream::Watch Stream::kindOfNode()
{
    std::size_t at = 1;
    int c = peek(at);
    while (c >= 0 && isBlank(static_cast<char>(c))) c = peek(++at);
    const auto keyIs = [&](std::string_view key) {
        return peek(at + key.size() - 1) >= 0 && window().substr(at, key.size()) == key;
    };
    return keyIs("\"id\"") ? Watch::IdLines : keyIs("\"name\"") ? Watch::NameLines : Watch::Nothing;
}

Stream::Value Stream::value(Watch watch, std::size_t limit)
{
    Scan state;
    for (;;) {
        const Step step = scan(state, watch);
        if (step == Step::Ended) {
            peek(state.at); // the byte behind the value lies in the window as well
            return {window().substr(0, state.at), Value::End::Whole};
        }
        if (step == Step::Node) return {window().substr(0, state.at), Value::End::NextNode};
        if (window().size() > limit) return {window().substr(0, limit), Value::End::TooLong};
        if (!fill()) {
            if (scan(state, watch) == Step::Node) return {window().substr(0, state.at), Value::End::NextNode};
            return {window(), state.word ? Value::End::Whole : Value::End::Cut};
        }
    }
}

bool Stream::valueMayEndAt(std::size_t length) const
{
    const std::string_view text = window();
    return length >= text.size() || isBlank(text[length]) ||
           std::string_view(",]}{/").find(text[length]) != std::string_view::npos;
}

void Stream::drop()
{
    Scan state;
    while (scan(state, Watch::Nothing) == Step::More) {
        m_at += state.at;
        state.at = 0;
        if (!fill()) return;
    }
    m_at += state.at;
}

std::size_t Stream::findNode(Watch watch, std::size_t from, std::size_t limit)
{
    for (std::size_t at = from; at < limit;) {
        if (at >= window().size() && !fill()) return 0;
        const std::size_t newline = window().find('\n', at);
        if (newline == std::string_view::npos) {
            at = window().size();
            continue;
        }
        std::size_t behind = 0;
        const Line line = lineAt(newline, behind);
        if (line == Line::Unknown && fill()) {
            at = newline;
            continue;
        }
        if (line == (watch == Watch::IdLines ? Line::IdFirst : Line::NameFirst) && watch != Watch::Nothing)
            return newline < limit ? newline : 0;
        at = std::max(behind, newline + 1);
    }
    return 0;
}

std::string_view Stream::ahead(std::size_t bytes)
{
    while (window().size() < bytes && fill()) {
    }
    return window();
}

void Stream::drain()
{
    do {
        m_at = m_end;
    } while (fill());
}

} // namespace opscope::et
