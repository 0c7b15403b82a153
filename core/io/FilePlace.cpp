#include "core/io/FilePlace.h"

#include "core/base/Path.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace opscope {

std::string folderOf(const std::string& path)
{
    const std::size_t slash = path.find_last_of('/');
    return slash == path.npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

Error writeRefusal(const std::string& path, std::string_view why)
{
    return {ErrorCode::CannotWrite, displayName(path) + " cannot be written: " + std::string(why), {}};
}

std::string_view writeReason(int reason)
{
    switch (reason) {
    case ENOENT: return "its folder is not there";
    case ENOTDIR: return "a part of the path is not a folder";
    case EACCES:
    case EPERM: return "permission denied";
    case EROFS: return "the disk is read-only";
    case ENOSPC:
    case EDQUOT: return "the disk is full";
    case EFBIG: return "the file would be larger than is allowed";
    case ENAMETOOLONG: return "the name is too long";
    default: return std::strerror(reason);
    }
}

Result<std::string> placeForFile(const std::string& path)
{
    if (path.empty() || path.ends_with('/')) return writeRefusal(path, "this is a folder");
    std::string place = path;
    struct stat found = {};
    if (::lstat(path.c_str(), &found) == 0 && S_ISLNK(found.st_mode)) {
        const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr), &std::free);
        if (!real) return writeRefusal(path, "it is a link that leads nowhere");
        place = real.get();
    }
    const bool exists = ::stat(place.c_str(), &found) == 0;
    if (exists && S_ISDIR(found.st_mode)) return writeRefusal(path, "this is a folder");
    if (exists && !S_ISREG(found.st_mode)) return writeRefusal(path, "this is not a regular file");
    if (exists && ::access(place.c_str(), W_OK) != 0) return writeRefusal(path, "the file that is there is write-protected");
    if (fileName(place).size() > 255) return writeRefusal(path, writeReason(ENAMETOOLONG));
    return place;
}

} // namespace opscope
