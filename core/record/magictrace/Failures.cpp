#include "core/record/magictrace/Failures.h"

#include "core/record/magictrace/Lines.h"

#include <array>
#include <cstring>

namespace opscope::magictrace {

namespace {

constexpr std::string_view kSamples = "Record with samples instead: that needs no program and no special processor.";

/// A text that says why. Both parts must occur; the first of the list that fits is taken, so particular ones stand before general ones.
struct KnownText
{
    std::string_view part, andPart;
    std::string_view sentence;        ///< empty: hasEnded()
    std::string_view advice;
};

constexpr std::array kTexts = {
    KnownText{"magic-trace relies on", "not present in your path", kNeedsPerf, kSamples},
    KnownText{"No such file or directory", "readlink", "", "Choose another process."},
    KnownText{"Permission denied", "readlink", kOnlyOwn, "Choose one of yours, or start Opscope as that user."},
    KnownText{"Access to performance monitoring and observability operations is limited", "", kOnlyOwn,
              "If it is yours, the system refuses more than usual: an administrator can run \"sysctl kernel.perf_event_paranoid=2\"."},
    KnownText{"must be run as root in order to trace the kernel", "", kKernelNeedsRoot,
              "Set \"Kernel code\" to \"Leave out\", or start Opscope as root."},
    KnownText{"Cannot find PMU", "intel_pt", kNoProcessorTrace, kSamples},
    KnownText{"doesn't support Intel Processor Trace", "", kNoProcessorTrace, kSamples},
    // perf took cpu-clock for cycles without a word; the text stands within "BUG: ..." in some versions
    KnownText{"Unexpected event type when parsing perf output", "cpu-clock", kCannotRunHere, ""},
    KnownText{"BUG: exception raised while parsing perf output", "", "Your magic-trace does not understand this perf version.",
              "Install a newer magic-trace, or name an older perf in MAGIC_TRACE_PERF_PATH."},
    KnownText{"Snapshot symbol not found", "", "The program has no function of the trigger's name.",
              "Look at the field \"Trigger\": it takes mangled names of the main program file."},
    KnownText{"Cannot select a snapshot symbol", "", "The program has no symbol table in which the trigger could be looked up.",
              "Leave the field \"Trigger\" empty to take the snapshot at Stop."},
    KnownText{"No space left on device", "", "The disk is full.",
              "Make room, choose another folder, or record for a shorter time."},
    KnownText{"Perf didn't ack command within timeout", "", "perf did not answer when the recording was to stop.",
              "Try again; on a busy machine with fewer threads or a smaller history."},
    KnownText{"No child process", "", "perf ended before the recording was stopped.", ""},
    KnownText{"unknown flag", "", "This magic-trace does not know one of its options.", "Leave the advanced options at their standard."},
};

bool has(std::string_view text, std::string_view part)
{
    return text.find(part) != std::string_view::npos;
}

/// "perf: Segmentation fault": the last words before the error itself, which only says that perf was gone.
std::string lastWordsBefore(std::string_view output, std::string_view mark)
{
    const std::size_t at = output.find(mark);
    std::string_view before = output.substr(0, output.rfind('\n', at) == std::string_view::npos ? 0 : output.rfind('\n', at));
    while (!before.empty()) {
        const std::size_t start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
        const std::string_view line = before.substr(start);
        if (!line.empty() && !line.starts_with('(') && !line.starts_with(' ') && meaningOf(line) == Line::Other) return noteOf(line);
        before = before.substr(0, start == 0 ? 0 : start - 1);
    }
    return {};
}

std::string howItEnded(const Death& death)
{
    if (!death.signalled) return "exit status " + std::to_string(death.status);
    const char* name = ::strsignal(death.status);
    return "signal " + std::to_string(death.status) + (name ? std::string(", ") + name : "");
}

std::string unknownReason(const Death& death)
{
    const std::string how = " (" + howItEnded(death) + ").";
    switch (death.stage) {
    case Stage::Starting: return "magic-trace ended before it was attached" + how;
    case Stage::Recording: return "magic-trace ended while it recorded" + how;
    case Stage::Stopping: return "magic-trace ended while it stopped the recording" + how;
    case Stage::Decoding: return "magic-trace could not decode the recording" + how;
    }
    return {};
}

} // namespace

std::string hasEnded(pid_t pid)
{
    return "Process " + std::to_string(pid) + " has ended.";
}

RecordFailure failureOf(const Death& death)
{
    for (const KnownText& known : kTexts) {
        if (!has(death.output, known.part) || !has(death.output, known.andPart)) continue;
        RecordFailure failure{.message = known.sentence.empty() ? hasEnded(death.target) : std::string(known.sentence),
                              .advice = std::string(known.advice)};
        if (known.part == "No child process") {
            if (const std::string words = lastWordsBefore(death.output, known.part); !words.empty()) failure.advice = "It said: " + words;
        }
        return failure;
    }
    return {.message = unknownReason(death), .advice = "The details have what it printed."};
}

bool anotherVersionMayDecode(std::string_view output)
{
    return has(output, "BUG: exception raised while parsing perf output")
        && !(has(output, "Unexpected event type when parsing perf output") && has(output, "cpu-clock"));
}

} // namespace opscope::magictrace
