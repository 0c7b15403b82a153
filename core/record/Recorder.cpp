#include "core/record/Recorder.h"

#include "core/record/Presentable.h"
#include "core/record/ProcessList.h"
#include "core/record/RecordChecks.h"
#include "core/record/RecordProduct.h"

#include <QFileInfo>
#include <QMetaMethod>

#include <algorithm>
#include <utility>

namespace opscope {
namespace {

using namespace std::chrono_literals;

constexpr auto kLookEvery = 200ms;
constexpr auto kMeasureEvery = 800ms;                ///< /proc counts in ticks of 10 ms
constexpr std::chrono::milliseconds kLongestTimer = 24h; ///< QTimer holds 24 days; longer ones begin anew

std::optional<RecordFailure> checkBackend(const RecorderBackend& backend, const RecordRequest& request)
{
    const std::string title(backend.title);
    if (const Status fine = checkOptions(backend.options(), request.options); !fine) return RecordFailure{fine.error().message + "."};
    if (!request.target.command.empty() && !backend.startsCommands)
        return RecordFailure{title + " cannot start a command.", "Start it yourself and record its process, or choose another way to record."};
    const Readiness readiness = backend.check(request.target, request.options);
    if (readiness.state == Readiness::State::Ready) return std::nullopt;
    return RecordFailure{title + " cannot record this: " + readiness.reason + ".", readiness.advice};
}

std::optional<RecordFailure> checkOthers(const RecorderBackend& backend, RecordRequest& request)
{
    if (!request.others.empty() && !backend.takesSeveral) return RecordFailure{std::string(backend.title) + " records one process at a time."};
    for (RecordTarget& other : request.others) {
        if (auto refused = checkTarget(other)) return refused;
        const Readiness readiness = backend.check(other, request.options);
        if (readiness.state == Readiness::State::Ready) continue;
        return RecordFailure{std::string(backend.title) + " cannot record process " + std::to_string(other.pid) + ": " + readiness.reason + ".", readiness.advice};
    }
    return std::nullopt;
}

std::optional<RecordFailure> checkRequest(const RecorderBackend& backend, RecordRequest& request)
{
    if (request.duration && *request.duration <= 0ms) return RecordFailure{"A recording takes at least a millisecond."};
    if (auto refused = checkTarget(request.target)) return refused;
    if (request.steps && !backend.countsSteps) return RecordFailure{std::string(backend.title) + " knows no steps.", "Give a duration."};
    if (auto refused = checkBackend(backend, request)) return refused;
    if (auto refused = checkOthers(backend, request)) return refused;
    return checkPlace(request.path, backend.product);
}

} // namespace

Recorder::Recorder(QObject* parent) : QObject(parent)
{
    m_limits.setInterval(kLookEvery);
    connect(&m_limits, &QTimer::timeout, this, &Recorder::watchLimits);
    m_deadline.setSingleShot(true);
    m_deadline.setTimerType(Qt::PreciseTimer);
    connect(&m_deadline, &QTimer::timeout, this, &Recorder::watchLimits);
}

Recorder::~Recorder()
{
    if (!m_session) return;
    m_session->disconnect(this);
    m_session->cancel();
}

void Recorder::start(const RecorderBackend& backend, const RecordRequest& request)
{
    if (running()) return;
    m_request = request;
    m_end = RecordEnd::Stopped;
    m_asked = false;
    m_failure = {};
    m_path.clear();
    m_notes.clear();
    m_last = {};
    m_targetCpu = -1;
    m_cpuNs = -1;
    m_keepsTime = backend.keepsTime;
    enter(State::Starting);
    if (m_state != State::Starting) return; // whoever heard of it has cancelled
    if (auto refused = checkRequest(backend, m_request)) return fail(std::move(*refused));
    m_session = backend.session(m_request);
    if (!m_session) return fail({std::string(backend.title) + " could not be started."});
    listen();
    watchTarget();
    m_session->start();
}

void Recorder::listen()
{
    RecordSession* session = m_session.get();
    connect(session, &RecordSession::recording, this, &Recorder::begun);
    connect(session, &RecordSession::collecting, this, [this] {
        if (m_state == State::Recording) enter(State::Collecting);
    });
    connect(session, &RecordSession::noted, this, [this](const QString& note) {
        m_notes.push_back(presentable(note.toStdString()));
        Q_EMIT noted(QString::fromStdString(m_notes.back()));
    });
    if (isSignalConnected(QMetaMethod::fromSignal(&Recorder::printed))) connect(session, &RecordSession::printed, this, &Recorder::printed);
    connect(session, &RecordSession::finished, this, &Recorder::finish);
    connect(session, &RecordSession::failed, this, &Recorder::fail);
}

void Recorder::watchTarget()
{
    if (!m_request.target.command.empty()) return; // its parent, the session, knows first
    m_watch = std::make_unique<ProcessWatch>(m_request.target.pid, m_request.target.startTicks);
    connect(m_watch.get(), &ProcessWatch::ended, this, &Recorder::targetEnded);
}

void Recorder::begun()
{
    if (m_state != State::Starting) return;
    m_sinceBegun.start();
    m_limits.start();
    if (m_request.duration && !m_keepsTime) m_deadline.start(std::min(*m_request.duration, kLongestTimer));
    measureTarget();
    enter(State::Recording);
}

void Recorder::stop()
{
    if (m_state == State::Starting) cancel();
    else stopFor(RecordEnd::Stopped);
}

void Recorder::stopFor(RecordEnd reason)
{
    if (m_state != State::Recording || m_asked) return;
    m_asked = true;
    m_end = reason;
    m_limits.stop();
    m_deadline.stop();
    const RecordSession* session = m_session.get();
    m_session->stop();
    if (m_session.get() == session && m_state == State::Recording) enter(State::Collecting); // it may have finished within stop()
}

void Recorder::cancel()
{
    if (!running()) return;
    if (m_session) m_session->disconnect(this);
    if (m_session) m_session->cancel();
    m_end = RecordEnd::Cancelled;
    leaveSession();
    enter(State::Cancelled);
}

void Recorder::targetEnded()
{
    if (m_state == State::Recording) stopFor(RecordEnd::TargetEnded);
    else if (m_state == State::Starting) {
        m_session->disconnect(this);
        m_session->cancel();
        fail({"Process " + std::to_string(m_request.target.pid) + " ended before anything was recorded."});
    }
}

void Recorder::finish(const QString& path, RecordEnd end)
{
    if (!running()) return;
    if (!m_asked) m_end = end; // otherwise we know better why
    if (tracesIn(path.toStdString()).empty()) return fail({"The recording ended without a file."});
    m_path = path;
    leaveSession();
    enter(State::Done);
}

void Recorder::fail(RecordFailure failure, const QString& kept)
{
    if (!running()) return;
    m_failure = std::move(failure);
    m_end = RecordEnd::Failed;
    m_path = QFileInfo::exists(kept) ? kept : QString();
    leaveSession();
    enter(State::Failed);
}

void Recorder::enter(State state)
{
    m_state = state;
    Q_EMIT stateChanged(state);
}

void Recorder::leaveSession()
{
    m_limits.stop();
    m_deadline.stop();
    m_last = status();
    if (m_watch) m_watch.release()->deleteLater(); // perhaps it is what calls us
    if (!m_session) return;
    m_session->disconnect(this);
    m_gone.push_back(std::move(m_session));
    QMetaObject::invokeMethod(this, [this] { m_gone.clear(); }, Qt::QueuedConnection);
}

RecordStatus Recorder::status() const
{
    if (!m_session) return m_last;
    RecordStatus now = m_session->status();
    if (now.targetCpu < 0) now.targetCpu = m_targetCpu;
    return now;
}

void Recorder::watchLimits()
{
    if (m_state != State::Recording) return;
    const std::chrono::milliseconds elapsed(m_sinceBegun.elapsed());
    const bool keepTime = m_request.duration && !m_keepsTime;
    if (keepTime && elapsed >= *m_request.duration) return stopFor(RecordEnd::TimeLimit);
    if (keepTime && !m_deadline.isActive()) m_deadline.start(std::min(*m_request.duration - elapsed, kLongestTimer));
    if (m_request.maxBytes && m_session->status().bytes >= m_request.maxBytes) return stopFor(RecordEnd::SizeLimit);
    if (const auto room = roomFor(m_request.path); room && *room < kRoomToGoOn) return stopFor(RecordEnd::DiskFull);
    measureTarget();
}

/// For backends that do not know it themselves.
void Recorder::measureTarget()
{
    if (m_sinceMeasured.isValid() && m_cpuNs >= 0 && m_sinceMeasured.elapsed() < std::chrono::milliseconds(kMeasureEvery).count()) return;
    const RecordStatus now = m_session->status();
    const pid_t pid = m_request.target.command.empty() ? m_request.target.pid : now.pid;
    if (now.targetCpu >= 0 || pid <= 0) return;
    const auto process = processInfo(pid);
    if (!process) return;
    if (m_cpuNs >= 0) {
        const auto elapsed = static_cast<double>(std::max<qint64>(m_sinceMeasured.nsecsElapsed(), 1));
        m_targetCpu = static_cast<double>(std::max<std::int64_t>(process->cpuNs - m_cpuNs, 0)) / elapsed;
    }
    m_cpuNs = process->cpuNs;
    m_sinceMeasured.start();
}

} // namespace opscope
