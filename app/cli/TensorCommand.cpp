#include "app/cli/Commands.h"
#include "app/cli/LoadJob.h"
#include "app/cli/TensorReport.h"
#include "core/base/Path.h"
#include "core/tensor/SaveTensor.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <charconv>
#include <memory>
#include <ostream>
#include <utility>
#include <vector>

namespace opscope {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t kMostValues = 10'000'000; // more than anybody reads; .npy and .csv have no limit

struct Options
{
    std::string file;
    std::int64_t node = 0;
    std::optional<std::uint32_t> input;
    std::optional<std::string> values, npy, csv;
    bool stats = false, json = false, source = false, graph = false;
};

ExitStatus fail(Console& console, const Error& error)
{
    if (error.code == ErrorCode::Cancelled) return ExitStatus::Cancelled;
    console.complain(error);
    return error.code == ErrorCode::Usage ? ExitStatus::Usage : ExitStatus::Cannot;
}

/// "A..B": from A up to B, B not included; "A.." to the end. Clamped to what there is.
Result<ValueRange> parseRange(const std::string& text, std::uint64_t count)
{
    const Error wrong{ErrorCode::Usage, "--values wants FIRST..END, for example 0..20", {}};
    const std::size_t dots = text.find("..");
    if (dots == std::string::npos) return wrong;
    ValueRange range{0, count};
    const auto read = [](std::string_view digits, std::uint64_t& out) {
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
        return error == std::errc() && end == digits.data() + digits.size();
    };
    const std::string_view first = std::string_view(text).substr(0, dots), end = std::string_view(text).substr(dots + 2);
    if ((!first.empty() && !read(first, range.first)) || (!end.empty() && !read(end, range.end))) return wrong;
    range.end = std::min(range.end, count);
    range.first = std::min(range.first, range.end);
    if (range.end - range.first > kMostValues) return Error{ErrorCode::Usage, "--values shows at most 10,000,000 values; --csv writes all", {}};
    return range;
}

Result<NodeId> findNode(const Trace& trace, const Options& options)
{
    const ExecutionTrace* et = trace.executionTrace();
    if (!et) return Error{ErrorCode::Usage, fileName(options.file) + " is no execution trace: it has no nodes", {}};
    const NodeId node = et->byId(options.node);
    if (!node) return Error{ErrorCode::Usage, fileName(options.file) + " has no node " + std::to_string(options.node), {}};
    return node;
}

Result<CaptureReport> openCapture(const NodeReport& report, const Options& options, const JobControl& job)
{
    const EtNode& n = report.trace->executionTrace()->node(report.node);
    if (*options.input >= n.inputTensors)
        return Error{ErrorCode::Usage, "node " + std::to_string(n.id) + " has " + std::to_string(n.inputTensors) + " input tensors, counted from 0", {}};
    CaptureReport capture;
    capture.tensor = TensorId(n.firstTensor + *options.input);
    auto data = CapturedTensor::open(*report.trace, report.node, capture.tensor);
    if (!data) return data.error();
    capture.data = *data;
    if (options.values) {
        auto range = parseRange(*options.values, capture.data->expectedElements());
        if (!range) return range.error();
        capture.values = *range;
    }
    if (options.stats) {
        capture.statistics = statisticsOf(*capture.data, job);
        if (!capture.statistics) return Error{ErrorCode::Cancelled, "cancelled", {}};
        capture.checks = checksOf(*report.trace, report.node, capture.tensor, *capture.data, *capture.statistics);
    }
    return capture;
}

/// The first gets its name when the last one is written.
Status save(const CapturedTensor& data, const Options& options, LoadJob& job)
{
    std::vector<std::unique_ptr<ByteSink>> files;
    for (const auto& [path, write] : {std::pair(options.npy, &writeNpy), std::pair(options.csv, &writeCsv)}) {
        if (!path) continue;
        auto file = write(data, *path, job.control());
        if (!file) return file.error();
        files.push_back(std::move(*file));
    }
    if (!files.empty() && !job.commit()) return Error{ErrorCode::Cancelled, "cancelled", {}};
    for (const auto& file : files)
        if (Status named = file->close(); !named) return named;
    return Done{};
}

/// What was asked for beside the node itself. Each part is printed as soon as it is there, or put into `out`; what is saved comes last.
Status addParts(Console& console, const NodeReport& report, const Options& options, LoadJob& job, Json& out)
{
    std::shared_ptr<const CapturedTensor> captured;
    if (options.input) {
        auto capture = openCapture(report, options, job.control());
        if (!capture) return capture.error();
        captured = capture->data;
        if (options.json) out["capture"] = captureJson(report, *capture);
        else printCapture(console, report, *capture);
    }
    if (options.source) {
        const auto source = kernelSource(*report.trace, report.node);
        if (!source) return source.error();
        if (options.json) out["source"] = sourceJson(*source);
        else printSource(console, *source);
    }
    if (options.graph) {
        const auto graph = fxGraph(*report.trace, report.node);
        if (!graph) return graph.error();
        if (options.json) out["fx_graph"] = graphJson(*graph);
        else printGraph(console, *graph);
    }
    if (captured) return save(*captured, options, job);
    return Done{};
}

ExitStatus showTensors(Console& console, const Options& options)
{
    if (!options.input && (options.stats || options.values || options.npy || options.csv))
        return fail(console, {ErrorCode::Usage, "--stats, --values, --npy and --csv need the number of an input tensor", {}});
    LoadJob job(console);
    const Result<TracePtr> trace = job.load(options.file);
    if (!trace) return fail(console, trace.error());
    const Result<NodeId> node = findNode(**trace, options);
    if (!node) return fail(console, node.error());
    const Result<NodeReport> report = nodeReport(*trace, *node, job.control());
    if (!report) return fail(console, report.error());
    Json out;
    if (options.json) out = nodeJson(*report);
    else printNode(console, *report);
    const Status added = addParts(console, *report, options, job, out);
    if (options.json && added) console.out() << out.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
    if (!console.delivered()) return fail(console, {ErrorCode::CannotWrite, "opscope tensor: the answer could not be written", {}});
    return added ? ExitStatus::Ok : fail(console, added.error());
}

Run declare(CLI::App& app)
{
    const auto options = std::make_shared<Options>();
    app.add_option("file", options->file, "An execution trace; its resources folder is looked for beside it")->required()->type_name("FILE");
    app.add_option("node", options->node, "Id of a node, as the file has it")->required()->type_name("NODE");
    app.add_option("input", options->input, "Number of an input tensor whose values were captured (# in the list)")->type_name("INPUT");
    app.add_flag("--stats", options->stats, "Figures of the captured values, and what they were checked against");
    app.add_option("--values", options->values, "Captured values FIRST..END (END not included), by index")->type_name("A..B");
    app.add_option("--npy", options->npy, "Save the captured values as a NumPy file")->type_name("OUT");
    app.add_option("--csv", options->csv, "Save the captured values as index,value")->type_name("OUT");
    app.add_flag("--source", options->source, "The source of the node's compiled kernel");
    app.add_flag("--fx", options->graph, "The FX graph that the kernel was made from");
    app.add_flag("--json", options->json, "Exact numbers for programs");
    return [options](Console& console) { return showTensors(console, *options); };
}

} // namespace

Command tensorCommand()
{
    return {"tensor", "Show the tensors, captured values and compiled code of a node",
            "[--stats] [--values A..B] [--npy OUT] [--csv OUT] [--source] [--fx] [--json] FILE NODE [INPUT]",
            "Lists what goes into and comes out of a node of an execution trace: shape, type, layout, bytes, ids, who wrote it and\n"
            "who reads it. With the number of an input tensor also the values that were captured of it.\n\n"
            "Examples:\n"
            "  opscope tensor rank0_et.json.gz 36\n"
            "  opscope tensor rank0_et.json.gz 36 1 --stats\n"
            "  opscope tensor rank0_et.json.gz 36 1 --values 0..20\n"
            "  opscope tensor rank0_et.json.gz 36 1 --npy indices.npy\n"
            "  opscope tensor compiled_et.json 19 --source --fx",
            declare};
}

} // namespace opscope
