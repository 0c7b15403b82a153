#include "widgets/document/TraceExtras.h"

namespace opscope {

TraceExtras::TraceExtras(QObject* parent) : QObject(parent), m_flowJob(this), m_resourcesJob(this) {}

void TraceExtras::setTrace(TracePtr trace)
{
    m_flowJob.cancel();
    m_resourcesJob.cancel();
    m_trace = std::move(trace);
    m_flow.reset();
    m_resources.reset();
    m_flowAsked = m_resourcesAsked = false;
}

std::shared_ptr<const TensorFlow> TraceExtras::tensorFlow()
{
    if (m_flowAsked || !m_trace || !m_trace->executionTrace())
        return m_flow;
    m_flowAsked = true;
    m_flowJob.run([trace = m_trace](const JobControl& job) { return TensorFlow::build(trace, job); },
                  [this](std::shared_ptr<const TensorFlow> flow) {
                      m_flow = std::move(flow);
                      Q_EMIT tensorFlowReady();
                  });
    return nullptr;
}

std::shared_ptr<const Resources> TraceExtras::resources()
{
    if (m_resourcesAsked || !m_trace || !m_trace->executionTrace())
        return m_resources;
    m_resourcesAsked = true;
    m_resourcesJob.run(
        [trace = m_trace](const JobControl&) -> std::shared_ptr<const Resources> {
            return std::make_shared<Resources>(Resources::of(*trace, trace->executionTrace()->source));
        },
        [this](std::shared_ptr<const Resources> resources) {
            m_resources = std::move(resources);
            Q_EMIT resourcesReady();
        });
    return nullptr;
}

} // namespace opscope
