#pragma once

#include "core/record/sampling/Maps.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <utility>

namespace opscope::sampling {

/// An open file that closes itself; < 0: none.
class FileHandle
{
public:
    FileHandle() = default;
    explicit FileHandle(int descriptor) : m_descriptor(descriptor) {}
    FileHandle(FileHandle&& other) noexcept : m_descriptor(std::exchange(other.m_descriptor, -1)) {}
    FileHandle& operator=(FileHandle&& other) noexcept
    {
        std::swap(m_descriptor, other.m_descriptor);
        return *this;
    }
    ~FileHandle();
    int get() const { return m_descriptor; }
    explicit operator bool() const { return m_descriptor >= 0; }

private:
    int m_descriptor = -1;
};

/// The whole of a small file of /proc; empty when it cannot be read. At most `limit` bytes.
std::string readSmallFile(const std::string& path, std::size_t limit = 64u << 20);
/// A regular file of our own mount namespace, to be read only. Devices, pipes and folders are never opened.
FileHandle openHostFile(const std::string& path);

/// The files of another process as it sees them: below its root folder, of its mount namespace. Neither links nor ".." in its
/// paths lead out of there. Works for as long as this lives, also after the process has ended.
class TargetFiles
{
public:
    /// Another /proc is for tests.
    explicit TargetFiles(pid_t pid, std::string proc = "/proc");
    /// For reading only, regular files only.
    FileHandle open(const std::string& path) const;
    /// The same, but not if the last part is a link: of folders that everyone may write to.
    FileHandle openPlain(const std::string& path) const;
    /// The file behind a mapping, replaced or deleted ones too as far as the system lets us: what has another inode is another file.
    FileHandle openMapped(const Mapping& mapping) const;
    /// A folder to look into (O_PATH: nothing is opened), not a link to one.
    FileHandle openFolder(const std::string& path) const;
    /// The target sees the same files under the same names as we.
    bool ourRoot() const { return m_ourRoot; }
    pid_t pid() const { return m_pid; }

private:
    std::string procPath(const char* what) const;
    FileHandle placeBelowRoot(const std::string& path, int flags) const;
    bool isMapped(const FileHandle& file, const Mapping& mapping) const;

    pid_t m_pid;
    std::string m_proc;
    FileHandle m_root;
    bool m_ourRoot = false;   ///< the target has the same root folder as we
};

/// The last part of a path, without " (deleted)".
std::string_view lastPart(std::string_view path);

} // namespace opscope::sampling
