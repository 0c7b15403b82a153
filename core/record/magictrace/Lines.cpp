#include "core/record/magictrace/Lines.h"

#include "core/record/Presentable.h"

#include <algorithm>
#include <array>

namespace opscope::magictrace {

namespace {

bool has(std::string_view line, std::string_view part)
{
    return line.find(part) != std::string_view::npos;
}

struct KnownLine
{
    std::string_view part;
    Line meaning;
};

constexpr std::array kLines = {
    KnownLine{"Got signal, detaching", Line::GotSignal},
    KnownLine{"Snapshot taken", Line::SnapshotTaken},
    KnownLine{"Finished recording", Line::Finished},
    KnownLine{"Decoding, this", Line::Decoding},
    KnownLine{"perf reported an error decoding the trace", Line::DecodeError},
    KnownLine{"skipping unrecognized perf output", Line::SkippedOutput},
    KnownLine{"Attaching to", Line::Silence},
    KnownLine{"[ perf record: ", Line::Silence},
    KnownLine{"Visit https://magic-trace.org", Line::Silence},
    KnownLine{"will only be able to snapshot when", Line::Silence}, // that is how we use it
    KnownLine{"for more info.", Line::Silence},
};

struct KnownNote
{
    std::string_view part;
    std::string_view sentence;
};

constexpr std::array kNotes = {
    KnownNote{"Intel PT support not found", "Sampled, since there is no Intel Processor Trace: short calls are missing."},
    KnownNote{"[-callgraph-mode] is defaulting to [Dwarf]", "Callers are found by copies of the stack, which slows the program down."},
    KnownNote{"[-callgraph-mode] is defaulting to [Last_branch_record]", "Callers are found by the processor's last branch records: deep stacks are cut."},
    KnownNote{"older generation processor", "Times are exact to about 1 µs: the processor is of an older generation."},
    KnownNote{"Debug info is unavailable", "Without debug information there are no file names and line numbers."},
};

const KnownNote* knownNote(std::string_view line)
{
    const auto found = std::ranges::find_if(kNotes, [&](const KnownNote& note) { return has(line, note.part); });
    return found == kNotes.end() ? nullptr : &*found;
}

} // namespace

Line meaningOf(std::string_view line)
{
    if (has(line, "Attached") && has(line, "Press Ctrl-C")) return Line::Attached; // "[ Attached. Press" and "[Attached! Press"
    if (knownNote(line)) return Line::Note; // before the others: some of these lines end with an address as well
    for (const KnownLine& known : kLines) {
        if (has(line, known.part)) return known.meaning;
    }
    return line.starts_with("Warning: ") ? Line::Note : Line::Other;
}

std::string noteOf(std::string_view line)
{
    if (const KnownNote* known = knownNote(line)) return std::string(known->sentence);
    return presentable(line);
}

std::string cleanLines(std::string_view text)
{
    std::string valid, clean;
    sanitizeUtf8(text, valid);
    for (std::size_t at = 0; at <= valid.size();) {
        const std::size_t end = std::min(valid.find('\n', at), valid.size());
        std::string_view line = std::string_view(valid).substr(at, end - at);
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (at > 0) clean += '\n';
        for (std::size_t from = 0; from <= line.size();) { // tabs indent what perf says
            const std::size_t tab = std::min(line.find('\t', from), line.size());
            if (from > 0) clean += '\t';
            clean += withoutControls(line.substr(from, tab - from));
            from = tab + 1;
        }
        at = end + 1;
    }
    return clean;
}

} // namespace opscope::magictrace
