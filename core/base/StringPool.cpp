#include "core/base/StringPool.h"

#include <algorithm>
#include <cstring>
#include <string>

namespace opscope {

namespace {

constexpr std::size_t kBlockBytes = 64 * 1024;
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// Length of the valid UTF-8 sequence at `p`, 0 if there is none (RFC 3629: no overlong forms, no surrogates, up to U+10FFFF).
std::size_t sequenceLength(const unsigned char* p, std::size_t left)
{
    const unsigned char c = p[0];
    if (c < 0x80) return 1;
    const auto follows = [&](std::size_t i, unsigned char low = 0x80, unsigned char high = 0xBF) {
        return i < left && p[i] >= low && p[i] <= high;
    };
    if (c >= 0xC2 && c <= 0xDF) return follows(1) ? 2 : 0;
    if (c >= 0xE0 && c <= 0xEF) {
        const unsigned char low = c == 0xE0 ? 0xA0 : 0x80;
        const unsigned char high = c == 0xED ? 0x9F : 0xBF;
        return follows(1, low, high) && follows(2) ? 3 : 0;
    }
    if (c >= 0xF0 && c <= 0xF4) {
        const unsigned char low = c == 0xF0 ? 0x90 : 0x80;
        const unsigned char high = c == 0xF4 ? 0x8F : 0xBF;
        return follows(1, low, high) && follows(2) && follows(3) ? 4 : 0;
    }
    return 0;
}

std::uint64_t mix(std::uint64_t a, std::uint64_t b)
{
    const unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

} // namespace

StringPool::StringPool() : m_slots(64)
{
    intern("");
}

std::uint64_t StringPool::hash(std::string_view text)
{
    constexpr std::uint64_t k0 = 0x9E3779B97F4A7C15ull, k1 = 0xD6E8FEB86659FD93ull;
    const char* p = text.data();
    std::size_t left = text.size();
    std::uint64_t h = text.size() * k0;
    while (left >= 8) {
        std::uint64_t word;
        std::memcpy(&word, p, 8);
        h = mix(h ^ word, k1);
        p += 8;
        left -= 8;
    }
    if (left) {
        std::uint64_t word = 0;
        std::memcpy(&word, p, left);
        h = mix(h ^ word, k0);
    }
    return mix(h, k1);
}

std::size_t StringPool::slotOf(std::string_view text, std::uint64_t hash) const
{
    const std::size_t mask = m_slots.size() - 1;
    const auto tag = static_cast<std::uint32_t>(hash >> 32);
    for (std::size_t i = hash & mask;; i = (i + 1) & mask) {
        const Slot& slot = m_slots[i];
        if (slot.id == StringId::kNone) return i;
        if (slot.hash == tag && m_views[slot.id] == text) return i;
    }
}

StringId StringPool::intern(std::string_view text) { return intern(text, hash(text)); }

StringId StringPool::intern(std::string_view text, std::uint64_t hash)
{
    Slot& slot = m_slots[slotOf(text, hash)];
    if (slot.id != StringId::kNone) return StringId(slot.id);
    slot = {static_cast<std::uint32_t>(hash >> 32), static_cast<std::uint32_t>(m_views.size())};
    const StringId id(slot.id);
    m_views.push_back(store(text));
    if (m_views.size() * 4 > m_slots.size() * 3) grow();
    return id;
}

StringId StringPool::find(std::string_view text) const
{
    const Slot& slot = m_slots[slotOf(text, hash(text))];
    return StringId(slot.id);
}

void StringPool::grow()
{
    std::vector<Slot> old(m_slots.size() * 2);
    old.swap(m_slots);
    const std::size_t mask = m_slots.size() - 1;
    for (const Slot& slot : old) {
        if (slot.id == StringId::kNone) continue;
        std::size_t i = hash(m_views[slot.id]) & mask;
        while (m_slots[i].id != StringId::kNone) i = (i + 1) & mask;
        m_slots[i] = slot;
    }
}

std::string_view StringPool::store(std::string_view text)
{
    m_bytes += text.size();
    if (text.empty()) return {};
    if (text.size() > m_left) {
        const std::size_t bytes = std::max(kBlockBytes, text.size());
        m_blocks.push_back(std::unique_ptr<char[]>(new char[bytes]));
        m_next = m_blocks.back().get();
        m_left = bytes;
    }
    std::memcpy(m_next, text.data(), text.size());
    const std::string_view stored(m_next, text.size());
    m_next += text.size();
    m_left -= text.size();
    return stored;
}

bool isValidUtf8(std::string_view bytes)
{
    const auto* p = reinterpret_cast<const unsigned char*>(bytes.data());
    for (std::size_t i = 0; i < bytes.size();) {
        const std::size_t length = sequenceLength(p + i, bytes.size() - i);
        if (!length) return false;
        i += length;
    }
    return true;
}

bool sanitizeUtf8(std::string_view bytes, std::string& out)
{
    out.clear();
    out.reserve(bytes.size());
    bool replaced = false;
    const auto* p = reinterpret_cast<const unsigned char*>(bytes.data());
    for (std::size_t i = 0; i < bytes.size();) {
        const std::size_t length = sequenceLength(p + i, bytes.size() - i);
        if (length) {
            out.append(bytes.substr(i, length));
            i += length;
        } else {
            out.append(kReplacement);
            replaced = true;
            ++i;
        }
    }
    return replaced;
}

std::string withoutControls(std::string_view utf8)
{
    std::string out;
    out.reserve(utf8.size());
    for (std::size_t i = 0; i < utf8.size(); ++i) {
        const auto c = static_cast<unsigned char>(utf8[i]);
        if (c < 0x20) {                                  // U+2400 .. U+241F
            out.append("\xE2\x90");
            out.push_back(static_cast<char>(0x80 + c));
        } else if (c == 0x7F) {
            out.append("\xE2\x90\xA1");                  // U+2421, symbol for delete
        } else if (c == 0xC2 && i + 1 < utf8.size() && static_cast<unsigned char>(utf8[i + 1]) < 0xA0) {
            out.append(kReplacement);                    // C1 controls, U+0080 .. U+009F
            ++i;
        } else if (c == 0xE2 && i + 2 < utf8.size() && static_cast<unsigned char>(utf8[i + 1]) == 0x80 &&
                   ((static_cast<unsigned char>(utf8[i + 2]) >= 0xAA && static_cast<unsigned char>(utf8[i + 2]) <= 0xAE))) {
            out.append(kReplacement);                    // U+202A .. U+202E turn the direction of text round
            i += 2;
        } else if (c == 0xE2 && i + 2 < utf8.size() && static_cast<unsigned char>(utf8[i + 1]) == 0x81 &&
                   static_cast<unsigned char>(utf8[i + 2]) >= 0xA6 && static_cast<unsigned char>(utf8[i + 2]) <= 0xA9) {
            out.append(kReplacement);                    // U+2066 .. U+2069, the same
            i += 2;
        } else {
            out.push_back(utf8[i]);
        }
    }
    return out;
}

} // namespace opscope
