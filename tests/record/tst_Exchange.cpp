#include <QTemporaryDir>
#include <QTest>

#include "core/record/torch/Exchange.h"

#include <fstream>
#include <filesystem>
#include <cstring>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace opscope;
using torch::Exchange;
namespace fs = std::filesystem;

namespace {

constexpr uid_t kNobody = 65534, kUnused = 64'917; // the second: nobody else's tests make its folder meanwhile

Exchange made(pid_t pid = 0)
{
    auto exchange = Exchange::make(pid);
    if (!exchange) qFatal("%s", exchange.error().message.c_str());
    return std::move(*exchange);
}

void put(const fs::path& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

std::string text(const fs::path& path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> listed(const fs::path& folder)
{
    std::vector<std::string> names;
    for (const auto& each : fs::recursive_directory_iterator(folder)) names.push_back(each.path().lexically_relative(folder).string());
    std::sort(names.begin(), names.end());
    return names;
}

QString joined(const std::vector<std::string>& lines)
{
    QStringList list;
    for (const std::string& line : lines) list << QString::fromStdString(line);
    return list.join(QLatin1Char('|'));
}

/// A child of another user, or in a /tmp of its own, that waits until it is ended.
class Other
{
public:
    enum class Kind { User, PrivateTmp };
    explicit Other(Kind kind, uid_t user = kNobody)
    {
        int ready[2];
        if (::pipe2(ready, O_CLOEXEC) != 0) return;
        m_pid = ::fork();
        if (m_pid == 0) {
            const bool fine = kind == Kind::User ? ::setresgid(user, user, user) == 0 && ::setresuid(user, user, user) == 0
                                                 : ::unshare(CLONE_NEWNS) == 0 && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                                                       ::mount("tmpfs", "/tmp", "tmpfs", 0, "mode=1777") == 0;
            static_cast<void>(!::write(ready[1], fine ? "y" : "n", 1));
            for (;;) ::pause();
        }
        char answer = 'n';
        static_cast<void>(!::read(ready[0], &answer, 1));
        m_fine = answer == 'y';
        ::close(ready[0]);
        ::close(ready[1]);
    }
    ~Other()
    {
        if (m_pid <= 0) return;
        ::kill(m_pid, SIGKILL);
        ::waitpid(m_pid, nullptr, 0);
    }
    pid_t pid() const { return m_pid; }
    bool fine() const { return m_fine; }

private:
    pid_t m_pid = -1;
    bool m_fine = false;
};

} // namespace

class tst_Exchange : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void itIsPrivateAndGoesWithEverythingInIt();
    void whatIsWrittenIsReadBackAndTakesItsPlaceInOneStep();
    void linksPipesAndLargeFilesAreNotRead();
    void finishedFilesAndFoldersAreMoved();
    void acrossDisksTheyAreCopiedAndTheCopyCanBeCancelled();
    void linksAreLeftOutAndTold();
    void namesWithPathsAreRefused();
    void aTakenNameIsKept();
    void aRecordingIsReplacedButNotAFolderWithOtherThings();
    void anErrorLeavesEverythingWhereItWas();
    void whatCannotBeTakenIsKept();
    void twoExchangesGoIntoOneFolder();
    void filesOfAnotherUserBecomeOurs();
    void aSecondNameOfSomebodysFileIsNotTaken();
    void aProcessWithItsOwnTmpGetsItThere();
    void aFolderOfAnotherUserIsRefused();
    void leftoversOfADayAreTidiedUp();
};

void tst_Exchange::itIsPrivateAndGoesWithEverythingInIt()
{
    fs::path folder;
    {
        const Exchange exchange = made();
        folder = exchange.folder();
        QCOMPARE(exchange.forTarget(), exchange.folder());
        QVERIFY(folder.string().starts_with("/tmp/opscope-" + std::to_string(::geteuid()) + "/"));
        struct stat about = {};
        QCOMPARE(::stat(folder.c_str(), &about), 0);
        QCOMPARE(about.st_mode & 0777, 0700u);
        fs::create_directories(folder / "a/b/c");
        put(folder / "a/b/c/d", "x");
        fs::create_symlink("/etc", folder / "a/etc");
    }
    QVERIFY(!fs::exists(folder));
    QVERIFY(fs::exists("/etc/passwd"));
}

void tst_Exchange::whatIsWrittenIsReadBackAndTakesItsPlaceInOneStep()
{
    Exchange exchange = made();
    QVERIFY(!exchange.read("request.json"));
    QVERIFY(exchange.write("request.json", "one").ok());
    QVERIFY(exchange.write("request.json", "two").ok());
    QCOMPARE(exchange.read("request.json").value(), std::string("two"));
    exchange.touch("alive");
    QCOMPARE(joined(exchange.names()), QStringLiteral("alive|request.json"));
    QCOMPARE(exchange.bytesOf("request.json").value(), 3u);
}

void tst_Exchange::linksPipesAndLargeFilesAreNotRead()
{
    Exchange exchange = made();
    const fs::path folder = exchange.folder();
    fs::create_symlink("/etc/passwd", folder / "status-1.json");
    QCOMPARE(::mkfifo((folder / "status-2.json").c_str(), 0600), 0);
    put(folder / "status-3.json", std::string(5000, 'x'));
    QVERIFY(!exchange.read("status-1.json"));
    QVERIFY(!exchange.read("status-2.json"));
    QVERIFY(!exchange.read("status-3.json", 4096));
    QVERIFY(!exchange.read("../../../etc/passwd"));
    QVERIFY(!exchange.bytesOf("status-1.json"));
    // A link that waits for what we write is replaced, not followed.
    const QTemporaryDir elsewhere;
    const fs::path victim = elsewhere.filePath(QStringLiteral("victim")).toStdString();
    put(victim, "untouched");
    fs::create_symlink(victim, folder / "stop");
    fs::create_symlink(victim, folder / "alive");
    QVERIFY(exchange.write("stop", "").ok());
    exchange.touch("alive");
    QCOMPARE(text(victim), std::string("untouched"));
}

void tst_Exchange::finishedFilesAndFoldersAreMoved()
{
    const QTemporaryDir place(QStringLiteral("/tmp/exchange-XXXXXX"));
    const std::string into = place.filePath(QStringLiteral("run")).toStdString();
    Exchange exchange = made();
    put(exchange.at("host_1.pt.trace.json"), "{}");
    fs::create_directories(exchange.at("host_1.et_resources"));
    put(exchange.at("host_1.et_resources/tensor"), "data");
    put(exchange.at("request.json"), "{}");
    const auto taken = exchange.take({"host_1.pt.trace.json", "host_1.et_resources"}, into, false);
    QVERIFY2(taken.ok(), taken ? "" : taken.error().message.c_str());
    QCOMPARE(taken->path, into);
    QVERIFY(taken->leftOut.empty());
    QCOMPARE(joined(listed(into)), QStringLiteral("host_1.et_resources|host_1.et_resources/tensor|host_1.pt.trace.json"));
    QCOMPARE(text(into + "/host_1.et_resources/tensor"), std::string("data"));
    QCOMPARE(joined(listed(place.path().toStdString())).count(QStringLiteral(".recording")), 0);
}

void tst_Exchange::acrossDisksTheyAreCopiedAndTheCopyCanBeCancelled()
{
    struct stat one = {}, other = {};
    if (::stat("/dev/shm", &one) != 0 || ::stat("/tmp", &other) != 0 || one.st_dev == other.st_dev || ::access("/dev/shm", W_OK) != 0)
        QSKIP("skipped: no second file system here");
    const QTemporaryDir place(QStringLiteral("/dev/shm/exchange-XXXXXX"));
    const std::string into = place.filePath(QStringLiteral("run")).toStdString();
    Exchange exchange = made();
    const std::string content(5 << 20, 'x');
    put(exchange.at("host_1.et.json"), content);
    fs::create_directories(exchange.at("host_1.et_resources"));
    put(exchange.at("host_1.et_resources/tensor"), "data");
    std::uint64_t at = 0, whole = 0;
    const auto cancelled = exchange.take({"host_1.et.json", "host_1.et_resources"}, into, false, [&](std::uint64_t done, std::uint64_t of) {
        at = done;
        whole = of;
        return done < (2u << 20);
    });
    QVERIFY(!cancelled && cancelled.error().code == ErrorCode::Cancelled);
    QCOMPARE(whole, content.size() + 4);
    QVERIFY(at < whole);
    QVERIFY(fs::is_empty(place.path().toStdString()));
    const auto taken = exchange.take({"host_1.et.json", "host_1.et_resources"}, into, false);
    QVERIFY(taken.ok());
    QCOMPARE(text(into + "/host_1.et.json").size(), content.size());
    QCOMPARE(text(into + "/host_1.et_resources/tensor"), std::string("data"));
}

void tst_Exchange::linksAreLeftOutAndTold()
{
    const QTemporaryDir place(QStringLiteral("/tmp/exchange-XXXXXX"));
    const std::string into = place.filePath(QStringLiteral("run")).toStdString();
    Exchange exchange = made();
    fs::create_symlink("/etc/passwd", exchange.at("a.et.json"));
    fs::create_symlink("/etc", exchange.at("a.et_resources"));
    fs::create_directories(exchange.at("b.et_resources"));
    fs::create_symlink("/etc/passwd", exchange.at("b.et_resources/tensor"));
    put(exchange.at("b.et.json"), "[]");
    const auto taken = exchange.take({"a.et.json", "a.et_resources", "b.et.json", "b.et_resources", "gone.et.json"}, into, false);
    QVERIFY(taken.ok());
    QCOMPARE(joined(listed(into)), QStringLiteral("b.et.json|b.et_resources"));
    QCOMPARE(joined(taken->leftOut), QStringLiteral("a.et.json was left out: it is a link.|a.et_resources was left out: it is a link.|"
                                                    "gone.et.json was left out: it is not there.|tensor was left out: it is a link."));
    QVERIFY(!text("/etc/passwd").empty());
}

void tst_Exchange::namesWithPathsAreRefused()
{
    const QTemporaryDir place(QStringLiteral("/tmp/exchange-XXXXXX"));
    put(place.filePath(QStringLiteral("victim.json")).toStdString(), "mine");
    Exchange exchange = made();
    const std::string victim = place.filePath(QStringLiteral("victim.json")).toStdString();
    const auto taken = exchange.take({"../../.." + victim, victim, "..", "", std::string("a\nb.et.json"), std::string("a\0b", 3)},
                                     place.filePath(QStringLiteral("run")).toStdString(), false);
    QVERIFY(taken.ok());
    QCOMPARE(taken->leftOut.size(), 6u);
    QCOMPARE(text(victim), std::string("mine"));
    QVERIFY(fs::is_empty(taken->path));
}

void tst_Exchange::aTakenNameIsKept()
{
    const QTemporaryDir place(QStringLiteral("/tmp/exchange-XXXXXX"));
    const std::string into = place.filePath(QStringLiteral("run")).toStdString();
    fs::create_directory(into);
    put(into + "/old.et.json", "old");
    Exchange exchange = made();
    put(exchange.at("new.et.json"), "new");
    const auto taken = exchange.take({"new.et.json"}, into, false);
    QVERIFY(taken.ok());
    QCOMPARE(taken->path, into + "-2");
    QCOMPARE(text(into + "/old.et.json"), std::string("old"));
    QCOMPARE(text(into + "-2/new.et.json"), std::string("new"));
}

void tst_Exchange::aRecordingIsReplacedButNotAFolderWithOtherThings()
{
    const QTemporaryDir place(QStringLiteral("/tmp/exchange-XXXXXX"));
    const std::string into = place.filePath(QStringLiteral("run")).toStdString();
    fs::create_directories(into + "/old.et_resources");
    put(into + "/old.et.json", "old");
    Exchange exchange = made();
    put(exchange.at("new.et.json"), "new");
    const auto taken = exchange.take({"new.et.json"}, into, true);
    QVERIFY(taken.ok());
    QCOMPARE(taken->path, into);
    QCOMPARE(joined(listed(place.path().toStdString())), QStringLiteral("run|run/new.et.json"));
    put(into + "/thesis.tex", "years of work");
    put(exchange.at("newer.et.json"), "newer");
    const auto beside = exchange.take({"newer.et.json"}, into, true);
    QVERIFY(beside.ok());
    QCOMPARE(beside->path, into + "-2");
    QCOMPARE(beside->leftOut.size(), 1u);
    QCOMPARE(text(into + "/thesis.tex"), std::string("years of work"));
}

void tst_Exchange::anErrorLeavesEverythingWhereItWas()
{
    const QTemporaryDir place(QStringLiteral("/tmp/exchange-XXXXXX"));
    Exchange exchange = made();
    put(exchange.at("a.et.json"), "a");
    const auto nowhere = exchange.take({"a.et.json"}, place.filePath(QStringLiteral("no/run")).toStdString(), false);
    QVERIFY(!nowhere);
    QVERIFY2(nowhere.error().message.find("its folder is not there") != std::string::npos, nowhere.error().message.c_str());
    int calls = 0;
    fs::create_directories(exchange.at("b.et_resources"));
    put(exchange.at("b.et_resources/tensor"), "b");
    put(exchange.at("c.et.json"), "c");
    const auto cancelled = exchange.take({"a.et.json", "b.et_resources", "c.et.json"}, place.filePath(QStringLiteral("run")).toStdString(), false,
                                         [&](std::uint64_t, std::uint64_t) { return ++calls < 3; });
    QVERIFY(!cancelled);
    QCOMPARE(text(exchange.at("a.et.json")), std::string("a"));
    QCOMPARE(text(exchange.at("b.et_resources/tensor")), std::string("b"));
    QVERIFY(fs::is_empty(place.path().toStdString()));
}

void tst_Exchange::whatCannotBeTakenIsKept()
{
    fs::path folder;
    {
        Exchange exchange = made();
        folder = exchange.folder();
        put(exchange.at("a.et.json"), "a");
        QVERIFY(exchange.write("request.json", "{}").ok());
        QVERIFY(exchange.write("status-7.json", "{}").ok());
        exchange.touch("alive");
        exchange.keep();
    }
    QCOMPARE(joined(listed(folder)), QStringLiteral("a.et.json"));
    fs::remove_all(folder);
}

void tst_Exchange::twoExchangesGoIntoOneFolder()
{
    const QTemporaryDir place(QStringLiteral("/tmp/exchange-XXXXXX"));
    const Exchange one = made(), other = made();
    put(one.at("host_7.et.json"), "one");
    put(other.at("host_7.et.json"), "other");
    const auto taken = Exchange::takeAll({{&one, {"host_7.et.json"}}, {&other, {"host_7.et.json"}}}, place.filePath(QStringLiteral("run")).toStdString(), false);
    QVERIFY(taken.ok());
    QCOMPARE(joined(listed(taken->path)), QStringLiteral("host_7.et-2.json|host_7.et.json"));
}

void tst_Exchange::filesOfAnotherUserBecomeOurs()
{
    if (::geteuid() != 0) QSKIP("skipped: only root records the processes of others");
    const Other other(Other::Kind::User);
    QVERIFY(other.fine());
    const QTemporaryDir place(QStringLiteral("/tmp/exchange-XXXXXX"));
    Exchange exchange = made(other.pid());
    QVERIFY(exchange.folder().starts_with("/tmp/opscope-65534/"));
    QVERIFY(exchange.write("request.json", "{}").ok());
    struct stat about = {};
    for (const std::string& path : {exchange.folder(), exchange.at("request.json")}) {
        QCOMPARE(::stat(path.c_str(), &about), 0);
        QCOMPARE(about.st_uid, kNobody);
    }
    put(exchange.at("a.et.json"), "theirs");
    QCOMPARE(::chown(exchange.at("a.et.json").c_str(), kNobody, kNobody), 0);
    const auto taken = exchange.take({"a.et.json"}, place.filePath(QStringLiteral("run")).toStdString(), false);
    QVERIFY(taken.ok());
    QCOMPARE(::stat((taken->path + "/a.et.json").c_str(), &about), 0);
    QCOMPARE(about.st_uid, ::geteuid());
    QCOMPARE(text(taken->path + "/a.et.json"), std::string("theirs"));
}

void tst_Exchange::aSecondNameOfSomebodysFileIsNotTaken()
{
    if (::geteuid() != 0) QSKIP("skipped: only root records the processes of others");
    const Other other(Other::Kind::User);
    const QTemporaryDir place(QStringLiteral("/tmp/exchange-XXXXXX"));
    const std::string secret = place.filePath(QStringLiteral("secret")).toStdString();
    put(secret, "secret");
    Exchange exchange = made(other.pid());
    QCOMPARE(::link(secret.c_str(), exchange.at("a.et.json").c_str()), 0);
    const auto taken = exchange.take({"a.et.json"}, place.filePath(QStringLiteral("run")).toStdString(), false);
    QVERIFY(taken.ok());
    QVERIFY(fs::is_empty(taken->path));
    QCOMPARE(joined(taken->leftOut), QStringLiteral("a.et.json was left out: it belongs to somebody else."));
}

void tst_Exchange::aProcessWithItsOwnTmpGetsItThere()
{
    std::optional<Other> other(Other::Kind::PrivateTmp);
    if (!other->fine()) QSKIP("skipped: no mount namespaces here");
    Exchange exchange = made(other->pid());
    QVERIFY(exchange.forTarget().starts_with("/tmp/opscope-"));
    QCOMPARE(exchange.folder(), "/proc/" + std::to_string(other->pid()) + "/root" + exchange.forTarget());
    QVERIFY(!fs::exists(exchange.forTarget()));
    put(exchange.at("a.et.json"), "inside");
    other.reset(); // and what it left is still there
    const QTemporaryDir place(QStringLiteral("/tmp/exchange-XXXXXX"));
    QCOMPARE(exchange.read("a.et.json").value(), std::string("inside"));
    const auto taken = exchange.take({"a.et.json"}, place.filePath(QStringLiteral("run")).toStdString(), false);
    QVERIFY(taken.ok());
    QCOMPARE(text(taken->path + "/a.et.json"), std::string("inside"));
}

void tst_Exchange::aFolderOfAnotherUserIsRefused()
{
    if (::geteuid() != 0) QSKIP("skipped: needs two users");
    const Other other(Other::Kind::User, kUnused);
    QVERIFY(other.fine());
    const fs::path folder = "/tmp/opscope-" + std::to_string(kUnused);
    fs::remove_all(folder);
    QCOMPARE(::mkdir(folder.c_str(), 0777), 0);
    QCOMPARE(::chown(folder.c_str(), 1, 1), 0);
    const auto refused = Exchange::make(other.pid());
    QVERIFY(!refused);
    QVERIFY2(refused.error().message.find("belongs to another user") != std::string::npos, refused.error().message.c_str());
    fs::remove_all(folder);
    fs::create_symlink("/etc", folder);
    QVERIFY(!Exchange::make(other.pid()));
    fs::remove(folder);
}

void tst_Exchange::leftoversOfADayAreTidiedUp()
{
    const fs::path parent = "/tmp/opscope-" + std::to_string(::geteuid());
    { const Exchange exchange = made(); }
    const timespec old[2] = {{::time(nullptr) - 2 * 24 * 60 * 60, 0}, {::time(nullptr) - 2 * 24 * 60 * 60, 0}};
    const fs::path dead = parent / "deadaaaaaaaa", alive = parent / "aliveaaaaaaa", other = parent / "somebody-elses";
    for (const fs::path& folder : {dead, alive, other}) {
        fs::create_directories(folder / "x_resources");
        put(folder / "alive", "");
        ::utimensat(AT_FDCWD, (folder / "alive").c_str(), old, 0);
        ::utimensat(AT_FDCWD, folder.c_str(), old, 0);
    }
    ::utimensat(AT_FDCWD, (alive / "alive").c_str(), nullptr, 0);
    { const Exchange exchange = made(); }
    QVERIFY(!fs::exists(dead));
    QVERIFY(fs::exists(alive));
    QVERIFY(fs::exists(other));
    fs::remove_all(alive);
    fs::remove_all(other);
}

QTEST_GUILESS_MAIN(tst_Exchange)
#include "tst_Exchange.moc"
