#include "core/record/sampling/StackChoice.h"

#include "core/record/sampling/TargetFiles.h"

#include <algorithm>
#include <string>
#include <vector>

namespace opscope::sampling {

namespace {

/// "python3.12", "python": not what merely begins so.
bool isInterpreter(std::string_view name)
{
    constexpr std::string_view kName = "python";
    if (!name.starts_with(kName)) return false;
    name.remove_prefix(kName.size());
    return name.empty() || (name.front() >= '0' && name.front() <= '9');
}

bool hasDeepStacks(const Mapping& mapping)
{
    if (!mapping.path.starts_with('/')) return false;
    const std::string_view name = lastPart(mapping.path);
    return isInterpreter(name) || name.starts_with("libpython") || name.starts_with("libtorch.so") || name.starts_with("libtorch_");
}

} // namespace

std::uint32_t stackBytesFor(std::string_view maps)
{
    const std::vector<Mapping> all = parseMaps(maps);
    return all.empty() || std::ranges::any_of(all, hasDeepStacks) ? kDeepStacks : kShallowStacks;
}

std::uint32_t stackBytesOf(pid_t pid) { return stackBytesFor(readSmallFile("/proc/" + std::to_string(pid) + "/maps")); }

} // namespace opscope::sampling
