#include "core/tensor/Lookup.h"

#include "core/format/EventReader.h"
#include "core/tensor/CapturedTensor.h"
#include "core/tensor/NodeValues.h"
#include "core/tensor/TensorFlow.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace opscope {

namespace {

/// Where operators keep the table, the indices and the dimension that these count along. Positions are those of the operator's
/// schema, which have not changed since there are execution traces.
struct Operator
{
    std::string_view name;
    std::uint16_t table = 0, index = 0;
    std::int16_t dimension = -1;        ///< argument; -1: the first one
};
constexpr std::array kOperators{
    Operator{"aten::embedding", 0, 1},
    Operator{"aten::embedding_renorm_", 0, 1},
    Operator{"aten::embedding_bag", 0, 1},
    Operator{"aten::_embedding_bag", 0, 1},
    Operator{"aten::_embedding_bag_forward_only", 0, 1},
    Operator{"aten::index_select", 0, 2, 1},
    Operator{"aten::gather", 0, 2, 1},
    Operator{"aten::scatter", 0, 2, 1},
    Operator{"aten::scatter_", 0, 2, 1},
    Operator{"aten::scatter_add", 0, 2, 1},
    Operator{"aten::scatter_add_", 0, 2, 1},
    Operator{"aten::scatter_reduce", 0, 2, 1},
    Operator{"aten::scatter_reduce_", 0, 2, 1},
    Operator{"aten::index_add", 0, 2, 1},
    Operator{"aten::index_add_", 0, 2, 1},
    Operator{"aten::index_copy", 0, 2, 1},
    Operator{"aten::index_copy_", 0, 2, 1},
    Operator{"aten::index_fill", 0, 2, 1},
    Operator{"aten::index_fill_", 0, 2, 1},
};

std::span<const TensorDesc> inputsOf(const Trace& trace, NodeId node) { return trace.executionTrace()->inputs(node); }

/// The only tensor of an argument; none when it has none or several.
TensorId tensorOf(const Trace& trace, NodeId node, std::uint16_t argument)
{
    const auto inputs = inputsOf(trace, node);
    const auto is = [argument](const TensorDesc& t) { return t.argument == argument; };
    if (std::count_if(inputs.begin(), inputs.end(), is) != 1) return {};
    const auto at = std::find_if(inputs.begin(), inputs.end(), is) - inputs.begin();
    return TensorId(trace.executionTrace()->node(node).firstTensor + static_cast<std::uint32_t>(at));
}

const TensorDesc& descOf(const Trace& trace, TensorId tensor) { return trace.executionTrace()->tensors()[tensor.index()]; }

std::optional<std::int64_t> sizeAlong(const Trace& trace, TensorId tensor, std::int64_t dimension)
{
    if (!tensor) return std::nullopt;
    const auto sizes = sizesOf(trace, descOf(trace, tensor));
    if (!sizes || sizes->empty()) return std::nullopt;
    if (dimension < 0) dimension += static_cast<std::int64_t>(sizes->size());
    if (dimension < 0 || dimension >= static_cast<std::int64_t>(sizes->size())) return std::nullopt;
    return (*sizes)[static_cast<std::size_t>(dimension)];
}

bool isIntegral(const Trace& trace, const TensorDesc& tensor) { return integralType(trace.text(tensor.dtype)).has_value(); }

void addOperator(const Trace& trace, NodeId node, const Operator& op, std::vector<IndexRole>& out)
{
    const TensorId index = tensorOf(trace, node, op.index);
    if (!index || !isIntegral(trace, descOf(trace, index))) return;
    std::optional<std::int64_t> dimension = 0;
    if (op.dimension >= 0) dimension = scalarArgument(trace, node, static_cast<std::uint32_t>(op.dimension));
    IndexRole role{index, std::nullopt};
    if (dimension) role.rows = sizeAlong(trace, tensorOf(trace, node, op.table), *dimension);
    out.push_back(role);
}

/// aten::index(self, indices): one tensor a dimension, as long as all of them are indices. A mask takes several dimensions.
void addIndexList(const Trace& trace, NodeId node, std::vector<IndexRole>& out)
{
    const TensorId self = tensorOf(trace, node, 0);
    const auto inputs = inputsOf(trace, node);
    std::vector<IndexRole> found;
    std::int64_t dimension = 0;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        if (inputs[i].argument != 1) continue;
        const auto at = dimension++;
        if (inputs[i].undefined()) continue; // takes the whole dimension
        if (!isIntegral(trace, inputs[i])) return;
        found.push_back({TensorId(trace.executionTrace()->node(node).firstTensor + static_cast<std::uint32_t>(i)),
                         sizeAlong(trace, self, at), true});
    }
    out.insert(out.end(), found.begin(), found.end());
}

/// Rows by fbgemm's hash_size_cumsum, captured beside the indices: where each table begins, and the end of all.
void setRowsByHashSizes(const Trace& trace, NodeId node, TensorId sizes, IndexRole& role)
{
    const auto captured = sizes ? CapturedTensor::open(trace, node, sizes) : Error{};
    if (!captured || (*captured)->fileElements() < 2 || (*captured)->fileElements() > 100'000) return;
    std::vector<std::int64_t> begins(static_cast<std::size_t>((*captured)->fileElements()));
    begins.resize((*captured)->read(0, begins));
    std::int64_t largest = 0;
    for (std::size_t i = 1; i < begins.size(); ++i) {
        std::int64_t rows = 0;
        if (__builtin_sub_overflow(begins[i], begins[i - 1], &rows) || rows < 0) return;
        largest = std::max(largest, rows);
    }
    role.rows = largest;
    role.largestTable = begins.size() > 2;
}

/// fbgemm's lookups by the names of their schema. Writers that leave it out: the first matrix that holds no whole numbers is the
/// table, the first two rows of whole numbers are indices and offsets.
struct Bag
{
    TensorId table, indices, offsets, hashSizes;
};
std::optional<Bag> fbgemmBag(const Trace& trace, NodeId node)
{
    const EtNode& n = trace.executionTrace()->node(node);
    const std::string_view name = trace.text(n.name);
    if (!name.starts_with("fbgemm::") || name.find("lookup") == std::string_view::npos) return std::nullopt;
    Bag bag;
    const Schema schema = parseSchema(trace.text(n.schema));
    for (std::size_t i = 0; i < schema.arguments.size() && i < 65535; ++i) {
        const std::string& argument = schema.arguments[i].name;
        TensorId* const wanted = argument == "indices"            ? &bag.indices
                                 : argument == "offsets"          ? &bag.offsets
                                 : argument == "hash_size_cumsum" ? &bag.hashSizes
                                                                  : nullptr;
        if (wanted) *wanted = tensorOf(trace, node, static_cast<std::uint16_t>(i));
    }
    if (!schema.arguments.empty()) return bag.indices ? std::optional(bag) : std::nullopt;
    const auto inputs = inputsOf(trace, node);
    for (std::uint32_t i = 0; i < inputs.size(); ++i) {
        const TensorId tensor(n.firstTensor + i);
        if (tensorOf(trace, node, inputs[i].argument) != tensor) continue; // of a list
        const auto sizes = sizesOf(trace, inputs[i]);
        if (!sizes) continue;
        if (sizes->size() == 2 && !bag.table && !isIntegral(trace, inputs[i])) bag.table = tensor;
        if (sizes->size() != 1 || !isIntegral(trace, inputs[i])) continue;
        if (!bag.indices) bag.indices = tensor;
        else if (!bag.offsets) bag.offsets = tensor;
    }
    return bag.indices ? std::optional(bag) : std::nullopt;
}

} // namespace

bool isSameTensor(const TensorDesc& a, const TensorDesc& b)
{
    return a.tensorId == b.tensorId && a.storageId == b.storageId && a.offset == b.offset && a.elements == b.elements &&
           a.dtype == b.dtype && a.device == b.device && a.shape == b.shape;
}

std::optional<std::int64_t> scalarArgument(const Trace& trace, NodeId node, std::uint32_t argument)
{
    const auto text = readNode(trace, node);
    if (!text) return std::nullopt;
    const auto json = JsonDocument::parse(text->json);
    if (!json) return std::nullopt;
    for (const NodeValue& value : nodeValues(trace, node, json->root(), NodeSide::Inputs)) {
        if (value.depth != 0 || value.argument != argument || value.kind != NodeValue::Kind::Scalar) continue;
        if (value.text == "true" || value.text == "false") return value.text == "true";
        std::int64_t number = 0;
        const char* const end = value.text.data() + value.text.size();
        const auto [behind, error] = std::from_chars(value.text.data(), end, number);
        return error == std::errc() && behind == end ? std::optional(number) : std::nullopt;
    }
    return std::nullopt;
}

std::vector<IndexRole> indexRoles(const Trace& trace, NodeId node)
{
    std::vector<IndexRole> roles;
    const ExecutionTrace* et = trace.executionTrace();
    if (!et || node.index() >= et->nodes().size()) return roles;
    const std::string_view name = trace.text(et->node(node).name);
    const auto* const op = std::find_if(kOperators.begin(), kOperators.end(), [&](const Operator& o) { return o.name == name; });
    if (op != kOperators.end()) {
        addOperator(trace, node, *op, roles);
    } else if (name == "aten::index" || name == "aten::index_put" || name == "aten::index_put_" || name == "aten::_index_put_impl_") {
        addIndexList(trace, node, roles);
    } else if (name == "aten::take") {
        const TensorId self = tensorOf(trace, node, 0), index = tensorOf(trace, node, 1);
        if (self && index && isIntegral(trace, descOf(trace, index))) roles.push_back({index, descOf(trace, self).elements, true});
    } else if (const auto bag = fbgemmBag(trace, node)) {
        IndexRole role{bag->indices, sizeAlong(trace, bag->table, 0)};
        setRowsByHashSizes(trace, node, bag->hashSizes, role);
        roles.push_back(role);
    }
    return roles;
}

std::optional<BagOffsets> bagsOf(const Trace& trace, NodeId node)
{
    const ExecutionTrace* et = trace.executionTrace();
    if (!et || node.index() >= et->nodes().size()) return std::nullopt;
    const std::string_view name = trace.text(et->node(node).name);
    BagOffsets bags;
    if (name == "aten::embedding_bag" || name == "aten::_embedding_bag" || name == "aten::_embedding_bag_forward_only") {
        bags.values = tensorOf(trace, node, 1);
        bags.offsets = tensorOf(trace, node, 2);
        bags.endsAtCount = scalarArgument(trace, node, 7).value_or(0) != 0; // include_last_offset
    } else if (const auto bag = fbgemmBag(trace, node)) {
        bags.values = bag->indices;
        bags.offsets = bag->offsets;
    }
    if (!bags.values || !bags.offsets || !isIntegral(trace, descOf(trace, bags.offsets))) return std::nullopt;
    for (const IndexRole& role : indexRoles(trace, node))
        if (role.index == bags.values) bags.tableRows = role.rows;
    return bags;
}

} // namespace opscope
