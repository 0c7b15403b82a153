#include "core/tensor/KernelSource.h"

#include "core/base/StringPool.h"
#include "core/tensor/KernelLines.h"

#include <algorithm>

namespace opscope {

namespace {

/// UTF-8 in lines: other control characters become pictures of themselves, "\r\n" and "\r" become "\n".
std::string showable(std::string_view raw)
{
    std::string utf8, out;
    sanitizeUtf8(raw, utf8);
    out.reserve(utf8.size());
    for (std::size_t at = 0; at < utf8.size();) {
        const std::size_t stop = std::min(utf8.find_first_of("\n\t\r", at), utf8.size());
        out += withoutControls(std::string_view(utf8).substr(at, stop - at));
        if (stop == utf8.size()) break;
        const bool pair = utf8[stop] == '\r' && stop + 1 < utf8.size() && utf8[stop + 1] == '\n';
        if (!pair) out += utf8[stop] == '\r' ? '\n' : utf8[stop];
        at = stop + 1;
    }
    return out;
}

struct Line
{
    std::string_view text;
    std::uint32_t number = 0; ///< 1-based
};

/// One line after the other.
class Lines
{
public:
    explicit Lines(std::string_view text) : m_text(text) {}
    bool next(Line& line)
    {
        if (m_at >= m_text.size()) return false;
        const std::size_t end = std::min(m_text.find('\n', m_at), m_text.size());
        line = {m_text.substr(m_at, end - m_at), ++m_number};
        m_at = end + 1;
        return true;
    }

private:
    std::string_view m_text;
    std::size_t m_at = 0;
    std::uint32_t m_number = 0;
};

/// In a file of one kernel the function is called "triton_" by some versions; it is what stands under the decorator.
std::uint32_t kernelLineOf(std::string_view text, std::string_view kernel)
{
    std::uint32_t decorated = 0;
    bool underDecorator = false;
    Line line;
    for (Lines lines(text); lines.next(line);) {
        if (!kernel.empty() && definesKernel(line.text, kernel)) return line.number;
        if (line.text.starts_with("@triton.jit")) underDecorator = true;
        if (underDecorator && line.text.starts_with("def ") && !decorated) decorated = line.number;
    }
    return decorated;
}

/// Both by the node: what it is called and where it says that it lies.
Result<std::string> kernelFile(const Trace& trace, NodeId node)
{
    const ExecutionTrace* et = trace.executionTrace();
    if (!et || node.index() >= et->nodes().size()) return Error{ErrorCode::Usage, "there is no such node", {}};
    const std::string_view file = trace.text(et->node(node).kernelFile);
    if (file.empty()) return Error{ErrorCode::Usage, "this node names no kernel file", {}};
    return std::string(file);
}

} // namespace

Result<KernelSource> sourceFile(const Resources& resources, std::string_view name, std::string_view kernel)
{
    auto file = resources.open(name);
    if (!file) return file.error();
    auto bytes = file->read(0, KernelSource::kMaxBytes);
    if (!bytes) return bytes.error();
    KernelSource source;
    source.fileName = withoutControls(showable(name));
    source.text = showable(*bytes);
    source.cut = file->size() > KernelSource::kMaxBytes;
    source.kernelLine = kernelLineOf(source.text, kernel);
    return source;
}

Result<KernelSource> kernelSource(const Trace& trace, NodeId node)
{
    return kernelSource(trace, node, Resources::of(trace, node));
}

Result<KernelSource> kernelSource(const Trace& trace, NodeId node, const Resources& resources)
{
    auto name = kernelFile(trace, node);
    if (!name) return name.error();
    return sourceFile(resources, *name, trace.text(trace.executionTrace()->node(node).name));
}

} // namespace opscope
