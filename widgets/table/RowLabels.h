#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

namespace opscope {

/// What tells names apart whose short names are the same: "BinaryFunctor" and "CUDAFunctor_add" of two
/// vectorized_elementwise_kernel. By number of the name; names that need nothing, or of which nothing can be said, are left out.
/// Cost: linear in the text of the names that share a short name; of each at most the first 4 KiB count.
std::unordered_map<std::uint32_t, std::string> distinguishing(std::span<const std::string_view> names);

} // namespace opscope
