#include <QTest>

#include "tests/support/RecordedTraining.h"

#include <csignal>

using namespace opscope;
using namespace opscope::torch;
using namespace opscope::test;
using Json = nlohmann::json;
using Phase = ScriptStatus::Phase;

namespace {

/// Statement that prints all in which a recorder may leave something behind.
const char kInspect[] =
    "exec(\"import json, os, sys, threading; import torch; hooks = sys.modules['torch.optim.optimizer']._global_optimizer_post_hooks; "
    "print(json.dumps({'threads': sorted(t.name for t in threading.enumerate()), 'hooks': len(hooks), "
    "'prepare': str(type(torch.autograd.profiler._prepare_profiler)), 'enable': str(type(torch.autograd.profiler._enable_profiler)), "
    "'observer': str(type(torch.profiler.profiler._add_execution_trace_observer)), 'environment': sorted(os.environ), 'path': sys.path, "
    "'meta_path': len(sys.meta_path), 'opscope': [name for name in sys.modules if 'opscope' in name], 'enabled': torch.autograd._profiler_enabled(), "
    "'main': sorted(name for name in vars(sys.modules['__main__']) if name != '__builtins__')}), flush=True)\", {})";

} // namespace

/// The recorder in programs that did not ask for it: it leaves nothing behind, keeps out of the way of others, and bears that they end, fork or are stopped.
class tst_RecorderManners : public QObject, private RecordedTraining
{
    Q_OBJECT

private Q_SLOTS:
    void cleanupTestCase() { endShared(); }

    void nothingIsLeftBehind();
    void aSecondDeliveryDoesNothing();
    void whenOpscopeDiesTheRecorderTidiesUp();

    void aBusyProfilerIsLeftAlone();
    void aBusyObserverIsLeftAlone();
    void theProgramsOwnProfilerComesFirst();
    void forkedChildrenDoNoHarm_data();
    void forkedChildrenDoNoHarm();
    void aProgramThatEndsLeavesWholeFiles();
    void aKilledProgramLeavesAnExecutionTrace();
    void filesThatCannotBeWrittenAreTold();
    void controlCIsNotLost();
    void controlCWhileItBeginsIsNotLost();
};

void tst_RecorderManners::nothingIsLeftBehind()
{
    NEEDS_TORCH();
    RecordedPython* const program = shared();
    const auto inspected = [&] {
        const std::size_t from = program->lines().size();
        program->execute(kInspect);
        for (std::size_t i = from; program->prints(1);)
            for (; i < program->lines().size(); ++i)
                if (program->lines()[i].contains("threads")) return program->lines()[i];
        return Json();
    };
    const Json before = inspected();
    QVERIFY(before.is_object());
    RecorderFolder folder(Json{{"steps", 2}, {"warmup", 1}, {"integral_ops", Json::array({"aten::embedding"})}, {"integral_range", true}, {"stacks", true}});
    program->deliver(folder);
    QCOMPARE(folder.waitForEnd(program->pid()).phase, Phase::Done);
    Json after = inspected();
    for (int tries = 0; tries < 1000 && after != before; ++tries) after = inspected(); // its thread has told the end before it ends
    QVERIFY2(after == before, qPrintable(QString::fromStdString(Json::diff(before, after).dump())));
    QVERIFY(!folder.names().contains(QStringLiteral("room-%1").arg(program->pid())));
    RecorderFolder again(Json{{"steps", 2}});
    program->deliver(again);
    QCOMPARE(again.waitForEnd(program->pid()).files.size(), 2u);
}

void tst_RecorderManners::aSecondDeliveryDoesNothing()
{
    NEEDS_TORCH();
    RecordedPython* const program = shared();
    RecorderFolder folder(Json{{"steps", 3}});
    program->deliver(folder);
    program->deliver(folder);
    const ScriptStatus first = folder.waitForEnd(program->pid());
    QCOMPARE(first.phase, Phase::Done);
    program->deliver(folder);
    QVERIFY(program->prints(10));
    QCOMPARE(folder.status(program->pid())->startNs, first.startNs);
}

void tst_RecorderManners::whenOpscopeDiesTheRecorderTidiesUp()
{
    NEEDS_TORCH();
    RecordedPython* const program = shared();
    RecorderFolder folder(Json::object(), true);
    program->deliver(folder);
    QCOMPARE(folder.waitFor(program->pid(), Phase::Recording).phase, Phase::Recording);
    const ScriptStatus status = folder.waitForEnd(program->pid(), false);
    QCOMPARE(status.phase, Phase::Done);
    QCOMPARE(status.files.size(), 2u);
}

void tst_RecorderManners::aBusyProfilerIsLeftAlone()
{
    NEEDS_TORCH();
    const auto program = training({QStringLiteral("profiler")});
    RecorderFolder folder(Json{{"steps", 2}});
    program->deliver(folder);
    const ScriptStatus status = folder.waitForEnd(program->pid());
    QCOMPARE(status.errorCode, std::string("busy"));
    QVERIFY(program->prints(3));
    QCOMPARE(program->end(), 0);
    QVERIFY(program->lines().back() == Json("ended"));
}

void tst_RecorderManners::aBusyObserverIsLeftAlone()
{
    NEEDS_TORCH();
    const auto program = training({QStringLiteral("observer")});
    RecorderFolder folder(Json{{"steps", 2}, {"integral_ops", Json::array({"aten::embedding"})}});
    program->deliver(folder);
    const ScriptStatus status = folder.waitForEnd(program->pid());
    QCOMPARE(status.errorCode, std::string("busy-et"));
    QVERIFY(status.files.empty());
    QCOMPARE(folder.names().filter(QStringLiteral(".et")).size(), 0);
    RecorderFolder timed(Json{{"steps", 2}, {"et", false}});
    program->deliver(timed);
    QCOMPARE(timed.waitForEnd(program->pid()).phase, Phase::Done);
    QCOMPARE(program->end(), 0);
}

void tst_RecorderManners::theProgramsOwnProfilerComesFirst()
{
    NEEDS_TORCH();
    const auto program = training({QStringLiteral("later"), QStringLiteral("steps=200")});
    RecorderFolder folder(Json::object());
    program->deliver(folder);
    const ScriptStatus status = folder.waitForEnd(program->pid());
    QCOMPARE(status.phase, Phase::Done);
    QCOMPARE(status.files.size(), 2u);
    QVERIFY(!status.notes.empty() && status.notes.front().find("own profiler") != std::string::npos);
    QCOMPARE(program->waitForEnd(), 0);
    QVERIFY(program->lines().back() == Json("ended"));
}

void tst_RecorderManners::forkedChildrenDoNoHarm_data()
{
    QTest::addColumn<QString>("kind");
    QTest::newRow("data loader") << QStringLiteral("workers");
    QTest::newRow("by hand") << QStringLiteral("fork");
}

void tst_RecorderManners::forkedChildrenDoNoHarm()
{
    NEEDS_TORCH();
    QFETCH(QString, kind);
    const auto program = training({kind});
    RecorderFolder folder(Json{{"steps", 8}});
    program->deliver(folder);
    const ScriptStatus status = folder.waitForEnd(program->pid());
    QCOMPARE(status.error, std::string());
    QCOMPARE(status.phase, Phase::Done);
    const TracePtr trace = load({folder.made(status, ".pt.trace.json"), folder.made(status, ".et.json")});
    QVERIFY(trace->diagnostics().empty());
    QVERIFY(program->prints(3));
    QCOMPARE(program->end(), 0);
    QCOMPARE(folder.names().filter(QStringLiteral("status-")).size(), 1);
}

void tst_RecorderManners::aProgramThatEndsLeavesWholeFiles()
{
    NEEDS_TORCH();
    const auto program = training({QStringLiteral("steps=40")});
    RecorderFolder folder(Json::object());
    const pid_t pid = program->pid();
    program->deliver(folder);
    QCOMPARE(program->waitForEnd(), 0);
    const ScriptStatus there = folder.waitForEnd(pid);
    QCOMPARE(there.phase, Phase::Done);
    QCOMPARE(there.errorCode, std::string("ended"));
    QVERIFY(load({folder.made(there, ".pt.trace.json"), folder.made(there, ".et.json")})->diagnostics().empty());
}

void tst_RecorderManners::aKilledProgramLeavesAnExecutionTrace()
{
    NEEDS_TORCH();
    const auto program = training();
    RecorderFolder folder(Json::object());
    program->deliver(folder);
    QCOMPARE(folder.waitFor(program->pid(), Phase::Recording).phase, Phase::Recording);
    QVERIFY(program->prints(30));
    program->process().kill();
    QVERIFY(program->process().waitForFinished(60'000));
    const QStringList left = folder.names().filter(QStringLiteral(".et.json"));
    QCOMPARE(left.size(), 1);
    const TracePtr trace = load({folder.at(left.front()).toStdString()});
    QVERIFY(trace->executionTrace() && trace->executionTrace()->nodes().size() > 1000);
}

void tst_RecorderManners::filesThatCannotBeWrittenAreTold()
{
    NEEDS_TORCH();
    const auto program = training({QStringLiteral("small")});
    RecorderFolder folder(Json{{"steps", 40}});
    program->deliver(folder);
    const ScriptStatus status = folder.waitForEnd(program->pid());
    QCOMPARE(status.phase, Phase::Error);
    QCOMPARE(status.errorCode, std::string("cannot-write"));
    QVERIFY2(status.error.find("File too large") != std::string::npos, status.error.c_str());
    QVERIFY(program->prints(3));
    QCOMPARE(program->end(), 0);
}

void tst_RecorderManners::controlCIsNotLost()
{
    NEEDS_TORCH();
    for (int round = 0; round < 2; ++round) { // somewhere while it starts, records or stops
        const auto program = training();
        RecorderFolder folder(Json{{"steps", 1}});
        program->deliver(folder);
        for (int i = 0; i < round; ++i) QVERIFY(program->prints(1));
        program->process().write("\n");
        ::kill(program->pid(), SIGINT);
        // It came to where the program waits for it, or, when that was over already, ended the program as it does without us.
        const bool ended = program->waitForEnd() == 0 && program->lines().back() == Json("ended");
        QVERIFY2(ended || program->errors().contains("KeyboardInterrupt"), program->errors().constData());
    }
}

void tst_RecorderManners::controlCWhileItBeginsIsNotLost()
{
    NEEDS_TORCH();
    const auto program = training();
    program->execute("exec(\"import os, signal, threading, time\\ndef start(self, old=threading.Thread.start):\\n threading.Thread.start = old\\n "
                     "os.kill(os.getpid(), signal.SIGINT)\\n time.sleep(60)\\nthreading.Thread.start = start\", {})");
    RecorderFolder folder(Json::object());
    program->deliver(folder);
    QCOMPARE(folder.waitForEnd(program->pid()).phase, Phase::Error);
    const bool ended = program->waitForEnd() == 0 && program->lines().back() == Json("ended");
    QVERIFY2(ended || program->errors().contains("KeyboardInterrupt"), program->errors().constData()); // as above
}

QTEST_GUILESS_MAIN(tst_RecorderManners)
#include "tst_RecorderManners.moc"
