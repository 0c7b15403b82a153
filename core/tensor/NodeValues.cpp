#include "core/tensor/NodeValues.h"

#include "core/base/StringPool.h"
#include "core/format/et/EtFields.h"
#include "core/format/et/EtScan.h"
#include "core/format/et/EtTensors.h"

#include <algorithm>

namespace opscope {

namespace {

using et::Elements;
using et::ElementTypes;

constexpr std::size_t kMaxNesting = 64;  // as TensorReader, whose rows are counted along here
constexpr std::size_t kMaxText = 4096;
constexpr std::size_t kMaxType = 200;

std::string_view nextElement(Elements& elements)
{
    std::string_view element;
    return elements.next(element) ? element : std::string_view();
}

/// Safe to show, cut at a whole character.
std::string shown(std::string_view raw, std::size_t limit)
{
    const bool cut = raw.size() > limit;
    std::string text;
    sanitizeUtf8(raw.substr(0, limit), text);
    if (cut) {
        while (!text.empty() && text.ends_with("\xEF\xBF\xBD")) text.resize(text.size() - 3); // a character in two halves
        text += "…";
    }
    return withoutControls(text);
}

/// "GenericList[Int,Int,Int]" -> "GenericList[Int × 3]"; runs of equal types of one level, the level below as it stands.
std::string shortType(std::string_view type)
{
    ElementTypes types(type);
    if (!types.isList()) return shown(type, kMaxType);
    std::string out(type.substr(0, type.find('[') + 1));
    std::string_view element, before;
    std::size_t run = 0;
    const auto flush = [&] {
        if (!run) return;
        if (out.back() != '[') out += ", ";
        const std::string_view inner = before;
        out += ElementTypes(inner).isList() && inner.size() > 40 ? shown(inner.substr(0, inner.find('[')), 40) + "[…]"
                                                                : shown(inner, 60);
        if (run > 1) out += " × " + std::to_string(run);
    };
    while (types.next(element)) {
        if (run && element == before) {
            ++run;
            continue;
        }
        flush();
        if (out.size() > kMaxType) return out + ", …]";
        before = element;
        run = 1;
    }
    flush();
    return out + "]";
}

std::string scalarText(std::string_view raw)
{
    if (raw.empty() || raw.front() != '"') return shown(raw, kMaxText);
    const Result<JsonDocument> document = JsonDocument::parse(raw.substr(0, 8 * kMaxText)); // an escape takes six bytes at most
    if (!document.ok() || !document->root().isString()) return shown(raw, kMaxText);
    return shown(document->root().string(), kMaxText);
}

/// Walks values and types side by side in the order of TensorReader, which made the rows of ExecutionTrace::tensors().
class ValueReader
{
public:
    ValueReader(const et::RawSide& side, TensorId first, std::uint32_t tensors, std::size_t listLimit, std::size_t limit)
        : m_side(side), m_nextTensor(first.value), m_endTensor(first.value + tensors), m_listLimit(listLimit), m_limit(limit)
    {
    }

    std::vector<NodeValue> read(const std::vector<SchemaArgument>& names)
    {
        Elements values(m_side.values), types(m_side.types);
        std::string_view value;
        for (std::uint32_t number = 0; values.next(value) && m_rows.size() < m_limit; ++number) {
            const std::string_view quoted = nextElement(types);
            m_argument = number;
            const std::size_t row = m_rows.size();
            // Types seldom hold escapes; those that do are unescaped as the importer does.
            std::string_view type = et::unquoted(quoted);
            std::string plain;
            if (type.find('\\') != std::string_view::npos) {
                const Result<JsonDocument> document = JsonDocument::parse(quoted);
                if (document.ok()) plain = document->root().string();
                type = plain;
            }
            readArgument(value, type, number);
            if (row < m_rows.size() && number < names.size()) m_rows[row].name = withoutControls(names[number].name);
        }
        return std::move(m_rows);
    }

private:
    struct Open
    {
        Elements values;
        ElementTypes types;
        std::string_view lastType;
        std::size_t row = 0;         // of the list itself; m_limit and above: not among the rows any more
        std::uint32_t items = 0;
        bool typed = false;
    };

    void readArgument(std::string_view value, std::string_view type, std::uint32_t number)
    {
        std::vector<Open> open;
        readOne(value, type, number, open);
        while (!open.empty()) {
            Open& list = open.back();
            std::string_view element;
            if (!list.values.next(element)) {
                close(list);
                open.pop_back();
                continue;
            }
            if (list.types.next(list.lastType)) list.typed = true; // fewer types than values: the last one goes on
            readOne(element, list.typed ? list.lastType : std::string_view(), list.items++, open);
        }
    }

    void close(const Open& list)
    {
        if (list.row >= m_rows.size()) return;
        m_rows[list.row].items = list.items;
        m_rows[list.row].truncated = list.items >= m_listLimit;
    }

    void readOne(std::string_view value, std::string_view type, std::uint32_t index, std::vector<Open>& open)
    {
        NodeValue row;
        row.argument = m_argument;
        row.depth = static_cast<std::uint16_t>(open.size());
        row.index = index;
        const bool list = ElementTypes(type).isList() && !value.empty() && value.front() == '[' && open.size() < kMaxNesting;
        if (type.starts_with("Tensor")) {
            row.kind = NodeValue::Kind::Tensor;
            if (m_nextTensor < m_endTensor) row.tensor = TensorId(m_nextTensor++);
        } else if (list) {
            row.kind = type.starts_with("Tuple") ? NodeValue::Kind::Tuple : NodeValue::Kind::List;
        }
        const bool kept = m_rows.size() < m_limit;
        if (kept) {
            row.type = shortType(type);
            if (row.kind == NodeValue::Kind::Scalar) row.text = scalarText(value);
            m_rows.push_back(std::move(row));
        }
        if (list) open.push_back({Elements(value), ElementTypes(type), {}, kept ? m_rows.size() - 1 : m_limit, 0, false});
    }

    const et::RawSide& m_side;
    std::uint32_t m_nextTensor, m_endTensor, m_argument = 0;
    std::size_t m_listLimit, m_limit;
    std::vector<NodeValue> m_rows;
};

} // namespace

std::vector<NodeValue> nodeValues(const Trace& trace, NodeId node, JsonDocument::Ref json, NodeSide side, std::size_t limit)
{
    const ExecutionTrace* et = trace.executionTrace();
    if (!et || node.index() >= et->nodes().size() || !json.valid()) return {};
    const EtNode& n = et->node(node);
    et::RawNode raw;
    std::string repaired; // views of `raw` point into it
    if (!et::readFields(json.raw(), raw)) {
        raw = {};
        repaired = et::repair(json.raw(), et::Reach::OneNode).json;
        if (!et::readFields(repaired, raw)) return {};
    }
    const bool inputs = side == NodeSide::Inputs;
    const Schema schema = parseSchema(trace.text(n.schema));
    ValueReader reader(inputs ? raw.inputs : raw.outputs, TensorId(inputs ? n.firstTensor : n.firstTensor + n.inputTensors),
                       inputs ? n.inputTensors : n.outputTensors, et->fileOf(node).schemaVersion == "1.0.0" ? 101 : 4097, limit);
    return reader.read(inputs ? schema.arguments : schema.results);
}

} // namespace opscope
