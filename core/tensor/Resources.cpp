#include "core/tensor/Resources.h"

#include "core/base/StringPool.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace opscope {

namespace {

struct CloseFolder
{
    void operator()(DIR* folder) const { closedir(folder); }
};

Error cannotOpen(std::string_view name, const char* why)
{
    return {ErrorCode::CannotOpen, Resources::shownName(name) + " " + why, {}};
}

/// Digits as a writer prints them: no sign, no leading zeros. Consumes them.
bool takeNumber(std::string_view& text, std::int64_t& out)
{
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    const auto length = static_cast<std::size_t>(end - text.data());
    if (error != std::errc() || length == 0 || (text[0] == '0' && length > 1) || text[0] == '-') return false;
    text.remove_prefix(length);
    return true;
}

bool take(std::string_view& text, std::string_view prefix)
{
    if (!text.starts_with(prefix)) return false;
    text.remove_prefix(prefix.size());
    return true;
}

/// "nid_36_tid_1.dat"
bool readCaptureName(std::string_view name, std::int64_t& node, std::int64_t& tensor)
{
    return take(name, "nid_") && takeNumber(name, node) && take(name, "_tid_") && takeNumber(name, tensor) && name == ".dat";
}

ResourceName describe(int folder, const char* entry)
{
    ResourceName found;
    found.name = entry;
    const bool capture = readCaptureName(found.name, found.node, found.tensor);
    if (!capture) found.node = found.tensor = -1;
    struct stat info{};
    if (fstatat(folder, entry, &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(info.st_mode)) {
        found.kind = ResourceName::Kind::Unsafe;
        return found;
    }
    found.size = static_cast<std::uint64_t>(info.st_size);
    if (capture) found.kind = ResourceName::Kind::Capture;
    if (found.name.ends_with(".py")) found.kind = ResourceName::Kind::Code;
    return found;
}

std::string withoutExtension(const std::string& path)
{
    const std::size_t slash = path.find_last_of('/');
    const std::size_t first = slash == std::string::npos ? 0 : slash + 1;
    const std::size_t dot = path.find_last_of('.');
    return dot == std::string::npos || dot <= first ? path : path.substr(0, dot);
}

} // namespace

ResourceFile::ResourceFile(ResourceFile&& other) noexcept : m_fd(std::exchange(other.m_fd, -1)), m_size(std::exchange(other.m_size, 0)) {}

ResourceFile& ResourceFile::operator=(ResourceFile&& other) noexcept
{
    std::swap(m_fd, other.m_fd);
    std::swap(m_size, other.m_size);
    return *this;
}

ResourceFile::~ResourceFile()
{
    if (m_fd >= 0) ::close(m_fd);
}

Result<std::size_t> ResourceFile::read(std::uint64_t offset, std::span<std::byte> into) const
{
    std::size_t got = 0;
    while (got < into.size()) {
        const ssize_t n = pread(m_fd, into.data() + got, into.size() - got, static_cast<off_t>(offset + got));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return Error{ErrorCode::CannotRead, std::string("a captured file cannot be read: ") + std::strerror(errno), {}};
        if (n == 0) break;
        got += static_cast<std::size_t>(n);
    }
    return got;
}

Result<std::string> ResourceFile::read(std::uint64_t offset, std::size_t length) const
{
    std::string text(offset >= m_size ? 0 : static_cast<std::size_t>(std::min<std::uint64_t>(length, m_size - offset)), '\0');
    auto got = read(offset, std::as_writable_bytes(std::span(text)));
    if (!got) return got.error();
    text.resize(*got);
    return text;
}

/// Python writes to the path without its last extension, C++ to the file actually written, which for a .gz trace has no .gz; and
/// people unpack traces and leave the folder as it is named.
std::vector<std::string> Resources::likelyFolders(const std::string& tracePath)
{
    std::vector<std::string> found;
    const auto add = [&](const std::string& stem) {
        if (const std::string folder = stem + "_resources"; std::find(found.begin(), found.end(), folder) == found.end())
            found.push_back(folder);
    };
    const bool packed = tracePath.ends_with(".gz");
    const std::string plain = packed ? tracePath.substr(0, tracePath.size() - 3) : tracePath;
    add(withoutExtension(tracePath));
    add(withoutExtension(plain));
    add(plain);
    return found;
}

std::optional<int> Resources::openFolder(const Folder& folder)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK | (folder.byHand ? 0 : O_NOFOLLOW);
    const int fd = ::open(folder.path.c_str(), flags);
    return fd < 0 ? std::nullopt : std::optional(fd);
}

Resources Resources::beside(const std::string& tracePath, Listing listing)
{
    Resources resources;
    for (std::string& path : likelyFolders(tracePath)) {
        const Folder folder{std::move(path), false};
        if (const auto fd = openFolder(folder)) {
            ::close(*fd);
            resources.m_folders.push_back(folder);
        } else if (errno == ELOOP || errno == ENOTDIR) {
            struct stat info{};
            if (lstat(folder.path.c_str(), &info) == 0 && S_ISLNK(info.st_mode)) resources.m_refused.push_back(folder.path);
        }
    }
    if (listing == Listing::None) return resources;
    for (const Folder& folder : resources.m_folders) resources.list(folder);
    resources.sortNames();
    return resources;
}

Resources Resources::inFolder(const std::string& path, Listing listing)
{
    Resources resources;
    const Folder folder{path, true};
    if (const auto fd = openFolder(folder)) {
        ::close(*fd);
        resources.m_folders.push_back(folder);
    }
    if (listing == Listing::None || !resources.exists()) return resources;
    resources.list(folder);
    resources.sortNames();
    return resources;
}

Resources Resources::of(const Trace& trace, SourceId source, Listing listing)
{
    if (source.index() >= trace.sources().size()) return {};
    const SourceFile& file = trace.sources()[source.index()];
    return file.resourcesFolder.empty() ? beside(file.path, listing) : inFolder(file.resourcesFolder, listing);
}

Resources Resources::of(const Trace& trace, NodeId node)
{
    const ExecutionTrace* et = trace.executionTrace();
    return et && node.index() < et->nodes().size() ? of(trace, et->fileOf(node).source, Listing::None) : Resources();
}

void Resources::list(const Folder& folder)
{
    const auto fd = openFolder(folder);
    if (!fd) return;
    const std::unique_ptr<DIR, CloseFolder> entries(fdopendir(*fd));
    if (!entries) {
        ::close(*fd);
        return;
    }
    while (const dirent* entry = readdir(entries.get())) {
        const std::string_view name = entry->d_name;
        if (name == "." || name == "..") continue;
        if (m_names.size() >= kMaxNames) {
            m_cut = true;
            return;
        }
        m_names.push_back(describe(*fd, entry->d_name));
    }
}

void Resources::sortNames()
{
    std::stable_sort(m_names.begin(), m_names.end(), [](const ResourceName& a, const ResourceName& b) { return a.name < b.name; });
    const auto same = [](const ResourceName& a, const ResourceName& b) { return a.name == b.name; };
    m_names.erase(std::unique(m_names.begin(), m_names.end(), same), m_names.end());
}

const ResourceName* Resources::find(std::string_view name) const
{
    const auto it =
        std::lower_bound(m_names.begin(), m_names.end(), name, [](const ResourceName& n, std::string_view wanted) { return n.name < wanted; });
    return it != m_names.end() && it->name == name ? &*it : nullptr;
}

std::string Resources::captureName(std::int64_t nodeId, std::int64_t inputIndex)
{
    return "nid_" + std::to_string(nodeId) + "_tid_" + std::to_string(inputIndex) + ".dat";
}

const ResourceName* Resources::capture(std::int64_t nodeId, std::int64_t inputIndex) const
{
    const ResourceName* found = find(captureName(nodeId, inputIndex));
    return found && found->kind == ResourceName::Kind::Capture ? found : nullptr;
}

std::string Resources::shownName(std::string_view name)
{
    constexpr std::size_t kEnough = 200;
    std::string text;
    sanitizeUtf8(name.substr(0, kEnough), text);
    return withoutControls(text);
}

bool Resources::isSafeName(std::string_view name)
{
    return !name.empty() && name.size() <= 255 && name != "." && name != ".." &&
           name.find_first_of(std::string_view("/\\\0", 3)) == std::string_view::npos;
}

Result<ResourceFile> Resources::open(std::string_view name) const
{
    if (!isSafeName(name)) return cannotOpen(name, "leaves the resources folder and is not read");
    if (!exists()) return Error{ErrorCode::CannotOpen, "there is no resources folder beside the trace", {}};
    const std::string file(name);
    for (const Folder& folder : m_folders) {
        const auto fd = openFolder(folder);
        if (!fd) continue;
        // Looked at before it is opened, since opening a device may do something, and again behind it, since it may be another one.
        struct stat info{};
        const bool there = fstatat(*fd, file.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0;
        const bool plain = there && S_ISREG(info.st_mode);
        ResourceFile opened;
        if (plain) opened.m_fd = openat(*fd, file.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
        const int reason = errno;
        ::close(*fd);
        if (!there) continue;
        if (S_ISLNK(info.st_mode)) return cannotOpen(name, "is a link that may leave the resources folder; it is not followed");
        if (!plain) return cannotOpen(name, "is not a plain file and is not read");
        if (opened.m_fd < 0) return cannotOpen(name, (std::string("cannot be opened: ") + std::strerror(reason)).c_str());
        if (fstat(opened.m_fd, &info) != 0 || !S_ISREG(info.st_mode)) return cannotOpen(name, "is not a plain file and is not read");
        opened.m_size = static_cast<std::uint64_t>(info.st_size);
        return opened;
    }
    return cannotOpen(name, "is not in the resources folder");
}

} // namespace opscope
