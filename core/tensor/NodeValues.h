#pragma once

#include "core/format/JsonReader.h"
#include "core/trace/Trace.h"

#include <cstdint>
#include <string>
#include <vector>

namespace opscope {

/// One value of a node, of whatever nesting, in the order of the file: a tree written as rows with depths.
struct NodeValue
{
    enum class Kind : std::uint8_t { Tensor, List, Tuple, Scalar };
    Kind kind = Kind::Scalar;
    std::uint32_t argument = 0;      ///< which input or output
    std::uint16_t depth = 0;         ///< 0: the argument itself; its items follow with depth 1
    std::uint32_t index = 0;         ///< within the list; of depth 0: the argument
    std::uint32_t items = 0;         ///< lists and tuples
    std::string type;                ///< "Int", "Tensor(float)", "GenericList[Int × 512]": shortened, safe to show
    std::string text;                ///< scalars as the file has them: "inf", "<None>", "0.000000"; at most 4096 bytes
    std::string name;                ///< of the schema: "grad_output"; "" when it names none
    TensorId tensor;                 ///< Kind::Tensor: row of ExecutionTrace::tensors()
    bool truncated = false;          ///< the writer stopped here (lists of 4097)
};

enum class NodeSide : std::uint8_t { Inputs, Outputs };
/// Reads the typed values of a node, decoding by types, never by looks (execution-trace.md section 5). `node` is the JSON of the
/// node (readNode). At most `limit` rows: that many mean that there may be more. Deeper than 64 levels a list is one scalar that
/// shows its text. No recursion on depth.
std::vector<NodeValue> nodeValues(const Trace& trace, NodeId node, JsonDocument::Ref json, NodeSide side, std::size_t limit = 5000);

/// Names of arguments and results by the operator's schema, and which arguments it writes: "Tensor(a!) self".
struct SchemaArgument
{
    std::string name, type;
    bool written = false;
};
struct Schema
{
    std::vector<SchemaArgument> arguments, results;
};
Schema parseSchema(std::string_view text);

} // namespace opscope
