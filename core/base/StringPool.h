#pragma once

#include "core/base/Id.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace opscope {

/// Each text once, numbered from 0 in the order of arrival. Number 0 is always the empty text.
/// Texts never move, so views stay good as long as the pool lives. Not for concurrent writing; reading needs no lock.
/// Text is UTF-8; whoever interns text from a file repairs it first (see sanitizeUtf8).
class StringPool
{
public:
    StringPool();
    StringPool(StringPool&&) noexcept = default;
    StringPool& operator=(StringPool&&) noexcept = default;

    StringId intern(std::string_view text);
    StringId intern(std::string_view text, std::uint64_t hash);
    /// Invalid id when the text is not there.
    StringId find(std::string_view text) const;
    std::string_view view(StringId id) const { return id.valid() ? m_views[id.index()] : std::string_view(); }
    std::string_view operator[](StringId id) const { return view(id); }
    std::size_t size() const { return m_views.size(); }
    std::size_t bytes() const { return m_bytes; }   ///< of text, for memory reports

    static std::uint64_t hash(std::string_view text);

private:
    void grow();
    std::string_view store(std::string_view text);
    std::size_t slotOf(std::string_view text, std::uint64_t hash) const;

    struct Slot
    {
        std::uint32_t hash = 0;
        std::uint32_t id = Id<struct StringTag>::kNone;
    };
    std::vector<Slot> m_slots;                       // open addressing, power of two
    std::vector<std::string_view> m_views;
    std::vector<std::unique_ptr<char[]>> m_blocks;
    char* m_next = nullptr;
    std::size_t m_left = 0;
    std::size_t m_bytes = 0;
};

/// Valid UTF-8 from any bytes: each bad sequence becomes U+FFFD. Returns whether anything was replaced.
bool sanitizeUtf8(std::string_view bytes, std::string& out);
bool isValidUtf8(std::string_view bytes);
/// For terminals and labels: control characters become their U+2400 pictures, so that nothing is acted on and nothing vanishes.
std::string withoutControls(std::string_view utf8);

} // namespace opscope
