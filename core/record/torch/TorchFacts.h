#pragma once

#include "core/record/sampling/Symbols.h"

#include <optional>
#include <string>
#include <string_view>

namespace opscope::torch {

// What the files of /proc/PID tell of PyTorch, as plain functions of their texts. All of them come from strangers: results are bounded and presentable.

struct PythonVersion
{
    int major = 0, minor = 0;   ///< 0: not known
    bool freeThreaded = false;
    explicit operator bool() const { return major > 0; }
};
/// Of "libpython3.12.so.1.0", "/usr/bin/python3.13t", "_C.cpython-312-x86_64-linux-gnu.so", "/usr/lib/python3.11/site-packages/x".
PythonVersion pythonVersionIn(std::string_view path);

/// Of /proc/PID/maps.
struct TorchMaps
{
    bool python = false;                  ///< libtorch_python is in it, else it is a C++ program
    sampling::Mapping library = {};       ///< the first one of libtorch_cpu, or of libtorch_python where that is all
    std::vector<std::string> folders = {}; ///< where version.py or build-version may lie, as the target sees them
    std::string version = {};             ///< of the name "libtorch_cpu.so.1.13"; may be empty
    PythonVersion pythonVersion = {};     ///< by the best of the names that are mapped
    bool gpuBuild = false;                ///< parts for CUDA or ROCm are mapped
    bool gpuDriver = false;               ///< libcuda or libamdhip64
};
/// Nothing: no PyTorch in it.
std::optional<TorchMaps> torchMaps(std::string_view maps);

/// Of torch's version.py, read as text and never run, or of libtorch's build-version.
struct TorchVersion
{
    std::string version = {};             ///< "2.13.0+cpu"
    bool gpuBuild = false;
};
TorchVersion torchVersionIn(std::string_view versionPy);

/// Of /proc/PID/environ: what the process was started with.
struct TorchEnvironment
{
    std::optional<int> rank = {}, localRank = {}, worldSize = {};
    std::string job = {};
    bool daemonAsked = false;
    std::string socketFolder = {};        ///< as it stands there: a path
    bool remoteDebugDisabled = false;
};
TorchEnvironment torchEnvironment(std::string_view environ);

/// Of /proc/PID/cmdline: the interpreter got -X disable-remote-debug.
bool remoteDebugDisabledBy(std::string_view cmdline);

} // namespace opscope::torch
