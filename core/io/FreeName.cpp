#include "core/io/FreeName.h"

#include "core/base/Path.h"
#include "core/io/FilePlace.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <unistd.h>

namespace opscope {

namespace {

constexpr int kMostNames = 1000;
constexpr std::size_t kLongestName = 255;

/// Reserves the name by an empty file of ours: for file systems that have neither of the other ways.
int moveOntoReserved(const char* from, const char* to)
{
    const int reserved = ::open(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (reserved < 0) return errno;
    ::close(reserved);
    if (std::rename(from, to) == 0) return 0;
    const int reason = errno;
    ::unlink(to);
    return reason;
}

/// 0 or the errno; EEXIST: something has the name.
int moveUnlessTaken(const char* from, const char* to)
{
    if (::renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) return 0;
    if (errno != EINVAL && errno != ENOSYS) return errno; // the file system, or the kernel, does not know the flag
    if (::link(from, to) == 0) return ::unlink(from) == 0 ? 0 : errno;
    return errno == EEXIST ? EEXIST : moveOntoReserved(from, to);
}

} // namespace

std::string numberedName(const std::string& path, int number)
{
    const std::size_t name = path.size() - fileName(path).size();
    const std::size_t packed = path.ends_with(".gz") ? path.size() - 3 : path.size();
    std::size_t dot = packed ? path.rfind('.', packed - 1) : path.npos;
    if (dot == path.npos || dot <= name) dot = packed; // ".fxt" alone is no ending
    const std::string behind = "-" + std::to_string(number) + path.substr(dot);
    const std::size_t room = kLongestName > behind.size() ? kLongestName - behind.size() : 0;
    return path.substr(0, std::min(dot, name + room)) + behind;
}

Result<std::string> moveToFreeName(const std::string& from, const std::string& path)
{
    std::string name = path;
    int reason = moveUnlessTaken(from.c_str(), name.c_str());
    for (int number = 2; reason == EEXIST && number <= kMostNames; ++number) {
        name = numberedName(path, number);
        reason = moveUnlessTaken(from.c_str(), name.c_str());
    }
    if (reason) return writeRefusal(name, writeReason(reason));
    return name;
}

} // namespace opscope
