#include "core/format/kineto/Separators.h"

namespace opscope::kineto {

Separators::Separators()
{
    m_nodes.reserve(kMostNodes); // nodes never move
    m_nodes.resize(5);           // 0 is "none"
    m_nodes[kStart].after = Place::EventFirst;
    m_nodes[kArgsStart].after = Place::ArgsFirst;
    m_nodes[kInEvent].after = Place::Event;
    m_nodes[kInArgs].after = Place::Args;
}

// The grammar, one byte at a time. Doubled and trailing commas are taken and told.
Separators::Found Separators::plain(Place place, const char* p, const char* end)
{
    const bool inArgs = place == Place::Args || place == Place::ArgsFirst;
    bool comma = place == Place::EventFirst || place == Place::ArgsFirst; // none is needed in front of the first key
    bool written = false;
    Found found;
    for (;;) {
        p = skipBlanks(p);
        if (*p == ',') {
            m_commas |= comma;
            comma = written = true;
            ++p;
            continue;
        }
        if (*p == '}') {
            m_commas |= written;
            found.kind = inArgs ? Kind::CloseArgs : Kind::CloseEvent;
            if (p < end)
                found.next = p + 1;
            return found;
        }
        if (*p != '"' || !comma) {
            m_stoppedAt = p;
            return found;
        }
        break;
    }
    std::uint8_t flags = 0;
    const char* const key = p + 1;
    const char* const close = stringEnd(key, end, flags);
    p = close < end ? skipBlanks(close + 1) : end;
    if (p >= end || *p != ':') {
        m_stoppedAt = p;
        return found;
    }
    const std::string_view name(key, static_cast<std::size_t>(close - key));
    found.kind = Kind::Key;
    found.key = inArgs ? argKey(name) : eventKey(name);
    found.next = skipBlanks(p + 1);
    if (found.key == Key::Args && *found.next == '{') {
        found.key = Key::ArgsObject;
        ++found.next;
    }
    return found;
}

Separators::Found Separators::learn(State from, const char* p, const char* end)
{
    const bool commasBefore = std::exchange(m_commas, false);
    m_stoppedAt = end;
    Found found = plain(m_nodes[from].after, p, end);
    const bool odd = m_commas;
    m_commas |= commasBefore;
    if (!found.next)
        return found;
    const auto length = static_cast<std::size_t>(found.next - p);
    // Not learned: what is told every time, what is too long to compare, what may go on behind the text, and `"args": ` in
    // front of no object, with which `"args": {` begins.
    if (odd || length > kLongest || found.next >= end || (found.kind == Kind::Key && found.key == Key::Args))
        from = 0;
    found.state = remember(from, found, std::string_view(p, length));
    return found;
}

Separators::State Separators::remember(State from, const Found& found, std::string_view text)
{
    Place after = Place::Event;
    State unlearned = kInEvent;
    if (found.kind == Kind::Key && found.key == Key::ArgsObject) {
        after = Place::ArgsFirst;
        unlearned = kArgsStart;
    } else if (found.kind == Kind::Key && found.key >= Key::ArgOther) {
        after = Place::Args;
        unlearned = kInArgs;
    }
    if (!from)
        return unlearned;
    std::string name(1, static_cast<char>(m_nodes[from].after));
    name += text;
    auto [at, isNew] = m_known.try_emplace(std::move(name), static_cast<State>(m_nodes.size()));
    if (isNew) {
        if (m_nodes.size() >= kMostNodes) {
            m_known.erase(at);
            return unlearned;
        }
        Node& node = m_nodes.emplace_back();
        std::memcpy(node.text, text.data(), text.size());
        node.mask = text.size() == 32 ? ~0u : (1u << text.size()) - 1;
        node.length = static_cast<std::uint8_t>(text.size());
        node.kind = found.kind;
        node.key = found.key;
        node.after = after;
    }
    auto& successors = m_nodes[from].successors;
    std::size_t slot = 0;
    while (slot + 1 < kSuccessors && successors[slot] && successors[slot] != at->second)
        ++slot;
    successors[slot] = at->second; // the last one gives way
    return at->second;
}

} // namespace opscope::kineto
