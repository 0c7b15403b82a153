#include "tests/app/RecordRun.h"
#include "tests/support/EtFolder.h"
#include "tests/support/Golden.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

using namespace opscope;
using namespace opscope::test;
namespace fs = std::filesystem;

namespace {

/// A trace of about `bytes`.
std::string traceOf(std::size_t bytes)
{
    std::string text = R"({"traceEvents": [)";
    for (int i = 0; text.size() < bytes; ++i)
        text += R"({"ph": "X", "cat": "cpu_op", "name": "op)" + std::to_string(i % 100) + R"(", "pid": 1, "tid": 1, "ts": )" + std::to_string(10 * i) + R"(, "dur": 5},)" "\n";
    return text + R"({"ph": "M", "name": "thread_name", "pid": 1, "tid": 1, "args": {"name": "main"}}]})";
}

/// `opscope`, which gets signals while it runs.
struct Program
{
    QProcess process;
    explicit Program(const QStringList& arguments)
    {
        process.start(QStringLiteral(OPSCOPE_BIN "/opscope"), arguments);
        process.waitForStarted(); // before that it is a copy of the test
    }
    ~Program()
    {
        if (process.state() == QProcess::NotRunning) return;
        process.kill();
        process.waitForFinished();
    }
    void signal(int number) const
    {
        if (process.processId() > 0) ::kill(static_cast<pid_t>(process.processId()), number); // 0 would be ourselves
    }
    bool hasEnded() const
    {
        std::ifstream stat("/proc/" + std::to_string(process.processId()) + "/stat");
        std::string text;
        return !std::getline(stat, text) || text.find(") Z ") != text.npos;
    }
    /// Until a file of this name is there, or the end.
    void awaitFile(const std::string& path) const
    {
        while (!fs::exists(path) && !hasEnded()) std::this_thread::yield();
    }
    /// The exit status; -1: it was killed.
    int status() { return process.waitForFinished(60'000) && process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1; }
};

std::vector<std::string> namesIn(const std::string& folder)
{
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename());
    std::ranges::sort(names);
    return names;
}

} // namespace

/// Signals that mean "stop": status 0 and whole files under their names, or another status and none.
class tst_StopSignals : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void anInterruptLeavesAllOrNothing();
    void askedTwiceLeavesAllOrNothing();
    void behindTheEndTheyChangeNothing_data();
    void behindTheEndTheyChangeNothing();
    void behindARecordingTheyChangeNothing();
};

void tst_StopSignals::anInterruptLeavesAllOrNothing()
{
    const QTemporaryDir dir;
    const std::string folder = dir.path().toStdString(), out = folder + "/out.json";
    writeFile(folder + "/big.json", traceOf(10'000'000));
    const QStringList arguments{"export", "--filter", "name ~ \"op\"", dir.filePath("big.json"), "-o", dir.filePath("out.json")};
    const auto begin = std::chrono::steady_clock::now();
    QCOMPARE(runOpscope(arguments).status, 0);
    const auto length = std::chrono::steady_clock::now() - begin;
    const std::string whole = readFile(out);
    fs::remove(out);
    const auto interrupted = [&](std::chrono::nanoseconds after) {
        Program program(arguments);
        if (!takesInterrupts(program.process)) return -2;
        std::this_thread::sleep_for(after);
        program.signal(SIGINT);
        const int status = program.status();
        const bool agree = status == 0 ? readFile(out) == whole : status == 130 && namesIn(folder) == std::vector<std::string>{"big.json"};
        fs::remove(out);
        return agree ? status : -3;
    };
    constexpr int kMoments = 12;
    for (int moment = 0; moment < kMoments; ++moment) { // spread over a measured run: whatever each one hits
        const int status = interrupted(length * moment / (kMoments - 2));
        QVERIFY2(status == 0 || status == 130, qPrintable(QString::number(status)));
    }
    bool stopped = false; // one must really have been stopped; only a test that stands still for a whole run finds it done
    for (int tries = 0; !stopped && tries < 100; ++tries) stopped = interrupted({}) == 130;
    QVERIFY(stopped);
}

void tst_StopSignals::askedTwiceLeavesAllOrNothing()
{
    const QTemporaryDir dir;
    const std::string folder = dir.path().toStdString();
    writeFile(folder + "/big.json", traceOf(2'000'000));
    for (int moment = 0; moment < 20; ++moment) {
        Program program({"query", dir.filePath("big.json"), "--rows", "-o", dir.filePath("out.csv")});
        QVERIFY(takesInterrupts(program.process));
        while (!program.hasEnded() && program.process.processId() > 0) { // as fast as one can press
            program.signal(SIGINT);
            program.signal(SIGTERM);
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        const int status = program.status();
        QVERIFY2(status == 0 || status == 130, qPrintable(QString::number(status)));
        QCOMPARE(namesIn(folder), status == 0 ? (std::vector<std::string>{"big.json", "out.csv"}) : std::vector<std::string>{"big.json"});
        fs::remove(folder + "/out.csv");
    }
}

void tst_StopSignals::behindTheEndTheyChangeNothing_data()
{
    QTest::addColumn<QStringList>("arguments"); // behind the name of the trace
    QTest::addColumn<QStringList>("files");
    QTest::newRow("export") << QStringList{"export", "run.json", "-o", "out.json"} << QStringList{"out.json"};
    QTest::newRow("export of a part") << QStringList{"export", "--filter", "name == op3", "run.json", "-o", "out.json.gz"} << QStringList{"out.json.gz"};
    QTest::newRow("export as .fxt") << QStringList{"export", "run.json", "-o", "out.fxt"} << QStringList{"out.fxt"};
    QTest::newRow("query") << QStringList{"query", "run.json", "--rows", "-o", "out.csv"} << QStringList{"out.csv"};
    QTest::newRow("tensor") << QStringList{"tensor", "et.json", "5", "1", "--npy", "out.npy", "--csv", "out.csv"} << QStringList{"out.npy", "out.csv"};
}

/// As soon as a file has its name, the answer is 0, whatever comes.
void tst_StopSignals::behindTheEndTheyChangeNothing()
{
    QFETCH(const QStringList, arguments);
    QFETCH(const QStringList, files);
    EtFolder folder;
    std::vector<std::int64_t> values(10'000);
    EtText gather{5, 2, "aten::embedding", {"[" + etTensor(5, 6, 12, 4) + "," + etTensor(7, 8, 10'000, 8) + "]", "[[4,3],[10000]]", "['Tensor(float)','Tensor(long int)']", "[[3,1],[1]]"}};
    folder.put("nid_5_tid_1.dat", bytesOfValues<std::int64_t>(values));
    folder.write(etDocument({gather}));
    const fs::path place = fs::path(folder.path()).parent_path();
    writeFile((place / "run.json").string(), traceOf(1'000'000));
    QStringList real;
    for (const QString& argument : arguments)
        real += argument == "et.json" ? QString::fromStdString(folder.path())
                : argument == "run.json" || files.contains(argument) ? QString::fromStdString((place / argument.toStdString()).string()) : argument;
    const auto contents = [&] {
        std::vector<std::string> all;
        for (const QString& file : files) all.push_back(readFile((place / file.toStdString()).string()));
        for (const QString& file : files) fs::remove(place / file.toStdString());
        return all;
    };
    const Ran undisturbed = runOpscope(real);
    QVERIFY2(undisturbed.status == 0, undisturbed.err.constData());
    const std::vector<std::string> whole = contents();
    QVERIFY(!whole.front().empty());
    for (int round = 0; round < 8; ++round) {
        Program program(real);
        program.awaitFile((place / files.front().toStdString()).string());
        for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGINT, SIGINT}) {
            program.signal(number);
            std::this_thread::yield(); // the same one twice at once would be one
        }
        QCOMPARE(program.status(), 0);
        QVERIFY(contents() == whole);
    }
}

void tst_StopSignals::behindARecordingTheyChangeNothing()
{
    NEEDS_A_BACKEND();
    const ChildProcess child = busyProgram();
    const QTemporaryDir dir;
    const std::string out = dir.path().toStdString() + "/out.fxt";
    for (int round = 0; round < 4; ++round) {
        Program program({"record", "--pid", pidText(child), "--duration", "100ms", "-o", dir.filePath("out.fxt")});
        program.awaitFile(out);
        for (int i = 0; i < 20; ++i) {
            for (const int number : {SIGINT, SIGTERM, SIGHUP}) program.signal(number);
            std::this_thread::sleep_for(std::chrono::milliseconds(1 << round));
        }
        const int status = program.status();
        QVERIFY2(status == 0, program.process.readAllStandardError().constData());
        QVERIFY(fs::exists(out));
        QVERIFY2(program.process.readAllStandardOutput().contains("the time was up"), "stopped by something else");
        fs::remove(out);
    }
    QVERIFY(!child.hasEnded());
}

QTEST_GUILESS_MAIN(tst_StopSignals)
#include "tst_StopSignals.moc"
