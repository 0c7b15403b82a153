#pragma once

#include "core/tensor/Resources.h"
#include "core/trace/Trace.h"

#include <QString>

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace opscope {

/// One tensor of a node in the flattened list of its inputs, or of its outputs.
struct TensorRow
{
    TensorId tensor;
    bool output = false;
    bool captured = false;                      ///< a file of the resources folder holds its values
    std::uint32_t index = 0;                    ///< in the flattened list of its side: the K of nid_N_tid_K.dat
    std::optional<std::uint32_t> sameAs;        ///< an earlier input that is the same tensor
};

/// More tensors than that of one side are not listed, and that is said.
inline constexpr std::uint32_t kMaxTensorsListed = 20'000;

/// Inputs, then outputs. `resources` may be null: nothing is known to be captured then.
std::vector<TensorRow> tensorRows(const Trace& trace, NodeId node, const Resources* resources);
/// Inputs that are held by a file, among all of them.
std::uint32_t capturedInputs(std::span<const TensorRow> rows);

/// "input 3, item 0" by position alone: an item is counted among the tensors of its argument.
QString tensorName(const Trace& trace, NodeId node, const TensorRow& row);
/// Exact names and the schema's words for them, read from the node's text; by row. For workers: reads the file.
struct TensorName
{
    QString name;                               ///< "input 3, item 0"; "" when the text does not say
    QString schema;                             ///< "indices", "" when none
};
std::vector<TensorName> exactTensorNames(const Trace& trace, NodeId node, std::span<const TensorRow> rows);

QString shapeText(const Trace& trace, const TensorDesc& tensor);    ///< "[5000, 64]", "scalar", "shape not recorded", "undefined"
QString spacedList(std::string_view json);                           ///< "[64,1]" -> "[64, 1]"; cut after 400 characters
QString dtypeText(const Trace& trace, const TensorDesc& tensor);    ///< "int64", "float", "BFloat16"
QString byteText(const TensorDesc& tensor);                         ///< "3,296 B", "1.22 MiB"; "–"
/// "aten::cumsum, node 47": cut to what a line can hold.
QString nodeText(const Trace& trace, NodeId node, int characters = 48);

} // namespace opscope
