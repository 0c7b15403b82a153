#include "app/cli/RecordRun.h"

#include "app/cli/StopSignals.h"
#include "core/base/Time.h"
#include "core/record/Presentable.h"

#include <QCoreApplication>
#include <QTimer>

#include <array>
#include <chrono>
#include <cstdio>
#include <ostream>

namespace opscope {
namespace {

using State = Recorder::State;

constexpr std::chrono::milliseconds kShowEvery{200};

std::string count(std::uint64_t n) { return formatCount(static_cast<std::int64_t>(n)); }

std::string tenths(std::chrono::milliseconds time)
{
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1f s", static_cast<double>(time.count()) / 1000);
    return text.data();
}

/// " 1.2 s of at most 5.0 s"
std::string stepTime(const RecordStatus& now)
{
    if (now.stepElapsed.count() <= 0) return {};
    return " " + tenths(now.stepElapsed) + (now.stepAtMost.count() > 0 ? " of at most " + tenths(now.stepAtMost) : "");
}

/// "3.2 s  2,981 samples  0 lost  1.20 MiB  CPU 3.98", "Starting  Waiting for the process to ask 1.2 s of at most 5.0 s"
std::string progressLine(const Recorder& recorder, bool samples)
{
    const RecordStatus now = recorder.status();
    std::string line = recorder.state() == State::Starting ? "Starting" : recorder.state() == State::Collecting ? "Saving" : tenths(now.elapsed);
    if (!now.step.empty()) line += "  " + presentable(now.step) + stepTime(now);
    if (recorder.state() != State::Starting && samples) line += "  " + count(now.samples) + " samples  " + count(now.lost) + " lost";
    if (recorder.state() != State::Starting && (samples || now.bytes > 0)) line += "  " + formatBytes(static_cast<std::int64_t>(now.bytes));
    if (recorder.state() == State::Recording && now.targetCpu >= 0) {
        std::array<char, 32> cpu{};
        std::snprintf(cpu.data(), cpu.size(), "  CPU %.2f", now.targetCpu);
        line += cpu.data();
    }
    return line;
}

/// Lines on stderr around one that is written over and over.
class Running
{
public:
    Running(Console& console, const Recorder& recorder, bool samples) : m_console(console), m_recorder(recorder), m_samples(samples) {}
    void say(const std::string& line)
    {
        clear();
        m_console.complain(line);
    }
    /// What the command printed: whole text, as it came.
    void pass(const std::string& text)
    {
        clear();
        m_console.err() << text << std::flush;
    }
    void show()
    {
        if (!m_console.errIsTerminal()) return;
        m_console.err() << "\r\033[K" << progressLine(m_recorder, m_samples) << std::flush;
        m_shown = true;
    }
    void clear()
    {
        if (std::exchange(m_shown, false)) m_console.err() << "\r\033[K" << std::flush;
    }

private:
    Console& m_console;
    const Recorder& m_recorder;
    bool m_samples;           ///< is what it counts
    bool m_shown = false;
};

std::string limitText(const RecordRequest& request)
{
    std::string text = request.steps ? "for " + count(request.steps) + (request.steps == 1 ? " step" : " steps") : request.duration ? "for " + formatDuration(std::chrono::nanoseconds(*request.duration).count()) : "until it ends";
    if (request.maxBytes) text += ", at most " + formatBytes(static_cast<std::int64_t>(request.maxBytes));
    return text + "; Ctrl+C stops and saves";
}

void stopOrCancel(Recorder& recorder, Running& running, int timesAsked)
{
    if (timesAsked > 1) recorder.cancel();
    else if (recorder.state() == State::Collecting) running.say("It is being saved; Ctrl+C once more throws it away");
    else recorder.stop();
}

} // namespace

RecordOutcome runRecording(Console& console, const RecordPlan& plan)
{
    int argc = 1;
    char name[] = "opscope";
    char* argv[] = {name, nullptr};
    const QCoreApplication app(argc, argv);
    Recorder recorder;
    Running running(console, recorder, plan.backend->family.empty());
    int asked = 0;
    const StopSignals signals([&] { stopOrCancel(recorder, running, ++asked); });
    QTimer progress;
    QObject::connect(&progress, &QTimer::timeout, &recorder, [&] { running.show(); });
    QObject::connect(&recorder, &Recorder::noted, &recorder, [&](const QString& note) { running.say(note.toStdString()); });
    QObject::connect(&recorder, &Recorder::printed, &recorder, [&](const QString& text) { running.pass(text.toStdString()); });
    QObject::connect(&recorder, &Recorder::stateChanged, &recorder, [&](State state) {
        if (state == State::Recording)
            running.say("Recording " + plan.target + " with " + std::string(plan.backend->title) + " " + limitText(plan.request));
        if (!recorder.running()) QCoreApplication::quit();
    });
    for (const std::string& note : plan.notes) running.say(note);
    for (const RecordPlan::Other& other : plan.others) running.say("Not with " + std::string(other.backend->title) + ": " + other.reason);
    recorder.start(*plan.backend, plan.request);
    if (console.errIsTerminal()) progress.start(kShowEvery);
    if (recorder.running()) QCoreApplication::exec();
    running.clear();
    return {recorder.state(), recorder.end(), recorder.failure(), recorder.path().toStdString(), recorder.status(), recorder.notes()};
}

} // namespace opscope
