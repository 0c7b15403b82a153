#include "core/record/magictrace/Program.h"

#include "core/record/magictrace/Options.h"

#include <cerrno>
#include <cstring>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace opscope::magictrace {

namespace {

/// 0, or why the system would not start it.
int whyNot(const std::string& path)
{
    struct stat about = {};
    if (::stat(path.c_str(), &about) != 0) return errno;
    if (S_ISDIR(about.st_mode)) return EISDIR;
    if (!S_ISREG(about.st_mode)) return EACCES;
    return ::access(path.c_str(), X_OK) == 0 ? 0 : errno;
}

std::string cannotStart(const std::string& path, int reason)
{
    return path + " cannot be started: " + std::strerror(reason) + ".";
}

/// Empty entries of a search path mean the current folder: whoever wrote it there hardly meant to run what lies in it.
std::string inSearchPath(std::string_view folders, const char* name)
{
    while (!folders.empty()) {
        const std::string_view folder = folders.substr(0, folders.find(':'));
        folders.remove_prefix(std::min(folders.size(), folder.size() + 1));
        if (folder.empty()) continue;
        std::string path = std::string(folder) + '/' + name;
        if (whyNot(path) == 0) return path;
    }
    return {};
}

/// Empty, or why the copy in a folder of everybody is not to be trusted.
std::string distrust(const Machine& machine)
{
    struct stat about = {};
    if (::lstat(machine.cache.c_str(), &about) != 0) return cannotStart(machine.cache, errno);
    if (!S_ISREG(about.st_mode)) return machine.cache + " is not a plain file, so it is not started.";
    if (about.st_uid != machine.user && about.st_uid != 0) return machine.cache + " belongs to another user, so it is not started.";
    if (about.st_mode & (S_IWGRP | S_IWOTH)) return machine.cache + " can be changed by other users, so it is not started.";
    const int reason = whyNot(machine.cache);
    return reason ? cannotStart(machine.cache, reason) : "";
}

Program absent(const Machine& machine)
{
    std::string problem = "magic-trace is not installed. Choose its location, or record with samples instead.";
    if (::access(machine.cache.c_str(), F_OK) == 0)
        problem += " The copy that PyTorch's helper left in " + machine.cache + " is used when you allow it.";
    return {.path = {}, .problem = problem, .installed = false};
}

} // namespace

Program findProgram(const Machine& machine, const OptionValues& values)
{
    const std::string chosen = optionValue(options(), values, "magic-trace");
    if (!chosen.empty()) {
        const int reason = whyNot(chosen);
        return {.path = chosen, .problem = reason ? cannotStart(chosen, reason) : ""};
    }
    if (std::string found = inSearchPath(machine.searchPath, "magic-trace"); !found.empty()) return {.path = found, .problem = {}};
    if (optionValue(options(), values, "magic-trace-cache") != "on") return absent(machine);
    return {.path = machine.cache, .problem = distrust(machine)};
}

std::string findPerf(const Machine& machine)
{
    if (!machine.perf.empty()) return whyNot(machine.perf) == 0 ? machine.perf : "";
    return inSearchPath(machine.searchPath, "perf");
}

} // namespace opscope::magictrace
