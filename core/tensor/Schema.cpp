#include "core/tensor/NodeValues.h"

#include <algorithm>
#include <cctype>

namespace opscope {

namespace {

std::string_view trimmed(std::string_view text)
{
    const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
    while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    return text;
}

/// Walks a schema with an eye on brackets and quotes, in which nothing counts.
class Outside
{
public:
    /// Whether `c`, the next character, stands outside of all brackets and quotes. A closing bracket belongs to its inside.
    bool operator()(char c)
    {
        if (m_quote) {
            if (m_escaped) m_escaped = false;
            else if (c == '\\') m_escaped = true;
            else if (c == m_quote) m_quote = '\0';
            return false;
        }
        if (c == '"' || c == '\'') {
            m_quote = c;
            return false;
        }
        if (c == '(' || c == '[' || c == '{') return m_depth++ == 0;
        if (c == ')' || c == ']' || c == '}') {
            m_depth -= m_depth > 0;
            return false;
        }
        return m_depth == 0;
    }
    bool closed() const { return m_depth == 0 && !m_quote; }

private:
    std::size_t m_depth = 0;
    char m_quote = '\0';
    bool m_escaped = false;
};

std::size_t findOutside(std::string_view text, char wanted)
{
    Outside outside;
    for (std::size_t i = 0; i < text.size(); ++i)
        if (outside(text[i]) && text[i] == wanted) return i;
    return std::string_view::npos;
}

/// The last blank outside of brackets: what follows it is the name.
std::size_t lastBlank(std::string_view text)
{
    Outside outside;
    std::size_t found = std::string_view::npos;
    for (std::size_t i = 0; i < text.size(); ++i)
        if (outside(text[i]) && text[i] == ' ') found = i;
    return found;
}

bool isIdentifier(std::string_view text)
{
    const auto part = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.'; };
    return !text.empty() && std::isdigit(static_cast<unsigned char>(text.front())) == 0 && std::all_of(text.begin(), text.end(), part);
}

/// "Tensor(a!) self=None": its default is cut off. "*" and "..." are no arguments.
void addArgument(std::string_view text, std::vector<SchemaArgument>& out)
{
    text = trimmed(text);
    if (const std::size_t equals = findOutside(text, '='); equals != std::string_view::npos) text = trimmed(text.substr(0, equals));
    if (text.empty() || text == "*" || text == "...") return;
    SchemaArgument argument;
    argument.type = text;
    if (const std::size_t blank = lastBlank(text); blank != std::string_view::npos && isIdentifier(text.substr(blank + 1))) {
        argument.name = text.substr(blank + 1);
        argument.type = trimmed(text.substr(0, blank));
    }
    argument.written = argument.type.find('!') != std::string::npos;
    out.push_back(std::move(argument));
}

void addList(std::string_view inside, std::vector<SchemaArgument>& out)
{
    Outside outside;
    std::size_t begin = 0;
    for (std::size_t i = 0; i < inside.size(); ++i) {
        if (!outside(inside[i]) || inside[i] != ',') continue;
        addArgument(inside.substr(begin, i - begin), out);
        begin = i + 1;
    }
    addArgument(inside.substr(std::min(begin, inside.size())), out);
}

/// Behind the bracket that closes the one at `open`; the end of the text when none does.
std::size_t behindBracket(std::string_view text, std::size_t open)
{
    Outside outside;
    for (std::size_t i = open; i < text.size(); ++i) {
        outside(text[i]);
        if (outside.closed() && i > open) return i + 1;
        if (outside.closed() && i == open) return open; // no bracket at all
    }
    return text.size();
}

} // namespace

Schema parseSchema(std::string_view text)
{
    Schema schema;
    const std::size_t open = text.find('(');
    if (open == std::string_view::npos) return schema;
    const std::size_t behind = behindBracket(text, open);
    const bool closed = behind <= text.size() && behind > open + 1 && text[behind - 1] == ')';
    addList(text.substr(open + 1, behind - open - (closed ? 2 : 1)), schema.arguments);
    const std::size_t arrow = text.find("->", behind);
    if (arrow == std::string_view::npos) return schema;
    const std::string_view results = trimmed(text.substr(arrow + 2));
    if (results.size() >= 2 && results.front() == '(' && behindBracket(results, 0) == results.size())
        addList(results.substr(1, results.size() - 2), schema.results);
    else
        addList(results, schema.results);
    return schema;
}

} // namespace opscope
