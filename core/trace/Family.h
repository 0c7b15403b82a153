#pragma once

#include "core/trace/Category.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace opscope {

/// What kind of work a name stands for (look.md section 5): decides colours, and is a field of filters.
enum class Family : std::uint8_t {
    Matmul, Attention, Elementwise, Reduction, Memory, Communication, Other, Runtime, Sync, Annotation, Python
};
inline constexpr std::size_t kFamilies = 11;

/// Category first, then the first matching word of the (lower-cased, unwrapped) name; the words are FamilyWords.cpp.
Family familyOf(std::string_view name, CategoryClass category);
/// "matmul", "memory": as filters write it.
std::string_view id(Family family);
std::optional<Family> familyById(std::string_view text);

} // namespace opscope
