#include "core/record/torch/TorchFacts.h"

#include "core/record/Presentable.h"
#include "core/record/sampling/AddressSpace.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <climits>

namespace opscope::torch {

namespace {

constexpr std::size_t kLongestVersion = 64, kLongestJob = 256, kLongestPath = 4096;
constexpr std::size_t kMostFolders = 4;

bool isDigit(char c) { return c >= '0' && c <= '9'; }

/// The number that `text` begins with, and takes it away.
std::optional<int> takeNumber(std::string_view& text)
{
    int value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc() || value < 0) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return value;
}

/// "3.12", "3.13t" at the beginning of `text`.
PythonVersion dotted(std::string_view text)
{
    if (text.empty() || !isDigit(text.front())) return {};
    const auto major = takeNumber(text);
    if (!major || text.size() < 2 || text.front() != '.' || !isDigit(text[1])) return {};
    text.remove_prefix(1);
    const auto minor = takeNumber(text);
    if (!minor || *major > 9 || *minor > 99) return {};
    return {*major, *minor, text.starts_with('t')};
}

/// "312-", "313t-" at the beginning of `text`.
PythonVersion ofSuffix(std::string_view text)
{
    if (text.size() < 2 || !isDigit(text[0]) || !isDigit(text[1])) return {};
    const int major = text[0] - '0';
    text.remove_prefix(1);
    const auto minor = takeNumber(text);
    if (!minor || *minor > 99) return {};
    return {major, *minor, text.starts_with('t')};
}

std::string_view folderOf(std::string_view path) { return path.substr(0, path.find_last_of('/')); }

/// How sure a name makes us of the version: the library or the program of Python, an extension module, the folder that something lies in.
int rankOf(std::string_view name)
{
    if (name.starts_with("libpython") || name.starts_with("python")) return 3;
    return name.find(".cpython-") != name.npos ? 2 : 1;
}

void addFolder(TorchMaps& found, std::string_view folder)
{
    if (folder.empty() || found.folders.size() >= kMostFolders || std::ranges::find(found.folders, folder) != found.folders.end()) return;
    found.folders.emplace_back(folder);
}

/// "torch/lib/libtorch_python.so" lies below torch, "torch/_C.cpython-312-x86_64-linux-gnu.so" in it.
void addFolderOf(TorchMaps& found, std::string_view path, std::string_view name)
{
    if (name.starts_with("_C.cpython-") && sampling::lastPart(folderOf(path)) == "torch") addFolder(found, folderOf(path));
    else if (name.starts_with("libtorch_python.so") || name.starts_with("libtorch_cpu.so")) addFolder(found, folderOf(folderOf(path)));
}

bool versionCharacter(char c) { return isDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '+' || c == '-' || c == '_'; }

/// What it begins with, as far as it looks like one.
std::string versionOf(std::string_view text)
{
    const auto end = std::ranges::find_if_not(text, versionCharacter);
    return std::string(text.substr(0, std::min(static_cast<std::size_t>(end - text.begin()), kLongestVersion)));
}

struct Line
{
    std::string_view name, value;
};
/// "cuda: Optional[str] = '12.4'" → cuda, '12.4'.
Line assignment(std::string_view line)
{
    const std::size_t equals = line.find('=');
    if (equals == line.npos) return {};
    const auto trim = [](std::string_view text) {
        while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
        while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
        return text;
    };
    const std::string_view left = line.substr(0, equals);
    return {trim(left.substr(0, left.find(':'))), trim(line.substr(equals + 1))};
}

std::string_view unquoted(std::string_view value)
{
    if (value.size() < 2 || (value.front() != '\'' && value.front() != '"')) return {};
    return value.substr(1, value.find(value.front(), 1) - 1);
}

template <class Each>
void eachPart(std::string_view text, char separator, Each each)
{
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find(separator, at), text.size());
        if (!each(text.substr(at, end - at))) return;
        at = end + 1;
    }
}

std::optional<int> wholeNumber(std::string_view text)
{
    int value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool good = problem == std::errc() && end == text.data() + text.size() && value >= 0;
    return good ? std::optional(value) : std::nullopt;
}

} // namespace

PythonVersion pythonVersionIn(std::string_view path)
{
    const std::string_view name = sampling::lastPart(path);
    for (const std::string_view before : {"libpython", "python"})
        if (name.starts_with(before))
            if (const auto version = dotted(name.substr(before.size()))) return version;
    constexpr std::string_view kSuffix = ".cpython-", kFolder = "/python";
    if (const std::size_t at = name.find(kSuffix); at != name.npos)
        if (const auto version = ofSuffix(name.substr(at + kSuffix.size()))) return version;
    const std::string_view folder = path.substr(0, path.size() - std::min(name.size(), path.size()));
    for (std::size_t at = folder.find(kFolder); at != folder.npos; at = folder.find(kFolder, at + 1))
        if (const auto version = dotted(folder.substr(at + kFolder.size()))) return version;
    return {};
}

std::optional<TorchMaps> torchMaps(std::string_view maps)
{
    if (maps.find("/libtorch_") == maps.npos) return std::nullopt; // nearly all processes
    TorchMaps found;
    bool cpu = false;
    int sure = 0;
    std::string_view last;
    const std::vector<sampling::Mapping> all = sampling::parseMaps(maps);
    for (const sampling::Mapping& mapping : all) {
        if (mapping.path == last || !mapping.path.starts_with('/')) continue; // the parts of one file follow each other
        last = mapping.path;
        const std::string_view name = sampling::lastPart(mapping.path);
        const bool isPython = name.starts_with("libtorch_python.so"), isCpu = name.starts_with("libtorch_cpu.so");
        if (isCpu && !cpu) {
            found.library = mapping;
            constexpr std::string_view kPlain = "libtorch_cpu.so.";
            if (name.starts_with(kPlain)) found.version = versionOf(name.substr(kPlain.size()));
        } else if (isPython && !cpu && !found.python) {
            found.library = mapping;
        }
        cpu |= isCpu;
        found.python |= isPython;
        addFolderOf(found, mapping.path, name);
        for (const std::string_view part : {"libtorch_cuda", "libtorch_hip", "libc10_cuda", "libc10_hip"}) found.gpuBuild |= name.starts_with(part);
        found.gpuDriver |= name.starts_with("libcuda.so") || name.starts_with("libamdhip64.so");
        if (const auto version = pythonVersionIn(mapping.path); version && rankOf(name) > sure) {
            found.pythonVersion = version;
            sure = rankOf(name);
        }
    }
    if (!cpu && !found.python) return std::nullopt; // "/libtorch_" was of something else
    return found;
}

TorchVersion torchVersionIn(std::string_view versionPy)
{
    TorchVersion found;
    eachPart(versionPy, '\n', [&](std::string_view text) {
        const Line line = assignment(text);
        if (line.name == "__version__" && found.version.empty()) found.version = versionOf(unquoted(line.value));
        if (line.name == "cuda" || line.name == "hip") found.gpuBuild |= !unquoted(line.value).empty();
        return true;
    });
    // build-version of libtorch is one line: 2.1.0+cu118
    if (found.version.empty() && !versionPy.empty() && isDigit(versionPy.front())) found.version = versionOf(versionPy);
    return found;
}

TorchEnvironment torchEnvironment(std::string_view environ)
{
    struct Variable
    {
        std::string_view name;
        std::optional<std::string_view> value = {};
    };
    enum { Rank, LocalRank, WorldSize, SlurmJob, ElasticRun, UseDaemon, SocketFolder, NoDebug, Count };
    std::array<Variable, Count> variables{{{"RANK"}, {"LOCAL_RANK"}, {"WORLD_SIZE"}, {"SLURM_JOB_ID"}, {"TORCHELASTIC_RUN_ID"}, {"KINETO_USE_DAEMON"},
                                           {"KINETO_IPC_SOCKET_DIR"}, {"PYTHON_DISABLE_REMOTE_DEBUG"}}};
    eachPart(environ, '\0', [&](std::string_view text) {
        const std::size_t equals = std::min(text.find('='), text.size());
        for (Variable& variable : variables)
            if (text.substr(0, equals) == variable.name && !variable.value && equals < text.size()) variable.value = text.substr(equals + 1); // the first one counts
        return true;
    });
    const auto value = [&](int which) { return variables[static_cast<std::size_t>(which)].value.value_or(std::string_view()); };
    TorchEnvironment found;
    found.rank = wholeNumber(value(Rank));
    found.localRank = wholeNumber(value(LocalRank));
    found.worldSize = wholeNumber(value(WorldSize));
    std::string_view job = value(SlurmJob);
    if (job.empty() && value(ElasticRun) != "none") job = value(ElasticRun); // torchrun's standard name, the same for all
    found.job = presentable(job.substr(0, kLongestJob));
    found.daemonAsked = variables[UseDaemon].value.has_value();
    const std::string_view folder = value(SocketFolder);
    if (folder.size() <= kLongestPath && presentable(folder) == folder) found.socketFolder = folder; // no name that we could not show is used
    found.remoteDebugDisabled = !value(NoDebug).empty();
    return found;
}

bool remoteDebugDisabledBy(std::string_view cmdline)
{
    bool found = false, isValue = false, first = true;
    eachPart(cmdline, '\0', [&](std::string_view word) {
        if (std::exchange(first, false)) return true; // the program itself
        if (std::exchange(isValue, false)) {
            found |= word == "disable-remote-debug";
            return true;
        }
        if (!word.starts_with('-') || word.size() < 2 || word == "--" || word.starts_with("-c") || word.starts_with("-m")) return false; // from here on the program's own
        if (word == "-W" || word == "--check-hash-based-pycs") return isValue = true;
        if (word == "-X") return isValue = true;
        found |= word == "-Xdisable-remote-debug";
        return true;
    });
    return found;
}

} // namespace opscope::torch
