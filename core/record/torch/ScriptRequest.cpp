#include "core/record/torch/ScriptRequest.h"

#include "core/record/Presentable.h"

#include <nlohmann/json.hpp>

#include <charconv>
#include <sys/random.h>

namespace opscope::torch {
namespace {

constexpr std::uint64_t kLongest = 7 * 24 * 60 * 60; // seconds

/// The number that `text` is, whole.
std::optional<std::uint64_t> numberOf(std::string_view text)
{
    std::uint64_t number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    return problem == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

nlohmann::json beginJson(const Begin& begin)
{
    switch (begin.at) {
    case Begin::At::Now: return "now";
    case Begin::At::FirstOperator: return "first-op";
    case Begin::At::Time: return {{"seconds", static_cast<double>(begin.time.count()) / 1000}};
    case Begin::At::Step: return {{"step", begin.step}};
    }
    return "now";
}

} // namespace

Result<Begin> parseBegin(std::string_view text)
{
    if (text.empty() || text == "now") return Begin{};
    if (text == "first-op") return Begin{.at = Begin::At::FirstOperator};
    if (text.starts_with("step:"))
        if (const auto step = numberOf(text.substr(5)); step && *step <= INT32_MAX) return Begin{.at = Begin::At::Step, .step = *step};
    const bool milliseconds = text.ends_with("ms");
    if (text.ends_with("s"))
        if (const auto number = numberOf(text.substr(0, text.size() - (milliseconds ? 2 : 1))); number && *number <= kLongest * (milliseconds ? 1000 : 1))
            return Begin{.at = Begin::At::Time, .time = std::chrono::milliseconds(*number * (milliseconds ? 1 : 1000))};
    return Error{ErrorCode::Usage, "Begin: \"" + presentable(text) + "\" is none of first-op, now, 5s, 500ms, step:100", {}};
}

std::string requestJson(const ScriptRequest& request)
{
    const Wish& wish = request.wish;
    nlohmann::json json{{"version", 1}, {"id", request.id}, {"folder", request.folder}, {"ops", wish.ops}, {"kernels", wish.kernels},
                        {"shapes", wish.shapes}, {"stacks", wish.stacks}, {"memory", wish.memory}, {"modules", wish.modules}, {"flops", wish.flops},
                        {"et", wish.executionTrace}, {"integral_range", wish.integralRange}, {"integral_ops", wish.integralOps},
                        {"all_threads", wish.allThreads}, {"seconds", nullptr}, {"steps", nullptr}, {"warmup", wish.warmup}, {"start_at_ns", nullptr},
                        {"from", beginJson(request.begin)}};
    if (wish.steps) json["steps"] = wish.steps;
    else if (wish.duration) json["seconds"] = static_cast<double>(wish.duration->count()) / 1000;
    if (request.startAtNs) json["start_at_ns"] = request.startAtNs;
    return json.dump(1, ' ', true, nlohmann::json::error_handler_t::replace); // ASCII, whatever the names are
}

std::string newRequestId()
{
    unsigned char bytes[8] = {};
    static_cast<void>(!::getrandom(bytes, sizeof bytes, 0)); // so few come at once
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string id;
    for (const unsigned char byte : bytes) {
        id += kDigits[byte >> 4];
        id += kDigits[byte & 15];
    }
    return id;
}

} // namespace opscope::torch
