#include "core/tensor/ResourceChecks.h"

#include "core/base/Path.h"
#include "core/tensor/CapturedTensor.h"
#include "core/tensor/Numbers.h"
#include "core/tensor/Resources.h"
#include "core/tensor/TensorFlow.h"

#include <unordered_set>

namespace opscope {

namespace {

class ResourceCheck
{
public:
    ResourceCheck(const Trace& trace, SourceId source, Diagnostics& found)
        : m_trace(trace), m_et(*trace.executionTrace()), m_file(*m_et.fileOf(source)), m_resources(Resources::of(trace, source)),
          m_found(found)
    {
    }

    void run()
    {
        for (const std::string& folder : m_resources.refusedFolders())
            m_found.note(Defect::UnsafePath, 0, Resources::shownName(fileName(folder)) + " is a link");
        for (const ResourceName& name : m_resources.names()) {
            if (name.kind == ResourceName::Kind::Capture) checkCapture(name);
            else if (name.node >= 0) m_found.note(Defect::UnsafePath, 0, name.name + " is no plain file");
        }
        for (std::uint32_t i = 0; i < m_file.nodeCount; ++i) {
            const NodeId node(m_file.firstNode.value + i);
            const EtNode& n = m_et.node(node);
            if (n.kernelFile.valid()) checkKernelFile(n);
            if (m_capturedNames.contains(n.name.value)) findMissing(node);
        }
    }

private:
    void checkKernelFile(const EtNode& node)
    {
        const std::string_view name = m_trace.text(node.kernelFile);
        if (name.empty()) return;
        if (!Resources::isSafeName(name)) return m_found.note(Defect::UnsafePath, node.sourceOffset, Resources::shownName(name));
        if (!m_resources.exists()) return; // a trace without its folder is whole; what is not there is said where it is looked for
        const ResourceName* file = m_resources.find(name);
        if (file && file->kind == ResourceName::Kind::Unsafe)
            m_found.note(Defect::UnsafePath, node.sourceOffset, Resources::shownName(name) + " is no plain file");
        else if (!file && !m_resources.cut() && m_missingCode.insert(node.kernelFile.value).second)
            m_found.note(Defect::MissingKernelFile, node.sourceOffset, Resources::shownName(name));
    }

    void checkCapture(const ResourceName& name)
    {
        const NodeId node = m_et.byId(m_file, name.node);
        if (!node) return m_found.note(Defect::SurplusCapture, 0, name.name);
        const EtNode& n = m_et.node(node);
        if (name.tensor >= n.inputTensors) return m_found.note(Defect::SurplusCapture, n.sourceOffset, name.name + " is no input");
        const TensorDesc& tensor = m_et.inputs(node)[static_cast<std::size_t>(name.tensor)];
        if (!integralType(m_trace.text(tensor.dtype)))
            return m_found.note(Defect::SurplusCapture, n.sourceOffset, name.name + " is not of whole numbers");
        m_capturedNames.insert(n.name.value);
        const auto bytes = bytesOf(tensor);
        if (!bytes || static_cast<std::uint64_t>(*bytes) != name.size)
            m_found.note(Defect::WrongSizeCapture, n.sourceOffset,
                         name.name + " holds " + grouped(name.size) + " of " + (bytes ? grouped(*bytes) : "too many") + " bytes");
        if (m_trace.text(tensor.device).starts_with("cpu") && tensor.offset > 0)
            m_found.note(Defect::CaptureOffset, n.sourceOffset, name.name);
    }

    /// Writers capture by the name of the node: where one of that name has data, all have, for each input that can have any.
    void findMissing(NodeId node)
    {
        if (m_resources.cut()) return;
        const EtNode& n = m_et.node(node);
        const auto inputs = m_et.inputs(node);
        for (std::size_t i = 0; i < inputs.size(); ++i) {
            const TensorDesc& t = inputs[i];
            if (t.elements <= 0 || t.storageId == 0 || !integralType(m_trace.text(t.dtype))) continue;
            const std::string name = Resources::captureName(n.id, static_cast<std::int64_t>(i));
            if (!m_resources.find(name)) m_found.note(Defect::MissingCapture, n.sourceOffset, name);
        }
    }

    const Trace& m_trace;
    const ExecutionTrace& m_et;
    const EtFile& m_file;
    const Resources m_resources;
    Diagnostics& m_found;
    std::unordered_set<std::uint32_t> m_capturedNames, m_missingCode;
};

} // namespace

void checkResources(const Trace& trace, SourceId source, Diagnostics& found)
{
    if (trace.executionTrace() && trace.executionTrace()->fileOf(source)) ResourceCheck(trace, source, found).run();
}

} // namespace opscope
