#include "core/record/inject/program/Outcome.h"

#include <string_view>

namespace opscope::inject {

namespace {

constexpr std::string_view kResults[] = {"queued", "queue-full", "refused", "failed"};

std::string quoted(std::string_view text)
{
    std::string all = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') all += '\\';
        all += c >= ' ' && c < 0x7f ? c : '?';
    }
    return all + '"';
}

} // namespace

std::string Outcome::json() const
{
    return "{\"result\":" + quoted(kResults[static_cast<int>(result)]) + ",\"reason\":" + quoted(reason) + ",\"detail\":" + quoted(detail) +
           ",\"python\":" + quoted(python) + ",\"method\":" + quoted(method) + ",\"stopped_us\":" + std::to_string(stoppedUs) +
           ",\"tries\":" + std::to_string(tries) + "}";
}

} // namespace opscope::inject
