#include "core/trace/ShortName.h"

#include <array>
#include <cstdlib>
#include <cxxabi.h>
#include <memory>

namespace opscope {
namespace {

// What says nothing about a slice because every one of its kind begins with it.
constexpr std::array<std::string_view, 3> kWrappers{"autograd::engine::evaluate_function: ", "torch::autograd::", "nn.Module: "};

} // namespace

std::string_view unwrappedName(std::string_view name)
{
    for (const std::string_view wrapper : kWrappers)
        if (name.starts_with(wrapper) && name.size() > wrapper.size()) name.remove_prefix(wrapper.size());
    return name;
}

namespace {

// Where the namespaces of a C++ name end: behind the last "::" outside of any bracket.
std::size_t behindNamespaces(std::string_view name)
{
    std::size_t begin = 0;
    int depth = 0;
    for (std::size_t i = 0; i < name.size(); ++i) {
        const char c = name[i];
        if (c == '<' || c == '(' || c == '[' || c == '{') ++depth;
        if (c == '>' || c == ')' || c == ']' || c == '}') --depth;
        if (depth == 0 && c == ':' && i + 1 < name.size() && name[i + 1] == ':') begin = i + 2;
        if (depth == 0 && c == ' ') return begin; // an argument list or a remark begins
    }
    return begin;
}

// "ncclKernel_AllReduce(ncclDevComm*, ...)", but not "Memcpy DtoH (Device -> Pageable)".
bool hasParameters(std::string_view name)
{
    const std::size_t open = name.find('(');
    return name.ends_with(')') && open != std::string_view::npos && open > 0 && name.substr(0, open).find(' ') == std::string_view::npos;
}

bool looksLikeCpp(std::string_view name)
{
    return hasParameters(name) || name.starts_with("void ") || (name.find('<') != std::string_view::npos && name.find("::") != std::string_view::npos)
        || name.find("(anonymous namespace)::") != std::string_view::npos;
}

} // namespace

std::string_view shortNameView(std::string_view full)
{
    std::string_view name = unwrappedName(full);
    if (!looksLikeCpp(name) || name.starts_with('<')) return name;
    if (name.starts_with("void ")) name.remove_prefix(5);
    // Cut template arguments and parameters first; "(anonymous namespace)" is neither.
    std::size_t end = 0;
    constexpr std::string_view kAnonymous = "(anonymous namespace)";
    while (end < name.size() && name[end] != '<' && name[end] != '(') {
        ++end;
        if (name.substr(end).starts_with(kAnonymous)) end += kAnonymous.size();
    }
    std::string_view head = name.substr(0, end);
    head = head.substr(behindNamespaces(head));
    while (!head.empty() && head.back() == ' ') head.remove_suffix(1);
    // All kernels of CUTLASS are one template, "cutlass::Kernel<what it is>": then what it is is the name.
    if ((head == "Kernel" || head == "Kernel2" || head == "kernel") && end < name.size() && name[end] == '<') {
        std::string_view inner = name.substr(end + 1);
        inner = inner.substr(0, inner.find_first_of("<>(), "));
        inner = inner.substr(behindNamespaces(inner));
        if (inner.size() > 3) return inner;
    }
    return head.empty() ? name : head;
}

namespace {

// Some kernels are recorded under their linker names. The length limit keeps a hostile name from being expensive.
std::string demangled(std::string_view name)
{
    constexpr std::size_t kLongest = 8192;
    if (!name.starts_with("_Z") || name.size() > kLongest) return {};
    int status = 0;
    const std::unique_ptr<char, void (*)(void*)> text(abi::__cxa_demangle(std::string(name).c_str(), nullptr, nullptr, &status), std::free);
    return status == 0 && text ? std::string(text.get()) : std::string();
}

} // namespace

std::string shortName(std::string_view name)
{
    const std::string plain = demangled(name);
    return std::string(shortNameView(plain.empty() ? name : plain));
}

} // namespace opscope
