#include "tests/support/Golden.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace opscope::test {

namespace {

std::string_view lineAt(std::string_view text, std::size_t place)
{
    const std::size_t begin = place == 0 ? 0 : text.rfind('\n', place - 1) + 1;
    return text.substr(begin, text.find('\n', place) - begin);
}

} // namespace

std::string dataPath(std::string_view name)
{
    return std::string(OPSCOPE_TEST_DATA "/") + std::string(name);
}

std::string sharedPath(std::string_view name)
{
    std::string path = std::string(OPSCOPE_SHARED "/") + std::string(name);
    std::error_code error;
    return std::filesystem::exists(path, error) ? path : std::string();
}

std::string readFile(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

bool writeFile(const std::string& path, std::string_view bytes)
{
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return static_cast<bool>(file.flush());
}

std::string compareGolden(std::string_view text, std::string_view name)
{
    const std::string path = dataPath(name);
    if (const char* accept = std::getenv("OPSCOPE_ACCEPT"); accept && *accept == '1') {
        return writeFile(path, text) ? std::string() : "cannot write " + path;
    }
    if (!std::filesystem::exists(path)) return std::string(name) + " is missing; OPSCOPE_ACCEPT=1 writes it";
    const std::string golden = readFile(path);
    if (golden == text) return {};
    const auto differs = std::mismatch(golden.begin(), golden.end(), text.begin(), text.end()).first;
    const auto place = static_cast<std::size_t>(differs - golden.begin());
    const auto line = 1 + std::count(golden.begin(), differs, '\n');
    return std::string(name) + ", line " + std::to_string(line) + "\n  golden: " + std::string(lineAt(golden, place)) +
           "\n  now:    " + std::string(lineAt(text, std::min(place, text.size())));
}

} // namespace opscope::test
