#pragma once

#include "core/record/RecorderBackend.h"

#include <QByteArray>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace opscope::inject {

/// opscope-inject: what OPSCOPE_INJECT names, beside the program that runs, or in ../libexec/opscope. Empty: it is nowhere.
std::string injectProgram();

/// What it printed.
struct Reply
{
    std::string result = {}, reason = {}, detail = {}, python = {};
    std::int64_t stoppedUs = 0;
    bool queued() const { return result == "queued"; }
};
/// Nothing: it is no such reply.
std::optional<Reply> parseReply(const QByteArray& printed);
/// Sentence and way out for a reply that is not "queued". `label`: "Process 123 (python3)".
RecordFailure failureOf(const Reply& reply, const std::string& label);

} // namespace opscope::inject
