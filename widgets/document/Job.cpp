#include "widgets/document/Job.h"

#include <thread>

namespace opscope {

struct Job::Run
{
    Progress progress;
    std::jthread thread;
};

Job::Job(QObject* parent) : QObject(parent)
{
    m_timer.setInterval(66);
    connect(&m_timer, &QTimer::timeout, this, &Job::progressed);
}

Job::~Job()
{
    if (m_current)
        retire();
    for (const std::shared_ptr<Run>& run : m_retired)
        run->thread.join();
}

void Job::start(Work work)
{
    const bool wasRunning = running();
    if (wasRunning)
        retire();
    auto run = std::make_shared<Run>();
    m_current = run;
    ++s_running;
    m_timer.start();
    // The thread holds a plain pointer: Run outlives it, since whoever drops the last reference joins first.
    run->thread = std::jthread([this, raw = run.get(), work = std::move(work)](std::stop_token stop) {
        Deliver deliver = work(JobControl{&raw->progress, stop});
        QMetaObject::invokeMethod(
            this,
            [this, raw, deliver = std::move(deliver)] {
                const auto is = [raw](const std::shared_ptr<Run>& other) { return other.get() == raw; };
                if (m_current && is(m_current))
                    finished(m_current, deliver);
                else
                    std::erase_if(m_retired, is);
            },
            Qt::QueuedConnection);
    });
    if (!wasRunning)
        Q_EMIT runningChanged();
}

void Job::finished(const std::shared_ptr<Run>& run, const Deliver& deliver)
{
    const std::shared_ptr<Run> keep = run; // until its thread is joined, at the end of this function
    m_current.reset();
    --s_running;
    m_timer.stop();
    Q_EMIT runningChanged();
    if (deliver)
        deliver();
}

void Job::retire()
{
    m_current->thread.request_stop();
    m_retired.push_back(std::move(m_current));
    m_current.reset();
    --s_running;
}

void Job::cancel()
{
    if (!m_current)
        return;
    retire();
    m_timer.stop();
    Q_EMIT runningChanged();
}

const Progress& Job::progress() const
{
    static const Progress none;
    return m_current ? m_current->progress : none;
}

} // namespace opscope
