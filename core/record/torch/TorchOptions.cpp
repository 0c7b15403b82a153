#include "core/record/torch/TorchOptions.h"

#include "core/base/Time.h"
#include "core/record/Presentable.h"

#include <algorithm>
#include <charconv>
#include <iterator>

namespace opscope::torch {

namespace {

using Kind = RecordOption::Kind;

constexpr std::size_t kMostOperators = 64, kLongestOperator = 256;
constexpr std::int64_t kMostWarmup = 3600;

RecordOption switched(std::string id, std::string title, std::string help, bool on, std::string note = {}, bool advanced = false)
{
    return {.id = std::move(id), .title = std::move(title), .help = std::move(help), .kind = Kind::Switch, .standard = on ? "on" : "off", .note = std::move(note),
            .advanced = advanced};
}

RecordOption needingEt(RecordOption option)
{
    option.needs = "et";
    return option;
}

// What it costs was measured with small operators on a CPU: a step of 0.98 ms took 1.31 with the profiler and shapes, 2.31 with the execution trace
// (11 us a node, some 500 bytes each). Large operators hide it.
std::vector<RecordOption> whatToRecord()
{
    return {
        switched("ops", "CPU operators", "What PyTorch runs on the CPU, with begin, end and thread of each operator.", true),
        switched("kernels", "GPU kernels", "Kernels, copies and the runtime calls that started them. Without a GPU it costs nothing.", true),
        switched("shapes", "Shapes and types", "Sizes and types of the inputs of each operator. A step of tiny operators takes a third longer with operators and shapes.", true),
        switched("stacks", "Python stacks", "Which Python lines called each operator. Slower, and a far larger file: every Python call is recorded.", false, "slower, larger file"),
        switched("memory", "Memory", "Each allocation and release of tensor memory. A larger file.", false, "larger file"),
        switched("modules", "Modules", "Which nn.Module an operator belongs to, where PyTorch can tell (TorchScript only in many versions).", false, {}, true),
        switched("flops", "FLOPs", "Floating point operations of matrix products and convolutions, estimated by PyTorch from shapes.", false, {}, true),
    };
}

std::vector<RecordOption> whatOfTensors()
{
    return {
        switched("et", "Execution trace", "The graph of operators with their tensors, linked to the events. Costs about 11 µs and 500 bytes per operator: tiny operators take "
                 "twice as long, and a busy loop writes 20 to 40 MB a second.", false, "11 µs an operator"),
        {.id = "integral", .title = "Captured tensors", .help = "Operators whose integer inputs are saved whole with the execution trace, parted by commas: "
         "aten::embedding. Waits for the GPU at each of them, and large tensors make large files.", .kind = Kind::Text, .needs = "et"},
        needingEt(switched("integral-range", "Ranges of integral tensors", "Least and greatest value of every integer tensor in the execution trace. Waits for the GPU at each operator "
                 "that has one.", false, {}, true)),
    };
}

std::vector<RecordOption> howToRecord()
{
    return {
        {.id = "warmup", .title = "Warm-up", .help = "Let the profiler run for so many steps before what is kept, or seconds where a duration is recorded: "
         "the first start with a GPU takes several seconds.", .kind = Kind::Number, .standard = "0", .unit = "steps or seconds", .low = 0, .high = kMostWarmup, .advanced = true},
        switched("profile-all-threads", "Operators of all threads", "Also threads that the main thread did not start, as those of a server. PyTorch 2.7 and later; before "
                 "mid-2026 stopping it can crash a program whose other threads are inside an operator.", false, {}, true),
    };
}

std::string_view trimmed(std::string_view text)
{
    const std::size_t first = text.find_first_not_of(" \t");
    return first == text.npos ? std::string_view() : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// "a, b,,c": what is between the commas, without blanks around it. What is empty is left out.
std::vector<std::string> listed(std::string_view text)
{
    std::vector<std::string> names;
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t end = std::min(text.find(',', at), text.size());
        if (const auto name = trimmed(text.substr(at, end - at)); !name.empty()) names.emplace_back(name);
        at = end + 1;
    }
    return names;
}

Error usage(std::string sentence) { return {.code = ErrorCode::Usage, .message = std::move(sentence), .byteOffset = {}}; }

bool oddCharacter(char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F; }

Status checkOperators(std::string_view text)
{
    const auto names = listed(text);
    if (names.size() > kMostOperators)
        return usage("Captured integral tensors: at most " + std::to_string(kMostOperators) + " operators, not " + formatCount(static_cast<std::int64_t>(names.size())));
    for (const std::string& name : names) {
        if (name.size() > kLongestOperator)
            return usage("Captured integral tensors: the name of an operator has at most " + std::to_string(kLongestOperator) + " bytes, not " +
                         formatCount(static_cast<std::int64_t>(name.size())));
        if (std::ranges::any_of(name, oddCharacter))
            return usage("Captured integral tensors: \"" + presentable(name) + "\" is no name of an operator; write aten::embedding,aten::index_select");
    }
    return Done{};
}

} // namespace

std::vector<RecordOption> options()
{
    std::vector<RecordOption> all = whatToRecord();
    std::ranges::move(whatOfTensors(), std::back_inserter(all));
    std::ranges::move(howToRecord(), std::back_inserter(all));
    return all;
}

Wish wishOf(const RecordRequest& request)
{
    const std::vector<RecordOption> all = options();
    const auto isOn = [&](std::string_view id) { return optionValue(all, request.options, id) == "on"; };
    Wish wish{.ops = isOn("ops"), .kernels = isOn("kernels"), .shapes = isOn("shapes"), .stacks = isOn("stacks"), .memory = isOn("memory"),
              .modules = isOn("modules"), .flops = isOn("flops"), .executionTrace = isOn("et"), .integralRange = isOn("integral-range"),
              .integralOps = listed(optionValue(all, request.options, "integral")),
              .allThreads = isOn("profile-all-threads"), .steps = request.steps, .duration = request.duration};
    const std::string warmup = optionValue(all, request.options, "warmup");
    std::from_chars(warmup.data(), warmup.data() + warmup.size(), wish.warmup);
    return wish;
}

Status checkWish(const OptionValues& values)
{
    const std::vector<RecordOption> all = options();
    const auto isOn = [&](std::string_view id) { return optionValue(all, values, id) == "on"; };
    const std::string integral = optionValue(all, values, "integral");
    if (const Status fine = checkOperators(integral); !fine) return fine;
    if (!isOn("ops") && !isOn("kernels") && !isOn("et")) return usage("There is nothing to record: choose CPU operators, GPU kernels or the execution trace");
    if (isOn("et")) return Done{};
    if (!listed(integral).empty()) return usage("Captured integral tensors belong to an execution trace: choose it as well (--et)");
    if (isOn("integral-range")) return usage("Ranges of integral tensors are written into the execution trace: choose it as well (--et)");
    return Done{};
}

} // namespace opscope::torch
