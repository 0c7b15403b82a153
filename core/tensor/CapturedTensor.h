#pragma once

#include "core/base/JobControl.h"
#include "core/base/Result.h"
#include "core/tensor/Resources.h"
#include "core/trace/Trace.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace opscope {

/// Values are int64; those of UInt64 are the bits of one.
enum class IntegralType : std::uint8_t { Int8, Int16, Int32, Int64, UInt8, UInt16, UInt32, UInt64 };
std::optional<IntegralType> integralType(std::string_view dtype);   ///< of TensorDesc::dtype; none: not integral (or bool)
std::size_t itemSize(IntegralType type);
std::string_view title(IntegralType type);                          ///< "int64"

/// The captured data of one input tensor: nid_N_tid_K.dat (execution-trace.md 8.2), little-endian, in storage order. Reads only
/// what is asked for, so a file of any size opens at once; nothing is mapped (see ResourceFile). Thread-safe to read.
class CapturedTensor
{
public:
    /// What is wrong with it is in warnings(), each a sentence; only no file, no access or no integral type is an error.
    static Result<std::shared_ptr<const CapturedTensor>> open(const Trace& trace, NodeId node, TensorId tensor);
    /// The same in a folder chosen by hand.
    static Result<std::shared_ptr<const CapturedTensor>> open(const Trace& trace, NodeId node, TensorId tensor,
                                                              const Resources& resources);

    IntegralType type() const { return m_type; }
    std::uint64_t fileElements() const { return m_elements; }        ///< whole values in the file
    std::uint64_t expectedElements() const { return m_expected; }
    std::uint64_t fileBytes() const { return m_file.size(); }
    /// Where the node's own do not multiply to its number of elements, one dimension of that many.
    const std::vector<std::int64_t>& shape() const { return m_shape; }
    const std::vector<std::int64_t>& strides() const { return m_strides; } ///< in elements; empty: not recorded, dense taken for granted
    bool storageOrderDiffers() const { return m_reordered; }          ///< logical order needs the strides
    const std::string& fileName() const { return m_name; }
    const std::vector<std::string>& warnings() const { return m_warnings; }

    /// Values in storage order from `first` on; how many were read. Fewer than asked for: the file ends there or was cut meanwhile.
    /// Bits of a UInt64 above 2^63 come back negative. A page at a time costs least.
    std::size_t read(std::uint64_t first, std::span<std::int64_t> into) const;
    /// Raw bytes, for those who go through all of it.
    std::size_t readBytes(std::uint64_t offset, std::span<std::byte> into) const;
    /// One value in storage order; 0 where there is none.
    std::int64_t stored(std::uint64_t i) const;
    /// In logical order (row-major over shape()); none when the file is too short for it.
    std::optional<std::int64_t> at(std::uint64_t logical) const;
    /// Where a logical element lies in storage order; none beyond shape() or int64.
    std::optional<std::uint64_t> storagePlace(std::uint64_t logical) const;
    /// Every element of shape() has its place in the file; else only what is there can be saved, in one row.
    bool holdsAll() const;
    std::string text(std::int64_t value) const;                       ///< decimal, right for UInt64

private:
    CapturedTensor() = default;
    void setShape(const Trace& trace, const TensorDesc& desc);
    void warnOfSize();
    ResourceFile m_file;
    IntegralType m_type = IntegralType::Int64;
    std::uint64_t m_elements = 0, m_expected = 0;
    std::vector<std::int64_t> m_shape, m_strides;
    bool m_reordered = false;
    std::string m_name;
    std::vector<std::string> m_warnings;
};

struct TensorStatistics
{
    struct Bin
    {
        std::int64_t low = 0, high = 0;       ///< both included
        std::uint64_t count = 0;
    };
    struct Frequent
    {
        std::int64_t value = 0;
        std::uint64_t count = 0;
    };
    std::uint64_t count = 0;
    std::int64_t minimum = 0, maximum = 0;
    std::optional<std::int64_t> median;       ///< the lower one of two
    double mean = 0;
    std::uint64_t distinct = 0;
    bool distinctIsEstimate = false;          ///< too many for the memory allowed: an estimate, said so
    std::uint64_t duplicates = 0;             ///< values that occurred before
    std::uint64_t zeros = 0, negatives = 0;
    enum class Order : std::uint8_t { Constant, StrictlyRising, Rising, StrictlyFalling, Falling, Unsorted };
    Order order = Order::Unsorted;
    std::vector<Bin> bins;                    ///< at most 64
    std::vector<Frequent> frequent;           ///< at most 16, most frequent first
    bool frequentIsSampled = false;           ///< counts are exact, but which values to count was decided by a sample
    bool changed = false;                     ///< the file changed while it was read: the figures do not belong together
};
/// Two or three passes on two threads at memory speed (1 GB/s or better), at most 128 MiB of memory whatever the file, progress in
/// bytes, cancellable: nothing then.
std::optional<TensorStatistics> statisticsOf(const CapturedTensor& tensor, const JobControl& job = {});
std::string_view title(TensorStatistics::Order order);

/// A thing that was compared and how it came out: "Every index exists in the table   < 5,000".
struct TensorCheck
{
    bool good = true;
    std::string text;
    std::string numbers;
};
/// File size against shape and type, values against tensor_range, indices against the table that the operator looks them up in
/// (embedding, index_select, gather, fbgemm lookups: where the spec or schema says which), offsets that rise and end at the count.
/// May read the file, and that of the offsets, once more: not for the UI thread.
std::vector<TensorCheck> checksOf(const Trace& trace, NodeId node, TensorId tensor, const CapturedTensor& captured,
                                  const TensorStatistics& statistics);
/// `tensor_range` of an input: what the writer says of it.
struct TensorRange
{
    std::string minimum, maximum;             ///< JSON text of the numbers
};
std::optional<TensorRange> declaredRange(const Trace& trace, NodeId node, std::uint32_t inputIndex);
/// Which input holds the offsets that cut another one into bags, by schema and name: fbgemm lookups, embedding_bag.
struct BagOffsets
{
    TensorId values, offsets;
    std::optional<std::int64_t> tableRows;
    bool endsAtCount = true;                  ///< the last offset is the number of values; else each one begins a bag
};
std::optional<BagOffsets> bagsOf(const Trace& trace, NodeId node);

/// Written beside and renamed. .npy version 1.0 in logical order; .csv "index,value" with one index column a dimension. Where the
/// file does not hold all values (holdsAll()), those that are there, in storage order and one dimension.
Status saveNpy(const CapturedTensor& tensor, const std::string& path, const JobControl& job = {});
Status saveCsv(const CapturedTensor& tensor, const std::string& path, const JobControl& job = {});

} // namespace opscope
