#include "core/format/kineto/CategoryRows.h"

#include <algorithm>

namespace opscope::kineto {

std::uint16_t CategoryRows::add(std::string_view raw, std::string whole)
{
    constexpr std::size_t kMost = 0xFFFF;
    // Two spellings of one text ("a" and "\u0061") are one category.
    const auto same = std::ranges::find(m_categories, whole, &Category::name);
    auto row = static_cast<std::size_t>(same - m_categories.begin());
    if (same == m_categories.end()) {
        if (row >= kMost) {
            row = kMost - 1; // a file with that many has no categories; the rest shares the last one
        } else {
            const CategoryClass kind = classify(whole);
            m_categories.push_back({std::move(whole), kind, 0});
            m_sides.push_back(sideOf(kind));
        }
    }
    m_rows.emplace(raw, static_cast<std::uint16_t>(row));
    return static_cast<std::uint16_t>(row);
}

} // namespace opscope::kineto
