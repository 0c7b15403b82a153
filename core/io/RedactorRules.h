#pragma once

#include "core/io/PrivateText.h"
#include "core/io/Redactor.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace opscope {

/// How the value of a top-level entry is read as a whole.
KeyClass classOfEntry(std::string_view key, std::string_view json);

struct Redactor::Rules
{
    /// Also of what is not known: then it is made of the hash. The name itself where it tells nothing or is a replacement already.
    std::string replacement(PrivateKind kind, std::string_view name) const;

    PrivateNames names;
    std::array<std::unordered_map<std::string, std::string>, 6> known;  ///< by PrivateKind
    std::uint64_t salt = 0;
};

/// Kind of a value that is private as a whole; false for those whose text must be looked at.
bool isWhole(KeyClass key, PrivateKind& kind);

} // namespace opscope
