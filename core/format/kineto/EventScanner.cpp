#include "core/format/kineto/EventScanner.h"

#include "core/format/kineto/DamagedEvent.h"
#include "core/format/kineto/EventLook.h"

namespace opscope::kineto {

// ---------------------------------------------------------------- one event

EventScanner::Read EventScanner::event(const char* p)
{
    m_event.clear();
    m_separators.takeCommas(); // of an event that failed
    m_reader.flags = 0;
    m_reader.nonFinite = false;
    m_reader.deepest = 0;
    Separators::State state = Separators::kStart;
    const char* args = nullptr;
    ++p;
    for (;;) {
        const Separators::Found found = m_separators.next(state, p, m_reader.end);
        if (!found.next || found.next > m_reader.end) {
            m_reader.stoppedAt = found.next ? m_reader.end : m_separators.stoppedAt();
            break;
        }
        state = found.state;
        if (found.kind == Separators::Kind::CloseEvent) {
            m_event.control = m_reader.flags & kControl;
            m_event.nonFinite = m_reader.nonFinite;
            m_event.deepest = m_reader.deepest;
            m_event.commas = m_separators.takeCommas();
            m_eventEnd = found.next;
            return Read::Whole;
        }
        if (found.kind == Separators::Kind::CloseArgs) {
            m_event.args = std::string_view(args, static_cast<std::size_t>(found.next - args));
            p = found.next;
            continue;
        }
        if (found.key == Key::ArgsObject) {
            m_event.clearArgs();
            p = found.next;
            args = p - 1;
            continue;
        }
        p = found.key < Key::ArgOther ? eventValue(found.key, found.next) : argsValue(found.key, found.next);
        if (!p)
            break;
    }
    return m_reader.stoppedAt >= m_reader.end ? Read::Unfinished : Read::Damaged;
}

const char* EventScanner::eventValue(Key key, const char* p)
{
    if (key == Key::Other)
        return m_reader.skip(p);
    if (key == Key::Args) { // null, a list, a string: nothing that we keep
        m_event.clearArgs();
        return m_reader.skip(p);
    }
    const std::uint32_t bit = 1u << static_cast<unsigned>(key);
    m_event.duplicateKey |= (m_event.seen & bit) != 0;
    m_event.seen |= bit;
    Scalar& value = m_event.values[static_cast<std::size_t>(key)];
    return key == Key::Ts || key == Key::Dur ? m_reader.readTime(p, value) : m_reader.read(p, value);
}

const char* EventScanner::argsValue(Key key, const char* p)
{
    if (key == Key::ArgOther)
        return m_reader.skip(p);
    Scalar value;
    const char* const begin = skipBlanks(p);
    p = m_reader.read(begin, value);
    if (!p)
        return nullptr;
    const std::string_view raw(begin, static_cast<std::size_t>(p - begin));
    switch (key) {
    case Key::InputDims: m_event.dims = raw; break;
    case Key::InputTypes: m_event.types = raw; break;
    case Key::InputStrides: m_event.strides = raw; break;
    case Key::Finished: m_event.unfinished = raw == "false"; break;
    case Key::CollectiveName: m_event.collective = true; break;
    default: {
        const unsigned field = static_cast<unsigned>(key) - static_cast<unsigned>(Key::FirstField);
        const std::uint32_t bit = 1u << field;
        m_event.duplicateKey |= (m_event.argsSeen & bit) != 0;
        if (wholeNumber(value, m_event.fields[field]))
            m_event.argsSeen |= bit;
        else
            m_event.argsSeen &= ~bit; // the last one wins, also when it is no number
    }
    }
    return p;
}

// ---------------------------------------------------------------- the array

ScanResult EventScanner::scan(const ScanText& text, StagedPart& part, WindowCounts& counts)
{
    m_text = &text;
    m_comma = text.afterComma;
    m_stager.begin(part, counts);
    m_reader.end = text.bytes.data() + text.bytes.size();
    const char* const base = text.bytes.data();
    std::size_t at = 0;
    ScanResult found = result(ScanResult::End::Arrived, text.bytes.size());
    for (;;) {
        at = static_cast<std::size_t>(skipBlanks(base + at) - base);
        if (at >= text.bytes.size()) {
            found = result(ScanResult::End::Arrived, text.bytes.size());
            break;
        }
        const char c = base[at];
        if (c == '{') {
            const Read read = event(base + at);
            if (read == Read::Whole) [[likely]] {
                m_event.offset = text.offset + at;
                m_event.length = static_cast<std::uint64_t>(m_eventEnd - (base + at));
                if (!m_comma && !text.lines)
                    m_stager.diagnostics().note(Defect::JsonSyntax, m_event.offset, "a comma is missing in front of the event");
                m_stager.add(m_event);
                at = static_cast<std::size_t>(m_eventEnd - base);
            } else if (read == Read::Damaged || swallowsOthers(text.bytes.substr(at), text.atEnd)) {
                if (!repair(at)) {
                    found = result(text.atEnd ? ScanResult::End::CutOff : ScanResult::End::Unfinished, at);
                    break;
                }
                at = m_next;
            } else {
                found = result(text.atEnd ? ScanResult::End::CutOff : ScanResult::End::Unfinished, at);
                break;
            }
            m_comma = false;
        } else if (c == ',') {
            if (m_comma)
                m_stager.diagnostics().note(Defect::TrailingCommas, text.offset + at);
            m_comma = true;
            ++at;
        } else if (c == ']' && !text.lines) {
            if (const auto last = text.bytes.substr(0, at).find_last_not_of(" \t\r\n"); last != text.bytes.npos && base[last] == ',')
                m_stager.diagnostics().note(Defect::TrailingCommas, text.offset + last);
            found = result(ScanResult::End::ArrayEnd, at + 1);
            break;
        } else if (!other(at)) {
            found = result(text.atEnd ? ScanResult::End::CutOff : ScanResult::End::Unfinished, at);
            break;
        }
    }
    m_stager.end();
    return found;
}

void EventScanner::lost(std::uint64_t offset, std::string_view why, StagedPart& part, WindowCounts& counts)
{
    m_stager.begin(part, counts);
    m_stager.addLost(offset, why);
    m_stager.end();
}

/// An event that goes on for so long: perhaps a bracket is missing, and it would take all that follow with it.
bool EventScanner::swallowsOthers(std::string_view rest, bool atEnd)
{
    return (atEnd || rest.size() > kSuspiciousLength) && nextSureEventStart(rest, 1) != rest.npos;
}

EventScanner::Extent EventScanner::measure(std::string_view text, bool atEnd)
{
    m_reader.end = text.data() + text.size();
    const Read read = event(text.data());
    if (read == Read::Whole) return {read, static_cast<std::size_t>(m_eventEnd - text.data())};
    return {read == Read::Unfinished && swallowsOthers(text, atEnd) ? Read::Damaged : read, 0};
}

// The forgiving path for the event at `at`: that event alone. False when only more text can tell.
bool EventScanner::repair(std::size_t at)
{
    const std::string_view text = m_text->bytes.substr(at);
    std::optional<RepairedEvent> found = repairWithin(text, m_text->atEnd);
    if (!found)
        return false;
    RepairedEvent& repaired = *found;
    m_next = at + (repaired.consumed ? repaired.consumed : 1);
    const std::uint64_t offset = m_text->offset + at;
    const char* const end = m_reader.end;
    const std::size_t length = repaired.json.size();
    repaired.json.append(kPadding, '\0');
    m_reader.end = repaired.json.data() + length;
    const bool usable = length && event(repaired.json.data()) == Read::Whole && m_event.isString(Key::Ph);
    if (usable) {
        m_event.repaired = true;
        m_event.offset = offset;
        m_event.length = repaired.consumed;
        m_stager.diagnostics().note(Defect::DamagedEvent, offset, repaired.what);
        m_stager.add(m_event);
    } else {
        m_stager.addLost(offset, repaired.what);
    }
    m_reader.end = end;
    return true;
}

// An element that is no object, a comment, or garbage. False when its end does not lie in this text.
bool EventScanner::other(std::size_t& at)
{
    const char* const base = m_text->bytes.data();
    const std::uint64_t offset = m_text->offset + at;
    if (base[at] == '/') {
        const bool line = base[at + 1] == '/';
        const std::size_t end = m_text->bytes.find(line ? "\n" : "*/", at + 1);
        if (end == std::string_view::npos && !m_text->atEnd)
            return false;
        m_stager.diagnostics().note(Defect::CommentsInJson, offset);
        at = end == std::string_view::npos ? m_text->bytes.size() : end + (line ? 1 : 2);
        return true;
    }
    const char* const next = m_reader.skip(base + at);
    if (next) {
        m_stager.addNotAnObject(offset);
        m_comma = false;
        at = static_cast<std::size_t>(next - base);
        return true;
    }
    if (m_reader.stoppedAt >= m_reader.end)
        return false;
    m_stager.diagnostics().note(Defect::JsonSyntax, offset, "unexpected text between events");
    const std::size_t more = m_text->bytes.find_first_of("{],", at + 1);
    at = more == std::string_view::npos ? m_text->bytes.size() : more;
    return true;
}

} // namespace opscope::kineto
