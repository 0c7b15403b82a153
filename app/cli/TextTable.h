#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace opscope {

/// Columns a terminal needs for UTF-8 text: wide characters count two. Control characters are not expected.
std::size_t displayWidth(std::string_view utf8);
/// At most `width` columns, an ellipsis in place of what is cut.
std::string elided(std::string_view utf8, std::size_t width);
/// Filled up with blanks to `width` columns.
std::string padded(std::string_view utf8, std::size_t width);

/// Rows of cells with columns as wide as their widest cell.
class TextTable
{
public:
    enum class Align { Left, Right };

    explicit TextTable(std::vector<Align> columns) : m_columns(std::move(columns)) {}
    void add(std::vector<std::string> cells) { m_rows.push_back(std::move(cells)); }
    bool empty() const { return m_rows.empty(); }
    std::size_t size() const { return m_rows.size(); }
    /// One line a row, cells two blanks apart, no blanks at the end.
    std::vector<std::string> lines() const;

private:
    std::vector<Align> m_columns;
    std::vector<std::vector<std::string>> m_rows;
};

/// Two blocks of lines next to each other, the second from `column` on.
std::vector<std::string> sideBySide(const std::vector<std::string>& left, const std::vector<std::string>& right, std::size_t column);

} // namespace opscope
