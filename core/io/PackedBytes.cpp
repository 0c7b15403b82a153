#include "core/io/PackedBytes.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace opscope {

namespace {

/// Linux moves at most 2 GiB a call; less keeps a cancelled load quick.
constexpr std::size_t kMaxReadBytes = std::size_t{64} << 20;

Error cannotOpen(int error)
{
    switch (error) {
    case ENOENT: return {ErrorCode::CannotOpen, "there is no such file", {}};
    case ENOTDIR: return {ErrorCode::CannotOpen, "a part of the path is not a folder", {}};
    case EACCES:
    case EPERM: return {ErrorCode::CannotOpen, "the file may not be read (permission denied)", {}};
    case ENAMETOOLONG: return {ErrorCode::CannotOpen, "the file name is too long", {}};
    default: return {ErrorCode::CannotOpen, std::string("the file cannot be opened: ") + std::strerror(error), {}};
    }
}

} // namespace

Result<PackedBytes> PackedBytes::openFile(const std::string& path)
{
    // Not to wait for the other end of a pipe.
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) return cannotOpen(errno);
    PackedBytes bytes;
    bytes.m_descriptor = descriptor;
    struct stat status = {};
    if (::fstat(descriptor, &status) != 0) return cannotOpen(errno);
    if (S_ISDIR(status.st_mode)) return Error{ErrorCode::CannotOpen, "this is a folder, not a file", {}};
    if (!S_ISREG(status.st_mode)) {
        return Error{ErrorCode::CannotOpen, "this is not a regular file; a trace is read more than once", {}};
    }
    if (status.st_size == 0) return Error{ErrorCode::Empty, "the file is empty", {}};
    bytes.m_size = static_cast<std::uint64_t>(status.st_size);
    bytes.m_modifiedNs = std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
    return bytes;
}

PackedBytes PackedBytes::memory(std::span<const char> memory)
{
    PackedBytes bytes;
    bytes.m_memory = memory;
    bytes.m_size = memory.size();
    return bytes;
}

PackedBytes::PackedBytes(PackedBytes&& other) noexcept
    : m_descriptor(std::exchange(other.m_descriptor, -1)), m_memory(other.m_memory), m_size(other.m_size),
      m_modifiedNs(other.m_modifiedNs)
{
}

PackedBytes::~PackedBytes()
{
    if (m_descriptor >= 0) ::close(m_descriptor);
}

Result<std::size_t> PackedBytes::readAt(std::uint64_t offset, std::span<char> into) const
{
    if (m_descriptor < 0) {
        if (offset >= m_size) return std::size_t{0};
        const std::size_t length = std::min<std::size_t>(into.size(), m_size - offset);
        std::memcpy(into.data(), m_memory.data() + offset, length);
        return length;
    }
    std::size_t done = 0;
    while (done < into.size()) {
        const std::size_t want = std::min(into.size() - done, kMaxReadBytes);
        const ssize_t got = ::pread(m_descriptor, into.data() + done, want, static_cast<off_t>(offset + done));
        if (got == 0) break;
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            return Error{ErrorCode::CannotRead, std::string("the file cannot be read: ") + std::strerror(errno),
                         offset + done};
        }
        done += static_cast<std::size_t>(got);
    }
    return done;
}

Result<bool> PackedBytes::looksLikeGzip() const
{
    char magic[3];
    auto got = readAt(0, magic);
    if (!got) return got.error();
    return std::string_view(magic, *got) == "\x1f\x8b\x08";
}

} // namespace opscope
