#pragma once

#include "core/record/torch/TorchProcess.h"
#include "tests/support/MadeProc.h"

#include <string>
#include <vector>

namespace opscope::test {

inline const std::string kVersionPy = "from typing import Optional\n\n__all__ = ['__version__', 'debug']\n__version__ = '2.13.0+cu126'\ndebug = False\n"
                                      "cuda: Optional[str] = '12.6'\ngit_version = 'cf30153c'\nhip: Optional[str] = None\n";
/// As a client of Kineto calls its socket.
inline const std::string kKinetoClient = "dynoconfigclientfb097f3c-9699-4045-b733-02d4f0af5d86";

/// A process as python3.11 with a wheel in /site, and `more` mapped.
inline MadeProc::Process trainer(const std::string& more = {})
{
    return {.maps = mapLine("/usr/bin/python3.11") + mapLine("/site/torch/lib/libtorch_cpu.so") + mapLine("/site/torch/lib/libtorch_python.so") + more};
}

inline std::vector<torch::TorchProcess> scanned(torch::TorchScanner& scanner, const MadeProc& proc) { return scanner.scan(ProcessScanner(proc.root).scan()); }

/// "20 30w20": 30 is a worker of 20.
inline std::string pids(const std::vector<torch::TorchProcess>& all)
{
    std::string text;
    for (const torch::TorchProcess& one : all) text += (text.empty() ? "" : " ") + std::to_string(one.pid) + (one.worker ? "w" + std::to_string(one.parent) : "");
    return text;
}

} // namespace opscope::test
