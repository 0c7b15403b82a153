#include <QRegularExpression>

#include "tests/app/RecordRun.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <thread>

using namespace opscope::test;
namespace fs = std::filesystem;

/// What `opscope record` tells without recording, and what it refuses.
class tst_RecordCommand : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void helpHasTheOptionsOfEveryBackend();
    void listShowsThisProcess();
    void listOfOneProcessSaysWhatCanRecordIt();
    void listLeavesKernelThreadsOut();
    void namesOfProcessesActOnNoTerminal();
    void backendsTellTheirOptions();

    void wrongUsageIsOneSentence_data();
    void wrongUsageIsOneSentence();
    void whatCannotBeRecordedIsOneSentence();
    void processesOfOthersAreOneSentence();
    void refusalsAreJsonToo();
    void commandsThatAreNotThereAreOneSentence();
};

void tst_RecordCommand::helpHasTheOptionsOfEveryBackend()
{
    const Ran help = record({"--help"});
    QCOMPARE(help.status, 0);
    const Json backends = jsonOf(record({"--backends", "--json"}))["backends"];
    QVERIFY(!backends.empty());
    for (const Json& backend : backends) {
        const std::string family = backend["family"], of = family.empty() ? "--backend " + backend["id"].get<std::string>() : "--" + family;
        QVERIFY(help.out.contains(QByteArray::fromStdString("\nOf " + of + ":\n")));
        for (const Json& option : backend["options"]) {
            const QByteArray flag = QByteArray::fromStdString("\n  " + option["flag"].get<std::string>());
            QVERIFY2(help.out.contains(flag), flag.constData());
        }
    }
    QVERIFY(help.out.contains("Examples:\n  opscope record --list\n"));
    for (const QByteArray& line : help.out.split('\n')) QVERIFY2(QString::fromUtf8(line).size() <= 120, line.constData());
}

void tst_RecordCommand::listShowsThisProcess()
{
    const Ran plain = record({"--list"});
    QCOMPARE(plain.status, 0);
    QVERIFY(plain.err.isEmpty());
    const QRegularExpression line(QStringLiteral("^ *%1  .*tst_RecordCommand").arg(::getpid()), QRegularExpression::MultilineOption);
    QVERIFY2(line.match(QString::fromUtf8(plain.out)).hasMatch(), plain.out.constData());

    const Json list = jsonOf(record({"--list", "--json"}));
    const auto self = std::find_if(list["processes"].begin(), list["processes"].end(), [](const Json& p) { return p["pid"] == ::getpid(); });
    QVERIFY(self != list["processes"].end());
    QCOMPARE((*self)["name"].get<std::string>(), std::string("tst_RecordComma")); // the kernel keeps 15
    QCOMPARE((*self)["uid"].get<uid_t>(), ::geteuid());
    QVERIFY((*self)["refused"].is_null());
    QVERIFY((*self)["cpu"].is_number() && (*self)["resident_bytes"] > 100'000 && (*self)["threads"] >= 1 && (*self)["start_ticks"] > 0);
    QVERIFY(!list["backends"].empty());
    for (const Json& backend : list["backends"]) QVERIFY(backend["state"] == "ready" || !backend["reason"].get<std::string>().empty());
}

void tst_RecordCommand::listOfOneProcessSaysWhatCanRecordIt()
{
    const ChildProcess child = ChildProcess::sleeping();
    const Ran one = record({"--list", "--pid", pidText(child)});
    QCOMPARE(one.status, 0);
    QVERIFY(one.out.contains("sleep 1000"));
    QCOMPARE(jsonOf(record({"--list", "--pid", pidText(child), "--json"}))["processes"].size(), std::size_t{1});
    child.becomeZombie();
    const Ran ended = record({"--list", "--pid", pidText(child)});
    QVERIFY2(ended.out.contains("has ended; only its entry"), ended.out.constData());
}

void tst_RecordCommand::listLeavesKernelThreadsOut()
{
    const auto isKernel = [](const Json& p) { return p["kernel_thread"] == true; };
    const Json all = jsonOf(record({"--list", "--json"}))["processes"];
    if (std::none_of(all.begin(), all.end(), isKernel)) QSKIP("skipped: no thread of the kernel is to be seen");
    QVERIFY(!record({"--list"}).out.contains("[kthreadd]"));
    QVERIFY(record({"--list"}).out.contains("of the kernel are left out; --all shows them"));
    QVERIFY(record({"--list", "--all"}).out.contains("[kthreadd]"));
}

void tst_RecordCommand::namesOfProcessesActOnNoTerminal()
{
    const ChildProcess child({"sh", "-c", "while :; do sleep 0.1; done", "\033[2J\a\r\n\xFF"});
    for (const char* how : {"--list", "--json"}) {
        const Ran ran = record({"--list", QString::fromLatin1(how)});
        QVERIFY(!hasControls(ran.out));
        QCOMPARE(QString::fromUtf8(ran.out).toUtf8(), ran.out);
    }
}

void tst_RecordCommand::backendsTellTheirOptions()
{
    const Ran plain = record({"--backends"});
    QCOMPARE(plain.status, 0);
    const Json all = jsonOf(record({"--backends", "--json"}));
    for (const Json& backend : all["backends"]) {
        QVERIFY(plain.out.contains(QByteArray::fromStdString(backend["id"].get<std::string>())));
        for (const Json& option : backend["options"]) {
            QVERIFY(plain.out.contains(QByteArray::fromStdString(option["flag"].get<std::string>())));
            QVERIFY(!option["title"].get<std::string>().empty() && !option["help"].get<std::string>().empty());
        }
    }
}

void tst_RecordCommand::wrongUsageIsOneSentence_data()
{
    usageColumns();
    const QString self = QString::number(::getpid());
    usage("nothing", {}, "say what to record: --pid PID, or -- COMMAND; --list shows processes");
    usage("both", {"--pid", self, "--", "true"}, "--pid and a command cannot be recorded together");
    for (const char* pid : {"abc", "0", "-5", "1.5", "99999999999", "12x", " 1"})
        QTest::addRow("pid %s", pid) << QStringList{"--pid=" + QString::fromLatin1(pid)} << "\"" + QString::fromLatin1(pid) + "\" is no process number";
    for (const char* duration : {"5", "s", "5d", "ms", "m", "5 s m", "1e99s", "five", "5sm", "99999999999h"})
        QTest::addRow("duration %s", duration) << QStringList{"--pid", self, "--duration", QString::fromLatin1(duration)}
                                               << "--duration: \"" + QString::fromLatin1(duration) + "\" is no duration; write 5s, 1.5s, 500ms, 2m or 1h";
    usage("duration of nothing", {"--pid", self, "--duration", "0s"}, "--duration: a recording takes at least a millisecond, not \"0s\"");
    usage("negative duration", {"--pid", self, "--duration=-1s"}, "--duration: a recording takes at least a millisecond, not \"-1s\"");
    usage("too exact", {"--pid", self, "--duration", "1.0005s"}, "--duration: \"1.0005s\" is not in whole milliseconds");
    usage("too short", {"--pid", self, "--duration", "10us"}, "--duration: \"10us\" is not in whole milliseconds");
    for (const char* size : {"big", "1.5GB", "-1", "1TB", "99999999999GiB", "MB"})
        QTest::addRow("size %s", size) << QStringList{"--pid", self, "--max-size=" + QString::fromLatin1(size)}
                                       << "--max-size: \"" + QString::fromLatin1(size) + "\" is no size; write 200MB, 1GiB or 0 for no limit";
    usage("unknown option", {"--nonsense", "--pid", self}, "there is no option --nonsense; see opscope record --help");
    usage("unknown option at the end", {"--pid", self, "--nonsense"}, "there is no option --nonsense; see opscope record --help");
    usage("a list and a command", {"--list", "--", "true"}, "--list and --backends start no command");
}

void tst_RecordCommand::wrongUsageIsOneSentence() { checkUsage(); }

void tst_RecordCommand::whatCannotBeRecordedIsOneSentence()
{
    const auto refusal = [](pid_t pid) {
        const Ran ran = record({"--pid", QString::number(pid), "--duration", "10ms"});
        return ran.status == 1 && ran.out.isEmpty() ? QString::fromUtf8(ran.err).section(QLatin1Char('\n'), 0, 0) : QStringLiteral("status %1: %2").arg(ran.status).arg(QString::fromUtf8(ran.err));
    };
    ChildProcess child = ChildProcess::sleeping();
    const pid_t pid = child.pid();
    child.becomeZombie();
    QCOMPARE(refusal(pid), QStringLiteral("opscope record: Process %1 (sleep) has ended; only its entry in the list of processes is left.").arg(pid));
    child.reap();
    QCOMPARE(refusal(pid), QStringLiteral("opscope record: There is no process %1.").arg(pid));
    if (QFile kernel(QStringLiteral("/proc/2/comm")); kernel.open(QIODevice::ReadOnly) && kernel.readAll() == "kthreadd\n")
        QCOMPARE(refusal(2), QStringLiteral("opscope record: Process 2 (kthreadd) is a thread of the kernel, not a program."));

    std::atomic<pid_t> thread = 0;
    std::atomic<bool> end = false;
    std::thread other([&] {
        thread = ::gettid();
        while (!end) ::usleep(1000);
    });
    while (!thread) std::this_thread::yield();
    const QString said = refusal(thread);
    end = true;
    other.join();
    QCOMPARE(said, QStringLiteral("opscope record: %1 is a thread of process %2, not a process.").arg(thread.load()).arg(::getpid()));
}

void tst_RecordCommand::processesOfOthersAreOneSentence()
{
    if (::geteuid() != 0) QSKIP("skipped: needs root, to become another user");
    const ChildProcess child = ChildProcess::sleeping(); // of root
    QTemporaryDir dir;                                   // that everybody may look into
    QVERIFY(QFile::copy(QStringLiteral(OPSCOPE_BIN "/opscope"), dir.filePath(QStringLiteral("opscope"))));
    fs::permissions(dir.path().toStdString(), fs::perms::all);
    fs::permissions(dir.filePath(QStringLiteral("opscope")).toStdString(), static_cast<fs::perms>(0755));
    QProcess process;
    process.setWorkingDirectory(dir.path());
    process.setChildProcessModifier([] {
        if (::setresgid(65534, 65534, 65534) != 0 || ::setresuid(65534, 65534, 65534) != 0) ::_exit(99);
    });
    process.start(dir.filePath(QStringLiteral("opscope")), {"record", "--pid", pidText(child), "--duration", "1s"});
    QVERIFY(process.waitForFinished());
    QCOMPARE(process.exitCode(), 1);
    QCOMPARE(QString::fromUtf8(process.readAllStandardError()),
             QStringLiteral("opscope record: Process %1 (sleep) belongs to root; the system lets you record only your own processes.\n"
                            "  Record it as that user or as root, for example with sudo.\n").arg(child.pid()));
}

void tst_RecordCommand::refusalsAreJsonToo()
{
    const Ran ran = record({"--json", "--pid", QString::number(::getpid()), "--duration", "soon"});
    QCOMPARE(ran.status, 2);
    const Json json = jsonOf(ran);
    QVERIFY(json["file"].is_null());
    QCOMPARE(json["ended"].get<std::string>(), std::string("failed"));
    QVERIFY(json["failure"]["message"].get<std::string>().find("is no duration") != std::string::npos);
}

void tst_RecordCommand::commandsThatAreNotThereAreOneSentence()
{
    const Ran none = record({"--", "opscope-no-such-command", "--version"});
    QCOMPARE(none.status, 1);
    QCOMPARE(none.err, QByteArray("opscope record: There is no command opscope-no-such-command.\n  It was looked for in the folders of PATH.\n"));
    const Ran path = record({"--", "/no/such/program"});
    QCOMPARE(path.status, 1);
    QCOMPARE(path.err, QByteArray("opscope record: /no/such/program is not there.\n"));
    const Ran folder = record({"--", "/usr"});
    QVERIFY(folder.err.startsWith("opscope record: /usr is not a program that can be started.\n"));
}

QTEST_GUILESS_MAIN(tst_RecordCommand)
#include "tst_RecordCommand.moc"
