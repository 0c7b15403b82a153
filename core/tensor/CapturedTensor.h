#pragma once

#include "core/base/JobControl.h"
#include "core/base/Result.h"
#include "core/tensor/Resources.h"
#include "core/trace/Trace.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace opscope {

/// Values are int64, or uint64 for unsigned long: `isUnsigned64` says how to read the bits.
enum class IntegralType : std::uint8_t { Int8, Int16, Int32, Int64, UInt8, UInt16, UInt32, UInt64 };
std::optional<IntegralType> integralType(std::string_view dtype);   ///< of TensorDesc::dtype; none: not integral (or bool)
std::size_t itemSize(IntegralType type);
std::string_view title(IntegralType type);                          ///< "int64"

/// The captured data of one input tensor: nid_N_tid_K.dat (execution-trace.md 8.2), little-endian, in storage order.
/// Mapped, so a file of any size opens at once. Thread-safe to read.
class CapturedTensor
{
public:
    /// What is wrong with it is in warnings(), each a sentence; only no file, no access or no integral type is an error.
    static Result<std::shared_ptr<const CapturedTensor>> open(const Trace& trace, NodeId node, TensorId tensor);

    IntegralType type() const { return m_type; }
    std::uint64_t fileElements() const { return m_elements; }        ///< whole values in the file
    std::uint64_t expectedElements() const { return m_expected; }
    std::uint64_t fileBytes() const { return m_bytes; }
    const std::vector<std::int64_t>& shape() const { return m_shape; }
    const std::vector<std::int64_t>& strides() const { return m_strides; } ///< in elements; empty: not recorded, dense taken for granted
    bool storageOrderDiffers() const { return m_reordered; }          ///< logical order needs the strides
    const std::string& fileName() const { return m_name; }
    const std::vector<std::string>& warnings() const { return m_warnings; }

    /// In storage order. `i` < fileElements(). Bits of a UInt64 above 2^63 come back negative.
    std::int64_t stored(std::uint64_t i) const;
    /// In logical order (row-major over shape()); none when the file is too short for it.
    std::optional<std::int64_t> at(std::uint64_t logical) const;
    std::string text(std::int64_t value) const;                       ///< decimal, right for UInt64

private:
    CapturedTensor() = default;
    ResourceFile m_file;
    std::span<const std::byte> m_data;
    IntegralType m_type = IntegralType::Int64;
    std::uint64_t m_elements = 0, m_expected = 0, m_bytes = 0;
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
    std::optional<std::int64_t> median;
    double mean = 0;
    std::uint64_t distinct = 0;
    bool distinctIsEstimate = false;          ///< too many for the memory allowed: an estimate, said so
    std::uint64_t duplicates = 0;             ///< values that occurred before
    std::uint64_t zeros = 0, negatives = 0;
    enum class Order : std::uint8_t { Constant, StrictlyRising, Rising, StrictlyFalling, Falling, Unsorted };
    Order order = Order::Unsorted;
    std::vector<Bin> bins;                    ///< at most 64
    std::vector<Frequent> frequent;           ///< at most 16, most frequent first
};
/// One pass over mapped memory at memory speed (1 GB/s or better), progress in bytes, cancellable: nothing then.
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
std::vector<TensorCheck> checksOf(const Trace& trace, NodeId node, TensorId tensor, const CapturedTensor& captured,
                                  const TensorStatistics& statistics);
/// `tensor_range` of an input: what the writer says of it.
struct TensorRange
{
    std::string minimum, maximum;             ///< JSON text of the numbers
};
std::optional<TensorRange> declaredRange(const Trace& trace, NodeId node, std::uint32_t inputIndex);
/// Which input holds the offsets (or lengths) that cut another one into bags, by schema and name: fbgemm lookups, embedding_bag.
struct BagOffsets
{
    TensorId values, offsets;
    std::optional<std::int64_t> tableRows;
};
std::optional<BagOffsets> bagsOf(const Trace& trace, NodeId node);

/// Written beside and renamed. .npy version 1.0 in logical order; .csv "index,value" with one index column a dimension.
Status saveNpy(const CapturedTensor& tensor, const std::string& path, const JobControl& job = {});
Status saveCsv(const CapturedTensor& tensor, const std::string& path, const JobControl& job = {});

} // namespace opscope
