#include "core/record/inject/program/Statement.h"

namespace opscope::inject {

namespace {

constexpr std::size_t kMostStatement = 4000; // four times as long at most where every byte is escaped

std::string asBytes(std::string_view text)
{
    constexpr char kDigits[] = "0123456789abcdef";
    std::string all = "b'";
    for (const char c : text) {
        if (c >= ' ' && c < 0x7f && c != '\'' && c != '\\') {
            all += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        all += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
    }
    return all + "'";
}

} // namespace

bool fits(std::string_view statement) { return !statement.empty() && statement.size() <= kMostStatement && statement.find('\0') == statement.npos; }

std::string wrapped(std::string_view statement, pid_t pid, std::uint64_t memory, std::uint64_t size)
{
    // ctypes only where it is there already (the recorder needs it): importing it for this alone would leave more behind than a few pages.
    return "try:\n if __import__('os').getpid()==" + std::to_string(pid) + ":exec(" + asBytes(statement) + ",{})\nexcept BaseException:pass\n"
           "try:\n __import__('sys').modules['ctypes'].PyDLL(None).munmap(__import__('sys').modules['ctypes'].c_void_p(" + std::to_string(memory) +
           "),__import__('sys').modules['ctypes'].c_size_t(" + std::to_string(size) + "))\nexcept BaseException:pass\n";
}

} // namespace opscope::inject
