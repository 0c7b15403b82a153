#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace opscope::test {

/// The mistakes that files have, and some that only an enemy makes: up to four places are bent.
std::string mutate(std::string text, std::mt19937& random);
/// The same JSON with other numbers in it: ids of others, zero, numbers at the ends of 64 bits. What it names may not exist.
std::string mutateNumbers(std::string text, std::mt19937& random);

/// Formats of words of 64 bits: words and parts of them changed, dropped, doubled, moved; the first word stays.
std::string mutateWords(std::string bytes, std::mt19937& random);

/// The files of tests/data with this ending that have no more bytes than that, in order.
std::vector<std::string> smallSamples(std::uintmax_t mostBytes, std::string_view ending = ".json");

} // namespace opscope::test
