#pragma once

#include "app/cli/Console.h"
#include "core/tensor/CapturedTensor.h"
#include "core/tensor/KernelSource.h"
#include "core/tensor/NodeValues.h"
#include "core/tensor/TensorFlow.h"

#include <nlohmann/json_fwd.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace opscope {

/// A node and everything that passes through it.
struct NodeReport
{
    TracePtr trace;
    NodeId node;
    std::shared_ptr<const TensorFlow> flow;
    std::vector<NodeValue> inputs, outputs;
};
/// Errors when the node cannot be read back.
Result<NodeReport> nodeReport(TracePtr trace, NodeId node, const JobControl& job);

/// A range of logical indices, [first, end).
struct ValueRange
{
    std::uint64_t first = 0, end = 0;
};
/// Captured data of one input, as far as it was asked for.
struct CaptureReport
{
    TensorId tensor;
    std::shared_ptr<const CapturedTensor> data;
    std::optional<TensorStatistics> statistics;
    std::vector<TensorCheck> checks;
    std::optional<ValueRange> values;
};

void printNode(Console& console, const NodeReport& report);
void printCapture(Console& console, const NodeReport& report, const CaptureReport& capture);
void printSource(Console& console, const KernelSource& source);
void printGraph(Console& console, const FxGraph& graph);

nlohmann::ordered_json nodeJson(const NodeReport& report);
nlohmann::ordered_json captureJson(const NodeReport& report, const CaptureReport& capture);
nlohmann::ordered_json sourceJson(const KernelSource& source);
nlohmann::ordered_json graphJson(const FxGraph& graph);

/// "[12, 3]" of a logical index.
std::string indexText(const std::vector<std::int64_t>& shape, std::uint64_t logical);

} // namespace opscope
