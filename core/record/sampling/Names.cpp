#include "core/record/sampling/Names.h"

#include "core/base/StringPool.h"

#include <cstdint>
#include <cstdlib>
#include <cxxabi.h>
#include <memory>
#include <utility>
#include <vector>

namespace opscope::sampling {

namespace {

constexpr std::size_t kMaxShown = 4000, kMaxMangled = 4096;
constexpr std::uint64_t kMaxUnfolded = std::uint64_t{1} << 26;

bool isBase36(char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); }

struct BackReference
{
    std::uint64_t index, size;
};

/// "S_", "S1_", "T_", "T0_" at `at`: the index, or -1. "T" may mean any template argument: greater than every index.
std::int64_t backReferenceAt(std::string_view name, std::size_t at, std::size_t& end)
{
    if (name[at] != 'S' && name[at] != 'T') return -1;
    std::uint64_t index = 0;
    end = at + 1;
    while (end < name.size() && isBase36(name[end]) && end < at + 6) {
        index = index * 36 + static_cast<std::uint64_t>(name[end] <= '9' ? name[end] - '0' : name[end] - 'A' + 10);
        ++end;
    }
    if (end >= name.size() || name[end] != '_') return -1;
    if (name[at] == 'T') return INT32_MAX;
    return end == at + 1 ? 0 : static_cast<std::int64_t>(index + 1);
}

/// Back references unfold: 300 characters can become gigabytes, and __cxa_demangle has no limit. What the n-th substitution stands for was complete
/// before it was named, so it holds only references that came earlier in the text and have a smaller index: that bounds its size.
bool unfoldsTooFar(std::string_view name)
{
    std::vector<BackReference> seen;
    std::uint64_t total = 2 * name.size();
    for (std::size_t i = 0; i + 1 < name.size(); ++i) {
        std::size_t end = 0;
        const std::int64_t index = backReferenceAt(name, i, end);
        if (index >= 0) {
            std::uint64_t size = 2 * name.size();
            for (const BackReference& earlier : seen)
                if (earlier.index < static_cast<std::uint64_t>(index)) size += earlier.size;
            seen.push_back({static_cast<std::uint64_t>(index), size});
            total += size;
        } else if ((name[i] == 'D' || name[i] == 's') && name[i + 1] == 'p') { // a pack: once for each of its elements
            total *= 16;
        }
        if (total > kMaxUnfolded) return true;
    }
    return false;
}

/// "core::fmt::write::h0123456789abcdef", as Rust's older names come out of the C++ demangler.
void takeOffRustHash(std::string& name)
{
    constexpr std::size_t kHash = 19; // "::h" and 16 digits
    if (name.size() <= kHash || name.compare(name.size() - kHash, 3, "::h") != 0) return;
    if (name.find_first_not_of("0123456789abcdef", name.size() - 16) != std::string::npos) return;
    name.resize(name.size() - kHash);
    static constexpr std::pair<std::string_view, std::string_view> kEscapes[] = {
        {"$LT$", "<"}, {"$GT$", ">"}, {"$RF$", "&"}, {"$BP$", "*"}, {"$LP$", "("}, {"$RP$", ")"}, {"$C$", ","},
        {"$u7b$", "{"}, {"$u7d$", "}"}, {"$u20$", " "}, {"$u27$", "'"}, {"$u5b$", "["}, {"$u5d$", "]"}, {"$SP$", "@"}, {"..", "::"}};
    for (const auto& [from, to] : kEscapes)
        for (std::size_t at = name.find(from); at != std::string::npos; at = name.find(from, at + to.size())) name.replace(at, from.size(), to);
    if (name.starts_with("_<")) name.erase(0, 1);
}

} // namespace

std::string shownText(std::string_view bytes)
{
    if (bytes.empty()) return "[no name]";
    const bool cut = bytes.size() > kMaxShown;
    if (cut) bytes = bytes.substr(0, kMaxShown);
    while (cut && !bytes.empty() && (static_cast<unsigned char>(bytes.back()) & 0xC0) == 0x80) bytes.remove_suffix(1);
    std::string valid;
    sanitizeUtf8(bytes, valid);
    return withoutControls(valid) + (cut ? "\xE2\x80\xA6" : "");
}

std::string functionName(std::string_view symbol)
{
    if (symbol.starts_with("__GI_")) symbol.remove_prefix(5); // how glibc calls its own functions from within
    if (!symbol.starts_with("_Z") || symbol.size() > kMaxMangled || unfoldsTooFar(symbol)) return shownText(symbol);
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> text(abi::__cxa_demangle(std::string(symbol).c_str(), nullptr, nullptr, &status), &std::free);
    if (status != 0 || !text) return shownText(symbol);
    std::string name = text.get();
    takeOffRustHash(name);
    return shownText(name);
}

bool splitPythonName(std::string_view name, std::string_view& function, std::string_view& file)
{
    if (!name.starts_with("py::")) return false;
    name.remove_prefix(4);
    const std::size_t colon = name.find(':');
    if (colon == std::string_view::npos || colon == 0) return false;
    function = name.substr(0, colon);
    file = name.substr(colon + 1);
    return true;
}

std::string pythonName(std::string_view function, std::string_view file)
{
    std::size_t slash = file.rfind('/');
    const std::string_view last = slash == std::string_view::npos ? file : file.substr(slash + 1);
    if ((last == "__init__.py" || last == "__main__.py") && slash != std::string_view::npos && slash > 0) slash = file.rfind('/', slash - 1);
    const std::string_view shown = slash == std::string_view::npos ? file : file.substr(slash + 1);
    std::string name(function);
    if (!shown.empty()) name.append(" (").append(shown).append(")");
    return shownText(name);
}

} // namespace opscope::sampling
