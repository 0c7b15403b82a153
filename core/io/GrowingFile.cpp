#include "core/io/GrowingFile.h"

#include "core/base/Path.h"
#include "core/io/Deflate.h"
#include "core/io/FilePlace.h"
#include "core/io/FreeName.h"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace opscope {

namespace {

constexpr int kTries = 100;
constexpr std::size_t kLongestInPart = 240; ///< of the name; names end at 255 bytes

bool isNoRoom(int reason) { return reason == ENOSPC || reason == EDQUOT || reason == EFBIG; }

} // namespace

GrowingFile::Packing GrowingFile::packingOf(std::string_view path) { return path.ends_with(".gz") ? Packing::Gzip : Packing::Plain; }

Error GrowingFile::cannot(int reason) const { return writeRefusal(m_path, writeReason(reason)); }

Result<GrowingFile> GrowingFile::create(const std::string& path, Packing packing)
{
    auto place = placeForFile(path);
    if (!place) return place.error();
    GrowingFile file(std::move(*place));
    file.m_packing = packing;
    const std::string folder = folderOf(file.m_path);
    const std::string first = (folder == "/" ? folder : folder + "/") + std::string(fileName(file.m_path)).substr(0, kLongestInPart) + ".part";
    for (int i = 1; i <= kTries && file.m_descriptor < 0; ++i) {
        const std::string part = first + (i > 1 ? std::to_string(i) : std::string());
        file.m_descriptor = ::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (file.m_descriptor >= 0) file.m_part = part;
        else if (errno != EEXIST) return file.cannot(errno);
    }
    if (file.m_descriptor < 0) return file.cannot(EEXIST);
    struct stat old = {};
    if (::stat(file.m_path.c_str(), &old) == 0) static_cast<void>(::fchmod(file.m_descriptor, old.st_mode & 07777)); // who may read it stays as it was
    return file;
}

GrowingFile::GrowingFile(GrowingFile&& other) noexcept
    : m_path(std::move(other.m_path)), m_part(std::exchange(other.m_part, {})), m_packed(std::move(other.m_packed)), m_packing(other.m_packing),
      m_descriptor(std::exchange(other.m_descriptor, -1)), m_reason(other.m_reason), m_size(other.m_size)
{
}

GrowingFile::~GrowingFile()
{
    if (m_descriptor >= 0) ::close(m_descriptor);
    if (!m_part.empty()) ::unlink(m_part.c_str());
}

int GrowingFile::append(std::string_view piece, const Whole& whole)
{
    if (m_reason || piece.empty()) return m_reason;
    m_reason = tryToAppend(piece);
    if (whole && isNoRoom(m_reason)) fill(piece, whole);
    return m_reason;
}

/// The half of it, the half of what is left then, and so on, each where it fits: what does not is less than one thing that is whole, or
/// packs to nothing.
void GrowingFile::fill(std::string_view piece, const Whole& whole)
{
    for (std::size_t most = piece.size() / 2; most > 0; most /= 2) {
        const std::string_view part = piece.substr(0, whole(piece.substr(0, most)));
        if (!part.empty() && tryToAppend(part) == 0) piece.remove_prefix(part.size());
    }
}

int GrowingFile::tryToAppend(std::string_view piece)
{
    if (m_packing == Packing::Plain) return write(piece);
    m_packed.clear();
    return makeDeflate()->pack(piece, Deflate::More::No, m_packed) ? write(m_packed) : ENOMEM;
}

int GrowingFile::write(std::string_view bytes)
{
    std::uint64_t done = 0;
    while (done < bytes.size()) {
        const ssize_t n = ::write(m_descriptor, bytes.data() + done, bytes.size() - done);
        if (n > 0) done += static_cast<std::uint64_t>(n);
        if (n >= 0 || errno == EINTR) continue;
        const int reason = errno;
        // Half a piece would be half a record. Cutting needs no room; should it fail nevertheless, readers stop at the cut.
        static_cast<void>(::ftruncate(m_descriptor, static_cast<off_t>(m_size)));
        static_cast<void>(::lseek(m_descriptor, static_cast<off_t>(m_size), SEEK_SET)); // else what comes next would lie behind a hole
        return reason;
    }
    m_size += done;
    return 0;
}

Status GrowingFile::sync()
{
    // Some file systems cannot sync; they are asked for no more than they have.
    if (::fsync(m_descriptor) != 0 && errno != EINVAL && errno != ENOSYS && errno != ENOTSUP) return cannot(errno);
    return Done{};
}

Status GrowingFile::takeName()
{
    if (std::rename(m_part.c_str(), m_path.c_str()) != 0) return cannot(errno);
    named();
    return Done{};
}

Result<std::string> GrowingFile::takeFreeName()
{
    auto name = moveToFreeName(m_part, m_path);
    if (name) named();
    return name;
}

void GrowingFile::named()
{
    m_part.clear();
    m_reason = EBADF;
    ::close(std::exchange(m_descriptor, -1));
}

} // namespace opscope
