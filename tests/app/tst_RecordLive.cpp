#include <QtTest>

#include "core/io/Loader.h"
#include "tests/app/LiveProgram.h"
#include "tests/app/RunOpscope.h"
#include "tests/support/Golden.h"

#include <cmath>
#include <fstream>
#include <functional>
#include <linux/perf_event.h>
#include <set>
#include <sys/syscall.h>
#include <unistd.h>

using namespace opscope;
using namespace opscope::test;

/// Real programs, recorded for three seconds as a person would, against what they know of themselves.
class tst_RecordLive : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void eightNativeThreads();
    void pythonWithItsTrampoline_data();
    void pythonWithItsTrampoline();
    void pytorch();
};

namespace {

constexpr double kPoints = 0.05;

/// What a recording says of a thread.
struct Recorded
{
    std::string name;
    std::int64_t sampled = 0;                 ///< length of its outermost slices: what it ran, by samples
    std::int64_t running = 0, state = 0;      ///< of its row of states: running, and all of it
    std::map<std::string, std::int64_t> functions; ///< length of slices of a function, the outermost ones
    std::int64_t unknown = 0;                 ///< own time of frames without a name
};

struct Recording
{
    TracePtr trace;
    std::map<std::int64_t, Recorded> threads; ///< by tid
    std::int64_t sampled() const
    {
        std::int64_t sum = 0;
        for (const auto& [tid, thread] : threads) sum += thread.sampled;
        return sum;
    }
    std::int64_t of(const std::string& function) const
    {
        std::int64_t sum = 0;
        for (const auto& [tid, thread] : threads)
            if (const auto found = thread.functions.find(function); found != thread.functions.end()) sum += found->second;
        return sum;
    }
};

/// Name of a function of the program: how it looks among the slices.
using Spelling = std::function<bool(std::string_view slice, const std::string& function)>;

void addSlices(const Trace& trace, const Track& track, const std::set<std::string>& functions, const Spelling& is, Recorded& into)
{
    const SliceTable& slices = trace.slices();
    std::map<SliceId, std::set<std::string>> inside; // functions around a slice; rows of a track begin with the outer ones
    for (std::uint32_t row = track.firstSlice; row < track.firstSlice + track.sliceCount; ++row) {
        const SliceId slice(row);
        const SliceId parent = slices.parent(slice);
        if (!parent) into.sampled += slices.duration(slice);
        std::set<std::string>& around = inside[slice];
        if (parent) around = inside[parent];
        const std::string_view name = trace.name(slice);
        if (name.find("+0x") != std::string_view::npos || name.find("[unknown") != std::string_view::npos) into.unknown += slices.selfTime(slice);
        for (const std::string& function : functions)
            if (is(name, function) && around.insert(function).second) into.functions[function] += slices.duration(slice);
    }
}

void addStates(const Trace& trace, const Track& track, Recorded& into)
{
    for (std::uint32_t row = track.firstSlice; row < track.firstSlice + track.sliceCount; ++row) {
        const SliceId slice(row);
        into.state += trace.slices().duration(slice);
        if (trace.name(slice) == "Running") into.running += trace.slices().duration(slice);
    }
}

Recording read(const QString& path, const std::set<std::string>& functions, const Spelling& is)
{
    const std::string paths[] = {path.toStdString()};
    auto trace = loadTrace(paths);
    if (!trace) return {};
    Recording recording{.trace = *trace, .threads = {}};
    for (const Track& track : (*trace)->tracks()) {
        if (track.tid.kind != TrackKey::Kind::Number) continue;
        if (track.kind == TrackKind::Thread) {
            Recorded& thread = recording.threads[track.tid.number];
            thread.name = (*trace)->text(track.name);
            addSlices(**trace, track, functions, is, thread);
        } else if (track.kind == TrackKind::State) {
            addStates(**trace, track, recording.threads[track.tid.number]);
        }
    }
    return recording;
}

double share(std::int64_t part, std::int64_t whole)
{
    return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

/// Functions and threads, true and recorded side by side: for people.
QByteArray table(const LiveTruth& truth, const Recording& recording)
{
    QByteArray text = "\n";
    for (const auto& [name, cpu] : truth.functions())
        text += QByteArray::fromStdString(name).leftJustified(16) + QByteArray::number(100 * share(cpu, truth.cpu()), 'f', 1) + " % true, "
              + QByteArray::number(100 * share(recording.of(name), recording.sampled()), 'f', 1) + " % recorded\n";
    for (const auto& [tid, thread] : truth.threads) {
        const auto found = recording.threads.find(tid);
        const Recorded none;
        const Recorded& seen = found == recording.threads.end() ? none : found->second;
        text += "thread " + QByteArray::fromStdString(thread.name).leftJustified(12) + " ran " + QByteArray::number(thread.cpu / 1'000'000) + " of "
              + QByteArray::number(truth.time / 1'000'000) + " ms; recorded as " + QByteArray::fromStdString(seen.name) + ", ran "
              + QByteArray::number(seen.running / 1'000'000) + " of " + QByteArray::number(seen.state / 1'000'000) + " ms, sampled "
              + QByteArray::number(seen.sampled / 1'000'000) + " ms, " + QByteArray::number(100 * share(seen.unknown, seen.sampled), 'f', 1)
              + " % without a name\n";
    }
    return text;
}

std::string difference(const LiveTruth& truth, const Recording& recording)
{
    std::string all;
    for (const auto& [name, cpu] : truth.functions())
        if (std::abs(share(cpu, truth.cpu()) - share(recording.of(name), recording.sampled())) > kPoints) all += name + "\n";
    for (const auto& [tid, thread] : truth.threads) {
        const auto found = recording.threads.find(tid);
        if (found == recording.threads.end()) {
            all += "no thread " + thread.name + "\n";
            continue;
        }
        if (std::abs(share(thread.cpu, truth.time) - share(found->second.running, found->second.state)) > kPoints) all += "waits of " + thread.name + "\n";
    }
    return all;
}

/// `opscope record --pid` for three seconds. The trace and the truth of the same time.
void record(LiveProgram& program, const QString& into, const Spelling& is, Recording& recording, LiveTruth& truth)
{
    QVERIFY2(program.works(3), "the program does not print");
    const Ran ran = runOpscope({QStringLiteral("record"), QStringLiteral("--pid"), QString::number(program.pid()), QStringLiteral("--duration"),
                                QStringLiteral("3s"), QStringLiteral("-o"), into});
    QVERIFY2(ran.status == 0, ran.err + ran.out);
    QVERIFY(program.works(1));
    std::set<std::string> functions;
    for (const auto& [name, cpu] : program.during(0, 1).functions()) functions.insert(name);
    recording = read(into, functions, is);
    QVERIFY(recording.trace);
    const TimeRange extent = recording.trace->extent();
    QVERIFY2(extent.length() > 2'500'000'000 && extent.length() < 6'000'000'000, qPrintable(QString::number(extent.length())));
    truth = program.during(recording.trace->baseTime() + extent.start, recording.trace->baseTime() + extent.end);
    qInfo("%s", table(truth, recording).constData());
    QCOMPARE(recording.trace->diagnostics().countOf(Severity::Error), 0u);
    QCOMPARE(QString::fromStdString(difference(truth, recording)), QString());
}

QStringList pythonsWithTrampoline()
{
    QStringList found;
    if (const QString chosen = qEnvironmentVariable("OPSCOPE_PERF_PYTHON"); !chosen.isEmpty()) return {chosen};
    for (const char* name : {"python3.12", "python3.13", "python3.14"})
        if (const QString path = QStandardPaths::findExecutable(QString::fromLatin1(name)); !path.isEmpty()) found << path;
    const QDir versions(QDir::homePath() + QStringLiteral("/.pyenv/versions"));
    for (const QString& version : versions.entryList({QStringLiteral("3.12*"), QStringLiteral("3.13*"), QStringLiteral("3.14*")}, QDir::Dirs)) {
        const QString path = versions.filePath(version + QStringLiteral("/bin/python3"));
        if (QFileInfo(path).isExecutable()) found << path;
    }
    QStringList working; // pyenv leaves shims of versions that are not there; and the trampoline is an option of the build
    for (const QString& path : found) {
        QProcess check;
        check.start(path, {QStringLiteral("-X"), QStringLiteral("perf"), QStringLiteral("-c"),
                           QStringLiteral("import sys; assert sys.is_stack_trampoline_active()")});
        if (check.waitForFinished(30'000) && check.exitStatus() == QProcess::NormalExit && check.exitCode() == 0) working << path;
    }
    return working;
}

QString live(const char* name)
{
    return QString::fromStdString(dataPath("../live/") + name);
}

} // namespace

void tst_RecordLive::initTestCase()
{
    perf_event_attr attributes = {};
    attributes.size = sizeof attributes;
    attributes.type = PERF_TYPE_SOFTWARE;
    attributes.config = PERF_COUNT_SW_CPU_CLOCK;
    attributes.exclude_kernel = 1;
    attributes.disabled = 1;
    const long descriptor = ::syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0);
    if (descriptor < 0) QSKIP("this system refuses perf_event_open");
    ::close(static_cast<int>(descriptor));
}

void tst_RecordLive::eightNativeThreads()
{
    QTemporaryDir folder;
    LiveProgram program(QStringLiteral(OPSCOPE_BIN "/../tests/live_threads"), {});
    Recording recording;
    LiveTruth truth;
    record(program, folder.filePath(QStringLiteral("native.fxt")),
           [](std::string_view slice, const std::string& function) { return slice.starts_with("live::" + function + "("); }, recording, truth);
    if (QTest::currentTestFailed()) return;
    QCOMPARE(truth.threads.size(), 8u);
    for (const auto& [tid, thread] : truth.threads) QCOMPARE(recording.threads.at(tid).name, thread.name);
}

void tst_RecordLive::pythonWithItsTrampoline_data()
{
    QTest::addColumn<QString>("python");
    for (const QString& path : pythonsWithTrampoline()) QTest::newRow(qPrintable(path)) << path;
    QTest::newRow("any") << QString();
}

void tst_RecordLive::pythonWithItsTrampoline()
{
    QFETCH(QString, python);
    if (python.isEmpty() && !pythonsWithTrampoline().isEmpty()) return;
    if (python.isEmpty()) QSKIP("no Python 3.12 or newer with -X perf: OPSCOPE_PERF_PYTHON can name one");
    QTemporaryDir folder;
    LiveProgram program(python, {QStringLiteral("-X"), QStringLiteral("perf"), live("live_python.py")});
    Recording recording;
    LiveTruth truth;
    record(program, folder.filePath(QStringLiteral("python.fxt")),
           [](std::string_view slice, const std::string& function) { return slice == function + " (live_python.py)"; }, recording, truth);
}

void tst_RecordLive::pytorch()
{
    const QString python = qEnvironmentVariable("OPSCOPE_PYTHON");
    if (python.isEmpty()) QSKIP("OPSCOPE_PYTHON names no Python with PyTorch");
    QTemporaryDir folder;
    LiveProgram program(python, {live("live_torch.py")});
    Recording recording;
    LiveTruth truth;
    record(program, folder.filePath(QStringLiteral("torch.fxt")),
           [](std::string_view slice, const std::string& function) { return slice.starts_with("at::_ops::" + function + "::call("); },
           recording, truth);
}

QTEST_GUILESS_MAIN(tst_RecordLive)
#include "tst_RecordLive.moc"
