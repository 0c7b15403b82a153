#include "core/record/RecordChecks.h"

#include "core/base/Path.h"
#include "core/base/Time.h"
#include "core/record/Presentable.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace opscope {
namespace {

std::string folderOf(const std::string& path)
{
    const std::size_t slash = path.find_last_of('/');
    return slash == path.npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

/// Whether we may look into processes of others: CAP_SYS_PTRACE, CAP_SYS_ADMIN or CAP_PERFMON.
bool mayLookIntoOthers()
{
    constexpr std::uint64_t kBits = std::uint64_t{1} << 19 | std::uint64_t{1} << 21 | std::uint64_t{1} << 38;
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (!line.starts_with("CapEff:")) continue;
        const std::size_t digits = line.find_first_not_of(" \t", 7);
        std::uint64_t bits = 0;
        if (digits != line.npos) std::from_chars(line.data() + digits, line.data() + line.size(), bits, 16);
        return bits & kBits;
    }
    return ::geteuid() == 0;
}

bool isProgram(const std::string& path)
{
    struct stat about = {};
    return ::stat(path.c_str(), &about) == 0 && S_ISREG(about.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

/// It will be looked for from the folder that it starts in.
std::string seenFrom(const std::string& folder, const std::string& path)
{
    return folder.empty() || path.starts_with('/') ? path : folder + "/" + path;
}

std::optional<RecordFailure> checkCommand(const std::string& word, const std::string& startsIn)
{
    const std::string name = presentable(word);
    struct stat about = {};
    if (word.empty()) return RecordFailure{"There is no command to start."};
    if (!startsIn.empty() && (::stat(startsIn.c_str(), &about) != 0 || !S_ISDIR(about.st_mode)))
        return RecordFailure{"There is no folder " + presentable(startsIn) + " for the command to start in."};
    if (word.find('/') != word.npos) {
        const std::string path = seenFrom(startsIn, word);
        if (isProgram(path)) return std::nullopt;
        if (::access(path.c_str(), F_OK) != 0) return RecordFailure{name + " is not there."};
        return RecordFailure{name + " is not a program that can be started.", "It has to be a file with the right to be executed: chmod +x."};
    }
    const char* variable = std::getenv("PATH");
    const std::string_view places = variable ? variable : "/bin:/usr/bin";
    for (std::size_t at = 0; at <= places.size();) {
        const std::size_t end = std::min(places.find(':', at), places.size());
        const std::string folder(places.substr(at, end - at));
        if (isProgram(seenFrom(startsIn, (folder.empty() ? "." : folder) + "/" + word))) return std::nullopt;
        at = end + 1;
    }
    return RecordFailure{"There is no command " + name + ".", "It was looked for in the folders of PATH."};
}

} // namespace

std::optional<RecordFailure> checkProcess(const ProcessInfo& process)
{
    const std::string label = "Process " + processLabel(process);
    if (process.pid == ::getpid()) return RecordFailure{label + " is Opscope itself.", "Start a second Opscope to record this one."};
    if (process.zombie()) return RecordFailure{label + " has ended; only its entry in the list of processes is left.", "Choose a process that runs."};
    if (process.kernelThread)
        return RecordFailure{label + " is a thread of the kernel, not a program.", "Choose a program; what the kernel does for it is recorded with it."};
    if (process.user != ::geteuid() && !mayLookIntoOthers())
        return RecordFailure{label + " belongs to " + presentable(process.userName) + "; the system lets you record only your own processes.",
                             "Record it as that user or as root, for example with sudo."};
    return std::nullopt;
}

std::optional<RecordFailure> checkTarget(RecordTarget& target)
{
    if (!target.command.empty()) return checkCommand(target.command.front(), target.folder);
    const auto process = processInfo(target.pid);
    if (!process) {
        std::string sentence = process.error().message;
        sentence.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(sentence.front())));
        if (process.error().code == ErrorCode::CannotOpen && target.startTicks) return RecordFailure{"Process " + std::to_string(target.pid) + " has ended."};
        return RecordFailure{sentence + ".", process.error().code == ErrorCode::CannotRead ? "Record it as its own user or as root." : ""};
    }
    if (target.startTicks && process->startTicks != target.startTicks)
        return RecordFailure{"Process " + std::to_string(target.pid) + " has ended; another one, " + presentable(process->name) + ", has its number now.",
                             "Choose again."};
    target.startTicks = process->startTicks;
    return checkProcess(*process);
}

std::optional<std::uint64_t> roomFor(const std::string& path)
{
    struct statvfs disk = {};
    if (::statvfs(folderOf(path).c_str(), &disk) != 0 || disk.f_blocks == 0) return std::nullopt; // no blocks: no disk
    return std::uint64_t{disk.f_bavail} * disk.f_frsize;
}

std::optional<RecordFailure> checkPlace(const std::string& path, RecorderBackend::Product product)
{
    const bool file = product == RecorderBackend::Product::File;
    const std::string folder = folderOf(path), shown = presentable(folder), name = displayName(path);
    struct stat about = {};
    if (path.empty() || path.ends_with('/'))
        return RecordFailure{file ? "The recording needs the name of a file, not of a folder." : "The recording needs the name of the folder to make, without / at its end."};
    if (::stat(folder.c_str(), &about) != 0) return RecordFailure{"The folder " + shown + " cannot be used: " + std::strerror(errno) + "."};
    if (!S_ISDIR(about.st_mode)) return RecordFailure{shown + " is not a folder."};
    if (::faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) != 0) return RecordFailure{"The folder " + shown + " cannot be written to: " + std::strerror(errno) + ".", "Choose another folder."};
    const bool taken = ::stat(path.c_str(), &about) == 0;
    if (taken && file && !S_ISREG(about.st_mode)) return RecordFailure{name + " is there already and not a file.", "Choose another name."};
    if (taken && !file && !S_ISDIR(about.st_mode)) return RecordFailure{name + " is there already and not a folder.", "Choose another name."};
    if (const auto room = roomFor(path); room && *room < kRoomToStart)
        return RecordFailure{"The disk of " + shown + " has " + formatBytes(static_cast<std::int64_t>(*room)) + " left; a recording needs " +
                                 formatBytes(static_cast<std::int64_t>(kRoomToStart)) + " to begin.",
                             "Make room or choose a folder on another disk."};
    return std::nullopt;
}

} // namespace opscope
