#include "core/record/sampling/SamplingSession.h"

#include "core/base/Path.h"
#include "core/record/Leftovers.h"
#include "core/record/Presentable.h"
#include "core/record/sampling/SamplingBackend.h"

#include <functional>
#include <mutex>
#include <utility>

namespace opscope::sampling {

/// Calls of the thread into the event loop. Those that are on their way when the session goes are dropped with it.
class SamplingSession::Line
{
public:
    explicit Line(SamplingSession& session) : m_session(&session) {}
    void call(std::function<void()> call)
    {
        const std::lock_guard guard(m_lock);
        if (!m_session) return;
        QMetaObject::invokeMethod(m_session, [session = m_session, call = std::move(call)] { if (!session->m_cancelled) call(); }, Qt::QueuedConnection);
    }
    void cut()
    {
        const std::lock_guard guard(m_lock);
        m_session = nullptr;
    }

private:
    std::mutex m_lock;
    SamplingSession* m_session;
};

SamplingSession::~SamplingSession()
{
    if (!m_collector) return;
    m_line->cut();
    m_collector->abandon();
    endInBackground([collector = std::shared_ptr<Collector>(std::move(m_collector))] { static_cast<void>(collector); });
}

void SamplingSession::start()
{
    if (m_collector) return;
    m_line = std::make_shared<Line>(*this);
    const auto here = [line = m_line](std::function<void()> call) { line->call(std::move(call)); };
    Collector::Listener listener;
    listener.recording = [this, here] { here([this] { Q_EMIT recording(); }); };
    listener.collecting = [this, here] { here([this] { Q_EMIT collecting(); }); };
    listener.noted = [this, here](const std::string& note) { here([this, note] { Q_EMIT noted(QString::fromStdString(note)); }); };
    listener.over = [this, here] { here([this] { over(); }); };
    m_collector = std::make_unique<Collector>(CollectorRequest{m_request.target, m_request.path, eventSettings(m_request.options)},
                                              std::move(listener));
}

void SamplingSession::stop()
{
    if (m_collector) m_collector->stop();
}

void SamplingSession::cancel()
{
    m_cancelled = true;
    if (!m_collector) return;
    m_collector->cancel();
}

RecordStatus SamplingSession::status() const { return m_collector ? m_collector->status() : RecordStatus{}; }

/// The file gets its name here, so that a cancel before it leaves what had the name.
void SamplingSession::over()
{
    CollectorOutcome& outcome = m_collector->outcome();
    std::string kept;
    if (outcome.file) {
        if (const auto named = name(*outcome.file); named) kept = *named;
        else if (!outcome.failure) outcome.failure = RecordFailure{named.error().text() + ".", {}, {}};
    }
    if (!kept.empty() && kept != m_request.path) Q_EMIT noted(QString::fromStdString(takenNote(m_request.path, kept)));
    if (m_cancelled) return; // whoever heard of it
    if (outcome.failure) Q_EMIT failed(*outcome.failure, QString::fromStdString(kept));
    else Q_EMIT finished(QString::fromStdString(kept), outcome.end);
}

/// The name that it got, as it was asked for if it is that one.
Result<std::string> SamplingSession::name(GrowingFile& file) const
{
    if (m_request.replace) {
        if (const Status named = file.takeName(); !named) return named.error();
        return m_request.path;
    }
    auto named = file.takeFreeName();
    return named && *named == file.path() ? Result<std::string>(m_request.path) : named;
}

} // namespace opscope::sampling
