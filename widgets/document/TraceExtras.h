#pragma once

#include <QObject>

#include "core/tensor/Resources.h"
#include "core/tensor/TensorFlow.h"
#include "widgets/document/Job.h"

#include <memory>
#include <vector>

namespace opscope {

/// What is worked out of a trace on a worker when somebody first asks, and then shared by all panels: where its tensors come
/// from and go to, and which files its resources folder holds. UI thread only; what it hands out may be read from any thread.
class TraceExtras : public QObject
{
    Q_OBJECT

public:
    explicit TraceExtras(QObject* parent = nullptr);

    /// Drops what belongs to the trace before.
    void setTrace(TracePtr trace);
    /// Null while it is being built (tensorFlowReady() follows) and for traces without an execution trace.
    std::shared_ptr<const TensorFlow> tensorFlow();
    /// The resources folder of the execution trace that the node stands in. Null while the folders are being read
    /// (resourcesReady() follows) and for traces without an execution trace.
    std::shared_ptr<const Resources> resources(NodeId node);

Q_SIGNALS:
    void tensorFlowReady();
    void resourcesReady();

private:
    TracePtr m_trace;
    std::shared_ptr<const TensorFlow> m_flow;
    std::vector<std::shared_ptr<const Resources>> m_resources; ///< by file of the execution trace
    bool m_flowAsked = false, m_resourcesAsked = false;
    Job m_flowJob, m_resourcesJob;
};

} // namespace opscope
