#pragma once

#include "core/tensor/NodeValues.h"
#include "widgets/detail/DetailValues.h"

namespace opscope {

/// What the sections about tensors share.

/// The arguments (results) of the node behind the selection. Until its text is read back: the tensors alone, which are columns.
std::vector<NodeValue> valuesOf(const DetailContext& context, NodeSide side);
/// "[1, 2, [3]]" of the list or tuple at `row`, or the text of the scalar that stands there.
QString listText(const std::vector<NodeValue>& values, std::size_t row);
bool hasTensors(const std::vector<NodeValue>& values, std::size_t row);   ///< the argument at `row`, or anything inside it
std::size_t behind(const std::vector<NodeValue>& values, std::size_t row);///< the next argument
/// "weight", or "#2" where the schema names none.
QString argumentName(const NodeValue& value);

/// "[32, 512]", "undefined", "shape not recorded"
DetailRun shapeRun(const Trace& trace, const TensorDesc& tensor, bool output = false);
DetailRun dtypeRun(const Trace& trace, const TensorDesc& tensor);
/// "contiguous, tensor 5, storage 6 + 4, cuda:0"; a copy gives everything.
DetailRun identityRun(const Trace& trace, const TensorDesc& tensor);
bool isUndefined(const Trace& trace, const TensorDesc& tensor);
/// Position among the input tensors of its node: the K of nid_N_tid_K.dat; none for outputs.
std::optional<std::uint32_t> inputIndexOf(const EtNode& node, TensorId tensor);

} // namespace opscope
