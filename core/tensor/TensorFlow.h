#pragma once

#include "core/base/JobControl.h"
#include "core/trace/Trace.h"

#include <memory>
#include <optional>
#include <vector>

namespace opscope {

/// One appearance of a tensor: argument of a node.
struct TensorUse
{
    NodeId node;
    TensorId tensor;           ///< row of ExecutionTrace::tensors()
    bool writes = false;       ///< an output, or an input that the schema marks as written: (a!)
    friend bool operator==(const TensorUse&, const TensorUse&) = default;
};

/// Where tensors come from and go to (execution-trace.md 5.3, 6.5). Ids name addresses, so uses are told apart by storage and
/// byte range, and a read belongs to the latest earlier write. Parents repeat their children's tensors: edges join leaves, and
/// for a parent the nodes of its own level. Built once per trace on a worker (16 bytes a tensor); queries take microseconds.
class TensorFlow
{
public:
    /// Null when cancelled or without an execution trace.
    static std::shared_ptr<const TensorFlow> build(TracePtr trace, const JobControl& job = {});

    NodeId nodeOf(TensorId tensor) const;
    bool isOutput(TensorId tensor) const;
    /// Position in the flattened list of all input tensors of its node: the K of nid_N_tid_K.dat and of tensor_range.
    std::optional<std::uint32_t> inputIndex(TensorId tensor) const;

    /// Who wrote what is read here; none when it was there before the recording.
    std::optional<TensorUse> producer(TensorId tensor) const;
    /// Everybody that reads this value before it is written over, in node order; at most `limit`.
    std::vector<TensorUse> consumers(TensorId tensor, std::size_t limit = 1000) const;
    /// All uses of its storage range, from the first to the last, in node order; at most `limit` around the tensor itself.
    std::vector<TensorUse> life(TensorId tensor, std::size_t limit = 1000) const;
    /// The earliest tensor of the same storage with another shape, strides or offset that this one is a view of.
    std::optional<TensorUse> viewOf(TensorId tensor) const;

    /// Data dependencies of a node, nearest first, each node once.
    std::vector<NodeId> producersOf(NodeId node, std::size_t limit = 1000) const;
    std::vector<NodeId> consumersOf(NodeId node, std::size_t limit = 1000) const;
    std::size_t bytes() const;

private:
    TensorFlow() = default;
    TracePtr m_trace;
    std::vector<std::uint32_t> m_order;       ///< tensors by (storage, time of use)
    std::vector<std::uint32_t> m_place;       ///< of a tensor in m_order
    std::vector<bool> m_writes;
};

/// "channels last", "contiguous", "transposed"... of a strided tensor, by sizes and strides alone.
enum class TensorLayout : std::uint8_t { Unknown, Contiguous, ChannelsLast, ChannelsLast3d, DenseNonContiguous, Expanded, Strided };
TensorLayout layoutOf(const Trace& trace, const TensorDesc& tensor);
std::string_view title(TensorLayout layout);
/// Sizes or strides as numbers; none when not recorded or beyond int64.
std::optional<std::vector<std::int64_t>> sizesOf(const Trace& trace, const TensorDesc& tensor);
std::optional<std::vector<std::int64_t>> stridesOf(const Trace& trace, const TensorDesc& tensor);
/// elements * item size; none when it does not fit.
std::optional<std::int64_t> bytesOf(const TensorDesc& tensor);

} // namespace opscope
