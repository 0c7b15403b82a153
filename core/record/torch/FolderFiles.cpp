#include "core/record/torch/FolderFiles.h"

#include "core/record/Presentable.h"

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <memory>

namespace opscope::torch {
namespace {

constexpr int kDeepest = 16;             // recorders make two
constexpr std::size_t kMostAtOnce = 10'000;

} // namespace

bool plainName(std::string_view name)
{
    if (name.empty() || name.size() > 255 || name == "." || name == ".." || name.find('/') != name.npos || name.find('\0') != name.npos) return false;
    return presentable(name) == name;
}

Descriptor openFolder(int at, const std::string& name)
{
    return Descriptor(::openat(at, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

Descriptor openRegular(int at, const std::string& name)
{
    // Not to be held up by a pipe, and not to get a terminal. What a device does when it is opened is done by then: so it is looked at before as well.
    const auto about = aboutName(at, name);
    if (!about) return Descriptor();
    struct stat opened = {};
    Descriptor file(S_ISREG(about->st_mode) ? ::openat(at, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1);
    if (file && ::fstat(file.get(), &opened) == 0 && S_ISREG(opened.st_mode)) return file;
    if (file || !S_ISREG(about->st_mode)) errno = EINVAL;
    return Descriptor();
}

std::optional<struct stat> aboutName(int at, const std::string& name)
{
    struct stat about = {};
    if (::fstatat(at, name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0) return std::nullopt;
    return about;
}

std::vector<std::string> namesIn(int folder, std::size_t most)
{
    std::vector<std::string> names;
    const int own = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); // a place to read from of its own
    const std::unique_ptr<DIR, int (*)(DIR*)> list(own < 0 ? nullptr : ::fdopendir(own), [](DIR* dir) { return ::closedir(dir); });
    if (!list && own >= 0) ::close(own);
    while (const dirent* entry = list && names.size() < most ? ::readdir(list.get()) : nullptr)
        if (const std::string_view name = entry->d_name; name != "." && name != "..") names.emplace_back(name);
    std::sort(names.begin(), names.end());
    return names;
}

bool removeTree(int at, const std::string& name, int depth)
{
    if (::unlinkat(at, name.c_str(), 0) == 0 || errno == ENOENT) return true;
    if (errno != EISDIR && errno != EPERM) return false; // EPERM is what POSIX says of folders
    if (depth >= kDeepest) return false;
    if (const Descriptor folder = openFolder(at, name); folder) {
        for (bool all = true; all;) {
            const auto names = namesIn(folder.get(), kMostAtOnce);
            for (const std::string& each : names) all = removeTree(folder.get(), each, depth + 1) && all;
            if (names.size() < kMostAtOnce) break;
        }
    }
    return ::unlinkat(at, name.c_str(), AT_REMOVEDIR) == 0;
}

int writeAll(int descriptor, std::string_view bytes)
{
    while (!bytes.empty()) {
        const ssize_t wrote = ::write(descriptor, bytes.data(), bytes.size());
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) return errno;
        bytes.remove_prefix(static_cast<std::size_t>(wrote));
    }
    return 0;
}

} // namespace opscope::torch
