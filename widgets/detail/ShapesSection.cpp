#include "core/base/Time.h"
#include "widgets/common/SliceColors.h"
#include "widgets/common/Text.h"
#include "widgets/detail/DetailValues.h"
#include "widgets/hierarchy/HierarchyText.h"

#include <algorithm>

namespace opscope {

namespace {

/// The elements of a JSON list; empty for anything else.
std::vector<JsonDocument::Ref> elements(JsonDocument::Ref list)
{
    std::vector<JsonDocument::Ref> found;
    if (!list.isArray()) return found;
    for (auto item = list.first(); item.valid() && found.size() < 100'000; item = list.after(item)) found.push_back(item);
    return found;
}

/// Whole numbers of a flat list; nothing when it holds anything else.
std::optional<std::vector<std::int64_t>> numbers(JsonDocument::Ref list)
{
    if (!list.isArray()) return std::nullopt;
    std::vector<std::int64_t> found;
    for (const JsonDocument::Ref item : elements(list)) {
        std::int64_t one = 0;
        if (!item.isNumber() || !item.integer(one)) return std::nullopt;
        found.push_back(one);
    }
    return found;
}

std::optional<std::int64_t> bytesOf(const std::vector<std::int64_t>& shape, int size)
{
    std::int64_t bytes = size;
    for (const std::int64_t extent : shape)
        if (extent < 0 || __builtin_mul_overflow(bytes, extent, &bytes)) return std::nullopt;
    return size > 0 ? std::optional(bytes) : std::nullopt;
}

bool contiguous(const std::vector<std::int64_t>& shape, const std::vector<std::int64_t>& strides)
{
    if (shape.size() != strides.size()) return false;
    std::int64_t expected = 1;
    for (std::size_t i = shape.size(); i-- > 0;) {
        if (shape[i] != 1 && strides[i] != expected) return false;
        if (__builtin_mul_overflow(expected, std::max<std::int64_t>(shape[i], 1), &expected)) return false;
    }
    return true;
}

/// A list that lives as its own document: the texts of a signature are interned apart from the event.
class List
{
public:
    List(const DetailContext& context, StringId text, JsonDocument::Ref inEvent)
    {
        constexpr std::size_t kAtOnce = 64 << 10; // longer ones wait for the worker
        if (text && (context.event() || context.trace.text(text).size() <= kAtOnce)) {
            auto parsed = JsonDocument::parse(context.trace.text(text));
            if (parsed) m_document = std::move(parsed).value();
        }
        m_present = m_document || inEvent.valid();
        m_items = elements(m_document ? m_document->root() : inEvent);
    }
    List(const List&) = delete;
    List& operator=(const List&) = delete;
    std::size_t size() const { return m_items.size(); }
    bool present() const { return m_present; }
    JsonDocument::Ref operator[](std::size_t i) const { return i < m_items.size() ? m_items[i] : JsonDocument::Ref(); }

private:
    std::optional<JsonDocument> m_document;
    std::vector<JsonDocument::Ref> m_items;
    bool m_present = false;
};

struct Totals
{
    std::int64_t tensors = 0, bytes = 0;
    bool allContiguous = true;
    bool anyStrides = false;
};

DetailLine lineOf(std::size_t i, JsonDocument::Ref dims, JsonDocument::Ref type, JsonDocument::Ref strides, JsonDocument::Ref concrete,
                  Totals& totals)
{
    const std::string_view typeName = type.isString() ? type.string() : std::string_view();
    const std::string_view shortType = shortDtype(typeName);
    const auto shape = numbers(dims);
    const bool tensor = itemSize(shortType) > 0 || (shape && !shape->empty());
    const bool hasValue = concrete.isString() ? !concrete.string().empty() : concrete.valid();
    DetailLine line;
    line.cells.push_back(dim(QString::number(i)));
    if (hasValue) line.cells.push_back(value(jsonText(concrete, 300)));
    else if (tensor || (dims.valid() && dims.size() > 0)) line.cells.push_back(value(spacedShape(dims.raw())));
    else line.cells.push_back(none());
    line.cells.push_back(typeName.empty() ? none() : value(cutText(shortType, 60), cutText(typeName, 200)));
    const auto bytes = shape && tensor && !hasValue ? bytesOf(*shape, itemSize(shortType)) : std::nullopt;
    line.cells.push_back(bytes ? bytesRun(*bytes) : none());
    if (tensor && !hasValue) ++totals.tensors;
    if (bytes && __builtin_add_overflow(totals.bytes, *bytes, &totals.bytes)) totals.bytes = INT64_MAX;
    const auto steps = numbers(strides);
    if (steps && shape && !steps->empty()) {
        totals.anyStrides = true;
        if (!contiguous(*shape, *steps)) {
            totals.allContiguous = false;
            line.below = {dim(QStringLiteral("strides ") + spacedShape(strides.raw()))};
        }
    } else if (strides.valid() && strides.size() > 0 && !steps) {
        totals.allContiguous = false;
        line.below = {dim(QStringLiteral("strides ") + spacedShape(strides.raw()))};
    }
    return line;
}

} // namespace

/// Input Dims, Input type, Input Strides and Concrete Inputs: four lists in parallel, not always of equal length. A device op
/// has those of the operator that it works for. Where the node is known it says more, in sections of its own.
std::vector<DetailBlock> shapeBlocks(DetailContext& context)
{
    const JsonDocument::Ref dimsHere = take(context, "Input Dims"), typesHere = take(context, "Input type"),
                            stridesHere = take(context, "Input Strides"), concreteHere = take(context, "Concrete Inputs");
    if (context.node) return {};
    const Trace& trace = context.trace;
    const SliceId op = context.selection.slice ? trace.operatorOf(context.selection.slice) : SliceId();
    const SliceId whose = op ? op : context.selection.slice;
    Signature signature;
    if (whose) {
        const std::int64_t row = trace.slices().arg(whose, ArgField::Signature);
        const bool known = row >= 0 && static_cast<std::size_t>(row) < trace.signatures().size();
        if (known) signature = trace.signatures()[SignatureId(static_cast<std::uint32_t>(row))];
    }
    const JsonDocument::Ref opArgs = op && context.facts.op ? context.facts.op->root().member("args") : JsonDocument::Ref();
    const List dims(context, signature.dims, op ? opArgs.member("Input Dims") : dimsHere);
    const List types(context, signature.types, op ? opArgs.member("Input type") : typesHere);
    const List strides(context, signature.strides, op ? opArgs.member("Input Strides") : stridesHere);
    const List concrete(context, StringId(), op ? opArgs.member("Concrete Inputs") : concreteHere);
    const std::size_t count = std::max({dims.size(), types.size(), strides.size(), concrete.size()});
    DetailBlock block{op ? QStringLiteral("Inputs of %1").arg(cutText(shortName(trace.name(op)), 40)) : QStringLiteral("Inputs")};
    block.table.columns = {{QStringLiteral("#"), true},
                           {concrete.present() ? QStringLiteral("Shape or value") : QStringLiteral("Shape"), false, true},
                           {QStringLiteral("Type")},
                           {QStringLiteral("Size"), true}};
    Totals totals;
    for (std::size_t i = 0; i < std::min(count, DetailTable::kMaxLines); ++i)
        block.table.lines.push_back(lineOf(i, dims[i], types[i], strides[i], concrete[i], totals));
    block.table.left = count - block.table.lines.size();
    if (totals.tensors > 0)
        block.aside = QStringLiteral("%1, %2")
                          .arg(totals.tensors == 1 ? QStringLiteral("1 tensor") : QStringLiteral("%1 tensors").arg(totals.tensors),
                               displayText(formatBytes(totals.bytes)));
    if (totals.anyStrides && totals.allContiguous)
        block.rows.push_back({QStringLiteral("Strides"),
                              {DetailRun{QStringLiteral("contiguous"), Tone::Word, cutText(context.trace.text(signature.strides))}}});
    return {block};
}

} // namespace opscope
