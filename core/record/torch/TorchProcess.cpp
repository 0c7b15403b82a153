#include "core/record/torch/TorchProcess.h"

#include "core/record/Presentable.h"
#include "core/record/daemon/KinetoClients.h"
#include "core/record/torch/FolderFiles.h"
#include "core/record/torch/KinetoBuild.h"
#include "core/record/torch/TorchFacts.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

namespace opscope::torch {

namespace {

constexpr std::size_t kMostMaps = 16u << 20, kMostEnvironment = 4u << 20, kMostCommand = 256u << 10, kMostStatus = 16u << 10;
constexpr std::size_t kMostVersionFile = 64u << 10, kMostControl = 4u << 10;
constexpr std::size_t kMostFiles = 4096;           ///< open ones that are looked through for GPUs
constexpr std::size_t kAncestors = 3;              ///< a worker's parent, or the fork server's parent
constexpr std::uint64_t kGrowth = 8u << 20;        ///< importing torch takes far more memory than this
constexpr std::string_view kLoaderName = "pt_data_worker"; ///< that data loaders give their workers since PyTorch 2.7, forked or not

/// What does not change while a program runs, and what its parent is compared with.
struct Facts
{
    TorchProcess torch = {};
    uid_t user = 0;
    pid_t inner = 0;             ///< its number as it knows it
    std::string program = {}, command = {}; ///< behind /proc/PID/exe; of cmdline
    bool named = false;          ///< as a worker of a data loader
    bool looked = false;         ///< for what it has open
};

/// The first `most` bytes of a small file.
std::string wholeOf(int file, std::size_t most)
{
    std::string content(most, '\0');
    const ssize_t got = ::pread(file, content.data(), content.size(), 0);
    content.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return content;
}

/// Of the control file of our helper. Nothing where it does not say.
std::optional<std::uint64_t> startTicksIn(const std::string& control)
{
    const auto json = nlohmann::json::parse(control, nullptr, false); // a small file, so its depth is bounded
    const auto ticks = json.is_object() ? json.find("start_ticks") : json.end();
    return ticks != json.end() && ticks->is_number_unsigned() ? std::optional(ticks->get<std::uint64_t>()) : std::nullopt;
}

class Looker
{
public:
    explicit Looker(std::string root) : m_root(std::move(root)) {}
    std::optional<Facts> factsOf(const ProcessInfo& process) const;
    /// What may change: GPUs, sockets, the helper.
    void refresh(Facts& facts, const daemon::KinetoClients& clients) const;

private:
    std::string at(pid_t pid, std::string_view name) const { return m_root + "/" + std::to_string(pid) + "/" + std::string(name); }
    std::string text(pid_t pid, std::string_view name, std::size_t limit) const { return sampling::readSmallFile(at(pid, name), limit); }
    std::string link(const std::string& path) const;
    bool elsewhere(pid_t pid) const;
    pid_t innerPid(pid_t pid) const;
    void readVersion(TorchProcess& torch, const TorchMaps& maps, const sampling::TargetFiles& files) const;
    void findGpus(TorchProcess& torch) const;
    std::string controlOf(const Facts& facts) const;

    std::string m_root;
};

std::string Looker::link(const std::string& path) const
{
    std::array<char, 4096> target;
    const ssize_t length = ::readlink(path.c_str(), target.data(), target.size());
    return length > 0 ? std::string(target.data(), static_cast<std::size_t>(length)) : std::string();
}

/// Its sockets or its files are not ours.
bool Looker::elsewhere(pid_t pid) const
{
    for (const char* space : {"ns/net", "ns/mnt"}) {
        const std::string its = link(at(pid, space)), ours = link(m_root + "/self/" + space);
        if (!its.empty() && !ours.empty() && its != ours) return true;
    }
    return false;
}

/// The last number of "NSpid:  4711  12".
pid_t Looker::innerPid(pid_t pid) const
{
    const std::string status = text(pid, "status", kMostStatus);
    const std::size_t line = status.find("\nNSpid:");
    if (line == status.npos) return pid;
    const std::string_view numbers = std::string_view(status).substr(line + 1, status.find('\n', line + 1) - line - 1);
    const std::string_view last = numbers.substr(numbers.find_last_of(" \t") + 1);
    pid_t inner = 0;
    std::from_chars(last.data(), last.data() + last.size(), inner);
    return inner > 0 ? inner : pid;
}

void Looker::readVersion(TorchProcess& torch, const TorchMaps& maps, const sampling::TargetFiles& files) const
{
    for (const std::string& folder : maps.folders)
        for (const char* name : {"/version.py", "/build-version"}) {
            if (!torch.torchVersion.empty()) return;
            const sampling::FileHandle file = files.open(folder + name);
            if (!file) continue;
            const TorchVersion version = torchVersionIn(wholeOf(file.get(), kMostVersionFile));
            torch.torchVersion = version.version;
            torch.cudaBuild |= version.gpuBuild;
        }
    if (torch.torchVersion.empty()) torch.torchVersion = maps.version;
}

std::optional<Facts> Looker::factsOf(const ProcessInfo& process) const
{
    const pid_t pid = process.pid;
    const auto maps = torchMaps(text(pid, "maps", kMostMaps));
    if (!maps) return std::nullopt;
    const TorchEnvironment environment = torchEnvironment(text(pid, "environ", kMostEnvironment));
    const sampling::TargetFiles files(pid, m_root);
    Facts facts{.user = process.user, .inner = innerPid(pid), .program = link(at(pid, "exe")), .command = text(pid, "cmdline", kMostCommand),
                .named = process.name.starts_with(kLoaderName)};
    TorchProcess& torch = facts.torch;
    torch.pid = pid;
    torch.startTicks = process.startTicks;
    torch.parent = process.parent;
    torch.python = maps->python;
    if (maps->python) {
        torch.pythonMajor = maps->pythonVersion.major;
        torch.pythonMinor = maps->pythonVersion.minor;
        torch.freeThreaded = maps->pythonVersion.freeThreaded;
    }
    torch.cudaBuild = maps->gpuBuild;
    readVersion(torch, *maps, files);
    torch.kinetoBuild = hasKineto(files, maps->library);
    torch.gpuInUse = maps->gpuDriver;
    torch.rank = environment.rank;
    torch.localRank = environment.localRank;
    torch.worldSize = environment.worldSize;
    torch.job = environment.job;
    torch.daemonAsked = environment.daemonAsked;
    torch.kinetoSocketFolder = environment.socketFolder;
    torch.remoteDebugDisabled = environment.remoteDebugDisabled || remoteDebugDisabledBy(facts.command);
    torch.otherNamespace = elsewhere(pid);
    return facts;
}

/// By what it has open: /dev/nvidia0, /dev/nvidiactl, /dev/kfd.
void Looker::findGpus(TorchProcess& torch) const
{
    constexpr std::string_view kNvidia = "/dev/nvidia";
    const std::string folder = at(torch.pid, "fd");
    const std::unique_ptr<DIR, int (*)(DIR*)> files(::opendir(folder.c_str()), [](DIR* d) { return ::closedir(d); });
    std::size_t seen = 0;
    while (const dirent* file = files && seen++ < kMostFiles ? ::readdir(files.get()) : nullptr) {
        std::array<char, 64> target;
        const ssize_t length = ::readlinkat(::dirfd(files.get()), file->d_name, target.data(), target.size());
        const std::string_view device(target.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
        torch.gpuInUse |= device.starts_with(kNvidia) || device == "/dev/kfd";
        if (!device.starts_with(kNvidia)) continue;
        int number = 0;
        const auto [end, problem] = std::from_chars(device.data() + kNvidia.size(), device.data() + device.size(), number);
        const bool isGpu = problem == std::errc() && end == device.data() + device.size() && number >= 0;
        if (isGpu && std::ranges::find(torch.gpus, number) == torch.gpus.end()) torch.gpus.push_back(number);
    }
    std::ranges::sort(torch.gpus);
}

/// Anybody may make files in /tmp: only what lies in a folder that the process's user alone may write to, and is that user's, is our helper's.
std::string Looker::controlOf(const Facts& facts) const
{
    const pid_t pid = facts.torch.pid;
    const sampling::TargetFiles files(pid, m_root);
    const std::string path = "/tmp/opscope-" + std::to_string(facts.user), name = std::to_string(facts.inner) + ".control";
    const sampling::FileHandle folder = files.openFolder(path);
    struct stat about{};
    if (!folder || ::fstat(folder.get(), &about) != 0 || !S_ISDIR(about.st_mode) || about.st_uid != facts.user || (about.st_mode & 077)) return {};
    const Descriptor file = openRegular(folder.get(), name);
    if (!file || ::fstat(file.get(), &about) != 0 || about.st_uid != facts.user || (about.st_mode & 022)) return {};
    if (startTicksIn(wholeOf(file.get(), kMostControl)).value_or(facts.torch.startTicks) != facts.torch.startTicks) return {}; // left behind by another of its number
    return (files.ourRoot() ? std::string() : at(pid, "root")) + path + "/" + name;
}

void Looker::refresh(Facts& facts, const daemon::KinetoClients& clients) const
{
    TorchProcess& torch = facts.torch;
    if (torch.worker && std::exchange(facts.looked, true)) return; // hundreds of them, and nothing of it matters
    findGpus(torch);
    torch.kinetoClient = clients.empty() ? std::string() : clients.endpointOf(torch.pid);
    if (presentable(torch.kinetoClient) != torch.kinetoClient) torch.kinetoClient.clear(); // in a folder that we could not name
    torch.helperControl = torch.python ? controlOf(facts) : std::string();
}

/// A child that goes on where its parent was has its program and command line; a worker of a data loader may say so itself. `above` are parent,
/// grandparent ..., null for those without PyTorch. 0: it is none.
pid_t workerOf(const Facts& child, const std::array<const Facts*, kAncestors>& above)
{
    if (!child.torch.kinetoClient.empty() || !child.torch.helperControl.empty()) return 0; // it can be recorded by itself
    const Facts* parent = above.front();
    const bool same = parent && !child.command.empty() && child.program == parent->program && child.command == parent->command;
    if (same) return parent->torch.pid;
    if (child.named)
        for (const Facts* ancestor : above)
            if (ancestor) return ancestor->torch.pid;
    return 0;
}

void mark(Facts& facts, pid_t parent)
{
    facts.torch.worker = parent > 0;
    if (parent > 0) facts.torch.parent = parent;
}

std::string plainVersion(const std::string& version) { return version.substr(0, version.find('+')); }

} // namespace

std::optional<TorchProcess> torchProcess(pid_t pid, const std::string& root)
{
    const Looker looker(root);
    const auto process = processInfo(pid, root);
    auto facts = process ? looker.factsOf(*process) : std::nullopt;
    if (!facts) return std::nullopt;
    looker.refresh(*facts, daemon::KinetoClients::read(root));
    std::array<std::optional<Facts>, kAncestors> ancestors;
    std::array<const Facts*, kAncestors> above{};
    pid_t next = process->parent;
    for (std::size_t i = 0; i < kAncestors && next > 1; ++i) {
        const auto info = processInfo(next, root);
        if (!info) break;
        if ((ancestors[i] = looker.factsOf(*info))) above[i] = &*ancestors[i];
        next = info->parent;
    }
    mark(*facts, workerOf(*facts, above));
    return facts->torch;
}

struct TorchScanner::Known
{
    std::uint64_t startTicks = 0, residentBytes = 0;
    std::string command = {};
    std::optional<Facts> facts = {};  ///< none: no PyTorch in it when we looked

    /// Another program, or one that may have loaded PyTorch (and then its Python part) meanwhile.
    bool isOld(const ProcessInfo& process) const
    {
        if (startTicks != process.startTicks || command != process.command) return true;
        const bool whole = facts && facts->torch.python;
        return !whole && process.residentBytes > residentBytes + kGrowth;
    }
};

TorchScanner::TorchScanner(std::string root) : m_root(std::move(root)) {}
TorchScanner::~TorchScanner() = default;

std::vector<TorchProcess> TorchScanner::scan(const std::vector<ProcessInfo>& processes)
{
    const Looker looker(m_root);
    std::unordered_map<pid_t, std::unique_ptr<Known>> alive;
    std::unordered_map<pid_t, pid_t> parents;
    bool any = false;
    for (const ProcessInfo& process : processes) {
        if (process.kernelThread || process.zombie()) continue;
        parents[process.pid] = process.parent;
        std::unique_ptr<Known>& known = alive[process.pid];
        if (const auto before = m_known.find(process.pid); before != m_known.end()) known = std::move(before->second);
        if (!known || known->isOld(process))
            known = std::make_unique<Known>(Known{process.startTicks, process.residentBytes, process.command, looker.factsOf(process)});
        any |= known->facts.has_value();
    }
    m_known = std::move(alive); // what has ended is forgotten
    std::vector<TorchProcess> found;
    if (!any) return found;
    const auto clients = daemon::KinetoClients::read(m_root);
    const auto factsOf = [this](pid_t pid) -> Facts* {
        const auto known = m_known.find(pid);
        return known != m_known.end() && known->second->facts ? &*known->second->facts : nullptr;
    };
    for (const ProcessInfo& process : processes) {
        Facts* facts = factsOf(process.pid);
        if (!facts) continue;
        looker.refresh(*facts, clients);
        std::array<const Facts*, kAncestors> above{};
        pid_t next = process.parent;
        for (std::size_t i = 0; i < kAncestors && next > 1; ++i, next = parents.contains(next) ? parents[next] : 0) above[i] = factsOf(next);
        facts->torch.parent = process.parent; // another one when its parent has ended
        facts->named = process.name.starts_with(kLoaderName); // the name comes after the fork
        mark(*facts, workerOf(*facts, above));
        found.push_back(facts->torch);
    }
    std::ranges::sort(found, {}, &TorchProcess::pid);
    return found;
}

std::string torchLabel(const TorchProcess& process)
{
    const std::string version = plainVersion(process.torchVersion);
    std::string label = (process.python ? "PyTorch" : "libtorch") + (version.empty() ? "" : " " + version);
    if (process.python && process.pythonMajor > 0)
        label += ", Python " + std::to_string(process.pythonMajor) + "." + std::to_string(process.pythonMinor) + (process.freeThreaded ? "t" : "");
    if (!process.python) label += ", a C++ program";
    if (process.gpuInUse) label += ", GPU";
    for (std::size_t i = 0; process.gpuInUse && i < process.gpus.size(); ++i) label += (i == 0 ? " " : "+") + std::to_string(process.gpus[i]);
    if (process.rank) label += ", rank " + std::to_string(*process.rank) + (process.worldSize ? " of " + std::to_string(*process.worldSize) : "");
    if (process.worker) label += ", a worker of process " + std::to_string(process.parent);
    return presentable(label);
}

} // namespace opscope::torch
