#include <QElapsedTimer>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include "core/base/Path.h"
#include "core/io/Loader.h"
#include "core/record/RecordProduct.h"
#include "core/record/Recorder.h"
#include "core/record/daemon/DaemonBackend.h"
#include "core/record/daemon/KinetoDaemon.h"
#include "tests/support/TorchPython.h"

#include <nlohmann/json.hpp>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <unistd.h>

using namespace opscope;
using namespace std::chrono_literals;
namespace fs = std::filesystem;
using Json = nlohmann::json;

namespace {

constexpr int kPatience = 120'000; // two slow cores, and everything else runs on them

/// A training loop with the real libkineto in it, which asks once a second in a socket folder of its own.
class Training
{
public:
    explicit Training(const QMap<QString, QString>& more = {})
    {
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        std::ofstream(m_folder.filePath(QStringLiteral("kineto.conf")).toStdString()) << "ON_DEMAND_CONFIG_UPDATE_INTERVAL_SECS=1\n";
        environment.insert(QStringLiteral("KINETO_USE_DAEMON"), QStringLiteral("1"));
        environment.insert(QStringLiteral("KINETO_IPC_SOCKET_DIR"), m_folder.path());
        environment.insert(QStringLiteral("KINETO_CONFIG"), m_folder.filePath(QStringLiteral("kineto.conf")));
        environment.insert(QStringLiteral("OMP_NUM_THREADS"), QStringLiteral("1"));
        for (auto each = more.begin(); each != more.end(); ++each) environment.insert(each.key(), each.value());
        m_process.setProcessEnvironment(environment);
        m_process.setStandardErrorFile(m_folder.filePath(QStringLiteral("log")));
        m_process.start(qEnvironmentVariable("OPSCOPE_PYTHON"), {QString::fromUtf8(OPSCOPE_TEST_DATA "/../live/live_training.py")});
    }
    ~Training()
    {
        m_process.closeWriteChannel();
        if (!m_process.waitForFinished(10'000)) m_process.kill();
        m_process.waitForFinished();
    }
    /// Other lines are libraries'.
    bool says(const char* word)
    {
        while (m_process.canReadLine() || m_process.waitForReadyRead(kPatience))
            while (m_process.canReadLine())
                if (m_process.readLine().trimmed() == word) return true;
        qInfo("it said no \"%s\": %s\n%s", word, qPrintable(m_process.errorString()), log().c_str());
        return false;
    }
    bool tell(const char* word)
    {
        m_process.write(QByteArray(word) + '\n');
        return says(word);
    }
    void kill() { m_process.kill(); }
    pid_t pid() const { return static_cast<pid_t>(m_process.processId()); }
    std::string log() const
    {
        std::ifstream file(m_folder.filePath(QStringLiteral("log")).toStdString());
        return {std::istreambuf_iterator<char>(file), {}};
    }

private:
    QTemporaryDir m_folder{QStringLiteral("/tmp/opscope-test-XXXXXX")};
    QProcess m_process;
};

struct Live
{
    explicit Live(pid_t pid, OptionValues options = {}, std::optional<std::chrono::milliseconds> duration = 1s)
    {
        request.target.pid = pid;
        request.path = folder.filePath(QStringLiteral("run")).toStdString();
        request.options = std::move(options);
        request.duration = duration;
        QObject::connect(&recorder, &Recorder::stateChanged, [this](Recorder::State state) {
            if (state == Recorder::State::Collecting) sinceEnd.start();
            if (state == Recorder::State::Done && sinceEnd.isValid()) made = sinceEnd.elapsed();
        });
    }
    void start() { recorder.start(daemonBackend(), request); }
    bool over() const { return !recorder.running() && recorder.state() != Recorder::State::Idle; }
    std::string trouble() const
    {
        std::string all = recorder.failure().message + " " + recorder.failure().advice;
        for (const std::string& note : recorder.notes()) all += "\n" + note;
        return all;
    }
    std::vector<std::string> traces() const { return tracesIn(recorder.path().toStdString()); }
    static Json read(const std::string& path)
    {
        std::ifstream file(path);
        return Json::parse(file, nullptr, false);
    }
    Json trace() const { return traces().size() == 1 ? read(traces().front()) : Json(); }

    QTemporaryDir folder;
    RecordRequest request;
    Recorder recorder;
    QElapsedTimer sinceEnd;
    qint64 made = -1; ///< ms from the end of the recording to the file in its place
};

/// Events of a category, those whose arguments have a key counted apart.
std::size_t count(const Json& trace, const char* category, const char* argument = nullptr)
{
    std::size_t found = 0;
    for (const Json& event : trace.at("traceEvents"))
        if (event.value("cat", "") == category && (!argument || (event.contains("args") && event["args"].contains(argument)))) ++found;
    return found;
}

std::size_t named(const Json& trace, std::string_view begin)
{
    std::size_t found = 0;
    for (const Json& event : trace.at("traceEvents")) found += event.value("ph", "") == "X" && event.value("name", "").starts_with(begin);
    return found;
}

/// Unix time of the first operator.
double firstOp(const Json& trace)
{
    double first = 1e300;
    for (const Json& event : trace.at("traceEvents"))
        if (event.value("cat", "") == "cpu_op") first = std::min(first, event.at("ts").get<double>());
    return first + trace.value("baseTimeNanoseconds", 0.0) / 1000;
}

} // namespace

/// The real PyTorch, unchanged, on the other end.
class tst_DaemonLive : public QObject
{
    Q_OBJECT

    std::unique_ptr<Training> m_one, m_two, m_third;

private Q_SLOTS:
    void initTestCase()
    {
        NEEDS_TORCH();
        m_one = std::make_unique<Training>();
        m_two = std::make_unique<Training>();
        m_third = std::make_unique<Training>(QMap<QString, QString>{{QStringLiteral("KINETO_ONDEMAND_TRACE_DIR"), QStringLiteral("/var/tmp")}});
        QVERIFY(m_one->says("ready"));
        QVERIFY(m_two->says("ready"));
        QVERIFY(m_third->says("ready"));
    }
    void cleanupTestCase()
    {
        m_one.reset();
        m_two.reset();
        m_third.reset();
    }

    void operatorsWithShapesAndStacks()
    {
        Live live(m_one->pid(), {{"stacks", "on"}});
        live.start();
        QTRY_VERIFY_WITH_TIMEOUT(live.over(), kPatience);
        QVERIFY2(live.recorder.state() == Recorder::State::Done, live.trouble().c_str());
        const Json trace = live.trace();
        QVERIFY(trace.is_object());
        QVERIFY(named(trace, "aten::") > 20);
        QVERIFY(count(trace, "cpu_op", "Input Dims") > 20);
        QVERIFY(count(trace, "python_function") > 20);
        QVERIFY2(live.recorder.notes().empty(), live.trouble().c_str());
        QVERIFY(loadTrace(live.traces()));
        QCOMPARE(fileName(live.traces().front()).substr(fileName(live.traces().front()).find('_')), "_" + std::to_string(m_one->pid()) + ".pt.trace.json");
        QCOMPARE(live.recorder.end(), RecordEnd::TimeLimit);
        qInfo("the file was there %lld ms after the recording had ended", static_cast<long long>(live.made));
    }

    void onlyWhatWasChosen()
    {
        Live live(m_one->pid(), {{"shapes", "off"}});
        live.start();
        QTRY_VERIFY_WITH_TIMEOUT(live.over(), kPatience);
        QVERIFY2(live.recorder.state() == Recorder::State::Done, live.trouble().c_str());
        const Json trace = live.trace();
        QVERIFY(count(trace, "cpu_op") > 20);
        QCOMPARE(count(trace, "cpu_op", "Input Dims"), 0u);
        QCOMPARE(count(trace, "python_function"), 0u);
    }

    void stepsAreCounted()
    {
        Live live(m_one->pid(), {}, std::nullopt);
        live.request.steps = 4;
        live.start();
        QTRY_VERIFY_WITH_TIMEOUT(live.over(), kPatience);
        QVERIFY2(live.recorder.state() == Recorder::State::Done, live.trouble().c_str());
        QCOMPARE(named(live.trace(), "Optimizer.step"), 4u);
    }

    void twoProcessesBeginTogether()
    {
        // That they are told the same instant is tst_DaemonSession's; what comes of it depends on the machine.
        Live live(m_one->pid(), {}, 3s);
        live.request.others.push_back({.pid = m_two->pid()});
        live.start();
        QTRY_VERIFY_WITH_TIMEOUT(live.over(), kPatience);
        QVERIFY2(live.recorder.state() == Recorder::State::Done, live.trouble().c_str());
        const auto traces = live.traces();
        QCOMPARE(traces.size(), 2u);
        const double apart = firstOp(Live::read(traces[0])) - firstOp(Live::read(traces[1]));
        qInfo("the first operators are %.1f ms apart", std::abs(apart) / 1000);
        if (live.recorder.notes().empty()) QVERIFY(std::abs(apart) < 3e6); // else one asked too late, and it was said
    }

    void aBusyProfilerIsWaitedFor()
    {
        QVERIFY(m_two->tell("profile"));
        Live live(m_two->pid());
        live.start();
        QTRY_COMPARE_WITH_TIMEOUT(live.recorder.status().step, std::string("Waiting for the profiler, which is in use"), kPatience);
        QCOMPARE(live.recorder.state(), Recorder::State::Starting);
        QVERIFY(m_two->tell("free"));
        QTRY_VERIFY_WITH_TIMEOUT(live.over(), kPatience);
        QVERIFY2(live.recorder.state() == Recorder::State::Done, live.trouble().c_str());
    }

    void aFolderThatGoesAwayIsASentence()
    {
        Live live(m_two->pid(), {}, 300ms);
        live.start();
        QTRY_COMPARE_WITH_TIMEOUT(live.recorder.status().step, std::string("Warming up"), kPatience);
        fs::path folder; // libkineto begins its file a second before the recording at the latest
        QTRY_VERIFY_WITH_TIMEOUT(!(folder = folderOf(m_two->pid())).empty(), kPatience);
        fs::remove_all(folder);
        QTRY_VERIFY_WITH_TIMEOUT(live.over(), kPatience);
        QCOMPARE(live.recorder.state(), Recorder::State::Failed);
        QCOMPARE(live.recorder.failure().message, std::string("The process accepted the request but wrote no file."));
        Live again(m_two->pid(), {}, 300ms); // it is as before
        again.start();
        QTRY_VERIFY_WITH_TIMEOUT(again.over(), kPatience);
        QVERIFY2(again.recorder.state() == Recorder::State::Done, again.trouble().c_str());
    }

    void cancelLeavesTheProcessAsItWas()
    {
        {
            Live live(m_two->pid(), {}, 500ms);
            live.start();
            QTRY_COMPARE_WITH_TIMEOUT(live.recorder.status().step, std::string("Warming up"), kPatience);
            live.recorder.cancel();
            QTRY_VERIFY_WITH_TIMEOUT(folderOf(m_two->pid()).empty(), kPatience);
        }
        Live again(m_two->pid(), {}, 300ms);
        again.start();
        QTRY_VERIFY_WITH_TIMEOUT(again.over(), kPatience);
        QVERIFY2(again.recorder.state() == Recorder::State::Done, again.trouble().c_str());
    }

    void aProcessThatIsToWriteElsewhere()
    {
        // Newer ones than 2.13 refuse our folder then: tst_DaemonSession has the notes.
        Live live(m_third->pid());
        live.start();
        QTRY_VERIFY_WITH_TIMEOUT(live.over(), kPatience);
        QVERIFY2(live.recorder.state() == Recorder::State::Done, live.trouble().c_str());
        QVERIFY(named(live.trace(), "aten::") > 20);
    }

    void aKilledProcessIsASentence()
    {
        Live live(m_third->pid(), {}, 60s);
        live.start();
        QTRY_COMPARE_WITH_TIMEOUT(live.recorder.state(), Recorder::State::Recording, kPatience);
        m_third->kill();
        QTRY_VERIFY_WITH_TIMEOUT(live.over(), kPatience);
        QCOMPARE(live.recorder.state(), Recorder::State::Failed);
        QVERIFY2(live.recorder.failure().message.find("ended before the recording was complete") != std::string::npos, live.trouble().c_str());
    }

private:
    /// Our folder for a process, by the file that libkineto has begun in it. Other tests have theirs there, which come and go.
    static fs::path folderOf(pid_t pid)
    {
        const std::string name = "_" + std::to_string(pid) + ".pt.trace.json.tmp";
        std::error_code gone;
        for (fs::directory_iterator each("/tmp/opscope-" + std::to_string(::geteuid()), gone), end; !gone && each != end; each.increment(gone)) {
            std::error_code other;
            for (fs::directory_iterator file(each->path(), other); !other && file != end; file.increment(other))
                if (file->path().filename().string().ends_with(name)) return each->path();
        }
        return {};
    }
};

QTEST_GUILESS_MAIN(tst_DaemonLive)
#include "tst_DaemonLive.moc"
