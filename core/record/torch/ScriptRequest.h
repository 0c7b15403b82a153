#pragma once

#include "core/record/torch/TorchOptions.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace opscope::torch {

/// When a command that we start begins to be recorded.
struct Begin
{
    enum class At : std::uint8_t { Now, FirstOperator, Time, Step };
    At at = At::Now;
    std::chrono::milliseconds time{0};  ///< since the start of the program
    std::uint64_t step = 0;
};
/// "" or "now", "first-op", "5s" or "500ms" since its start, "step:100". Error: a sentence.
Result<Begin> parseBegin(std::string_view text);

/// The content of request.json (README.md).
struct ScriptRequest
{
    std::string id;                ///< 16 hex digits
    std::string folder;            ///< as the target sees it
    Wish wish;
    Begin begin = {};
    std::int64_t startAtNs = 0;    ///< Unix time; 0: as soon as possible
};
std::string requestJson(const ScriptRequest& request);
/// 16 hex digits that nobody guesses.
std::string newRequestId();

} // namespace opscope::torch
