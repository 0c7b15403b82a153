#pragma once

#include <QObject>

#include "core/record/RecorderBackend.h"
#include "core/record/sampling/Collector.h"

#include <memory>

namespace opscope::sampling {

/// The side of a sampling recording that lives in the event loop. The work is the collector's, on its own thread.
class SamplingSession final : public RecordSession
{
    Q_OBJECT

public:
    explicit SamplingSession(const RecordRequest& request) : m_request(request) {}
    ~SamplingSession() override;   ///< waits for the thread: milliseconds, or until symbols of a large library are read
    void start() override;
    void stop() override;
    void cancel() override;
    RecordStatus status() const override;

private:
    void over();

    RecordRequest m_request;
    bool m_cancelled = false;
    std::unique_ptr<Collector> m_collector;
};

} // namespace opscope::sampling
