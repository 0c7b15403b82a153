#include "core/record/daemon/ConfigText.h"

#include "core/record/Presentable.h"

#include <algorithm>
#include <limits>
#include <string_view>

namespace opscope::daemon {
namespace {

constexpr std::int64_t kMostMs = std::numeric_limits<std::int32_t>::max(); // libkineto reads 32 bits

/// What a line may hold: libkineto drops the whole request at a second '=', and what is behind a '#'.
bool fits(std::string_view value)
{
    return !value.empty() && value.front() != ' ' && value.back() != ' ' &&
           std::none_of(value.begin(), value.end(), [](char c) { return c == '=' || c == '#' || static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

/// Only names that every version with the daemon protocol knows: an unknown one ends the parsing. Nothing: all standard types.
std::string activityTypes(const torch::Wish& wish)
{
    if (wish.ops && wish.kernels) return {};
    if (wish.ops) return "cpu_op,user_annotation,cpu_instant_event,python_function,overhead";
    return "gpu_user_annotation,gpu_memcpy,gpu_memset,kernel,external_correlation,cuda_runtime,overhead";
}

class Lines
{
public:
    void add(std::string_view key, const std::string& value)
    {
        if (!fits(value) && m_bad.empty()) m_bad = value.empty() ? "an empty value" : presentable(value);
        m_text.append(key).append("=").append(value).append("\n");
    }
    void add(std::string_view key, std::int64_t value) { add(key, std::to_string(value)); }
    void add(std::string_view key, bool on) { add(key, std::string(on ? "true" : "false")); }
    Result<std::string> text() &&
    {
        if (m_bad.empty()) return std::move(m_text);
        return Error{ErrorCode::Usage, "Kineto cannot be told " + m_bad + ": no '=', '#' or line ends are possible", {}};
    }

private:
    std::string m_text, m_bad;
};

} // namespace

Result<std::string> configText(const Configuration& wanted)
{
    if (wanted.duration.count() < 1 || wanted.duration.count() > kMostMs || wanted.steps > kMostMs || wanted.warmup > kMostMs / 1000)
        return Error{ErrorCode::Usage, "A recording over Kineto's daemon protocol takes at least a millisecond and at most 24 days", {}};
    Lines lines;
    lines.add("ACTIVITIES_LOG_FILE", wanted.logFile);
    lines.add("REQUEST_TRACE_ID", wanted.traceId);
    lines.add("REQUEST_GROUP_TRACE_ID", wanted.traceId);
    lines.add("ACTIVITIES_DURATION_MSECS", std::int64_t{wanted.duration.count()});
    if (wanted.steps) { // before time, where the program tells of its steps
        lines.add("PROFILE_START_ITERATION", std::int64_t{0});
        lines.add("PROFILE_START_ITERATION_ROUNDUP", std::int64_t{1});
        lines.add("ACTIVITIES_ITERATIONS", std::int64_t{wanted.steps});
        lines.add("ACTIVITIES_WARMUP_ITERATIONS", std::int64_t{wanted.warmup});
    }
    lines.add("ACTIVITIES_WARMUP_PERIOD_SECS", std::int64_t{wanted.steps ? 0 : wanted.warmup});
    if (wanted.startUnixMs && !wanted.steps) lines.add("PROFILE_START_TIME", *wanted.startUnixMs);
    if (const std::string types = activityTypes(wanted.wish); !types.empty()) lines.add("ACTIVITY_TYPES", types);
    lines.add("PROFILE_REPORT_INPUT_SHAPES", wanted.wish.shapes);
    lines.add("PROFILE_PROFILE_MEMORY", wanted.wish.memory);
    lines.add("PROFILE_WITH_STACK", wanted.wish.stacks);
    lines.add("PROFILE_WITH_FLOPS", wanted.wish.flops);
    lines.add("PROFILE_WITH_MODULES", wanted.wish.modules);
    return std::move(lines).text();
}

} // namespace opscope::daemon
