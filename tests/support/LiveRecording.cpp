#include "tests/support/LiveRecording.h"

#include "tests/support/Golden.h"
#include "tests/support/TorchPython.h"

#include <QDir>
#include <QFileInfo>
#include <QStandardPaths>
#include <QTest>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <linux/perf_event.h>
#include <set>
#include <sys/syscall.h>
#include <unistd.h>

namespace opscope::test {

namespace {

constexpr double kPoints = 0.05;
/// Recordings are repeated until the program had this much processor time in them, or so often: a thousand samples say what a share is, however
/// little a busy machine gave it.
constexpr std::int64_t kEnoughCpu = 1'500'000'000;
constexpr int kMostRecordings = 6;

QString live(const char* name)
{
    return QString::fromStdString(dataPath("../live/") + name);
}

bool hasTrampoline(const QString& python)
{
    QProcess check; // it is an option of the build; and pyenv leaves names of versions that are not there
    check.start(python, {QStringLiteral("-X"), QStringLiteral("perf"), QStringLiteral("-c"),
                         QStringLiteral("import sys; assert sys.is_stack_trampoline_active()")});
    return check.waitForFinished(30'000) && check.exitStatus() == QProcess::NormalExit && check.exitCode() == 0;
}

QStringList pythonsWithTrampoline()
{
    if (const QString chosen = qEnvironmentVariable("OPSCOPE_PERF_PYTHON"); !chosen.isEmpty()) return {chosen};
    QStringList found;
    for (const char* name : {"python3.12", "python3.13", "python3.14"})
        if (const QString path = QStandardPaths::findExecutable(QString::fromLatin1(name)); !path.isEmpty()) found << path;
    const QDir versions(QDir::homePath() + QStringLiteral("/.pyenv/versions"));
    for (const QString& version : versions.entryList({QStringLiteral("3.12*"), QStringLiteral("3.13*"), QStringLiteral("3.14*")}, QDir::Dirs))
        if (const QString path = versions.filePath(version + QStringLiteral("/bin/python3")); QFileInfo(path).isExecutable()) found << path;
    found.removeIf([](const QString& path) { return !hasTrampoline(path); });
    return found;
}

LiveCase nativeCase()
{
    return {.name = "eight native threads", .missing = {}, .program = QStringLiteral(OPSCOPE_BIN "/../tests/live_threads"), .arguments = {},
            .is = [](std::string_view slice, const std::string& function) { return slice.starts_with("live::" + function + "("); },
            .namesThreads = true};
}

LiveCase pythonCase(const QString& python)
{
    return {.name = python.isEmpty() ? "python" : python.toStdString(),
            .missing = python.isEmpty() ? "no Python 3.12 or newer with -X perf; OPSCOPE_PERF_PYTHON can name one" : "",
            .program = python, .arguments = {QStringLiteral("-X"), QStringLiteral("perf"), live("live_python.py")},
            .is = [](std::string_view slice, const std::string& function) { return slice == function + " (live_python.py)"; }};
}

LiveCase torchCase()
{
    const QString python = torchPython();
    return {.name = "pytorch", .missing = python.isEmpty() ? "OPSCOPE_PYTHON names no Python with PyTorch" : "",
            .program = python, .arguments = {live("live_torch.py")},
            .is = [](std::string_view slice, const std::string& function) { return slice.starts_with("at::_ops::" + function + "::call("); }};
}

/// The frame could be found, but no function at its address.
bool isNameless(std::string_view slice)
{
    return slice.find("+0x") != std::string_view::npos || slice.starts_with("[unknown");
}

void addSlices(const Trace& trace, const Track& track, const LiveCase& live, const std::set<std::string>& functions, LiveThread& into)
{
    const SliceTable& slices = trace.slices();
    std::map<SliceId, std::set<std::string>> inside; // functions that a slice is in; a track has its outer slices first
    for (std::uint32_t row = track.firstSlice; row < track.firstSlice + track.sliceCount; ++row) {
        const SliceId slice(row), parent = slices.parent(slice);
        std::set<std::string>& in = inside[slice];
        if (parent) in = inside[parent];
        else into.sampled += slices.duration(slice);
        if (isNameless(trace.name(slice))) into.nameless += slices.selfTime(slice);
        for (const std::string& function : functions)
            if (live.is(trace.name(slice), function) && in.insert(function).second) into.functions[function] += slices.duration(slice);
    }
}

void addStates(const Trace& trace, const Track& track, LiveThread& into)
{
    for (std::uint32_t row = track.firstSlice; row < track.firstSlice + track.sliceCount; ++row) {
        const SliceId slice(row);
        into.state += trace.slices().duration(slice);
        if (trace.name(slice) == "Running") into.running += trace.slices().duration(slice);
    }
}

double share(std::int64_t part, std::int64_t whole)
{
    return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

std::string percent(std::int64_t part, std::int64_t whole)
{
    char text[32];
    std::snprintf(text, sizeof text, "%5.1f %%", 100 * share(part, whole));
    return text;
}

std::string milliseconds(std::int64_t ns)
{
    return std::to_string(ns / 1'000'000) + " ms";
}

} // namespace

std::vector<LiveCase> liveCases()
{
    std::vector<LiveCase> cases{nativeCase()};
    const QStringList pythons = pythonsWithTrampoline();
    for (const QString& python : pythons) cases.push_back(pythonCase(python));
    if (pythons.isEmpty()) cases.push_back(pythonCase({}));
    cases.push_back(torchCase());
    return cases;
}

std::string whyNothingIsRecorded()
{
    perf_event_attr attributes = {};
    attributes.size = sizeof attributes;
    attributes.type = PERF_TYPE_SOFTWARE;
    attributes.config = PERF_COUNT_SW_CPU_CLOCK;
    attributes.exclude_kernel = 1;
    attributes.disabled = 1;
    const long descriptor = ::syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0);
    if (descriptor < 0) return std::string("this system refuses perf_event_open: ") + std::strerror(errno);
    ::close(static_cast<int>(descriptor));
    return {};
}

void LiveRecording::add(const Trace& trace, const LiveCase& live, const LiveTruth& truth)
{
    std::set<std::string> functions;
    for (const auto& [name, cpu] : truth.functions()) functions.insert(name);
    for (const Track& track : trace.tracks()) {
        if (track.tid.kind != TrackKey::Kind::Number) continue;
        LiveThread& thread = threads[track.tid.number];
        if (track.kind == TrackKind::State) addStates(trace, track, thread);
        if (track.kind != TrackKind::Thread) continue;
        thread.name = trace.text(track.name);
        addSlices(trace, track, live, functions, thread);
    }
}

std::int64_t LiveRecording::sampled() const
{
    std::int64_t sum = 0;
    for (const auto& [tid, thread] : threads) sum += thread.sampled;
    return sum;
}

std::int64_t LiveRecording::of(const std::string& function) const
{
    std::int64_t sum = 0;
    for (const auto& [tid, thread] : threads)
        if (const auto found = thread.functions.find(function); found != thread.functions.end()) sum += found->second;
    return sum;
}

std::string sideBySide(const LiveTruth& truth, const LiveRecording& recording)
{
    std::string text = "\n";
    for (const auto& [name, cpu] : truth.functions())
        text += percent(cpu, truth.cpu()) + " true, " + percent(recording.of(name), recording.sampled()) + " recorded: " + name + "\n";
    for (const auto& [tid, thread] : truth.threads) {
        const auto found = recording.threads.find(tid);
        const LiveThread seen = found == recording.threads.end() ? LiveThread() : found->second;
        text += percent(thread.cpu, truth.time) + " true, " + percent(seen.running, seen.state) + " recorded: running of \"" + thread.name + "\", recorded as \""
              + seen.name + "\" for " + milliseconds(seen.state) + ", ran " + milliseconds(seen.running) + ", sampled " + milliseconds(seen.sampled) + ", without a name"
              + percent(seen.nameless, seen.sampled) + "\n";
    }
    return text;
}

std::string differences(const LiveTruth& truth, const LiveRecording& recording)
{
    std::string all;
    for (const auto& [name, cpu] : truth.functions())
        if (std::abs(share(cpu, truth.cpu()) - share(recording.of(name), recording.sampled())) > kPoints) all += "share of " + name + "\n";
    for (const auto& [tid, thread] : truth.threads) {
        const auto found = recording.threads.find(tid);
        if (found == recording.threads.end()) all += "no thread " + thread.name + "\n";
        else if (std::abs(share(thread.cpu, truth.time) - share(found->second.running, found->second.state)) > kPoints) all += "waits of " + thread.name + "\n";
    }
    return all;
}

void LiveComparison::findCases()
{
    if (const std::string reason = whyNothingIsRecorded(); !reason.empty()) QSKIP(reason.c_str());
    m_cases = liveCases();
}

void LiveComparison::rows() const
{
    QTest::addColumn<std::size_t>("index");
    for (std::size_t i = 0; i < m_cases.size(); ++i) QTest::newRow(m_cases[i].name.c_str()) << i;
}

void LiveComparison::compare(const std::function<TracePtr(qint64 pid, int round)>& record) const
{
    QFETCH(const std::size_t, index);
    const LiveCase& live = m_cases[index];
    if (!live.missing.empty()) QSKIP(live.missing.c_str());
    LiveProgram program(live.program, live.arguments);
    QVERIFY2(program.works(3), "the program does not print");
    LiveTruth truth;
    LiveRecording recording;
    for (int round = 0; round < kMostRecordings && truth.cpu() < kEnoughCpu; ++round) {
        const TracePtr trace = record(program.pid(), round);
        if (!trace || QTest::currentTestFailed()) return;
        const TimeRange extent = trace->extent();
        truth.add(program.during(trace->baseTime() + extent.start, trace->baseTime() + extent.end));
        recording.add(*trace, live, truth);
    }
    qInfo("%s", sideBySide(truth, recording).c_str());
    QCOMPARE(QString::fromStdString(differences(truth, recording)), QString());
    if (live.namesThreads)
        for (const auto& [tid, thread] : truth.threads) QCOMPARE(recording.threads.at(tid).name, thread.name);
}

} // namespace opscope::test
