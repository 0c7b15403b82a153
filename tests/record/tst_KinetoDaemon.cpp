#include <QTemporaryDir>
#include <QTest>

#include "core/record/daemon/KinetoClients.h"
#include "core/record/daemon/KinetoDaemon.h"
#include "tests/support/ChildProcess.h"
#include "tests/support/KinetoClient.h"

#include <fcntl.h>
#include <fstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace opscope;
using namespace opscope::daemon;
using opscope::test::ChildProcess;
using opscope::test::KinetoClient;
using namespace std::chrono_literals;

namespace {

RecordTarget self() { return {.pid = ::getpid()}; }

/// The daemon of the machine is one: another test, or somebody's Opscope, may have its name for a while.
std::shared_ptr<KinetoDaemon> holdAbstract()
{
    for (int i = 0; i < 600; ++i) {
        if (auto daemon = KinetoDaemon::hold()) return *daemon;
        QTest::qSleep(100);
    }
    return nullptr;
}

} // namespace

class tst_KinetoDaemon : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder{QStringLiteral("/tmp/opscope-test-XXXXXX")}; // a short one: 106 bytes hold it and the name

    std::string folder() const { return m_folder.path().toStdString(); }
    std::shared_ptr<KinetoDaemon> hold() const
    {
        auto daemon = KinetoDaemon::hold(folder());
        return daemon ? *daemon : nullptr;
    }

private Q_SLOTS:
    void eachRequestHasOneAnswer()
    {
        const auto daemon = hold();
        QVERIFY(daemon);
        const KinetoClient client(folder());
        for (int i = 0; i < 20; ++i) QCOMPARE(client.request(true), std::optional(std::string()));
        QVERIFY(!client.receive(50ms));
        const auto seen = daemon->client(::getpid());
        QVERIFY(seen);
        QCOMPARE(seen->asked, 20u);
        QVERIFY(seen->ready);
        QCOMPARE(daemon->clients().size(), 1u);
    }

    void anOldClientIsRegistered()
    {
        const auto daemon = hold();
        const KinetoClient client(folder());
        QVERIFY(client.send(KinetoClient::registration(::getpid(), 12)));
        QCOMPARE(client.receive(), std::optional(KinetoClient::datagram("ctxt", KinetoClient::number(std::int32_t{1}))));
        QCOMPARE(daemon->client(::getpid())->job, 12);
    }

    void theTextIsHandedOnceAndOnlyWhenItIsReady()
    {
        const auto daemon = hold();
        const KinetoClient client(folder());
        auto ticket = daemon->place(self(), {.text = "A=b\n"});
        QVERIFY(ticket);
        QCOMPARE(client.request(false), std::optional(std::string()));
        QVERIFY(!ticket->handed());
        QVERIFY(!ticket->client()->ready);
        QCOMPARE(client.request(true), std::optional(std::string("A=b\n")));
        QVERIFY(ticket->handed());
        QVERIFY(!ticket->handed()->late);
        QCOMPARE(client.request(true), std::optional(std::string()));
    }

    void aProcessHasOneErrandAtATimeAndItCanBeTakenBack()
    {
        const auto daemon = hold();
        const KinetoClient client(folder());
        {
            auto ticket = daemon->place(self(), {.text = "A=b\n"});
            QVERIFY(ticket);
            QVERIFY(!daemon->place(self(), {.text = "C=d\n"}));
        }
        QCOMPARE(client.request(true), std::optional(std::string()));
        QVERIFY(daemon->place(self(), {.text = "C=d\n"}));
    }

    void whoAsksTooLateGetsTheOtherText()
    {
        const auto daemon = hold();
        const KinetoClient client(folder());
        auto ticket = daemon->place(self(), {.text = "A=b\n", .until = std::chrono::steady_clock::now() - 1ms, .lateText = "LATE=b\n"});
        QCOMPARE(client.request(true), std::optional(std::string("LATE=b\n")));
        QVERIFY(ticket->handed()->late);
    }

    void nothingIsHandedToAProcessThatIsAtItAlready()
    {
        const auto daemon = hold();
        const KinetoClient client(folder());
        {
            auto cancelled = daemon->place(self(), {.text = "A=b\n", .takes = 500ms});
            QCOMPARE(client.request(true), std::optional(std::string("A=b\n")));
        }
        auto ticket = daemon->place(self(), {.text = "C=d\n"});
        QCOMPARE(client.request(true), std::optional(std::string())); // it has not begun yet, so it says that it is ready
        std::string told; // asked for once in each turn: it is told once
        QTRY_VERIFY(!(told = told.empty() ? client.request(true).value_or("") : told).empty());
        QCOMPARE(told, std::string("C=d\n"));
    }

    void anotherProcessOfTheSameNumberGetsNothing()
    {
        const auto daemon = hold();
        const KinetoClient client(folder());
        auto ticket = daemon->place({.pid = ::getpid(), .startTicks = 1}, {.text = "A=b\n"});
        QCOMPARE(client.request(true), std::optional(std::string()));
        QVERIFY(!ticket->handed());
    }

    void nobodySpeaksForAnotherProcess()
    {
        const auto daemon = hold();
        const KinetoClient client(folder());
        const ChildProcess other = ChildProcess::sleeping();
        auto ticket = daemon->place({.pid = other.pid()}, {.text = "A=b\n"});
        QVERIFY(client.ask(true, {other.pid()}));
        QCOMPARE(client.request(true), std::optional(std::string())); // what was asked before it had no answer
        QVERIFY(!client.receive(50ms));
        QVERIFY(!ticket->handed());
        QVERIFY(!daemon->client(other.pid()));
        QCOMPARE(daemon->ignored(), 1u);
    }

    void rubbishHasNoAnswerAndHarmsNobody()
    {
        const auto daemon = hold();
        const KinetoClient client(folder());
        QVERIFY(client.send("x"));
        QVERIFY(client.send(std::string(4000, 'x')));
        QVERIFY(client.send(KinetoClient::datagram("req", std::string(12, '\1'))));
        QVERIFY(client.send(KinetoClient::request(2, std::vector<std::int32_t>(300, ::getpid()))));
        const int nameless = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        sockaddr_un to = {};
        to.sun_family = AF_UNIX;
        std::strcpy(to.sun_path, (folder() + "/dynolog").c_str());
        const std::string request = KinetoClient::request(2, {::getpid()});
        QVERIFY(::sendto(nameless, request.data(), request.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to) > 0);
        ::close(nameless);
        QCOMPARE(client.request(true), std::optional(std::string()));
        QVERIFY(!client.receive(50ms));
        QCOMPARE(daemon->ignored(), 5u);
        QCOMPARE(daemon->client(::getpid())->asked, 1u);
    }

    void aDeadClientIsForgotten()
    {
        const auto daemon = hold();
        const pid_t child = ::fork();
        if (child == 0) {
            const KinetoClient client(folder());
            ::_exit(client.request(true) ? 0 : 1);
        }
        int status = -1;
        siginfo_t about{};
        QCOMPARE(::waitid(P_PID, static_cast<id_t>(child), &about, WEXITED | WNOWAIT), 0);
        QVERIFY(daemon->client(child));
        QCOMPARE(::waitpid(child, &status, 0), child);
        QCOMPARE(status, 0);
        QVERIFY(daemon->clients().empty());
    }

    void itIsSharedAndGivesTheNameBack()
    {
        auto one = hold();
        auto two = hold();
        QCOMPARE(one.get(), two.get());
        QVERIFY(KinetoDaemon::isHeld(folder()));
        one.reset();
        QVERIFY(KinetoDaemon::isHeld(folder()));
        {
            auto ticket = two->place(self(), {.text = "A=b\n"});
            two.reset();
            QVERIFY(KinetoDaemon::isHeld(folder())); // a recording needs it
        }
        QVERIFY(!KinetoDaemon::isHeld(folder()));
        QVERIFY(!QFile::exists(m_folder.filePath(QStringLiteral("dynolog"))));
        QVERIFY(hold());
    }

    void anotherDaemonIsRespected()
    {
        const auto ours = hold();
        const pid_t child = ::fork(); // another program knows nothing of ours
        if (child == 0) {
            const int socket = ::socket(AF_UNIX, SOCK_DGRAM, 0);
            sockaddr_un to = {};
            to.sun_family = AF_UNIX;
            std::strcpy(to.sun_path, (folder() + "/dynolog").c_str());
            ::_exit(::bind(socket, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0 && errno == EADDRINUSE ? 0 : 1);
        }
        int status = -1;
        ::waitpid(child, &status, 0);
        QCOMPARE(status, 0);
        QTemporaryDir elsewhere(QStringLiteral("/tmp/opscope-test-XXXXXX"));
        const std::string path = elsewhere.path().toStdString();
        const int theirs = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        sockaddr_un name = {};
        name.sun_family = AF_UNIX;
        std::strcpy(name.sun_path, (path + "/dynolog").c_str());
        QCOMPARE(::bind(theirs, reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
        const auto refused = KinetoDaemon::hold(path);
        QVERIFY(!refused);
        QVERIFY(refused.error().message.starts_with("Another Kineto daemon"));
        QVERIFY(KinetoClients::read().hasDaemon(path));
        ::close(theirs); // dead, and its file left behind
        QVERIFY(QFile::exists(elsewhere.filePath(QStringLiteral("dynolog"))));
        QVERIFY(KinetoDaemon::hold(path));
    }

    void aFileThatIsNoSocketStays()
    {
        QTemporaryDir elsewhere(QStringLiteral("/tmp/opscope-test-XXXXXX"));
        const std::string file = elsewhere.filePath(QStringLiteral("dynolog")).toStdString();
        std::ofstream(file) << "precious";
        QVERIFY(!KinetoDaemon::hold(elsewhere.path().toStdString()));
        QVERIFY(!KinetoDaemon::hold(elsewhere.path().toStdString() + "/not/there"));
        QVERIFY(!KinetoDaemon::hold("/tmp/" + std::string(200, 'a')));
        std::string content;
        std::ifstream(file) >> content;
        QCOMPARE(content, std::string("precious"));
    }

    void theAbstractNameEndsInNul()
    {
        const auto daemon = holdAbstract();
        if (!daemon) QSKIP("skipped: another Kineto daemon has the name of this machine");
        QVERIFY(KinetoClients::read().hasDaemon()); // shown as @dynolog@
        const KinetoClient client;
        QCOMPARE(client.request(true), std::optional(std::string()));
        auto ticket = daemon->place(self(), {.text = "A=b\n"});
        QCOMPARE(client.request(true), std::optional(std::string("A=b\n")));
        QVERIFY(isRefusedToOthers());
    }

    void clientsAreFoundWithoutOpeningAnything()
    {
        QVERIFY(KinetoClients::read().endpointOf(::getpid()).empty());
        const KinetoClient file(folder());
        {
            const KinetoClient abstract;
            const KinetoClients found = KinetoClients::read();
            const std::string endpoint = found.endpointOf(::getpid());
            QVERIFY(endpoint == abstract.name() || endpoint == file.name()); // whichever comes first
        }
        const KinetoClients found = KinetoClients::read();
        QCOMPARE(found.endpointOf(::getpid()), file.name());
        QCOMPARE(std::string(socketFolderOf(file.name())), folder());
        QVERIFY(socketFolderOf("dynoconfigclient").empty());
        const pid_t child = ::fork(); // it inherits the socket, and does not ask
        if (child == 0) {
            ::pause();
            ::_exit(0);
        }
        const std::string inherited = found.endpointOf(child);
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
        QCOMPARE(inherited, std::string());
        QVERIFY(found.endpointOf(1 << 30).empty());
    }

    void strangeLinesOfTheListAreLeftOut()
    {
        QTemporaryDir proc;
        QVERIFY(QDir(proc.path()).mkpath(QStringLiteral("net")));
        QVERIFY(QDir(proc.path()).mkpath(QStringLiteral("77/fd")));
        std::ofstream(proc.filePath(QStringLiteral("net/unix")).toStdString())
            << "Num       RefCount Protocol Flags    Type St Inode Path\n"
               "0000000000000000: 00000002 00000000 00000000 0002 01 1 @dynoconfigclient049c1639-60ee-4fb3-97a3-8bb86ed43e52\n" // no NUL
               "0000000000000000: 00000002 00000000 00000000 0002 01 2 @dynoconfigclientXXXXXXXX-60ee-4fb3-97a3-8bb86ed43e52@\n"
               "0000000000000000: 00000002 00000000 00000000 0002 01 3\n"
               "0000000000000000: 00000002 00000000 00000000 0002 01 x @dynolog@\n"
               "0000000000000000: 00000002 00000000 00000000 0002 01 4 @/a/dynolog@\n"
               "0000000000000000: 00000002 00000000 00000000 0002 01 5 dynolog\n"
               "\n@@\n"
               "0000000000000000: 00000002 00000000 00000000 0002 01 6 @dynoconfigclient049c1639-60ee-4fb3-97a3-8bb86ed43e52@\n";
        const std::string root = proc.path().toStdString();
        const KinetoClients found = KinetoClients::read(root);
        QVERIFY(!found.hasDaemon());
        QVERIFY(!found.hasDaemon("/a"));
        for (int inode = 1; inode <= 5; ++inode)
            QCOMPARE(::symlink(("socket:[" + std::to_string(inode) + "]").c_str(), (root + "/77/fd/" + std::to_string(inode)).c_str()), 0);
        QCOMPARE(found.endpointOf(77), std::string());
        QCOMPARE(::symlink("socket:[6]", (root + "/77/fd/6").c_str()), 0);
        QCOMPARE(found.endpointOf(77), std::string("dynoconfigclient049c1639-60ee-4fb3-97a3-8bb86ed43e52"));
    }

private:
    /// A second program that wants the abstract name is refused.
    static bool isRefusedToOthers()
    {
        const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        sockaddr_un name = {};
        name.sun_family = AF_UNIX;
        std::memcpy(name.sun_path, "\0dynolog", 9); // with the NUL behind it
        const bool refused = ::bind(socket, reinterpret_cast<const sockaddr*>(&name), 2 + 9) != 0 && errno == EADDRINUSE;
        ::close(socket);
        return refused;
    }
};

QTEST_GUILESS_MAIN(tst_KinetoDaemon)
#include "tst_KinetoDaemon.moc"
