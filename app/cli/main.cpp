#include "app/cli/Commands.h"
#include "app/cli/TextTable.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <exception>
#include <filesystem>
#include <ostream>
#include <utility>

namespace opscope {
namespace {

void printHelp(std::ostream& out)
{
    out << "Opscope " OPSCOPE_VERSION " shows what a PyTorch program did while it ran.\n\n"
           "Usage: opscope [FILE...]            open files in the window\n"
           "       opscope COMMAND ...          one of these:\n\n";
    for (const Command& command : commands())
        out << "  " << command.name << std::string(10 - command.name.size(), ' ') << command.summary << '\n';
    out << "\nOptions:\n"
           "  -h, --help    this text; opscope COMMAND --help tells more\n"
           "  --version     print the version\n\n"
           "Exit status: 0 done, 1 cannot, 2 wrong usage, 130 interrupted.\n\n"
           "Examples:\n"
           "  opscope trace.json.gz\n"
           "  opscope info trace.json.gz\n"
           "  opscope render trace.json.gz -o shot.png\n"
           "  opscope record --pid 1234 --duration 5s\n";
}

/// Two columns; the words of the second go on below each other.
void printOption(std::ostream& out, std::string left, std::string_view description)
{
    constexpr std::size_t kLeft = 28, kWidth = 120;
    if (left.size() + 2 > kLeft) {
        out << left << '\n';
        left.clear();
    }
    left.resize(kLeft, ' ');
    out << left;
    std::size_t used = kLeft;
    for (std::size_t at = 0; at < description.size();) {
        const std::size_t end = std::min(description.find(' ', at), description.size());
        const std::string word(description.substr(at, end - at));
        const bool isFirst = used == kLeft;
        if (!isFirst && used + 1 + displayWidth(word) > kWidth) {
            out << '\n' << std::string(kLeft, ' ') << word;
            used = kLeft;
        } else {
            out << (isFirst ? "" : " ") << word;
            used += isFirst ? 0 : 1;
        }
        used += displayWidth(word);
        at = end + 1;
    }
    out << '\n';
}

void printCommandHelp(std::ostream& out, const Command& command, const CLI::App& app)
{
    out << "Usage: opscope " << command.name << ' ' << command.arguments << "\n\n" << command.summary << ".\n\n";
    std::string group = "Options"; // what CLI11 calls those of no group
    for (const CLI::Option* option : app.get_options()) {
        if (option->get_group().empty()) continue; // the other spelling of one that is shown
        if (std::exchange(group, option->get_group()) != option->get_group()) out << '\n' << group << ":\n";
        std::string left = "  " + (option->get_positional() ? option->get_type_name() : option->get_name(false, true));
        if (!option->get_positional() && !option->get_type_name().empty()) left += " " + option->get_type_name();
        printOption(out, left, option->get_description());
    }
    out << '\n' << command.details << '\n';
}

const Command* find(std::string_view name)
{
    const auto all = commands();
    const auto found = std::find_if(all.begin(), all.end(), [&](const Command& c) { return c.name == name; });
    return found == all.end() ? nullptr : &*found;
}

ExitStatus runCommand(Console& console, const Command& command, std::vector<std::string> arguments)
{
    CLI::App app;
    app.set_help_flag("-h,--help", "This text");
    const Run run = command.declare(app);
    try {
        std::reverse(arguments.begin(), arguments.end()); // as CLI11 wants it
        app.parse(std::move(arguments));
    } catch (const CLI::CallForHelp&) {
        printCommandHelp(console.out(), command, app);
        return ExitStatus::Ok;
    } catch (const CLI::ParseError& error) {
        console.complain("opscope " + std::string(command.name) + ": " + error.what() + "; see opscope " +
                         std::string(command.name) + " --help");
        return ExitStatus::Usage;
    }
    return run(console);
}

/// `opscope inof x.json` is a slip of the pen, not a wish to open a file "inof".
bool looksLikeACommand(const std::string& word)
{
    std::error_code ignored;
    return word.find_first_of("./-") == std::string::npos && !std::filesystem::exists(word, ignored);
}

ExitStatus dispatch(Console& console, std::vector<std::string> arguments)
{
    const std::string first = arguments.empty() ? "" : arguments.front();
    if (first == "-h" || first == "--help") {
        printHelp(console.out());
        return ExitStatus::Ok;
    }
    if (first == "--version") {
        console.out() << "opscope " OPSCOPE_VERSION "\n";
        return ExitStatus::Ok;
    }
    if (const Command* command = find(first)) {
        arguments.erase(arguments.begin());
        return runCommand(console, *command, std::move(arguments));
    }
    if (!first.empty() && looksLikeACommand(first)) {
        console.complain("opscope: \"" + first + "\" is neither a command nor a file; see opscope --help");
        return ExitStatus::Usage;
    }
    return runCommand(console, viewCommand(), std::move(arguments));
}

} // namespace
} // namespace opscope

int main(int argc, char** argv)
{
    using namespace opscope;
    Console console;
    try {
        return static_cast<int>(dispatch(console, {argv + std::min(argc, 1), argv + argc}));
    } catch (const std::exception& error) { // memory that is not there: core itself throws nothing
        console.complain(std::string("opscope: ") + error.what());
        return static_cast<int>(ExitStatus::Cannot);
    }
}
