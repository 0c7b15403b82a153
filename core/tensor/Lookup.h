#pragma once

#include "core/trace/Trace.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace opscope {

/// Internal to core/tensor: an input of an operator that holds indices, and what they are looked up in.
struct IndexRole
{
    TensorId index;
    std::optional<std::int64_t> rows;   ///< indices are smaller than this; none: not known
    bool negativeAllowed = false;       ///< counted from the end, down to -rows
    bool largestTable = false;          ///< `rows` are those of the largest of several tables
};
std::vector<IndexRole> indexRoles(const Trace& trace, NodeId node);

/// Scalars of a node that are whole numbers (true is 1), by argument, read back from the file.
std::optional<std::int64_t> scalarArgument(const Trace& trace, NodeId node, std::uint32_t argument);

/// The same bytes of the same storage.
bool isSameTensor(const TensorDesc& a, const TensorDesc& b);

} // namespace opscope
