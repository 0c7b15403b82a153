#include "core/record/torch/Exchange.h"

#include "core/record/ProcessList.h"
#include "core/record/torch/FolderFiles.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>

namespace opscope::torch {
namespace {

constexpr std::size_t kMostNames = 100'000, kRandom = 12;
constexpr std::time_t kDay = 24 * 60 * 60;
constexpr std::chrono::milliseconds kTidyAtMost{20}; // the next one goes on
constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz012345"; // 32, so that none is likelier

Error cannot(const std::string& what, int reason) { return {ErrorCode::CannotWrite, what + ": " + std::strerror(reason), {}}; }

std::string randomName()
{
    unsigned char bytes[kRandom] = {};
    static_cast<void>(!::getrandom(bytes, sizeof bytes, 0)); // so few come at once
    std::string name;
    for (const unsigned char byte : bytes) name += kLetters[byte % kLetters.size()];
    return name;
}

bool isRandomName(const std::string& name)
{
    return name.size() == kRandom && name.find_first_not_of(kLetters) == name.npos;
}

bool same(const struct stat& one, const struct stat& other) { return one.st_dev == other.st_dev && one.st_ino == other.st_ino; }

/// /tmp as a process sees it.
struct Tmp
{
    Descriptor folder;
    std::string prefix; ///< for us; empty: it is ours
};

Result<Tmp> tmpOf(pid_t pid)
{
    Tmp ours{Descriptor(::open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC)), {}};
    struct stat our = {}, their = {}, ourRoot = {}, theirRoot = {};
    if (!ours.folder || ::fstat(ours.folder.get(), &our) != 0) return cannot("/tmp cannot be used", errno);
    if (pid == 0) return ours;
    const std::string root = "/proc/" + std::to_string(pid) + "/root";
    const Descriptor place(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!place) return cannot("The files of process " + std::to_string(pid) + " cannot be seen", errno);
    // A link would lead through our root, wherever a container wants us to.
    Tmp theirs{openFolder(place.get(), "tmp"), root};
    const int reason = errno;
    if (theirs.folder && ::fstat(theirs.folder.get(), &their) == 0) {
        if (same(our, their)) return ours;
        return theirs;
    }
    if (::fstat(place.get(), &theirRoot) == 0 && ::stat("/", &ourRoot) == 0 && same(ourRoot, theirRoot)) return ours; // ours is a link
    return cannot("Process " + std::to_string(pid) + " has no /tmp that could be used", reason);
}

/// When an Opscope last said that it lives, or the folder was changed.
std::time_t lastSign(int folder)
{
    struct stat about = {};
    if (const auto alive = aboutName(folder, "alive"); alive && S_ISREG(alive->st_mode)) return alive->st_mtime;
    return ::fstat(folder, &about) == 0 ? about.st_mtime : std::time(nullptr);
}

void tidy(int parent, uid_t user)
{
    const auto until = std::chrono::steady_clock::now() + kTidyAtMost;
    for (const std::string& name : namesIn(parent, kMostNames)) {
        if (std::chrono::steady_clock::now() > until) return;
        struct stat about = {};
        if (!isRandomName(name)) continue;
        const Descriptor folder = openFolder(parent, name);
        if (!folder || ::fstat(folder.get(), &about) != 0 || about.st_uid != user) continue;
        if (std::time(nullptr) - lastSign(folder.get()) > kDay) removeTree(parent, name);
    }
}

/// /tmp/opscope-UID: made, or found as it must be.
Result<Descriptor> userFolder(int tmp, const std::string& name, uid_t user)
{
    const std::string shown = "/tmp/" + name;
    const bool made = ::mkdirat(tmp, name.c_str(), 0700) == 0;
    if (!made && errno != EEXIST) return cannot(shown + " cannot be made", errno);
    Descriptor folder = openFolder(tmp, name);
    struct stat about = {};
    if (!folder || ::fstat(folder.get(), &about) != 0) return cannot(shown + " cannot be used", errno);
    if (about.st_uid != user && about.st_uid != ::geteuid()) return Error{ErrorCode::CannotWrite, shown + " belongs to another user; it has to be removed before anything can be recorded", {}};
    if (about.st_uid != user && ::fchown(folder.get(), user, static_cast<gid_t>(-1)) != 0) return cannot(shown + " cannot be handed to the process", errno);
    if ((about.st_mode & 0777) != 0700 && ::fchmod(folder.get(), 0700) != 0) return cannot(shown + " cannot be made private", errno);
    return folder;
}

} // namespace

Result<Exchange> Exchange::make(pid_t pid)
{
    Exchange exchange;
    exchange.m_user = ::geteuid();
    if (pid != 0) {
        const auto process = processInfo(pid);
        if (!process) return process.error();
        exchange.m_user = process->user;
    }
    exchange.m_foreign = exchange.m_user != ::geteuid();
    if (exchange.m_foreign && ::geteuid() != 0) return Error{ErrorCode::CannotOpen, "only root can exchange files with the processes of others", {}};
    if (const Status made = exchange.open(pid); !made) return made.error();
    return exchange;
}

Status Exchange::open(pid_t pid)
{
    auto tmp = tmpOf(pid);
    if (!tmp) return tmp.error();
    const std::string parent = "opscope-" + std::to_string(m_user);
    auto user = userFolder(tmp->folder.get(), parent, m_user);
    if (!user) return user.error();
    tidy(user->get(), m_user);
    const std::string name = randomName();
    const std::string path = "/tmp/" + parent + "/" + name;
    if (::mkdirat(user->get(), name.c_str(), 0700) != 0) return cannot(path + " cannot be made", errno);
    m_parent = std::move(*user);
    m_name = name; // from here on the destructor removes it
    m_here = openFolder(m_parent.get(), name);
    struct stat about = {};
    if (!m_here || ::fstat(m_here.get(), &about) != 0) return cannot(path + " cannot be used", errno);
    // Its parent belongs to the target: this must be the folder that was made, not another one that got its name.
    if (about.st_uid != ::geteuid() || !namesIn(m_here.get(), 1).empty()) return Error{ErrorCode::CannotWrite, path + " was exchanged for another folder meanwhile", {}};
    if (::fchmod(m_here.get(), 0700) != 0 || (m_foreign && ::fchown(m_here.get(), m_user, static_cast<gid_t>(-1)) != 0))
        return cannot(path + " cannot be handed to the process", errno);
    m_forTarget = path;
    m_folder = tmp->prefix + path;
    return Done{};
}

Exchange::~Exchange()
{
    if (!m_parent || m_name.empty()) return;
    if (!m_kept) removeTree(m_parent.get(), m_name);
    else
        for (const std::string& name : names())
            if (!name.ends_with(".json") || name == "request.json" || name.starts_with("status-"))
                if (const auto about = aboutName(m_here.get(), name); about && !S_ISDIR(about->st_mode)) ::unlinkat(m_here.get(), name.c_str(), 0);
}

void Exchange::keep() { m_kept = true; }

Status Exchange::write(std::string_view name, std::string_view content) const
{
    const std::string final(name), part = ".part-" + final;
    const auto fail = [&](int reason) {
        ::unlinkat(m_here.get(), part.c_str(), 0);
        return cannot(at(name) + " cannot be written", reason);
    };
    ::unlinkat(m_here.get(), part.c_str(), 0);
    const Descriptor file(::openat(m_here.get(), part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) return fail(errno);
    if (const int reason = writeAll(file.get(), content)) return fail(reason);
    if (m_foreign && ::fchown(file.get(), m_user, static_cast<gid_t>(-1)) != 0) return fail(errno);
    if (::renameat(m_here.get(), part.c_str(), m_here.get(), final.c_str()) != 0) return fail(errno);
    return Done{};
}

void Exchange::touch(std::string_view name)
{
    const std::string plain(name);
    const Descriptor file(::openat(m_here.get(), plain.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
    struct stat about = {};
    if (!file || ::fstat(file.get(), &about) != 0 || !S_ISREG(about.st_mode)) return;
    if (m_foreign && about.st_uid == ::geteuid()) static_cast<void>(!::fchown(file.get(), m_user, static_cast<gid_t>(-1)));
    ::futimens(file.get(), nullptr);
}

std::optional<std::string> Exchange::read(std::string_view name, std::size_t maxBytes) const
{
    struct stat about = {};
    const Descriptor file = plainName(name) ? openRegular(m_here.get(), std::string(name)) : Descriptor();
    if (!file || ::fstat(file.get(), &about) != 0 || static_cast<std::uint64_t>(about.st_size) > maxBytes) return std::nullopt;
    std::string content(static_cast<std::size_t>(about.st_size), '\0');
    std::size_t have = 0;
    while (have < content.size()) {
        const ssize_t got = ::read(file.get(), content.data() + have, content.size() - have);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        have += static_cast<std::size_t>(got);
    }
    content.resize(have);
    return content;
}

std::vector<std::string> Exchange::names() const { return namesIn(m_here.get(), kMostNames); }

std::optional<std::uint64_t> Exchange::bytesOf(const std::string& name) const
{
    const auto about = plainName(name) ? aboutName(m_here.get(), name) : std::nullopt;
    if (!about) return std::nullopt;
    if (S_ISREG(about->st_mode)) return static_cast<std::uint64_t>(about->st_size);
    if (!S_ISDIR(about->st_mode)) return std::nullopt;
    const Descriptor folder = openFolder(m_here.get(), name);
    std::uint64_t bytes = 0;
    for (const std::string& each : folder ? namesIn(folder.get(), kMostNames) : std::vector<std::string>())
        if (const auto file = aboutName(folder.get(), each); file && S_ISREG(file->st_mode)) bytes += static_cast<std::uint64_t>(file->st_size);
    return bytes;
}

Result<Exchange::Taken> Exchange::take(const std::vector<std::string>& names, const std::string& into, bool replace, const GoOn& goOn)
{
    return takeAll({{this, names}}, into, replace, goOn);
}

} // namespace opscope::torch
