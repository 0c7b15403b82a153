#include "core/format/JsonReader.h"
#include "core/query/NumberTest.h"
#include "core/query/RowTest.h"
#include "core/query/TextTest.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

// input[i].… and output[i].…: of slices by their signature, decided once for each different one; of nodes by their tensors. True
// when any tensor of the argument passes: lists have several, and [*] is every argument.

namespace opscope {

namespace {

using Ref = JsonDocument::Ref;

constexpr std::array<std::pair<std::string_view, std::int64_t>, 26> kItemSizes{
    {{"f64", 8}, {"f32", 4}, {"f16", 2}, {"bf16", 2}, {"i64", 8}, {"i32", 4}, {"i16", 2}, {"i8", 1}, {"u64", 8},
     {"u32", 4}, {"u16", 2}, {"u8", 1}, {"bool", 1}, {"c32", 4}, {"c64", 8}, {"c128", 16}, {"f8e4m3", 1}, {"f8e5m2", 1},
     {"f8e4m3z", 1}, {"f8e5m2z", 1}, {"qu8", 1}, {"qi8", 1}, {"qi32", 4}, {"c10::Float8_e8m0fnu", 1}, {"Float8_e8m0fnu", 1}, {"c10::QInt8", 1}}};

std::optional<std::int64_t> itemSizeOf(std::string_view dtype)
{
    const auto found = std::ranges::find(kItemSizes, shortDtype(dtype), &std::pair<std::string_view, std::int64_t>::first);
    return found == kItemSizes.end() ? std::nullopt : std::optional(found->second);
}

std::string withoutBlanks(std::string_view text)
{
    std::string out(text);
    std::erase_if(out, [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; });
    return out;
}

/// "[32, -1]" as numbers; nothing when something else stands in it.
std::optional<std::vector<std::int64_t>> sizesOf(std::string_view text)
{
    const std::string plain = withoutBlanks(text);
    if (plain.size() < 2 || plain.front() != '[' || plain.back() != ']') return std::nullopt;
    std::vector<std::int64_t> sizes;
    const char* at = plain.data() + 1;
    const char* const end = plain.data() + plain.size() - 1;
    while (at < end) {
        std::int64_t size = 0;
        const auto [next, error] = std::from_chars(at, end, size);
        if (error != std::errc() || (next < end && *next != ',')) return std::nullopt;
        sizes.push_back(size);
        at = next + 1;
    }
    return sizes;
}

std::optional<std::int64_t> product(const std::vector<std::int64_t>& sizes)
{
    std::int64_t all = 1;
    for (const std::int64_t size : sizes)
        if (size < 0 || __builtin_mul_overflow(all, size, &all)) return std::nullopt;
    return all;
}

/// Types as files have them and as we write them: == finds either spelling.
class DtypeTest
{
public:
    explicit DtypeTest(const FilterNode& comparison) : m_test(comparison), m_both(comparison.op == FilterOp::NotEqual)
    {
        FilterNode shorter = comparison;
        for (FilterItem& item : shorter.items) item.from.text = std::string(shortDtype(item.from.text));
        m_short = TextTest(shorter);
    }
    bool operator()(std::string_view dtype) const
    {
        const bool written = m_test(dtype), shorter = m_short(shortDtype(dtype));
        return m_both ? written && shorter : written || shorter;
    }

private:
    TextTest m_test, m_short;
    bool m_both;
};

class TensorTest final : public RowTest
{
public:
    TensorTest(const Trace& trace, const FilterNode& comparison)
        : RowTest(trace, Cost::Tensor), m_field(comparison.field), m_number(comparison), m_text(comparison), m_dtype(comparison),
          m_signatures(trace.signatures().size()), m_texts(trace.executionTrace() ? trace.strings().size() : 0),
          m_column(trace.slices().column(ArgField::Signature)), m_nodes(trace.executionTrace() != nullptr)
    {
    }

    std::uint64_t slices(std::size_t word, std::uint64_t mask) const override
    {
        if (!m_nodes && m_column.blockAbsent(word * 64)) return 0;
        return keepRows(word, mask, [&](std::size_t row) { return slice(SliceId(row)); });
    }
    std::uint64_t instants(std::size_t, std::uint64_t) const override { return 0; }
    std::uint64_t samples(std::size_t, std::uint64_t) const override { return 0; }
    bool slice(SliceId row) const override
    {
        if (const std::optional<bool> own = bySignature(row)) return *own;
        const NodeId node = m_nodes ? m_trace.nodeOf(row) : NodeId();
        return node && byTensors(node);
    }
    bool node(NodeId row) const override
    {
        if (!tensorsOf(row).empty()) return byTensors(row);
        const SliceId slice = m_trace.sliceOf(row);
        return slice && bySignature(slice).value_or(false);
    }

private:
    /// Nothing when the event does not say: no signature, no strides in it; outputs and devices never.
    std::optional<bool> bySignature(SliceId row) const
    {
        if (m_field.side == TensorSide::Output || m_field.id == FieldId::TensorDevice) return std::nullopt;
        const std::int64_t value = m_column[row.index()];
        if (value == BlockColumn::kNone) return std::nullopt;
        const SignatureId id(static_cast<std::uint32_t>(value));
        if (m_field.id == FieldId::TensorStrides && !m_trace.signatures()[id].strides) return std::nullopt;
        return m_signatures(id, [this](SignatureId s) { return decide(m_trace.signatures()[s]); });
    }

    /// One list of the signature: elements by argument.
    static std::vector<Ref> elements(const std::optional<JsonDocument>& list)
    {
        std::vector<Ref> out;
        if (!list || !list->root().isArray()) return out;
        for (Ref v = list->root().first(); v.valid(); v = list->root().after(v)) out.push_back(v);
        return out;
    }

    std::optional<JsonDocument> parsed(StringId text) const
    {
        if (!text) return std::nullopt;
        auto document = JsonDocument::parse(m_trace.text(text));
        return document ? std::optional(std::move(*document)) : std::nullopt;
    }

    bool decide(const Signature& signature) const
    {
        const bool strides = m_field.id == FieldId::TensorStrides;
        const auto types = parsed(signature.types), dims = parsed(signature.dims), steps = strides ? parsed(signature.strides) : std::nullopt;
        const std::vector<Ref> type = elements(types), dim = elements(dims), step = elements(steps);
        const auto argument = [&](std::size_t i) {
            const std::string_view dtype = i < type.size() ? type[i].string() : std::string_view();
            const Ref shape = i < dim.size() ? dim[i] : Ref();
            if (!isTensor(dtype, shape)) return false;
            if (m_field.id == FieldId::TensorDtype) return !dtype.empty() && dtype != "TensorList" && m_dtype(dtype);
            const Ref list = !strides ? shape : i < step.size() ? step[i] : Ref();
            if (!list.isArray()) return false;
            if (!list.first().isArray()) return sizes(list.raw(), dtype);
            for (Ref v = list.first(); v.valid(); v = list.after(v))
                if (sizes(v.raw(), {})) return true;
            return false;
        };
        if (m_field.tensor != FilterFieldRef::kAny) return argument(static_cast<std::size_t>(m_field.tensor));
        for (std::size_t i = 0; i < std::max(type.size(), dim.size()); ++i)
            if (argument(i)) return true;
        return false;
    }

    /// Numbers and lists of them have a type as well, and the empty shape that a tensor without dimensions has.
    static bool isTensor(std::string_view dtype, Ref shape)
    {
        static constexpr std::array<std::string_view, 5> kOthers{"", "Scalar", "ScalarList", "GenericList", "TensorList"};
        return std::ranges::find(kOthers, dtype) == kOthers.end() || (shape.isArray() && shape.size() > 0);
    }

    /// What follows from the sizes (or strides) of one tensor.
    bool sizes(std::string_view text, std::string_view dtype) const
    {
        if (m_field.id == FieldId::TensorShape || m_field.id == FieldId::TensorStrides) return m_text(withoutBlanks(text));
        const auto sizes = sizesOf(text);
        if (!sizes) return false;
        switch (m_field.id) {
        case FieldId::TensorRank: return m_number(static_cast<std::int64_t>(sizes->size()));
        case FieldId::TensorDim: return dim(*sizes);
        case FieldId::TensorElements: {
            const auto elements = product(*sizes);
            return elements && m_number(*elements);
        }
        case FieldId::TensorBytes: {
            const auto elements = product(*sizes), size = itemSizeOf(dtype);
            std::int64_t bytes = 0;
            return elements && size && !__builtin_mul_overflow(*elements, *size, &bytes) && m_number(bytes);
        }
        default: return false;
        }
    }

    bool dim(const std::vector<std::int64_t>& sizes) const
    {
        if (m_field.dim == FilterFieldRef::kAny) return std::ranges::any_of(sizes, [this](std::int64_t size) { return m_number(size); });
        const auto count = static_cast<std::int64_t>(sizes.size());
        const std::int64_t at = m_field.dim < 0 ? count + m_field.dim : m_field.dim;
        return at >= 0 && at < count && m_number(sizes[static_cast<std::size_t>(at)]);
    }

    std::span<const TensorDesc> tensorsOf(NodeId row) const
    {
        const ExecutionTrace& et = *m_trace.executionTrace();
        return m_field.side == TensorSide::Input ? et.inputs(row) : et.outputs(row);
    }
    bool byTensors(NodeId row) const
    {
        return std::ranges::any_of(tensorsOf(row), [this](const TensorDesc& tensor) {
            return (m_field.tensor == FilterFieldRef::kAny || tensor.argument == m_field.tensor) && passes(tensor);
        });
    }

    bool passes(const TensorDesc& tensor) const
    {
        const auto once = [this](StringId id, auto&& test) {
            return id && m_texts(id, [&](StringId text) { return test(m_trace.text(text)); });
        };
        const auto shape = [this](std::string_view text) { return sizes(text, {}); };
        switch (m_field.id) {
        case FieldId::TensorDtype: return once(tensor.dtype, [this](std::string_view text) { return m_dtype(text); });
        case FieldId::TensorDevice: return once(tensor.device, [this](std::string_view text) { return !text.empty() && m_text(text); });
        case FieldId::TensorShape:
        case FieldId::TensorRank:
        case FieldId::TensorDim: return once(tensor.shape, shape);
        case FieldId::TensorStrides: return once(tensor.strides, shape);
        case FieldId::TensorElements: return !tensor.undefined() && m_number(tensor.elements);
        case FieldId::TensorBytes: {
            std::int64_t bytes = 0;
            return !tensor.undefined() &&
                   !__builtin_mul_overflow(tensor.elements, static_cast<std::int64_t>(tensor.itemSize), &bytes) &&
                   m_number(bytes);
        }
        default: return false;
        }
    }

    FilterFieldRef m_field;
    NumberTest m_number;
    TextTest m_text;
    DtypeTest m_dtype;
    LazyTable<SignatureId> m_signatures;
    LazyTable<StringId> m_texts;
    const BlockColumn& m_column;
    bool m_nodes;
};

} // namespace

RowTestPtr tensorTest(const Trace& trace, const FilterNode& comparison) { return std::make_unique<TensorTest>(trace, comparison); }

} // namespace opscope
