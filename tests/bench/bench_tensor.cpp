#include "core/format/EventReader.h"
#include "core/io/Loader.h"
#include "core/tensor/CapturedTensor.h"
#include "core/tensor/NodeValues.h"
#include "core/tensor/TensorFlow.h"
#include "tests/bench/Bench.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

// bench_tensor [--mib N] [--nodes N] [--runs N]: issue 3, "Speed".
//
// Captured data: a .dat of N MiB (1024) that is written first and lies in the page cache: time to the first page (open, and 1000
// values by index), and statistics, for index-like data of three kinds - a table of 5 M rows drawn by a power law, one of 100 M rows,
// and 64-bit hashes. Data flow: an execution trace of N nodes (1,000,000) of small modules like those of a training step; time to
// build, and the lens of a node: all that the panes ask for the node and for each of its tensors, reading it back included.
// Medians of N runs (5); the first is not counted.

using namespace opscope;
using namespace opscope::bench;
namespace fs = std::filesystem;

namespace {

struct Folder
{
    fs::path path = fs::temp_directory_path() / ("opscope_bench_tensor_" + std::to_string(std::random_device()()));
    Folder() { fs::create_directories(path / "big_et_resources"); }
    ~Folder() { fs::remove_all(path); }
};

TracePtr load(const fs::path& path)
{
    auto trace = loadTrace(std::vector{path.string()});
    if (!trace.ok()) {
        std::fprintf(stderr, "%s\n", trace.error().text().c_str());
        std::exit(1);
    }
    return *trace;
}

constexpr const char* kTail =
    R"({"id": 2, "name": "[pytorch|profiler|execution_trace|thread]", "ctrl_deps": 1, "inputs": {"values": [], "shapes": [], "types": []}, "outputs": {"values": [], "shapes": [], "types": []}, "attrs": []},
{"id": 1, "name": "[pytorch|profiler|execution_trace|process]", "ctrl_deps": 1, "inputs": {"values": [], "shapes": [], "types": []}, "outputs": {"values": [], "shapes": [], "types": []}, "attrs": []}
], "finish_ts": 2})";
constexpr const char* kHead = R"({"schema": "1.1.1-chakra.0.0.4", "pid": 1, "time": "x", "start_ts": 1, "nodes": [
)";

void writeValues(const fs::path& path, std::uint64_t values, const std::function<std::int64_t()>& next)
{
    std::ofstream out(path, std::ios::binary);
    std::vector<std::int64_t> block(1 << 16);
    for (std::uint64_t done = 0; done < values; done += block.size()) {
        for (std::int64_t& v : block) v = next();
        out.write(reinterpret_cast<const char*>(block.data()), static_cast<std::streamsize>(std::min<std::uint64_t>(block.size(), values - done) * 8));
    }
}

void benchCaptured(const Folder& folder, std::uint64_t mib, int runs)
{
    const std::uint64_t values = mib * (1u << 20) / 8;
    const fs::path et = folder.path / "big_et.json";
    std::ofstream(et) << kHead << R"({"id": 4, "name": "aten::embedding", "ctrl_deps": 2, "inputs": {"values": [[7,8,0,)" << values
                      << R"(,8,"cuda:0"]], "shapes": [[)" << values << R"x(]], "types": ["Tensor(long int)"], "strides": [[1]]}, "outputs": {"values": [], "shapes": [], "types": []}, "attrs": []},
)x" << kTail;
    std::mt19937_64 random(1);
    const auto powerLaw = [&](double rows) {
        const double u = static_cast<double>(random() >> 11) / 9007199254740992.0;
        return static_cast<std::int64_t>(rows * u * u * u * u);
    };
    const std::vector<std::pair<const char*, std::function<std::int64_t()>>> kinds{
        {"4 M rows", [&] { return powerLaw(4e6); }}, {"100 M rows", [&] { return powerLaw(1e8); }}, {"64-bit hashes", [&] { return static_cast<std::int64_t>(random()); }}};
    for (const auto& [name, next] : kinds) {
        writeValues(folder.path / "big_et_resources" / "nid_4_tid_0.dat", values, next);
        const TracePtr trace = load(et);
        const NodeId node = trace->executionTrace()->byId(4);
        const TensorId tensor(trace->executionTrace()->node(node).firstTensor);
        Runs pages, statistics;
        for (int i = 0; i < runs; ++i) {
            std::int64_t sum = 0;
            pages.time([&] {
                const auto data = CapturedTensor::open(*trace, node, tensor);
                for (std::uint64_t v = 0; v < 1000; ++v) sum += (*data)->at(v * 997 % values).value_or(0);
            });
            const auto data = CapturedTensor::open(*trace, node, tensor);
            statistics.time([&] { sum += static_cast<std::int64_t>(statisticsOf(**data)->distinct); });
            if (sum == 42) std::puts("");
        }
        const double gb = static_cast<double>(values) * 8 / 1e9;
        std::printf("%5.2f GB, %-14s first page %6.2f ms   statistics %6.3f s wall, %6.3f s cpu: %5.2f GB/s (%5.2f GB/s a cpu second)\n", gb, name,
                    pages.wall() * 1e3, statistics.wall(), statistics.cpu(), gb / statistics.wall(), gb / statistics.cpu());
    }
}

enum class Weights { Apart, InOneStorage };

/// Modules of four nodes: linear over t and addmm, then something in place; weights live for ever, activations are given up again.
/// Apart: every weight has a storage and is never written, relu_ writes the activation. In one storage, as sharded training has them:
/// the weight of the module, one slice of 200, is written by add_. The bias is read by half of all nodes in either case.
void writeNodes(const fs::path& path, std::uint64_t nodes, Weights weights)
{
    std::ofstream out(path);
    out << kHead;
    // Appended bit by bit: g++ 12 warns of a memcpy that never happens where "[" stands in front of a string that it sees made.
    const auto tensor = [](std::uint64_t id, std::uint64_t storage, std::uint64_t offset = 0) {
        std::string text = "[";
        for (const std::uint64_t number : {id, storage, offset}) text.append(std::to_string(number)).append(",");
        return text.append("4096,4,\"cuda:0\"]");
    };
    const auto write = [&](std::uint64_t id, std::uint64_t parent, const char* name, const char* schema, const std::string& in, int inputs, const std::string& result) {
        std::string shapes, types;
        for (int i = 0; i < inputs; ++i) {
            shapes += i ? ",[64,64]" : "[64,64]";
            types += i ? ",\"Tensor(float)\"" : "\"Tensor(float)\"";
        }
        out << "{\"id\": " << id << ", \"name\": \"" << name << "\", \"ctrl_deps\": " << parent << ", \"inputs\": {\"values\": [" << in << "], \"shapes\": [" << shapes
            << "], \"types\": [" << types << "]}, \"outputs\": {\"values\": [" << result
            << "], \"shapes\": [[64,64]], \"types\": [\"Tensor(float)\"]}, \"attrs\": [{\"name\": \"tid\", \"type\": \"uint64\", \"value\": 1}, {\"name\": \"op_schema\", \"type\": \"string\", \"value\": \""
            << schema << "\"}]},\n";
    };
    for (std::uint64_t m = 0; m < nodes / 4; ++m) {
        const std::uint64_t id = 10 + 4 * m, weight = 100 + m % 200, in = 1000 + m % 5000, result = 1000 + (m + 1) % 5000;
        const bool apart = weights == Weights::Apart;
        const std::uint64_t storage = apart ? weight : 98, offset = apart ? 0 : weight * 4096;
        const std::string w = tensor(weight, storage, offset), wt = tensor(50'000 + weight, storage, offset), x = tensor(in, in), y = tensor(result, result), b = tensor(99, 99);
        write(id, 2, "aten::linear", "aten::linear(Tensor input, Tensor weight, Tensor? bias=None) -> Tensor", x + "," + w + "," + b, 3, y);
        write(id + 1, id, "aten::t", "aten::t(Tensor(a) self) -> Tensor(a)", w, 1, wt);
        write(id + 2, id, "aten::addmm", "aten::addmm(Tensor self, Tensor mat1, Tensor mat2, *, Scalar beta=1, Scalar alpha=1) -> Tensor", b + "," + x + "," + wt, 3, y);
        if (apart) write(id + 3, 2, "aten::relu_", "aten::relu_(Tensor(a!) self) -> Tensor(a!)", y, 1, y);
        else write(id + 3, 2, "aten::add_", "aten::add_.Tensor(Tensor(a!) self, Tensor other, *, Scalar alpha=1) -> Tensor(a!)", w + "," + y, 2, w);
    }
    out << kTail;
}

/// What the panes ask of the data flow for a node, with each of its tensors chosen in turn: the sections of the detail pane for the
/// node (widgets/detail: DependencySection, TensorSections) and for the tensor (TensorLifeSection), the Tensors panel (FlowSection,
/// TensorPanel::tensorCells). Each reads the node and decodes its values anew. Returns the number of answers.
std::size_t askAsThePanesDo(const Trace& trace, const TensorFlow& flow, NodeId node)
{
    std::size_t found = 0;
    std::vector<TensorId> tensors;
    for (int pane = 0; pane < 2; ++pane) {
        const auto text = readNode(trace, node);
        if (!text) return found;
        const auto json = JsonDocument::parse(text->json);
        for (int section = 0; section < (pane == 0 ? 2 : 1); ++section) { // tensors, scalars; the panel's names
            for (const NodeSide side : {NodeSide::Inputs, NodeSide::Outputs}) {
                for (const NodeValue& value : nodeValues(trace, node, json->root(), side))
                    if (value.tensor.valid() && pane == 1) tensors.push_back(value.tensor);
            }
        }
    }
    found += flow.producersOf(node).size() + flow.consumersOf(node).size();
    for (const TensorId tensor : tensors) {
        found += flow.viewOf(tensor).has_value();
        for (int pane = 0; pane < 2; ++pane) {
            found += flow.producer(tensor).has_value() + flow.consumers(tensor).size() + flow.life(tensor).size() + flow.viewOf(tensor).has_value();
            found += flow.lifeEnds(tensor).has_value();
        }
    }
    return found;
}

void benchLens(const TracePtr& trace, const TensorFlow& flow)
{
    constexpr std::size_t kAsked = 2000;
    const ExecutionTrace& et = *trace->executionTrace();
    std::mt19937_64 random(2);
    std::vector<double> wall, cpu, owner;
    std::size_t found = 0;
    for (std::size_t i = 0; i < kAsked; ++i) {
        const NodeId node(static_cast<std::size_t>(10 + random() % (et.nodes().size() - 20)));
        const Spent spent = timed([&] { found += askAsThePanesDo(*trace, flow, node); });
        wall.push_back(spent.wall);
        cpu.push_back(spent.cpu);
        const TensorId tensor(et.node(node).firstTensor);
        owner.push_back(timed([&] { found += et.nodeOf(tensor) == node; }).wall);
    }
    for (auto* times : {&wall, &cpu, &owner}) std::sort(times->begin(), times->end());
    const std::size_t middle = kAsked / 2, late = kAsked * 99 / 100;
    std::printf("  lens of a node and all its tensors, %zu at random: wall median %.3f ms, 99 %% %.3f ms, longest %.3f ms; cpu median %.3f ms, 99 %% %.3f ms, "
                "longest %.3f ms (%zu answers)\n  node of a tensor: median %.2f us, longest %.2f us\n",
                kAsked, wall[middle] * 1e3, wall[late] * 1e3, wall.back() * 1e3, cpu[middle] * 1e3, cpu[late] * 1e3, cpu.back() * 1e3, found,
                owner[middle] * 1e6, owner.back() * 1e6);
}

void benchFlow(const Folder& folder, std::uint64_t nodes, int runs, Weights weights)
{
    const fs::path path = folder.path / "nodes_et.json";
    writeNodes(path, nodes, weights);
    TracePtr trace;
    const Spent loading = timed([&] { trace = load(path); });
    const ExecutionTrace& et = *trace->executionTrace();
    std::shared_ptr<const TensorFlow> flow;
    Runs builds;
    for (int i = 0; i < runs; ++i) builds.time([&] { flow = TensorFlow::build(trace); });
    std::printf("%zu nodes, %zu tensors, weights %s: load %.2f s; data flow %.3f s wall, %.3f s cpu, %.1f bytes a tensor\n", et.nodes().size(), et.tensors().size(),
                weights == Weights::Apart ? "apart" : "in one storage", loading.wall, builds.wall(), builds.cpu(),
                static_cast<double>(flow->bytes()) / static_cast<double>(et.tensors().size()));
    benchLens(trace, *flow);
}

} // namespace

int main(int argc, char** argv)
{
    std::uint64_t mib = 1024, nodes = 1'000'000;
    int runs = 5;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string option = argv[i];
        const auto value = std::strtoull(argv[i + 1], nullptr, 10);
        if (option == "--mib") mib = value;
        else if (option == "--nodes") nodes = value;
        else if (option == "--runs") runs = static_cast<int>(value);
        else return std::fprintf(stderr, "bench_tensor [--mib N] [--nodes N] [--runs N]\n"), 2;
    }
    const Folder folder;
    if (mib) benchCaptured(folder, mib, std::max(runs, 2));
    for (const Weights weights : {Weights::Apart, Weights::InOneStorage})
        if (nodes) benchFlow(folder, std::max<std::uint64_t>(nodes, 100), std::max(runs, 2), weights);
    return 0;
}
