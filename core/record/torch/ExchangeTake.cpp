#include "core/record/torch/Exchange.h"

#include "core/io/FilePlace.h"
#include "core/io/FreeName.h"
#include "core/record/Presentable.h"
#include "core/record/torch/FolderFiles.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>

namespace opscope::torch {
namespace {

constexpr std::size_t kMostNames = 1'000'000, kPiece = 1 << 20;
constexpr int kDeepest = 4; // of folders of captured tensors
constexpr int kMostFolders = 1000; // that were left beside it by a kill

/// What recordings of this family are made of: a folder with something else in it is somebody's, and not replaced.
bool isProduct(const std::string& name, const struct stat& about)
{
    if (S_ISDIR(about.st_mode)) return name.ends_with("_resources");
    std::string_view plain = name;
    if (plain.ends_with(".gz")) plain.remove_suffix(3);
    return S_ISREG(about.st_mode) && (plain.ends_with(".trace.json") || plain.ends_with(".et.json"));
}

/// One move of everything into a new folder, undone when it fails.
class Taking
{
public:
    Taking(const std::string& into, bool replace, const Exchange::GoOn& goOn) : m_into(into), m_replace(replace), m_goOn(goOn) {}
    ~Taking()
    {
        if (m_work.empty()) return;
        for (auto move = m_moves.rbegin(); move != m_moves.rend(); ++move) // a failure must not lose what was recorded
            ::renameat(m_folder.get(), move->to.c_str(), move->from, move->name.c_str());
        removeTree(AT_FDCWD, m_work);
    }
    Status begin();
    void plan(int folder, const std::string& name, uid_t owner);
    Status moveAll();
    Result<std::string> giveName();
    std::vector<std::string> leftOut;

private:
    struct Item
    {
        int from;            ///< folder of the exchange
        std::string name;
        uid_t owner;         ///< of the exchange
        std::string to = {}; ///< in our folder, once it is there
    };
    void measure(int at, const std::string& name, const struct stat& about, int depth);
    std::string freeName(const std::string& name) const;
    int moveEntry(int from, const std::string& name, int to, const std::string& as, uid_t owner, int depth);
    int moveFolder(int from, const std::string& name, int to, const std::string& as, uid_t owner, int depth);
    int copyFile(int from, const std::string& name, int to, const std::string& as, uid_t owner);
    void lookThrough(int at, const std::string& name, int depth);
    bool replaceable() const;
    void leaveOut(const std::string& name, const struct stat& about, int depth)
    {
        leaveOut(name, S_ISLNK(about.st_mode) ? "it is a link" : depth >= kDeepest ? "it lies too deep" : "it is not a file");
    }
    void leaveOut(const std::string& name, const std::string& why) { leftOut.push_back(presentable(name) + " was left out: " + why + "."); }

    std::string m_into;
    bool m_replace;
    const Exchange::GoOn& m_goOn;
    std::string m_work;      ///< our folder while it has no name; empty: it has
    Descriptor m_folder;
    std::vector<Item> m_items, m_moves;
    std::uint64_t m_done = 0, m_of = 0;
};

Status Taking::begin()
{
    int reason = EEXIST; // mkdtemp would make it private for good: nobody can ask for the umask alone
    for (int number = 1; reason == EEXIST && number <= kMostFolders; ++number) {
        m_work = m_into + ".recording-" + std::to_string(number);
        reason = ::mkdir(m_work.c_str(), 0777) == 0 ? 0 : errno;
    }
    if (reason) {
        m_work.clear();
        return writeRefusal(m_into, writeReason(reason));
    }
    m_folder = openFolder(AT_FDCWD, m_work);
    return m_folder ? Status(Done{}) : writeRefusal(m_into, writeReason(errno));
}

void Taking::plan(int folder, const std::string& name, uid_t owner)
{
    if (!plainName(name)) return leaveOut(name, "this is no name of a file");
    const auto about = aboutName(folder, name);
    if (!about) return leaveOut(name, "it is not there");
    if (!S_ISREG(about->st_mode) && !S_ISDIR(about->st_mode)) return leaveOut(name, *about, 0);
    measure(folder, name, *about, 0);
    m_items.push_back({folder, name, owner});
}

void Taking::measure(int at, const std::string& name, const struct stat& about, int depth)
{
    if (S_ISREG(about.st_mode)) m_of += static_cast<std::uint64_t>(about.st_size);
    if (!S_ISDIR(about.st_mode) || depth > kDeepest) return;
    const Descriptor folder = openFolder(at, name);
    for (const std::string& each : folder ? namesIn(folder.get(), kMostNames) : std::vector<std::string>())
        if (const auto inside = aboutName(folder.get(), each)) measure(folder.get(), each, *inside, depth + 1);
}

std::string Taking::freeName(const std::string& name) const
{
    std::string free = name;
    for (int number = 2; aboutName(m_folder.get(), free); ++number) free = numberedName(name, number); // two containers with one host name
    return free;
}

Status Taking::moveAll()
{
    for (Item& item : m_items) {
        const std::string to = freeName(item.name);
        const int reason = moveEntry(item.from, item.name, m_folder.get(), to, item.owner, 0);
        if (reason == ECANCELED) return Error{ErrorCode::Cancelled, "cancelled", {}};
        if (reason) return writeRefusal(m_into + "/" + to, writeReason(reason));
        item.to = to;
    }
    return Done{};
}

/// 0, ECANCELED or why nothing more can be written. What is wrong with the entry itself is told and no reason to stop.
int Taking::moveEntry(int from, const std::string& name, int to, const std::string& as, uid_t owner, int depth)
{
    if (m_goOn && !m_goOn(m_done, m_of)) return ECANCELED;
    const auto about = aboutName(from, name);
    if (!about) return 0;
    if (!plainName(name) || (!S_ISREG(about->st_mode) && !S_ISDIR(about->st_mode)) || depth > kDeepest) {
        leaveOut(name, *about, depth);
        return 0;
    }
    if (S_ISDIR(about->st_mode)) return moveFolder(from, name, to, as, owner, depth);
    // Another user may hold such a file open still, or it may be a second name of somebody's file: only what is in it is taken.
    if (owner != ::geteuid()) return copyFile(from, name, to, as, owner);
    if (::renameat(from, name.c_str(), to, as.c_str()) != 0) return errno == EXDEV ? copyFile(from, name, to, as, owner) : errno;
    m_done += static_cast<std::uint64_t>(about->st_size);
    if (depth == 0) m_moves.push_back({from, name, owner, as});
    const auto moved = aboutName(to, as);
    if (moved && S_ISREG(moved->st_mode)) return 0;
    if (depth == 0) m_moves.pop_back();
    removeTree(to, as); // it was exchanged for something else in this moment
    leaveOut(name, "it is not a file");
    return 0;
}

/// Moved whole where that is possible, and looked through then: it is ours alone from that moment on.
int Taking::moveFolder(int from, const std::string& name, int to, const std::string& as, uid_t owner, int depth)
{
    if (owner == ::geteuid() && ::renameat(from, name.c_str(), to, as.c_str()) == 0) {
        if (depth == 0) m_moves.push_back({from, name, owner, as});
        lookThrough(to, as, depth);
        return 0;
    }
    if (owner == ::geteuid() && errno != EXDEV) return errno;
    const Descriptor source = openFolder(from, name);
    if (!source) return 0; // exchanged for something else in this moment
    const Descriptor made(::mkdirat(to, as.c_str(), 0777) == 0 ? openFolder(to, as) : Descriptor());
    if (!made) return errno;
    for (const std::string& each : namesIn(source.get(), kMostNames))
        if (const int reason = moveEntry(source.get(), each, made.get(), each, owner, depth + 1)) return reason;
    return 0;
}

/// Takes away what is no file.
void Taking::lookThrough(int at, const std::string& name, int depth)
{
    const Descriptor folder = openFolder(at, name);
    for (const std::string& each : folder ? namesIn(folder.get(), kMostNames) : std::vector<std::string>()) {
        const auto about = aboutName(folder.get(), each);
        if (!about) continue;
        if (S_ISDIR(about->st_mode) && plainName(each) && depth < kDeepest) {
            lookThrough(folder.get(), each, depth + 1);
        } else if (S_ISREG(about->st_mode) && plainName(each)) {
            m_done += static_cast<std::uint64_t>(about->st_size);
        } else {
            removeTree(folder.get(), each);
            leaveOut(each, *about, depth);
        }
    }
}

int Taking::copyFile(int from, const std::string& name, int to, const std::string& as, uid_t owner)
{
    const Descriptor source = openRegular(from, name);
    struct stat about = {};
    if (!source || ::fstat(source.get(), &about) != 0) {
        leaveOut(name, std::string(writeReason(errno)));
        return 0;
    }
    if (about.st_uid != owner && owner != ::geteuid()) { // we may read what the target may not: a second name of such a file
        leaveOut(name, "it belongs to somebody else");
        return 0;
    }
    const Descriptor made(::openat(to, as.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
    if (!made) return errno;
    std::string piece(kPiece, '\0');
    for (auto left = static_cast<std::uint64_t>(about.st_size); left > 0;) { // as long as it was: it may grow faster than we read
        const ssize_t got = ::read(source.get(), piece.data(), std::min<std::uint64_t>(left, piece.size()));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return errno;
        if (got == 0) break;
        if (const int reason = writeAll(made.get(), std::string_view(piece).substr(0, static_cast<std::size_t>(got)))) return reason;
        left -= static_cast<std::uint64_t>(got);
        m_done += static_cast<std::uint64_t>(got);
        if (m_goOn && !m_goOn(m_done, m_of)) return ECANCELED;
    }
    return 0;
}

bool Taking::replaceable() const
{
    const Descriptor folder = openFolder(AT_FDCWD, m_into);
    const auto names = folder ? namesIn(folder.get(), kMostNames) : std::vector<std::string>{""};
    return folder && std::ranges::all_of(names, [&](const std::string& name) {
        const auto about = aboutName(folder.get(), name);
        return about && isProduct(name, *about);
    });
}

Result<std::string> Taking::giveName()
{
    const bool taken = aboutName(AT_FDCWD, m_into).has_value();
    if (m_replace && taken && replaceable()) {
        if (::renameat2(AT_FDCWD, m_work.c_str(), AT_FDCWD, m_into.c_str(), RENAME_EXCHANGE) == 0) {
            removeTree(AT_FDCWD, m_work); // the old one
            m_work.clear();
            return m_into;
        }
        removeTree(AT_FDCWD, m_into); // a file system that cannot exchange names
    } else if (m_replace && taken) {
        leftOut.push_back(presentable(m_into) + " holds more than recordings and was left as it is.");
    }
    auto named = moveToFreeName(m_work, m_into);
    if (named) m_work.clear();
    return named;
}

} // namespace

Result<Exchange::Taken> Exchange::takeAll(const std::vector<Part>& parts, const std::string& into, bool replace, const GoOn& goOn)
{
    Taking taking(into, replace, goOn);
    for (const Part& part : parts)
        for (const std::string& name : part.names) taking.plan(part.exchange->m_here.get(), name, part.exchange->m_user);
    if (const Status begun = taking.begin(); !begun) return begun.error();
    if (const Status moved = taking.moveAll(); !moved) return moved.error();
    const auto named = taking.giveName();
    if (!named) return named.error();
    return Taken{*named, std::move(taking.leftOut)};
}

} // namespace opscope::torch
