#include "core/base/Table.h"

#include "core/base/StringPool.h"

#include <nlohmann/json.hpp>

#include <charconv>
#include <cmath>

namespace opscope {
namespace {

using Json = nlohmann::json;

std::string jsonText(std::string_view text) { return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace); }

template <class Number>
std::string digitsOf(Number value)
{
    char digits[40];
    return {digits, std::to_chars(digits, digits + sizeof digits, value).ptr};
}

/// What is no number has no digits in either format.
bool isNumber(double value) { return std::isfinite(value); }

std::string jsonCell(const Cell& cell)
{
    if (const auto* text = std::get_if<std::string>(&cell)) return jsonText(*text);
    if (const auto* number = std::get_if<std::int64_t>(&cell)) return digitsOf(*number);
    if (const auto* number = std::get_if<std::uint64_t>(&cell)) return digitsOf(*number);
    if (const auto* number = std::get_if<double>(&cell); number && isNumber(*number)) return digitsOf(*number);
    if (const auto* yes = std::get_if<bool>(&cell)) return *yes ? "true" : "false";
    return "null";
}

/// The keys of rows as JSON texts with their colon.
std::vector<std::string> keysOf(const std::vector<std::string>& columns)
{
    std::vector<std::string> keys;
    for (const std::string& column : columns) keys.push_back(jsonText(column) + ":");
    return keys;
}

void addObject(const std::vector<std::string>& keys, std::span<const Cell> cells, std::string& out)
{
    out += '{';
    for (std::size_t i = 0; i < cells.size(); ++i) out += (i ? "," : "") + keys[i] + jsonCell(cells[i]);
    out += '}';
}

struct JsonValue
{
    std::string operator()(const Cell& cell) const { return jsonCell(cell); }
    std::string operator()(const std::vector<std::string>& texts) const { return Json(texts).dump(-1, ' ', false, Json::error_handler_t::replace); }
    std::string operator()(const TableWriter::SmallTable& table) const
    {
        const std::vector<std::string> keys = keysOf(table.columns);
        std::string out = "[";
        for (std::size_t i = 0; i < table.rows.size(); ++i) {
            out += i ? "," : "";
            addObject(keys, table.rows[i], out);
        }
        return out + "]";
    }
};

} // namespace

std::string csvText(std::string_view text)
{
    std::string valid, out;
    sanitizeUtf8(text, valid);
    const bool isFormula = !valid.empty() && std::string_view("=+-@\t\r").find(valid.front()) != std::string_view::npos;
    if (isFormula) out = "'";
    for (std::size_t begin = 0;;) { // line ends stay what they are
        const std::size_t end = valid.find('\n', begin);
        out += withoutControls(std::string_view(valid).substr(begin, end - begin));
        if (end == std::string::npos) break;
        out += '\n';
        begin = end + 1;
    }
    if (out.find_first_of(",\"\n") == std::string::npos) return out;
    std::string quoted = "\"";
    for (const char c : out) quoted.append(c == '"' ? 2 : 1, c);
    return quoted + '"';
}

std::string csvCell(const Cell& cell)
{
    if (const auto* text = std::get_if<std::string>(&cell)) return csvText(*text);
    const std::string value = jsonCell(cell);
    return value == "null" ? std::string() : value;
}

TableWriter::TableWriter(TableFormat format, std::vector<std::string> columns)
    : m_format(format), m_columns(std::move(columns)), m_keys(keysOf(m_columns))
{
}

void TableWriter::begin(std::string& out)
{
    if (m_format == TableFormat::Json) {
        out += "{\"rows\":[";
        return;
    }
    for (std::size_t i = 0; i < m_columns.size(); ++i) out += (i ? "," : "") + csvText(m_columns[i]);
    out += '\n';
}

void TableWriter::row(std::span<const Cell> cells, std::string& out)
{
    if (m_format == TableFormat::Json) {
        out += m_first ? "\n" : ",\n";
        addObject(m_keys, cells, out);
    } else {
        for (std::size_t i = 0; i < cells.size(); ++i) out += (i ? "," : "") + csvCell(cells[i]);
        out += '\n';
    }
    m_first = false;
}

void TableWriter::end(std::span<const Member> beside, std::string& out)
{
    if (m_format == TableFormat::Csv) return;
    out += m_first ? "]" : "\n]";
    for (const Member& member : beside) out += ",\n" + jsonText(member.name) + ":" + std::visit(JsonValue{}, member.value);
    out += "}\n";
}

} // namespace opscope
