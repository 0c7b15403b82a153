#include "app/cli/Window.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <unistd.h>

namespace opscope {
namespace {

bool isSet(const char* variable)
{
    const char* value = std::getenv(variable);
    return value && *value;
}

std::string windowProgram()
{
    std::error_code failed;
    const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", failed);
    return failed ? "opscope-gui" : (self.parent_path() / "opscope-gui").string();
}

} // namespace

ExitStatus becomeWindow(Console& console, const std::vector<std::string>& arguments)
{
    const std::string program = windowProgram();
    std::vector<std::string> words{program};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    execvp(program.c_str(), argv.data());
    console.complain(program + ": cannot be started: " + std::strerror(errno));
    return ExitStatus::Cannot;
}

bool hasDisplay()
{
    return isSet("DISPLAY") || isSet("WAYLAND_DISPLAY") || isSet("QT_QPA_PLATFORM");
}

} // namespace opscope
