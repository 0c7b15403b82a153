#include "core/query/Filter.h"

#include "core/query/FilterLexer.h"
#include "core/query/FilterNode.h"
#include "core/query/FilterParser.h"
#include "core/query/FilterText.h"

#include <algorithm>

namespace opscope {

namespace {

std::string text(const FilterValue& value)
{
    switch (value.kind) {
    case FilterValue::Kind::Text: return quoted(value.text);
    case FilterValue::Kind::Number: return value.text;
    case FilterValue::Kind::Open: break;
    }
    return {};
}

std::string text(const FilterItem& item)
{
    return item.range ? text(item.from) + ".." + text(item.to) : text(item.from);
}

std::string comparisonText(const FilterNode& node)
{
    const std::string field = text(node.field);
    if (node.op == FilterOp::Present) return "has(" + field + ')';
    std::string out = field + ' ' + std::string(spelling(node.op)) + ' ';
    if (node.op != FilterOp::In) return out + text(node.items.front());
    if (node.items.size() == 1 && node.items.front().range) return out + text(node.items.front());
    for (std::size_t i = 0; i < node.items.size(); ++i) out += (i == 0 ? "(" : ", ") + text(node.items[i]);
    return out + ')';
}

/// In brackets where it stands inside something that binds at least as tightly.
std::string inside(const FilterNode& node, bool brackets) { return brackets ? '(' + text(node) + ')' : text(node); }

bool isChain(const FilterNode& node) { return node.kind == FilterNode::Kind::And || node.kind == FilterNode::Kind::Or; }

std::string_view trimmed(std::string_view text)
{
    constexpr std::string_view kBlank = " \t\r\n";
    const std::size_t from = text.find_first_not_of(kBlank);
    return from == std::string_view::npos ? std::string_view() : text.substr(from, text.find_last_not_of(kBlank) - from + 1);
}

/// The text of a filter as a part of another one: a remark would swallow what comes behind it.
std::string part(const Filter& filter)
{
    return filter.text().find_first_of("#\n") == std::string::npos ? filter.text() : text(*filter.root());
}

bool readsFile(const FilterNode& node)
{
    if (node.kind == FilterNode::Kind::Compare) return node.field.id == FieldId::Argument;
    return std::ranges::any_of(node.children, readsFile);
}

} // namespace

std::string text(const FilterNode& node)
{
    switch (node.kind) {
    case FilterNode::Kind::Compare: return comparisonText(node);
    case FilterNode::Kind::Link: return std::string(name(node.link)) + '(' + text(node.children.front()) + ')';
    case FilterNode::Kind::Not: return "not " + inside(node.children.front(), isChain(node.children.front()));
    case FilterNode::Kind::And:
    case FilterNode::Kind::Or: break;
    }
    std::string out;
    for (const FilterNode& child : node.children) {
        if (!out.empty()) out += node.kind == FilterNode::Kind::And ? " and " : " or ";
        out += inside(child, node.kind == FilterNode::Kind::And && child.kind == FilterNode::Kind::Or);
    }
    return out;
}

std::string FilterError::text() const { return message + " (column " + std::to_string(column + 1) + ")"; }

std::variant<Filter, FilterError> Filter::parse(std::string_view text)
{
    const std::string_view own = trimmed(text);
    if (const FilterTokens lexed = lexFilter(own.substr(0, kFilterBytes)); !lexed.error && lexed.tokens.size() == 1 && own.size() <= kFilterBytes) {
        return Filter(); // nothing but remarks
    }
    const auto front = static_cast<std::size_t>(own.data() - text.data());
    auto parsed = parseFilterNode(own);
    if (auto* error = std::get_if<FilterError>(&parsed)) {
        error->column += front;
        return std::move(*error);
    }
    Filter filter;
    filter.m_text = own;
    filter.m_root = std::make_shared<const FilterNode>(std::get<FilterNode>(std::move(parsed)));
    return filter;
}

Filter Filter::fromNode(FilterNode node, std::string text)
{
    Filter filter;
    filter.m_text = std::move(text);
    filter.m_root = std::make_shared<const FilterNode>(std::move(node));
    return filter;
}

bool Filter::readsFile() const { return m_root && opscope::readsFile(*m_root); }

Filter both(const Filter& a, const Filter& b)
{
    if (a.empty() || a == b) return b;
    if (b.empty()) return a;
    FilterNode node;
    node.kind = FilterNode::Kind::And;
    std::string text;
    for (const Filter* filter : {&a, &b}) {
        const FilterNode& root = *filter->root();
        if (root.kind == FilterNode::Kind::And) node.children.insert(node.children.end(), root.children.begin(), root.children.end());
        else node.children.push_back(root);
        text += (text.empty() ? "" : " and ") + (root.kind == FilterNode::Kind::Or ? '(' + part(*filter) + ')' : part(*filter));
    }
    return Filter::fromNode(std::move(node), std::move(text));
}

Filter negated(const Filter& filter)
{
    FilterNode node;
    node.kind = FilterNode::Kind::Not;
    if (filter.empty()) { // nothing at all: every row is of some type
        node.children.push_back(*std::get<Filter>(Filter::parse("has(type)")).root());
        return Filter::fromNode(std::move(node), "not has(type)");
    }
    const FilterNode& root = *filter.root();
    if (root.kind == FilterNode::Kind::Not) return Filter::fromNode(root.children.front(), text(root.children.front()));
    node.children.push_back(root);
    return Filter::fromNode(std::move(node), "not " + (isChain(root) ? '(' + part(filter) + ')' : part(filter)));
}

std::string quoted(std::string_view text)
{
    std::string out = "\"";
    for (const char c : text) {
        switch (c) {
        case '"': out += "\\\""; break;
        case '\\': out += "\\\\"; break;
        case '\n': out += "\\n"; break;
        case '\t': out += "\\t"; break;
        case '\r': out += "\\r"; break;
        default:
            if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F) out += c;
            else {
                constexpr std::string_view kHex = "0123456789abcdef";
                out += "\\u00";
                out += kHex[static_cast<unsigned char>(c) >> 4];
                out += kHex[static_cast<unsigned char>(c) & 15];
            }
        }
    }
    return out + '"';
}

Filter equals(std::string_view field, std::string_view value)
{
    const FieldInfo* known = plainField(field);
    const bool bare = isPlainWord(value) && known && (known->type == FieldType::Word || known->id == FieldId::Category);
    const auto write = [&](std::string_view shown) { return Filter::parse(std::string(field) + " == " + std::string(shown)); };
    auto parsed = write(bare ? std::string(value) : quoted(value));
    if (std::holds_alternative<FilterError>(parsed)) parsed = write(value); // numbers stand without quotes
    if (const Filter* filter = std::get_if<Filter>(&parsed)) return *filter;
    return negated(Filter()); // no such field, or too long: nothing equals it
}

} // namespace opscope
