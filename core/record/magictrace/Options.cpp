#include "core/record/magictrace/Options.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <sstream>

namespace opscope::magictrace {

namespace {

using Kind = RecordOption::Kind;

std::vector<RecordOption> whatToRecord()
{
    return {
        {.id = "all-threads", .title = "All threads", .help = "Off: only the main thread, with a longer history.",
         .kind = Kind::Switch, .standard = "on"},
        {.id = "full-execution", .title = "Everything until Stop",
         .help = "Off: the last moments before Stop. On: all of it, hundreds of megabytes a second.", .kind = Kind::Switch, .standard = "off"},
        {.id = "trigger", .title = "Trigger", .help = "Take the snapshot when the program calls this function (mangled name, in the main "
         "program file). Empty: at Stop. A dot: magic_trace_stop_indicator.", .kind = Kind::Text},
        {.id = "multi-snapshot", .title = "Snapshot at every hit",
         .help = "Take one each time the trigger is hit, some 8 µs each, until Stop.", .kind = Kind::Switch, .standard = "off"},
        {.id = "snapshot-size", .title = "History", .help = "Memory for the last moments; all threads share it.", .kind = Kind::Choice,
         .standard = "auto", .choices = {{"auto", "Automatic", "4 MiB for root, else 256 KiB"}, {"256K", "256 KiB"}, {"1M", "1 MiB"},
                                         {"4M", "4 MiB"}, {"16M", "16 MiB"}, {"64M", "64 MiB"}}},
    };
}

std::vector<RecordOption> howToRecord()
{
    return {
        {.id = "trace-kernel", .title = "Kernel code", .help = "Only root may record it.", .kind = Kind::Choice, .standard = "none",
         .choices = {{"none", "Leave out"}, {"include", "Record as well", "root"}, {"only", "Nothing else", "root"}}, .advanced = true},
        {.id = "timer-resolution", .title = "Time stamps", .help = "How exact times are, or how many samples are taken.", .kind = Kind::Choice,
         .standard = "normal", .choices = {{"low", "Low", "1,000 samples a second"}, {"normal", "Normal", "10,000 samples a second"},
                                           {"high", "High", "as many as the kernel allows"}}, .advanced = true},
        {.id = "sampling", .title = "Sample instead", .help = "Sampled stacks instead of every call, even where the processor can do better.",
         .kind = Kind::Switch, .standard = "off", .advanced = true},
        {.id = "callgraph-mode", .title = "Stacks of samples", .help = "How the callers of a sample are found. Only for sampling.",
         .kind = Kind::Choice, .standard = "auto",
         .choices = {{"auto", "Automatic", "lbr where the CPU has it, else dwarf"}, {"lbr", "Last branch records"},
                     {"lbr-no-stitch", "Last branch records, not stitched"}, {"dwarf", "Copies of the stack", "slow"},
                     {"fp", "Frame pointers", "code must have them"}}, .advanced = true},
        {.id = "filter", .title = "Only between", .help = "Two functions, parted by a blank: only what runs between them is kept.",
         .kind = Kind::Text, .advanced = true},
        {.id = "working-directory", .title = "Keep raw data in", .help = "A folder for what perf records. Empty: it is deleted at the end.",
         .kind = Kind::Path, .advanced = true, .folder = true},
        {.id = "magic-trace", .title = "Location of magic-trace", .help = "The program. Empty: it is looked for in PATH.", .kind = Kind::Path,
         .advanced = true},
        {.id = "magic-trace-cache", .title = "Allow /tmp/magic-trace",
         .help = "Start the copy that PyTorch's helper downloaded there. Everybody may write to that folder: allow it only if you know the file.",
         .kind = Kind::Switch, .standard = "off", .advanced = true},
    };
}

std::vector<std::string> words(const std::string& text)
{
    std::istringstream in(text);
    std::vector<std::string> found;
    for (std::string word; in >> word;) found.push_back(word);
    return found;
}

Error usage(std::string sentence)
{
    return {.code = ErrorCode::Usage, .message = std::move(sentence), .byteOffset = {}};
}

bool hasControls(std::string_view text)
{
    return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

/// Appends flags, and remembers the first that the program does not know.
class Flags
{
public:
    Flags(const Version& version, std::vector<std::string>& list) : m_version(version), m_list(list) {}
    void add(std::string_view flag, std::string value = {})
    {
        if (!m_version.knows(flag) && m_unknown.empty()) m_unknown = flag;
        m_list.push_back("-" + std::string(flag));
        if (!value.empty()) m_list.push_back(std::move(value));
    }
    const std::string& unknown() const { return m_unknown; }

private:
    const Version& m_version;
    std::vector<std::string>& m_list;
    std::string m_unknown;
};

void addChoices(Flags& flags, const OptionValues& values)
{
    const auto value = [&](std::string_view id) { return optionValue(options(), values, id); };
    if (value("snapshot-size") != "auto") flags.add("snapshot-size", value("snapshot-size"));
    if (value("trace-kernel") == "include") flags.add("trace-include-kernel");
    if (value("trace-kernel") == "only") flags.add("trace-kernel-only");
    if (std::string resolution = value("timer-resolution"); resolution != "normal") {
        resolution[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(resolution[0]))); // an s-expression: Low
        flags.add("timer-resolution", resolution);
    }
    if (value("callgraph-mode") != "auto") flags.add("callgraph-mode", value("callgraph-mode"));
}

void addTexts(Flags& flags, const OptionValues& values)
{
    const auto value = [&](std::string_view id) { return optionValue(options(), values, id); };
    if (!value("trigger").empty()) flags.add("trigger", value("trigger"));
    if (const auto ends = words(value("filter")); ends.size() == 2) flags.add("filter", "(" + ends[0] + " " + ends[1] + ")");
}

void addSwitches(Flags& flags, const OptionValues& values)
{
    for (const char* id : {"multi-snapshot", "full-execution", "sampling"}) {
        if (optionValue(options(), values, id) == "on") flags.add(id);
    }
}

} // namespace

std::vector<RecordOption> options()
{
    std::vector<RecordOption> all = whatToRecord();
    std::ranges::move(howToRecord(), std::back_inserter(all));
    return all;
}

Status checkValues(const OptionValues& values)
{
    if (const Status known = checkOptions(options(), values); !known) return known;
    const auto value = [&](std::string_view id) { return optionValue(options(), values, id); };
    const std::string trigger = value("trigger");
    if (trigger == "?" || trigger.starts_with('-') || hasControls(trigger)) return usage("The trigger must be the name of a function.");
    if (trigger.empty() && value("multi-snapshot") == "on") return usage("A snapshot at every hit needs a trigger.");
    const std::string filter = value("filter");
    if (hasControls(filter) || (!filter.empty() && words(filter).size() != 2))
        return usage("\"Only between\" takes two functions, parted by a blank.");
    if (filter.find_first_of("()\";") != std::string::npos) return usage("\"Only between\" takes plain names of functions.");
    return Done{};
}

std::set<std::string> flagsOfHelp(std::string_view help)
{
    // Lines like "  [-o FILE], -output       . Where to write": names are before the lone point.
    std::set<std::string> flags;
    std::istringstream lines{std::string(help)};
    for (std::string line; std::getline(lines, line);) {
        const std::size_t first = line.find_first_not_of(" \t");
        if (first == std::string::npos || (line[first] != '[' && line[first] != '-' && line[first] != '(')) continue;
        const std::string_view names = std::string_view(line).substr(0, line.find(" . "));
        for (std::size_t dash = names.find('-'); dash != std::string_view::npos; dash = names.find('-', dash + 1)) {
            if (dash > 0 && std::isalnum(static_cast<unsigned char>(names[dash - 1]))) continue; // inside a name
            std::size_t end = dash + 1;
            while (end < names.size() && (std::isalnum(static_cast<unsigned char>(names[end])) || names[end] == '-')) ++end;
            if (end > dash + 1) flags.emplace(names.substr(dash + 1, end - dash - 1));
        }
    }
    return flags;
}

Result<Arguments> attachArguments(pid_t pid, const std::string& output, const std::string& work, const OptionValues& values,
                                  const Version& version)
{
    Arguments arguments{.list = {"attach", "-pid", std::to_string(pid), "-o", output}, .notes = {}};
    Flags flags(version, arguments.list);
    if (optionValue(options(), values, "all-threads") == "on") {
        if (version.knows("multi-thread")) flags.add("multi-thread");
        else arguments.notes.push_back("Only the main thread is recorded: this magic-trace (" + version.text + ") cannot record more.");
    }
    addTexts(flags, values);
    addSwitches(flags, values);
    addChoices(flags, values);
    if (const std::string chosen = optionValue(options(), values, "working-directory"); !chosen.empty())
        flags.add("working-directory", chosen);
    else if (version.knows("working-directory"))
        flags.add("working-directory", work);
    if (!flags.unknown().empty())
        return usage("This magic-trace (" + version.text + ") does not know -" + flags.unknown() + ".");
    return arguments;
}

} // namespace opscope::magictrace
