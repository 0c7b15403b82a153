#pragma once

#include "core/base/Result.h"
#include "core/trace/Trace.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace opscope {

/// A generated file of torch.compile, as text to be shown and never run (execution-trace.md section 9).
struct KernelSource
{
    std::string fileName;
    std::string text;                 ///< UTF-8, no control characters but newlines and tabs; at most kMaxBytes
    bool cut = false;
    std::uint32_t kernelLine = 0;     ///< 1-based line where the kernel is defined; 0: not found
    static constexpr std::size_t kMaxBytes = 8u << 20;
};
/// Of a node with kernel_file. Errors say what is missing, or that the path leaves the folder.
Result<KernelSource> kernelSource(const Trace& trace, NodeId node);

/// One line of "# Graph fragment:" of the module file that defines the kernel.
struct FxNode
{
    std::string name;                 ///< "%sin"
    std::string annotation;           ///< 'Tensor "f32[4, 4][4, 1]cuda:0"' or ""
    std::string target;               ///< "call_function[target=torch.ops.aten.sin.default]", "placeholder", "return"
    std::vector<std::uint32_t> inputs;///< rows of the nodes that it reads
    std::string text;                 ///< the line without "#"
};
struct FxGraph
{
    std::string fileName;
    std::uint32_t line = 0;           ///< of "# Graph fragment:"
    std::vector<FxNode> nodes;
    std::vector<std::string> sourceNodes; ///< "# Topologically Sorted Source Nodes: [...]"
};
/// The fragment that stands before the definition of the node's kernel, in whichever file of the folder.
Result<FxGraph> fxGraph(const Trace& trace, NodeId node);

} // namespace opscope
