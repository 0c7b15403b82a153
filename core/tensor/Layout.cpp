#include "core/tensor/TensorFlow.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <numeric>

namespace opscope {

namespace {

/// "[32,512]"; none for anything else, nested lists included.
std::optional<std::vector<std::int64_t>> numbersOf(std::string_view json)
{
    if (json.size() < 2 || json.front() != '[' || json.back() != ']') return std::nullopt;
    std::vector<std::int64_t> numbers;
    const char* at = json.data() + 1;
    const char* const end = json.data() + json.size() - 1;
    while (at < end) {
        std::int64_t value = 0;
        const auto [behind, error] = std::from_chars(at, end, value);
        if (error != std::errc() || (behind < end && *behind != ',')) return std::nullopt;
        numbers.push_back(value);
        at = behind + 1;
        if (at == end) return std::nullopt; // "[1,]"
    }
    return numbers;
}

/// The strides that memory has when dimensions follow each other from `order.back()`, the innermost, outwards.
bool isDenseIn(std::span<const std::int64_t> sizes, std::span<const std::int64_t> strides, std::span<const std::size_t> order)
{
    std::int64_t expected = 1;
    for (std::size_t i = order.size(); i-- > 0;) {
        const std::size_t d = order[i];
        if (sizes[d] == 1) continue; // the stride of a dimension of one is never used
        if (strides[d] != expected || __builtin_mul_overflow(expected, sizes[d], &expected)) return false;
    }
    return true;
}

std::vector<std::size_t> bySize(std::span<const std::int64_t> strides)
{
    std::vector<std::size_t> order(strides.size());
    std::iota(order.begin(), order.end(), 0u);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return strides[a] > strides[b]; });
    return order;
}

} // namespace

std::optional<std::vector<std::int64_t>> sizesOf(const Trace& trace, const TensorDesc& tensor)
{
    return numbersOf(trace.text(tensor.shape));
}

std::optional<std::vector<std::int64_t>> stridesOf(const Trace& trace, const TensorDesc& tensor)
{
    return numbersOf(trace.text(tensor.strides));
}

std::optional<std::int64_t> bytesOf(const TensorDesc& tensor)
{
    std::int64_t bytes = 0;
    if (tensor.elements < 0 || __builtin_mul_overflow(tensor.elements, std::int64_t{tensor.itemSize}, &bytes)) return std::nullopt;
    return bytes;
}

TensorLayout layoutOf(const Trace& trace, const TensorDesc& tensor)
{
    const auto sizes = sizesOf(trace, tensor), strides = stridesOf(trace, tensor);
    if (!sizes || !strides || sizes->size() != strides->size()) return TensorLayout::Unknown;
    std::vector<std::size_t> order(sizes->size());
    std::iota(order.begin(), order.end(), 0u);
    const bool empty = std::find(sizes->begin(), sizes->end(), 0) != sizes->end();
    if (empty || isDenseIn(*sizes, *strides, order)) return TensorLayout::Contiguous;
    if (order.size() == 4 && isDenseIn(*sizes, *strides, std::array<std::size_t, 4>{0, 2, 3, 1})) return TensorLayout::ChannelsLast;
    if (order.size() == 5 && isDenseIn(*sizes, *strides, std::array<std::size_t, 5>{0, 2, 3, 4, 1})) return TensorLayout::ChannelsLast3d;
    for (std::size_t d = 0; d < sizes->size(); ++d)
        if ((*strides)[d] == 0 && (*sizes)[d] > 1) return TensorLayout::Expanded;
    return isDenseIn(*sizes, *strides, bySize(*strides)) ? TensorLayout::DenseNonContiguous : TensorLayout::Strided;
}

std::string_view title(TensorLayout layout)
{
    switch (layout) {
    case TensorLayout::Unknown: return "not recorded";
    case TensorLayout::Contiguous: return "contiguous";
    case TensorLayout::ChannelsLast: return "channels last";
    case TensorLayout::ChannelsLast3d: return "channels last 3d";
    case TensorLayout::DenseNonContiguous: return "dense, not contiguous";
    case TensorLayout::Expanded: return "expanded";
    case TensorLayout::Strided: return "strided";
    }
    return "";
}

} // namespace opscope
