#pragma once

#include "core/base/JobControl.h"
#include "core/tensor/RangeHulls.h"
#include "core/trace/Trace.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
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

/// Where tensors come from and go to (execution-trace.md 5.3, 6.5).
///
/// Ids name addresses, so uses are told apart by execution trace file, device, storage and byte range; undefined tensors and those
/// without a storage are linked to nothing. Time is the order of node ids: a node reads its inputs, then writes its outputs and the
/// inputs that its schema marks as written.
///
///     row 4  aten::to        in x   out y      repeats what is inside: counts only where nothing below it does the same
///     row 5    aten::empty          out y      a new storage at this address: earlier uses of it have nothing to do with y
///     row 6    aten::copy_   in y!, x          writes y
///     row 7  aten::t         in y   out yT     a view: makes no data, yet whoever reads exactly yT has it from here
///     row 8  aten::mm        in yT  out z      producer of yT: row 7. consumers of y: rows 7 and, through the storage, none else
///
/// Asked for a node with children, answers are lifted to nodes of its own depth that carry the same tensor. Built once per trace
/// on a worker (about 18 bytes a tensor, 8 a node). A query takes time for its answers and the logarithm of the rest, however often
/// the storage is used: of the uses in between, only those of the same bytes are looked at. It never looks at more than kMaxSteps.
class TensorFlow
{
public:
    static constexpr std::size_t kMaxSteps = 100'000;
    /// How far panes count; as many answers mean "or more".
    static constexpr std::size_t kCounted = 1000;

    /// Null when cancelled or without an execution trace.
    static std::shared_ptr<const TensorFlow> build(TracePtr trace, const JobControl& job = {});

    NodeId nodeOf(TensorId tensor) const;
    bool isOutput(TensorId tensor) const;
    /// Position in the flattened list of all input tensors of its node: the K of nid_N_tid_K.dat and of tensor_range.
    std::optional<std::uint32_t> inputIndex(TensorId tensor) const;

    /// Who wrote what is read here; none when it was there before the recording. An output is its own producer.
    std::optional<TensorUse> producer(TensorId tensor) const;
    /// Everybody that reads this value before it is written over, in node order; at most `limit`. Of an input: all who read the
    /// same value, itself included. Of an output that is an input given back: those behind it.
    std::vector<TensorUse> consumers(TensorId tensor, std::size_t limit = kCounted) const;
    /// All uses of its storage range, from the first to the last before the address is given to another tensor, in node order; at
    /// most `limit` around the tensor itself.
    std::vector<TensorUse> life(TensorId tensor, std::size_t limit = kCounted) const;
    /// The first and the last of all of them, however many there are; none where life() is empty.
    std::optional<std::pair<TensorUse, TensorUse>> lifeEnds(TensorId tensor) const;
    /// The earliest tensor of the same storage with another shape, strides or offset that this one is a view of.
    std::optional<TensorUse> viewOf(TensorId tensor) const;

    /// Data dependencies of a node, nearest first, each node once.
    std::vector<NodeId> producersOf(NodeId node, std::size_t limit = kCounted) const;
    std::vector<NodeId> consumersOf(NodeId node, std::size_t limit = kCounted) const;
    std::size_t bytes() const;

private:
    friend class TensorFlowBuilder;
    static constexpr std::uint32_t kNone = UINT32_MAX;
    /// What a use is, a byte a tensor.
    enum Role : std::uint8_t {
        kReads = 1,
        kWrites = 2,
        kView = 4,   ///< an output that shares its storage with an unwritten input
        kOwn = 8,    ///< no descendant does the same to the storage
        kFresh = 16, ///< the storage begins here
        kPasses = 32 ///< an output that is an unwritten input, given back as it came: makes nothing
    };
    struct Window
    {
        std::size_t begin = 0, end = 0; ///< in m_order
    };
    struct View
    {
        std::uint64_t tuple;   ///< hash of what sameTuple() compares
        std::uint32_t place;
        friend auto operator<=>(const View&, const View&) = default;
    };
    /// Writes after a value was made, of its bytes: where the first stand; kNowhere when there are none.
    struct Between
    {
        std::size_t data = RangeHulls::kNowhere, view = RangeHulls::kNowhere;
    };
    TensorFlow() = default;
    const ExecutionTrace& et() const { return *m_trace->executionTrace(); }
    const TensorDesc& desc(std::uint32_t tensor) const { return et().tensors()[tensor]; }
    bool is(std::uint32_t tensor, unsigned roles) const { return (m_role[tensor] & roles) == roles; }
    bool inside(std::uint32_t node, std::uint32_t ancestor) const { return m_pre[node] >= m_pre[ancestor] && m_pre[node] < m_end[ancestor]; }
    bool belongs(std::uint32_t other, std::uint32_t tensor) const { return is(other, kOwn) && overlap(other, tensor); }
    bool isLeaf(std::uint32_t node) const { return m_end[node] == m_pre[node] + 1; }
    TensorUse use(std::uint32_t tensor) const { return {NodeId(m_node[tensor]), TensorId(tensor), is(tensor, kWrites)}; }
    /// An own write that makes data.
    bool isData(std::uint32_t tensor) const { return is(tensor, kOwn | kWrites) && !is(tensor, kView); }
    std::size_t groupEnd(std::size_t place) const;
    std::size_t lifeBegin(std::size_t place) const;
    std::size_t lifeEnd(std::size_t place) const;
    ByteRange range(std::uint32_t tensor) const;
    bool overlap(std::uint32_t a, std::uint32_t b) const;
    bool sameTuple(std::uint32_t a, std::uint32_t b) const;
    std::uint64_t tupleOf(std::uint32_t tensor) const;
    bool makes(std::uint32_t writer, std::uint32_t read) const;
    std::size_t anchor(std::uint32_t tensor) const;
    Window lifeOf(std::uint32_t tensor) const;
    template<typename IsRight>
    std::size_t viewBefore(std::uint32_t tensor, Window window, std::size_t& steps, const IsRight& isRight) const;
    bool hidden(std::uint32_t tensor, std::size_t reader, const Between& between, std::size_t& steps) const;
    std::vector<std::uint32_t> readersFromTheStart(std::uint32_t tensor, std::size_t limit, std::size_t& steps) const;
    std::uint32_t writerBefore(std::uint32_t tensor, std::size_t& steps) const;
    std::vector<std::uint32_t> readersAfter(std::uint32_t tensor, std::size_t begin, std::size_t limit, std::size_t& steps) const;
    TensorUse lifted(std::uint32_t tensor, std::uint32_t asking, Role role) const;
    std::optional<TensorUse> producer(TensorId tensor, std::size_t& steps) const;
    std::vector<TensorUse> consumers(TensorId tensor, std::size_t limit, std::size_t& steps) const;

    TracePtr m_trace;
    std::vector<std::uint32_t> m_node;        ///< of a tensor
    std::vector<std::uint32_t> m_order;       ///< tensors by storage, then in order of time
    std::vector<std::uint32_t> m_place;       ///< of a tensor in m_order; kNone: linked to nothing
    std::vector<std::uint32_t> m_groupStart;  ///< in m_order, one a storage, and the end
    std::vector<std::uint32_t> m_lives;       ///< places in m_order where a storage begins, or begins anew, and the end
    RangeHulls m_uses, m_data;                ///< over m_order: own uses, and those of them that are isData()
    std::vector<View> m_views;                ///< own views that are not given back as they came, sorted
    std::vector<std::uint8_t> m_role;
    std::vector<std::uint32_t> m_pre, m_end;  ///< of a node: its number in pre-order, and that behind its last descendant
    std::unordered_map<std::uint64_t, std::int64_t> m_extent; ///< elements from first to last, by shape and strides; dense ones left out
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
