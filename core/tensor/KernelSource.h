#pragma once

#include "core/base/Result.h"
#include "core/tensor/Resources.h"
#include "core/trace/Trace.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
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
Result<KernelSource> kernelSource(const Trace& trace, NodeId node, const Resources& resources);
/// Any file of the folder, shown the same way; `kernel` may be "".
Result<KernelSource> sourceFile(const Resources& resources, std::string_view name, std::string_view kernel);

/// One line of "# Graph fragment:" of the module file that defines the kernel. Both forms: with `Tensor "f32[4, 4][4, 1]cuda:0"`
/// and without.
struct FxNode
{
    std::string name;                 ///< "sin", without the %; "" for the return
    std::string annotation;           ///< Tensor "f32[4, 4][4, 1]cuda:0", or ""
    std::string target;               ///< "call_function[target=torch.ops.aten.sin.default]", "PlaceHolder[target=arg0_1]", "return";
                                      ///< "placeholder" for what is read and has no line of its own
    std::vector<std::uint32_t> inputs;///< rows of the nodes that it reads, each once
    std::string text;                 ///< the line without "#"; "" for a placeholder without a line
};
struct FxGraph
{
    static constexpr std::size_t kMaxNodes = 10'000;
    std::string fileName;
    std::uint32_t line = 0;           ///< of "# Graph fragment:", 1-based
    std::uint32_t kernelLine = 0;     ///< where the kernel is defined in that file
    std::vector<FxNode> nodes;        ///< in the order of the file; placeholders without a line in front of all
    std::vector<std::string> sourceNodes; ///< "# Topologically Sorted Source Nodes: [...]"
    bool cut = false;                 ///< there were more than kMaxNodes
};
/// The fragment that stands before the definition of the node's kernel, in whichever file of the folder. Reads up to 64 MiB of
/// the folder's files: not for the UI thread.
Result<FxGraph> fxGraph(const Trace& trace, NodeId node);
Result<FxGraph> fxGraph(const Trace& trace, NodeId node, const Resources& resources);
/// The same of one text; none when the kernel is not defined in it or no fragment belongs to it.
std::optional<FxGraph> fxGraphOf(std::string_view source, std::string_view kernel);

} // namespace opscope
