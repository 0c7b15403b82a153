#include "tests/support/Mutants.h"

#include "tests/support/Golden.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <iterator>
#include <vector>

namespace opscope::test {

namespace {

struct Run
{
    std::size_t begin = 0, length = 0;
};

/// Where digits stand that a member or a list holds: behind ": ", ":", "[" or ",".
std::vector<Run> numbersIn(const std::string& text)
{
    const auto digit = [&](std::size_t at) { return at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])) != 0; };
    std::vector<Run> runs;
    for (std::size_t at = 1; at < text.size(); ++at) {
        if (!digit(at) || std::string_view(" :[,-").find(text[at - 1]) == std::string_view::npos) continue;
        std::size_t end = at;
        while (digit(end)) ++end;
        runs.push_back({at, end - at});
        at = end;
    }
    return runs;
}

} // namespace

std::string mutate(std::string text, std::mt19937& random)
{
    static const std::string kPieces[] = {"{", "}", "[", "]", "\"", ",", ":", "\\", "null", "NaN", "-", "1e999", "\n", "\xff", "0",
                                          std::string(1, '\0'), "\"ph\": \"B\",", "\"ph\": \"E\",", "\"ts\": 1,", "\"id\": 1,", "\\ud800",
                                          "{\"ph\":\"X\",\"ts\":9223372036854775807,\"dur\":9223372036854775807,\"name\":\"\"},",
                                          std::string(300, '['), "18446744073709551616"};
    const auto place = [&] { return static_cast<std::size_t>(random() % (text.size() + 1)); };
    for (int changes = 1 + static_cast<int>(random() % 4); changes > 0; --changes) {
        const std::size_t at = place(), length = std::min<std::size_t>(random() % 40, text.size() - at);
        switch (random() % 6) {
        case 0: text.insert(at, kPieces[random() % std::size(kPieces)]); break;
        case 1: text.erase(at, length); break;
        case 2: if (at < text.size()) text[at] = static_cast<char>(random()); break;
        case 3: text.insert(place(), text.substr(at, length)); break;
        case 4: text.replace(at, length, kPieces[random() % std::size(kPieces)]); break;
        default: if (random() % 8 == 0) text.resize(at); break;
        }
    }
    return text;
}

std::string mutateNumbers(std::string text, std::mt19937& random)
{
    static const std::string kNumbers[] = {"0", "1", "2", "-1", "4097", "9223372036854775807", "9223372036854775808",
                                           "18446744073709551615", "18446744073709551616", "-9223372036854775808", "0.5", "1e30"};
    for (int changes = 1 + static_cast<int>(random() % 12); changes > 0; --changes) {
        const std::vector<Run> runs = numbersIn(text);
        if (runs.empty()) return text;
        const Run& where = runs[random() % runs.size()];
        const Run& other = runs[random() % runs.size()];
        const std::string number = random() % 2 ? kNumbers[random() % std::size(kNumbers)] : text.substr(other.begin, other.length);
        text.replace(where.begin, where.length, number);
    }
    return text;
}

std::string mutateWords(std::string bytes, std::mt19937& random)
{
    static constexpr std::uint64_t kWords[] = {0, 1, 4, 8, 15, 0x10, 0xFFF, 0xFFFF, UINT64_MAX, std::uint64_t{1} << 63, 0x7FFFFFFFFFFFFFFF,
                                               0x0016547846040010, 0x20, 0x8000800000F00034, 0xFFFFFFF000000FF4};
    for (int changes = 1 + static_cast<int>(random() % 5); changes > 0 && bytes.size() >= 24; --changes) {
        const std::size_t words = bytes.size() / 8, at = 8 * (1 + random() % (words - 1));
        switch (random() % 8) {
        case 0: bytes.replace(at, 8, reinterpret_cast<const char*>(&kWords[random() % std::size(kWords)]), 8); break;
        case 1: bytes.erase(at, 8 * (1 + random() % 4)); break;
        case 2: bytes.insert(at, bytes.substr(8 * (random() % words), 8 * (1 + random() % 8))); break;
        case 3: bytes[at] = static_cast<char>((static_cast<unsigned char>(bytes[at]) & 0x0Fu) | (random() % 16) << 4); break; // the size
        case 4: bytes[at] = static_cast<char>((static_cast<unsigned char>(bytes[at]) & 0xF0u) | random() % 16); break;        // the type
        case 5: bytes[at + random() % 8] = static_cast<char>(random()); break;
        case 6: bytes[at + 2] = static_cast<char>(random()); break; // event type and number of arguments
        default: if (random() % 6 == 0) bytes.resize(8 + random() % (bytes.size() - 8)); break;
        }
    }
    return bytes;
}

std::vector<std::string> smallSamples(std::uintmax_t mostBytes, std::string_view ending)
{
    std::vector<std::string> paths;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(dataPath(""))) {
        const bool small = entry.is_regular_file() && entry.file_size() <= mostBytes;
        if (small && entry.path().extension() == ending) paths.push_back(entry.path().string());
    }
    std::sort(paths.begin(), paths.end());
    return paths;
}

} // namespace opscope::test
