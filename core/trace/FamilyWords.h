#pragma once

#include "core/trace/Family.h"

#include <span>
#include <string_view>

namespace opscope {

/// How a word must stand in a name to count.
enum class WordPlace : std::uint8_t {
    Anywhere, ///< "gemm" in "ampere_sgemm_128x64_tn"
    Alone     ///< short words: as the whole operator name ("aten::to"), as a functor ("AddFunctor", "functor_add") or a backward node
};

struct FamilyWord
{
    Family family;
    WordPlace match;
    std::string_view word; ///< lower case
};

/// The first word that matches a (lower-cased, unwrapped) name decides its family. THE LIST, in order, is FamilyWords.cpp.
std::span<const FamilyWord> familyWords();
bool matches(std::string_view lowerCaseName, const FamilyWord& word);

} // namespace opscope
