#include "core/base/Path.h"

#include "core/base/StringPool.h"

namespace opscope {

std::string fileName(std::string_view path)
{
    const std::size_t last = path.find_last_not_of('/');
    if (last == path.npos) return std::string(path);
    return std::string(path.substr(path.substr(0, last).find_last_of('/') + 1));
}

std::string displayName(std::string_view path)
{
    std::string name;
    sanitizeUtf8(fileName(path), name);
    return withoutControls(name);
}

} // namespace opscope
