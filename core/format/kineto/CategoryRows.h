#pragma once

#include "core/trace/Category.h"

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace opscope::kineto {

/// Which row of a worker's categories a text has as it stands in the file. An event is mostly of the category of the one before it.
class CategoryRows
{
public:
    explicit CategoryRows(std::vector<Category>& categories) : m_categories(categories) {}

    /// `whole` gives the text without escapes; it is asked for once for each spelling.
    template <class Whole>
    std::uint16_t rowOf(std::string_view raw, Whole whole)
    {
        if (!m_hasLast || raw != m_last) {
            m_last = raw;
            m_hasLast = true;
            const auto known = m_rows.find(m_last);
            m_lastRow = known != m_rows.end() ? known->second : add(raw, whole());
        }
        return m_lastRow;
    }
    Side side(std::uint16_t row) const { return m_sides[row]; }

private:
    std::uint16_t add(std::string_view raw, std::string whole);

    std::vector<Category>& m_categories;
    std::unordered_map<std::string, std::uint16_t> m_rows; // raw text -> row
    std::string m_last;
    std::uint16_t m_lastRow = 0;
    bool m_hasLast = false;
    std::vector<Side> m_sides;
};

} // namespace opscope::kineto
