#include "widgets/document/TraceExtras.h"

namespace opscope {

TraceExtras::TraceExtras(QObject* parent) : QObject(parent), m_flowJob(this), m_resourcesJob(this) {}

void TraceExtras::setTrace(TracePtr trace)
{
    m_flowJob.cancel();
    m_resourcesJob.cancel();
    m_trace = std::move(trace);
    m_flow.reset();
    m_resources.clear();
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

std::shared_ptr<const Resources> TraceExtras::resources(NodeId node)
{
    const ExecutionTrace* et = m_trace ? m_trace->executionTrace() : nullptr;
    if (!et || node.index() >= et->nodes().size())
        return nullptr;
    if (m_resourcesAsked) {
        const auto file = static_cast<std::size_t>(&et->fileOf(node) - et->files().data());
        return file < m_resources.size() ? m_resources[file] : nullptr;
    }
    m_resourcesAsked = true;
    m_resourcesJob.run(
        [trace = m_trace](const JobControl&) {
            std::vector<std::shared_ptr<const Resources>> folders;
            for (const EtFile& file : trace->executionTrace()->files())
                folders.push_back(std::make_shared<Resources>(Resources::of(*trace, file.source)));
            return folders;
        },
        [this](std::vector<std::shared_ptr<const Resources>> folders) {
            m_resources = std::move(folders);
            Q_EMIT resourcesReady();
        });
    return nullptr;
}

} // namespace opscope
