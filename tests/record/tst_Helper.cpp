#include <QTemporaryDir>
#include <QTest>

#include "core/record/ProcessList.h"
#include "core/record/helper/Helper.h"
#include "core/record/torch/RecorderScript.h"
#include "tests/support/ChildProcess.h"
#include "tests/support/LiveTorch.h"
#include "tests/support/Recorded.h"

#include <csignal>
#include <filesystem>

using namespace opscope;
using namespace opscope::test;
using State = Recorder::State;
namespace fs = std::filesystem;

class tst_Helper : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void programsThatDoNotListenAreTold();
    void aProgramThatListensIsRecorded();
    void stepsAreCounted();
    void twoAreRecordedTogether();
    void aProgramThatProfilesItselfIsNotDisturbed();
    void cancelLeavesNothingInIt();
    void aProgramThatIsKilledLeavesItsExecutionTrace();

private:
    /// Lines that make a program listen.
    LiveTorch::How listening(const QString& more = {}) const
    {
        const std::string helper = place->filePath(QStringLiteral("opscope.py")).toStdString();
        writeFile(helper, recorder);
        return {.before = QStringLiteral("import sys\nsys.path.insert(0, '%1')\nimport opscope\nopscope.listen()\n").arg(place->path()) + more};
    }
    bool listens(const LiveTorch& program) const { return helperBackend().check({.pid = program.pid()}, {}).state == Readiness::State::Ready; }

    std::string recorder{torch::recorderScript()};
    std::unique_ptr<QTemporaryDir> place;
    RecordRequest request;
};

void tst_Helper::init()
{
    place = std::make_unique<QTemporaryDir>();
    request = {};
    request.path = place->filePath(QStringLiteral("run")).toStdString();
    request.options = {{"et", "on"}};
}

void tst_Helper::programsThatDoNotListenAreTold()
{
    const auto other = ChildProcess::sleeping();
    const Readiness no = helperBackend().check({.pid = other.pid()}, {});
    QCOMPARE(no.state, Readiness::State::NotPossible);
    QCOMPARE(no.reason, std::string("No PyTorch in it"));
    QCOMPARE(helperBackend().check({}, {}).state, Readiness::State::Ready);
    QCOMPARE(helperBackend().check({}, {{"ops", "off"}, {"kernels", "off"}}).state, Readiness::State::NotPossible);
    NEEDS_TORCH();
    LiveTorch program;
    QVERIFY(program.isReady());
    const Readiness silent = helperBackend().check({.pid = program.pid()}, {});
    QCOMPARE(silent.state, Readiness::State::NotPossible);
    QCOMPARE(silent.reason, std::string("Does not listen"));
    QVERIFY(!silent.copy.empty());
}

void tst_Helper::aProgramThatListensIsRecorded()
{
    NEEDS_TORCH();
    LiveTorch program(listening());
    QVERIFY(program.isReady());
    QVERIFY(listens(program));
    request.target.pid = program.pid();
    request.options["integral"] = "aten::embedding";
    request.duration = std::chrono::milliseconds(500);
    Recorded recorded(helperBackend());
    QVERIFY2(recorded.succeeds(request), recorded.why());
    QCOMPARE(recorded.recorder.end(), RecordEnd::TimeLimit);
    QVERIFY2(recorded.complaint().empty(), recorded.complaint().c_str());
    QVERIFY(recorded.captured({7, 0, 9, 3}));
    QVERIFY(recorded.recorder.status().samples > 0);
    // Once more, and the program trains to its end.
    request.path += "-again";
    Recorded again(helperBackend());
    QVERIFY2(again.succeeds(request), again.why());
    QCOMPARE(program.end(), 0);
}

void tst_Helper::stepsAreCounted()
{
    NEEDS_TORCH();
    LiveTorch program(listening());
    QVERIFY(program.isReady());
    request.target.pid = program.pid();
    request.steps = 4;
    Recorded recorded(helperBackend());
    QVERIFY2(recorded.succeeds(request), recorded.why());
    QVERIFY2(recorded.complaint().empty(), recorded.complaint().c_str());
    const int steps = recorded.times("aten::embedding");
    QVERIFY2(steps >= 3 && steps <= 5, std::to_string(steps).c_str());
}

void tst_Helper::twoAreRecordedTogether()
{
    NEEDS_TORCH();
    LiveTorch one(listening(QStringLiteral("import os\nos.environ['RANK'] = '0'\n"))), other(listening(QStringLiteral("import os\nos.environ['RANK'] = '1'\n")));
    QVERIFY(one.isReady() && other.isReady());
    request.target.pid = one.pid();
    request.others.push_back({.pid = other.pid()});
    request.duration = std::chrono::milliseconds(1000);
    Recorded recorded(helperBackend());
    QVERIFY2(recorded.succeeds(request), recorded.why());
    QCOMPARE(recorded.traces().size(), 4u);
    QVERIFY2(recorded.complaint().empty(), recorded.complaint().c_str());
    QCOMPARE(one.end(), 0);
    QCOMPARE(other.end(), 0);
}

void tst_Helper::aProgramThatProfilesItselfIsNotDisturbed()
{
    NEEDS_TORCH();
    LiveTorch program(listening(QStringLiteral("import torch\nown = torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU])\nown.start()\n")));
    QVERIFY(program.isReady());
    request.target.pid = program.pid();
    request.duration = std::chrono::milliseconds(300);
    Recorded recorded(helperBackend());
    QVERIFY2(recorded.fails(request, "is in use: the program runs its own torch.profiler."), recorded.why());
    QVERIFY(!fs::exists(request.path));
    QVERIFY(listens(program)); // it runs on; what PyTorch does at its end with a profiler that nobody stopped is its own affair
}

void tst_Helper::cancelLeavesNothingInIt()
{
    NEEDS_TORCH();
    LiveTorch program(listening());
    QVERIFY(program.isReady());
    request.target.pid = program.pid();
    const auto exchanges = [] {
        int count = 0;
        for (const auto& each : fs::directory_iterator("/tmp/opscope-" + std::to_string(::geteuid()))) count += each.is_directory() && fs::exists(each.path() / "request.json");
        return count;
    };
    const int before = exchanges();
    Recorded recorded(helperBackend());
    QVERIFY2(recorded.begins(request), recorded.why());
    recorded.recorder.cancel();
    QTRY_VERIFY_WITH_TIMEOUT(exchanges() <= before, Recorded::kLong);
    QVERIFY(!fs::exists(request.path));
    // And it can be recorded again: nothing is in use.
    request.duration = std::chrono::milliseconds(300);
    Recorded again(helperBackend());
    QVERIFY2(again.succeeds(request), again.why());
    QCOMPARE(program.end(), 0);
}

void tst_Helper::aProgramThatIsKilledLeavesItsExecutionTrace()
{
    NEEDS_TORCH();
    LiveTorch program(listening());
    QVERIFY(program.isReady());
    request.target.pid = program.pid();
    Recorded recorded(helperBackend());
    recorded.start(request);
    QTRY_VERIFY_WITH_TIMEOUT(recorded.over() || recorded.recorder.status().bytes > 200'000, Recorded::kLong);
    QVERIFY2(recorded.is(State::Recording), recorded.why());
    ::kill(program.pid(), SIGKILL);
    QVERIFY2(recorded.ends(State::Done), recorded.why());
    QCOMPARE(recorded.recorder.end(), RecordEnd::TargetEnded);
    const TracePtr trace = recorded.load();
    QVERIFY(trace && trace->executionTrace() && trace->executionTrace()->nodes().size() > 100);
}

QTEST_GUILESS_MAIN(tst_Helper)
#include "tst_Helper.moc"
