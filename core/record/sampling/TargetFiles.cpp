#include "core/record/sampling/TargetFiles.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace opscope::sampling {

namespace {

constexpr std::string_view kDeleted = " (deleted)";

/// An O_PATH descriptor (which opens nothing yet) becomes one to read from, if it is a regular file.
FileHandle readable(FileHandle place)
{
    struct stat info{};
    if (!place || fstat(place.get(), &info) != 0 || !S_ISREG(info.st_mode)) return {};
    return FileHandle(::open(("/proc/self/fd/" + std::to_string(place.get())).c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
}

/// For kernels before 5.6, part by part, refusing links altogether.
FileHandle openWithoutLinks(int root, std::string_view path)
{
    FileHandle folder(fcntl(root, F_DUPFD_CLOEXEC, 0));
    while (folder) {
        while (path.starts_with('/')) path.remove_prefix(1);
        const std::string part(path.substr(0, path.find('/')));
        path.remove_prefix(part.size());
        if (part.empty() || part == "..") return {};
        FileHandle next(openat(folder.get(), part.c_str(), O_PATH | O_CLOEXEC | O_NOFOLLOW));
        if (path.empty()) return next;
        folder = std::move(next);
    }
    return {};
}

} // namespace

FileHandle::~FileHandle()
{
    if (m_descriptor >= 0) close(m_descriptor);
}

std::string readSmallFile(const std::string& path, std::size_t limit)
{
    std::string text;
    const FileHandle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!file) return text;
    char buffer[16384];
    while (text.size() < limit) {
        const ssize_t got = read(file.get(), buffer, sizeof buffer);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        text.append(buffer, static_cast<std::size_t>(got));
    }
    return text;
}

FileHandle openHostFile(const std::string& path)
{
    return readable(FileHandle(::open(path.c_str(), O_PATH | O_CLOEXEC)));
}

TargetFiles::TargetFiles(pid_t pid, std::string proc)
    : m_pid(pid), m_proc(std::move(proc)), m_root(::open(procPath("root").c_str(), O_PATH | O_CLOEXEC | O_DIRECTORY))
{
    struct stat ours{}, its{};
    m_ourRoot = m_root && stat("/", &ours) == 0 && fstat(m_root.get(), &its) == 0 && ours.st_dev == its.st_dev && ours.st_ino == its.st_ino;
}

std::string TargetFiles::procPath(const char* what) const { return m_proc + "/" + std::to_string(m_pid) + "/" + what; }

FileHandle TargetFiles::placeBelowRoot(const std::string& path, int flags) const
{
    if (!m_root || !path.starts_with('/')) return {};
    open_how how{};
    how.flags = static_cast<std::uint64_t>(O_PATH | O_CLOEXEC | flags);
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    const long file = syscall(SYS_openat2, m_root.get(), path.c_str(), &how, sizeof how);
    if (file >= 0) return FileHandle(static_cast<int>(file));
    if (errno != ENOSYS && errno != EPERM) return {}; // EPERM: sandboxes answer so to what they do not know
    if (m_ourRoot) return FileHandle(::open(path.c_str(), O_PATH | O_CLOEXEC | flags));
    return openWithoutLinks(m_root.get(), path);
}

FileHandle TargetFiles::open(const std::string& path) const { return readable(placeBelowRoot(path, 0)); }

FileHandle TargetFiles::openPlain(const std::string& path) const { return readable(placeBelowRoot(path, O_NOFOLLOW)); }

FileHandle TargetFiles::openFolder(const std::string& path) const { return placeBelowRoot(path, O_NOFOLLOW | O_DIRECTORY); }

bool TargetFiles::isMapped(const FileHandle& file, const Mapping& mapping) const
{
    struct stat info{};
    if (!file || fstat(file.get(), &info) != 0) return false;
    if (mapping.inode == 0 || info.st_ino == mapping.inode) return true; // devices differ on btrfs, so they say nothing
    struct statfs system{};
    return fstatfs(file.get(), &system) == 0 && system.f_type == OVERLAYFS_SUPER_MAGIC; // maps may name the file of a layer
}

FileHandle TargetFiles::openMapped(const Mapping& mapping) const
{
    if (!mapping.path.starts_with('/')) return {};
    if (FileHandle file = open(mapping.path); isMapped(file, mapping)) return file;
    if (mapping.inode != 0)
        if (FileHandle file = openHostFile(procPath("exe")); isMapped(file, mapping)) return file;
    char range[64]; // needs CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE
    std::snprintf(range, sizeof range, "map_files/%llx-%llx", static_cast<unsigned long long>(mapping.start),
                  static_cast<unsigned long long>(mapping.end));
    FileHandle file = openHostFile(procPath(range));
    return isMapped(file, mapping) ? std::move(file) : FileHandle();
}

std::string_view lastPart(std::string_view path)
{
    if (path.ends_with(kDeleted)) path.remove_suffix(kDeleted.size());
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

} // namespace opscope::sampling
