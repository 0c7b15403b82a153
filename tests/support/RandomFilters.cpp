#include "tests/support/RandomFilters.h"

#include "core/base/StringPool.h"
#include "core/query/FilterGrammar.h"

namespace opscope::test {

RandomFilters::RandomFilters(unsigned seed, std::vector<std::string> texts) : m_random(seed), m_texts(std::move(texts))
{
    for (const char* hostile :
         {"gemm", "", "a \"b\"", "\\", "aten::mm", "\n\t\x01", "\xC3\xA4", "and", "[80,1,1]", "# no remark"})
        m_texts.push_back(hostile);
}

FilterNode RandomFilters::node(int depth)
{
    const int kind = depth == 0 ? 0 : pick(8);
    if (kind <= 3) return comparison();
    FilterNode out;
    if (kind == 4 || kind == 5) {
        out.kind = kind == 4 ? FilterNode::Kind::Not : FilterNode::Kind::Link;
        if (kind == 5) out.link = linkFunctions()[at(linkFunctions().size())].id;
        out.children.push_back(node(depth - 1));
        return out;
    }
    out.kind = kind == 6 ? FilterNode::Kind::And : FilterNode::Kind::Or;
    const std::size_t parts = 2 + at(3);
    while (out.children.size() < parts) {
        FilterNode child = node(depth - 1);
        if (child.kind != out.kind) out.children.push_back(std::move(child)); // the parser makes one chain of two
    }
    return out;
}

FilterFieldRef RandomFilters::field(const FieldInfo*& info)
{
    const int which = m_plainOnly ? 9 : pick(10);
    info = which == 0 ? &rawField() : which <= 3 ? &tensorFields()[at(tensorFields().size())] : &plainFields()[at(plainFields().size())];
    FilterFieldRef ref;
    ref.id = info->id;
    if (which == 0) ref.path = {"grid", pick(2) ? "a b" : "x"};
    if (which == 0 || which > 3) return ref;
    ref.side = pick(2) ? TensorSide::Input : TensorSide::Output;
    ref.tensor = pick(3) ? pick(4) : FilterFieldRef::kAny;
    if (info->id == FieldId::TensorDim) ref.dim = pick(3) ? pick(5) - 2 : FilterFieldRef::kAny;
    return ref;
}

FilterNode RandomFilters::comparison()
{
    FilterNode out;
    const FieldInfo* info = nullptr;
    out.field = field(info);
    const std::vector<std::string_view> ops = operatorsOf(info->type);
    out.op = FilterOp::Present;
    if (pick(12) == 0) return out;
    const std::string_view op = ops[at(ops.size())];
    for (int i = 0; i < static_cast<int>(FilterOp::Present); ++i)
        if (spelling(static_cast<FilterOp>(i)) == op) out.op = static_cast<FilterOp>(i);
    const std::size_t items = out.op == FilterOp::In ? 1 + at(3) : 1;
    while (out.items.size() < items) out.items.push_back(item(*info, out.op));
    return out;
}

FilterItem RandomFilters::item(const FieldInfo& info, FilterOp op)
{
    const bool searches = op == FilterOp::Contains || op == FilterOp::Like || op == FilterOp::Regex;
    if (info.type == FieldType::Text || info.type == FieldType::Shape || info.type == FieldType::Word || searches)
        return {text(info, op), {}, false};
    if (op != FilterOp::In || (info.type != FieldType::Stretch && pick(2))) return {number(info, -1000, 1000), {}, false};
    FilterItem out{number(info, -1000, 200), number(info, 201, 1000), true};
    if (pick(4) == 0) (pick(2) ? out.from : out.to) = FilterValue();
    return out;
}

/// Through the parser, which knows what a literal is worth.
FilterValue RandomFilters::number(const FieldInfo& info, int low, int high)
{
    const char* const units[] = {"ns", "us", "ms"};
    const char* const sizes[] = {"B", "KiB", "MB"};
    std::string literal = std::to_string(low + pick(high - low + 1));
    const int unit = isTime(info.type) && (low <= -1000 && high >= 1000) ? pick(3) : 1; // ends of one range have one unit
    if (isTime(info.type)) literal += units[unit];
    else if (info.type == FieldType::Size) literal += sizes[low <= -1000 && high >= 1000 ? pick(3) : 1];
    const bool real = info.type == FieldType::Real || info.type == FieldType::Raw;
    const char* const field = info.type == FieldType::Size ? "bytes > " : isTime(info.type) ? "start > " : real ? "value > " : "depth > ";
    const auto parsed = Filter::parse(field + literal);
    return std::get<Filter>(parsed).root()->items.front().from;
}

FilterValue RandomFilters::text(const FieldInfo& info, FilterOp op)
{
    FilterValue out;
    out.kind = FilterValue::Kind::Text;
    out.text = m_texts[at(m_texts.size())];
    if (info.type == FieldType::Word) out.text = info.words[at(info.words.size())];
    if (op == FilterOp::Regex) out.text = pick(2) ? "^a.*:[a-m]+" : "[0-9]$";
    if (op == FilterOp::Like && pick(2))
        out.text = pick(2) ? "*" + out.text.substr(out.text.size() / 2) : out.text.substr(0, out.text.size() / 2) + "*";
    if (op == FilterOp::Contains) out.text = out.text.substr(out.text.size() / 3, 4);
    while (!isValidUtf8(out.text)) out.text.pop_back();
    if (info.type == FieldType::Shape) std::erase(out.text, ' ');
    return out;
}

} // namespace opscope::test
