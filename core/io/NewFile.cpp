#include "core/io/NewFile.h"

#include "core/base/Path.h"
#include "core/io/FilePlace.h"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace opscope {

namespace {

constexpr int kTries = 100;
constexpr std::size_t kLongestInPart = 200; ///< of the name; names end at 255 bytes
/// The disk is kept busy from the beginning, so that the sync at the end has little left to wait for.
constexpr std::uint64_t kFlushEvery = std::uint64_t{4} << 20;

} // namespace

Error NewFile::cannot(int reason) const { return writeRefusal(m_path, writeReason(reason)); }

Result<NewFile> NewFile::create(const std::string& path, Way way)
{
    auto place = placeForFile(path);
    if (!place) return place.error();
    NewFile file(std::move(*place));
    struct stat old = {};
    const bool exists = ::stat(file.m_path.c_str(), &old) == 0;
    if ((way == Way::Beside || !file.openNameless()) && !file.openPart()) return file.cannot(file.m_reason);
    if (exists) static_cast<void>(::fchmod(file.m_descriptor, old.st_mode & 07777)); // who may read it stays as it was
    return file;
}

NewFile::NewFile(NewFile&& other) noexcept
    : m_path(std::move(other.m_path)), m_part(std::move(other.m_part)), m_descriptor(std::exchange(other.m_descriptor, -1)),
      m_reason(other.m_reason), m_size(other.m_size), m_flushed(other.m_flushed)
{
}

NewFile::~NewFile()
{
    if (m_descriptor < 0) return;
    ::close(m_descriptor);
    if (!m_part.empty()) ::unlink(m_part.c_str());
}

bool NewFile::openNameless()
{
    m_descriptor = ::open(folderOf(m_path).c_str(), O_WRONLY | O_TMPFILE | O_CLOEXEC, 0666);
    if (m_descriptor < 0) return false;
    // It gets its name through /proc; without that it would be lost in the end.
    if (::access(("/proc/self/fd/" + std::to_string(m_descriptor)).c_str(), F_OK) == 0) return true;
    ::close(std::exchange(m_descriptor, -1));
    return false;
}

std::string NewFile::partName(int number) const
{
    const std::string folder = folderOf(m_path);
    return folder + (folder == "/" ? "." : "/.") + fileName(m_path).substr(0, kLongestInPart) + ".part" + std::to_string(::getpid()) +
           (number ? "-" + std::to_string(number) : std::string());
}

/// Never over something that is there already: a part that was left lying, or that somebody else is writing.
bool NewFile::openPart()
{
    for (int i = 0; i < kTries; ++i) {
        const std::string part = partName(i);
        m_descriptor = ::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
        m_reason = m_descriptor < 0 ? errno : 0;
        if (m_descriptor >= 0) m_part = part;
        if (m_descriptor >= 0 || m_reason != EEXIST) break;
    }
    return m_descriptor >= 0;
}

int NewFile::append(std::string_view bytes)
{
    while (!m_reason && !bytes.empty()) {
        const ssize_t n = ::write(m_descriptor, bytes.data(), bytes.size());
        if (n < 0 && errno != EINTR) m_reason = errno;
        if (n <= 0) continue;
        bytes.remove_prefix(static_cast<std::size_t>(n));
        m_size += static_cast<std::uint64_t>(n);
    }
    if (m_size - m_flushed >= kFlushEvery) {
        ::sync_file_range(m_descriptor, static_cast<off64_t>(m_flushed), static_cast<off64_t>(m_size - m_flushed), SYNC_FILE_RANGE_WRITE);
        m_flushed = m_size;
    }
    return m_reason;
}

Status NewFile::sync()
{
    // Some file systems cannot sync; they are asked for no more than they have.
    if (!m_reason && ::fsync(m_descriptor) != 0 && errno != EINVAL && errno != ENOSYS && errno != ENOTSUP) m_reason = errno;
    if (m_reason) return cannot(m_reason);
    return Done{};
}

bool NewFile::link(const std::string& name) const
{
    const std::string self = "/proc/self/fd/" + std::to_string(m_descriptor);
    return ::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) == 0;
}

Status NewFile::takeName()
{
    // Where nothing has the name yet, one step does it. Else a name beside it, and then over it: linkat replaces nothing.
    bool named = m_part.empty() && link(m_path);
    for (int i = 0; !named && m_part.empty() && errno == EEXIST && i < kTries; ++i)
        if (const std::string part = partName(i); link(part)) m_part = part;
    if (!named && !m_part.empty()) named = std::rename(m_part.c_str(), m_path.c_str()) == 0;
    if (!named) return cannot(errno);
    m_part.clear();
    ::close(std::exchange(m_descriptor, -1));
    if (const int folder = ::open(folderOf(m_path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); folder >= 0) {
        static_cast<void>(::fsync(folder)); // the name, too, outlives a power cut; where that cannot be, the file is there all the same
        ::close(folder);
    }
    return Done{};
}

} // namespace opscope
