#include "core/tensor/CapturedTensor.h"

#include "core/tensor/Numbers.h"
#include "core/tensor/TensorFlow.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace opscope {

static_assert(std::endian::native == std::endian::little, "captured files are little-endian and are read as they stand");

namespace {

template <class T>
void widen(std::span<const std::byte> bytes, std::span<std::int64_t> into)
{
    for (std::size_t i = 0; i < into.size(); ++i) {
        T value;
        std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
        into[i] = static_cast<std::int64_t>(value);
    }
}

void widen(IntegralType type, std::span<const std::byte> bytes, std::span<std::int64_t> into)
{
    switch (type) {
    case IntegralType::Int8: return widen<std::int8_t>(bytes, into);
    case IntegralType::Int16: return widen<std::int16_t>(bytes, into);
    case IntegralType::Int32: return widen<std::int32_t>(bytes, into);
    case IntegralType::Int64: return widen<std::int64_t>(bytes, into);
    case IntegralType::UInt8: return widen<std::uint8_t>(bytes, into);
    case IntegralType::UInt16: return widen<std::uint16_t>(bytes, into);
    case IntegralType::UInt32: return widen<std::uint32_t>(bytes, into);
    case IntegralType::UInt64: return widen<std::uint64_t>(bytes, into);
    }
}

/// Number of elements; none when a size is negative or the product is beyond int64.
std::optional<std::int64_t> product(std::span<const std::int64_t> sizes)
{
    std::int64_t elements = 1;
    for (const std::int64_t size : sizes)
        if (size < 0 || __builtin_mul_overflow(elements, size, &elements)) return std::nullopt;
    return elements;
}

} // namespace

std::optional<IntegralType> integralType(std::string_view dtype)
{
    static constexpr std::array<std::pair<std::string_view, IntegralType>, 8> kTypes{{{"i8", IntegralType::Int8},
                                                                                     {"i16", IntegralType::Int16},
                                                                                     {"i32", IntegralType::Int32},
                                                                                     {"i64", IntegralType::Int64},
                                                                                     {"u8", IntegralType::UInt8},
                                                                                     {"u16", IntegralType::UInt16},
                                                                                     {"u32", IntegralType::UInt32},
                                                                                     {"u64", IntegralType::UInt64}}};
    const std::string_view name = shortDtype(dtype);
    const auto* found = std::find_if(kTypes.begin(), kTypes.end(), [&](const auto& row) { return row.first == name; });
    return found == kTypes.end() ? std::nullopt : std::optional(found->second);
}

std::size_t itemSize(IntegralType type)
{
    switch (type) {
    case IntegralType::Int8:
    case IntegralType::UInt8: return 1;
    case IntegralType::Int16:
    case IntegralType::UInt16: return 2;
    case IntegralType::Int32:
    case IntegralType::UInt32: return 4;
    case IntegralType::Int64:
    case IntegralType::UInt64: return 8;
    }
    return 1;
}

std::string_view title(IntegralType type)
{
    switch (type) {
    case IntegralType::Int8: return "int8";
    case IntegralType::Int16: return "int16";
    case IntegralType::Int32: return "int32";
    case IntegralType::Int64: return "int64";
    case IntegralType::UInt8: return "uint8";
    case IntegralType::UInt16: return "uint16";
    case IntegralType::UInt32: return "uint32";
    case IntegralType::UInt64: return "uint64";
    }
    return "";
}

Result<std::shared_ptr<const CapturedTensor>> CapturedTensor::open(const Trace& trace, NodeId node, TensorId tensor)
{
    return open(trace, node, tensor, Resources::of(trace, node));
}

Result<std::shared_ptr<const CapturedTensor>> CapturedTensor::open(const Trace& trace, NodeId node, TensorId tensor,
                                                                   const Resources& resources)
{
    const ExecutionTrace* et = trace.executionTrace();
    if (!et || node.index() >= et->nodes().size()) return Error{ErrorCode::Usage, "there is no such node", {}};
    const EtNode& n = et->node(node);
    if (tensor.value - n.firstTensor >= n.inputTensors) return Error{ErrorCode::Usage, "only inputs are captured", {}};
    const TensorDesc& desc = et->tensors()[tensor.index()];
    const auto type = integralType(trace.text(desc.dtype));
    if (!type) return Error{ErrorCode::Unsupported, "only tensors of whole numbers are captured", {}};

    auto captured = std::shared_ptr<CapturedTensor>(new CapturedTensor);
    captured->m_name = Resources::captureName(n.id, tensor.value - n.firstTensor);
    auto file = resources.open(captured->m_name);
    if (!file) return file.error();
    captured->m_file = std::move(*file);
    captured->m_type = *type;
    captured->m_elements = captured->m_file.size() / itemSize(*type);
    captured->m_expected = static_cast<std::uint64_t>(std::max<std::int64_t>(desc.elements, 0));
    captured->warnOfSize();
    captured->setShape(trace, desc);
    if (trace.text(desc.device).starts_with("cpu") && desc.offset > 0)
        captured->m_warnings.push_back("The tensor begins " + grouped(desc.offset) + " elements into its storage; the writer started " +
                                       grouped(desc.offset) + " bytes into it, so these are not its values");
    if (static_cast<std::size_t>(desc.itemSize) != itemSize(*type))
        captured->m_warnings.push_back("The node says " + std::to_string(desc.itemSize) + " bytes a value, its type " +
                                       std::string(title(*type)) + " has " + std::to_string(itemSize(*type)));
    return std::shared_ptr<const CapturedTensor>(std::move(captured));
}

void CapturedTensor::warnOfSize()
{
    std::uint64_t expected = 0;
    if (__builtin_mul_overflow(m_expected, itemSize(m_type), &expected)) expected = UINT64_MAX;
    if (m_file.size() == expected) return;
    m_warnings.push_back("The file holds " + grouped(m_file.size()) + " of " + grouped(expected) + " bytes" +
                         (m_file.size() > expected ? ": more than the tensor has" : ""));
}

void CapturedTensor::setShape(const Trace& trace, const TensorDesc& desc)
{
    const auto sizes = sizesOf(trace, desc);
    const auto elements = sizes ? product(*sizes) : std::nullopt;
    if (!elements || static_cast<std::uint64_t>(*elements) != m_expected) {
        m_shape = {static_cast<std::int64_t>(std::min<std::uint64_t>(m_expected, INT64_MAX))};
        m_warnings.push_back(sizes ? "Its shape does not have as many elements as the node says: shown as one row"
                                   : "Its shape was not recorded: shown as one row");
        return;
    }
    m_shape = *sizes;
    const auto strides = stridesOf(trace, desc);
    if (!strides || strides->size() != m_shape.size()) return;
    m_strides = *strides;
    const TensorLayout layout = layoutOf(trace, desc);
    m_reordered = layout != TensorLayout::Contiguous;
    if (layout == TensorLayout::Strided)
        m_warnings.push_back("The tensor skips parts of its storage; the file ends before its last values");
    if (layout == TensorLayout::Expanded)
        m_warnings.push_back("The tensor is expanded: its values lie in the first places of the file, the rest is other memory");
}

std::size_t CapturedTensor::readBytes(std::uint64_t offset, std::span<std::byte> into) const
{
    const auto got = m_file.read(offset, into);
    return got ? *got : 0;
}

std::size_t CapturedTensor::read(std::uint64_t first, std::span<std::int64_t> into) const
{
    if (first >= m_elements) return 0;
    const std::size_t size = itemSize(m_type);
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), m_elements - first));
    std::array<std::byte, std::size_t{16} << 10> buffer;
    std::size_t done = 0;
    while (done < wanted) {
        const std::size_t now = std::min(wanted - done, buffer.size() / size);
        const std::size_t got = readBytes((first + done) * size, std::span(buffer).first(now * size)) / size;
        widen(m_type, buffer, into.subspan(done, got));
        done += got;
        if (got < now) break;
    }
    return done;
}

std::int64_t CapturedTensor::stored(std::uint64_t i) const
{
    std::int64_t value = 0;
    read(i, std::span(&value, 1));
    return value;
}

std::optional<std::uint64_t> CapturedTensor::storagePlace(std::uint64_t logical) const
{
    if (logical >= m_expected) return std::nullopt;
    if (!m_reordered) return logical;
    std::int64_t place = 0;
    for (std::size_t d = m_shape.size(); d-- > 0;) {
        const auto size = static_cast<std::uint64_t>(m_shape[d]); // not 0: logical < m_expected, their product
        std::int64_t step = 0;
        if (__builtin_mul_overflow(static_cast<std::int64_t>(logical % size), m_strides[d], &step) ||
            __builtin_add_overflow(place, step, &place))
            return std::nullopt;
        logical /= size;
    }
    return place < 0 ? std::nullopt : std::optional(static_cast<std::uint64_t>(place));
}

std::optional<std::int64_t> CapturedTensor::at(std::uint64_t logical) const
{
    const auto place = storagePlace(logical);
    std::int64_t value = 0;
    return place && read(*place, std::span(&value, 1)) == 1 ? std::optional(value) : std::nullopt;
}

std::string CapturedTensor::text(std::int64_t value) const
{
    return m_type == IntegralType::UInt64 ? std::to_string(static_cast<std::uint64_t>(value)) : std::to_string(value);
}

} // namespace opscope
