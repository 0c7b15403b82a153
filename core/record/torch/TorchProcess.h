#pragma once

#include "core/record/ProcessList.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>
#include <unordered_map>
#include <vector>

namespace opscope::torch {

/// What can be seen of a process with PyTorch from outside (recording-pytorch.md 1). Texts presentable.
struct TorchProcess
{
    pid_t pid = 0;
    std::uint64_t startTicks = 0;
    bool python = false;                   ///< false: a C++ program with libtorch
    int pythonMajor = 0, pythonMinor = 0;  ///< 0: not known
    bool freeThreaded = false;             ///< Python without the global lock ("3.13t")
    std::string torchVersion = {};         ///< "2.13.0+cpu"; empty: not known
    bool cudaBuild = false;                ///< this PyTorch was built for CUDA or ROCm
    bool kinetoBuild = true;               ///< false: without Kineto, as Debian's
    bool gpuInUse = false;                 ///< has a driver's library mapped or a device open
    std::vector<int> gpus = {};            ///< device numbers it has open, by /dev/nvidiaN; may be empty
    std::optional<int> rank = {}, localRank = {}, worldSize = {};
    std::string job = {};                  ///< SLURM_JOB_ID or TORCHELASTIC_RUN_ID
    bool worker = false;                   ///< a data loader's: forked from `parent`, which has the same program and command line
    pid_t parent = 0;
    bool daemonAsked = false;              ///< KINETO_USE_DAEMON was in its first environment
    std::string kinetoClient = {};         ///< its endpoint, "dynoconfigclient<uuid>", or the path of its socket; empty: has none that we see
    std::string kinetoSocketFolder = {};   ///< KINETO_IPC_SOCKET_DIR
    std::string helperControl = {};        ///< path of the control file of our helper; empty: not announced
    bool remoteDebugDisabled = false;      ///< PYTHON_DISABLE_REMOTE_DEBUG, or -X disable-remote-debug
    bool otherNamespace = false;           ///< network or mount namespace differs from ours (a container)
};

/// Nothing: no libtorch in it, or its maps may not be read. `root` is for tests. A few milliseconds.
std::optional<TorchProcess> torchProcess(pid_t pid, const std::string& root = "/proc");

/// The same for all processes again and again, with what is slow (maps, version files) read once per process and the sockets of the system once
/// per scan. One thread at a time.
class TorchScanner
{
public:
    explicit TorchScanner(std::string root = "/proc");
    ~TorchScanner();
    /// Those of `processes` with PyTorch, by pid. Workers are marked and in it.
    std::vector<TorchProcess> scan(const std::vector<ProcessInfo>& processes);

private:
    struct Known;
    std::string m_root;
    std::unordered_map<pid_t, std::unique_ptr<Known>> m_known;
};

/// "PyTorch 2.13.0, Python 3.12, GPU 0, rank 1 of 4": for one line.
std::string torchLabel(const TorchProcess& process);

} // namespace opscope::torch
