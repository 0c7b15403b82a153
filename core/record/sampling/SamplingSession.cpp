#include "core/record/sampling/SamplingSession.h"

#include "core/record/sampling/SamplingBackend.h"

#include <functional>

namespace opscope::sampling {

SamplingSession::~SamplingSession() = default;

void SamplingSession::start()
{
    if (m_collector) return;
    // Calls that are on their way when the session goes are dropped with it.
    const auto here = [this](std::function<void()> call) {
        QMetaObject::invokeMethod(this, [this, call = std::move(call)] { if (!m_cancelled) call(); }, Qt::QueuedConnection);
    };
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
    const QString path = QString::fromStdString(m_request.path);
    QString kept;
    if (outcome.file) {
        if (const Status named = outcome.file->takeName(); named) kept = path;
        else if (!outcome.failure) outcome.failure = RecordFailure{named.error().text() + ".", {}, {}};
    }
    if (outcome.failure) Q_EMIT failed(*outcome.failure, kept);
    else Q_EMIT finished(path, outcome.end);
}

} // namespace opscope::sampling
