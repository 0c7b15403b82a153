#include "core/record/torch/ScriptFailures.h"

#include "core/record/ProcessList.h"

#include <string_view>

namespace opscope::torch {
namespace {

struct Known
{
    std::string_view code, message, advice; ///< "%": who
};
constexpr Known kKnown[] = {
    {"no-torch", "% has not imported PyTorch.", "Record it once it has, or start it from here: then PyTorch is waited for."},
    {"busy", "The profiler of % is in use: the program runs its own torch.profiler.",
     "Wait until that has ended, or take it out of the program: a profiler of somebody else is never stopped."},
    {"busy-et", "% writes an execution trace already; PyTorch writes one at a time.", "Wait until that has ended, or record without the execution trace."},
    {"no-profiler", "The PyTorch of % has no profiler.", "Record it with samples, or use a PyTorch that was built with Kineto."},
    {"ended", "% ended before anything was recorded.", "Record a program that runs longer, or start it from here."},
};

std::string filled(std::string_view text, const std::string& who)
{
    std::string filled(text);
    if (const std::size_t at = filled.find('%'); at != filled.npos) filled.replace(at, 1, at == 0 ? who : "p" + who.substr(1));
    return filled;
}

bool isFullDisk(std::string_view text) { return text.find("No space left") != text.npos || text.find("quota") != text.npos; }

} // namespace

std::string nameOf(pid_t pid, const std::optional<int>& rank)
{
    const auto process = processInfo(pid);
    std::string name = "Process " + (process ? processLabel(*process) : std::to_string(pid));
    if (rank) name += ", rank " + std::to_string(*rank);
    return name;
}

RecordFailure failureOf(const ScriptStatus& status, const std::string& who)
{
    for (const Known& known : kKnown)
        if (status.errorCode == known.code) return {filled(known.message, who), std::string(known.advice), status.error};
    if (status.errorCode == "cannot-write") {
        const bool full = isFullDisk(status.error);
        return {who + (full ? " could not write the recording: the disk of its /tmp is full." : " could not write the recording: " + status.error + "."),
                full ? "Make room in /tmp, or record for a shorter time." : "The process needs the right to write to its /tmp.", full ? status.error : ""};
    }
    return {"The recorder failed in p" + who.substr(1) + ".", "The details have what PyTorch said; the program runs on.", status.error};
}

} // namespace opscope::torch
