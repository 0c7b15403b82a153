#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace opscope {

/// A value of a table: nothing (null, an empty cell), text, a whole number, a fraction, yes or no. Times are whole nanoseconds.
using Cell = std::variant<std::monostate, std::string, std::int64_t, std::uint64_t, double, bool>;

enum class TableFormat {
    Csv,    ///< RFC 4180 with \n at the end of lines: a line of column names, then the rows
    Json    ///< {"rows":[{"column":value, ...}, ...], ...}
};

/// Text as a cell of a CSV file. In quotes where it holds a comma, a quote or a line end (which stays: RFC 4180). Control characters other
/// than that become their pictures (␛). Spreadsheets take text that begins with = + - @ for a formula, so such text from a file
/// gets an apostrophe in front, as they themselves write it: "'=1+1". JSON has every text as it is.
std::string csvText(std::string_view text);
/// Numbers are never quoted and never touched; fractions as the shortest text that reads back as the same, infinity as nothing.
std::string csvCell(const Cell& cell);

/// Writes a table row by row into texts that the caller passes on, so that a table of any length needs no memory.
class TableWriter
{
public:
    TableWriter(TableFormat format, std::vector<std::string> columns);
    void begin(std::string& out);
    /// One cell a column.
    void row(std::span<const Cell> cells, std::string& out);
    /// What JSON says beside the rows; CSV has no place for it.
    struct SmallTable
    {
        std::vector<std::string> columns;
        std::vector<std::vector<Cell>> rows;
    };
    struct Member
    {
        std::string name;
        std::variant<Cell, std::vector<std::string>, SmallTable> value;
    };
    void end(std::span<const Member> beside, std::string& out);

private:
    TableFormat m_format;
    std::vector<std::string> m_columns;
    std::vector<std::string> m_keys;   ///< columns as JSON texts with their colon
    bool m_first = true;
};

} // namespace opscope
