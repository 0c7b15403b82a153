#include "core/record/daemon/DaemonReadiness.h"

#include "core/record/daemon/KinetoClients.h"
#include "core/record/daemon/KinetoDaemon.h"
#include "core/record/torch/TorchOptions.h"

#include <charconv>
#include <unistd.h>
#include <utility>

namespace opscope::daemon {
namespace {

using State = Readiness::State;

constexpr const char* kStart = "KINETO_USE_DAEMON=1";

Readiness no(std::string reason, std::string advice, std::string copy = {})
{
    return {.state = State::NotPossible, .reason = std::move(reason), .advice = std::move(advice), .copy = std::move(copy)};
}

std::optional<Readiness> askedTooMuch(const OptionValues& values)
{
    if (const Status fine = torch::checkWish(values); !fine) return no("Check the options", fine.error().message + ".");
    const torch::Wish wish = torch::wishOf({.target = {}, .options = values, .path = {}});
    if (wish.executionTrace || wish.integralRange || !wish.integralOps.empty())
        return no("No execution trace over the daemon", "Kineto's daemon protocol records operators and kernels only: leave the execution trace out, or record another way.");
    if (wish.memory) // tried with 2.13: allocators report to the profiler of their thread, and this one is nobody's
        return no("No memory events over the daemon", "PyTorch reports memory only to a profiler that was started inside the program: leave memory out, or record another way.");
    return std::nullopt;
}

Readiness otherDaemon()
{
    return no("Another Kineto daemon is running", "Another Kineto daemon (dynolog, or a second Opscope) has the name that processes send to. Stop it, or request the trace through it.");
}

/// {2, 13} of "2.13.0+cpu"; {0, 0}: not known.
std::pair<int, int> versionOf(const std::string& text)
{
    std::pair<int, int> version;
    const char* end = text.data() + text.size();
    const auto major = std::from_chars(text.data(), end, version.first);
    if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.') return {};
    const auto minor = std::from_chars(major.ptr + 1, end, version.second);
    return minor.ec == std::errc() ? version : std::pair<int, int>();
}

/// Why a process has no endpoint, by the known faults of its version (recording-pytorch.md 2.1).
Readiness withoutClient(const torch::TorchProcess& process)
{
    const auto version = versionOf(process.torchVersion);
    const bool known = version.first > 0;
    if (known && version < std::pair(2, 0)) return no("PyTorch " + process.torchVersion + " has no daemon protocol", "It came with PyTorch 2.0. Record it another way.");
    if (!process.daemonAsked) {
        std::string advice = "Start the program with KINETO_USE_DAEMON=1 in its environment, or record it another way.";
        if (known && version >= std::pair(2, 7) && version < std::pair(2, 10)) advice += " PyTorch 2.7 to 2.9 crash now and then as they start with it.";
        if (known && version < std::pair(2, 3) && !process.cudaBuild) return no("Registers from PyTorch 2.3 on", "Older ones without a GPU never ask a daemon. Record it another way.");
        return no("Not started with KINETO_USE_DAEMON", advice, kStart);
    }
    if (known && version < std::pair(2, 3) && !process.gpuInUse)
        return no("Registers from PyTorch 2.3 on", "Older ones ask a daemon only once they use a GPU. Record it another way.");
    if (known && version < std::pair(2, 7))
        return no("Not registered with the daemon", "PyTorch 2.3 to 2.6 fail to register when KINETO_DAEMON_INIT_DELAY_S is set: start the program without it, or record it another way.");
    return no("Not registered with the daemon", "The program was started with KINETO_USE_DAEMON but has no endpoint of Kineto yet. If it has imported torch, record it another way.");
}

bool sameSpace(pid_t pid, const char* space)
{
    const auto link = [space](const std::string& process) {
        char name[64];
        const ssize_t length = ::readlink(("/proc/" + process + "/ns/" + space).c_str(), name, sizeof name);
        return std::string(name, length > 0 ? static_cast<std::size_t>(length) : 0);
    };
    const std::string theirs = link(std::to_string(pid));
    return theirs.empty() || theirs == link("self");
}

} // namespace

Readiness readinessOf(const DaemonFacts& facts)
{
    if (!facts.process) return no("No PyTorch in it", "Kineto's daemon protocol is PyTorch's. Choose a process that has imported torch.");
    const torch::TorchProcess& process = *facts.process;
    if (process.worker)
        return no("A data loader's worker", "Workers have no client of Kineto; record their parent, process " + std::to_string(process.parent) + ".");
    if (!process.kinetoBuild) return no("Built without Kineto", "This PyTorch was built without Kineto, as Debian's is. The execution trace can be recorded another way.");
    if (facts.ownSockets) return no("In another network namespace", "It is in a container with a network of its own, where it cannot reach us. Record it another way.");
    if (process.kinetoClient.empty()) return withoutClient(process);
    if (facts.ownFiles && !socketFolderOf(process.kinetoClient).empty())
        return no("Its socket folder is in a container", "KINETO_IPC_SOCKET_DIR names a folder of its container. Record it another way.");
    if (facts.otherDaemon) return otherDaemon();
    return {.advice = process.gpuInUse ? "Warms up for 5 s, since a GPU is in use." : ""};
}

Readiness readiness(const RecordTarget& target, const OptionValues& options)
{
    if (!target.command.empty()) return no("Only for processes that run", "Start the program with KINETO_USE_DAEMON=1 and choose it then, or record it from its start another way.", kStart);
    if (const auto tooMuch = askedTooMuch(options)) return *tooMuch;
    const KinetoClients sockets = KinetoClients::read();
    if (target.pid == 0) return sockets.hasDaemon() && !KinetoDaemon::isHeld() ? otherDaemon() : Readiness{};
    DaemonFacts facts{.process = torch::torchProcess(target.pid)};
    if (facts.process) {
        const std::string folder(socketFolderOf(facts.process->kinetoClient));
        facts.otherDaemon = sockets.hasDaemon(folder) && !KinetoDaemon::isHeld(folder);
    }
    facts.ownSockets = !sameSpace(target.pid, "net");
    facts.ownFiles = !sameSpace(target.pid, "mnt");
    return readinessOf(facts);
}

} // namespace opscope::daemon
