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
    ~SamplingSession() override;   ///< at once: the thread, which may be reading the symbols of a large library, ends behind it
    void start() override;
    void stop() override;
    void cancel() override;
    RecordStatus status() const override;

private:
    class Line;
    void over();
    Result<std::string> name(GrowingFile& file) const;

    RecordRequest m_request;
    bool m_cancelled = false;
    std::shared_ptr<Line> m_line; ///< from the collector to us, as long as there is us
    std::unique_ptr<Collector> m_collector;
};

} // namespace opscope::sampling
