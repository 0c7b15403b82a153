#pragma once

#include "core/trace/Trace.h"
#include "tests/support/EtFolder.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace opscope::test {

/// What the tests of the execution trace format show (execution-trace.md section 15), as claims about recorded files. They hold
/// whoever recorded: the committed files of tests/data/behaviours and those that a PyTorch of this machine has just written.
struct Behaviour
{
    const char* name;                        ///< the case of record_behaviours.py
    std::vector<const char*> files;          ///< opened together; without .gz
    std::string (*check)(const Trace& trace);///< "" or what does not hold
};
std::span<const Behaviour> behaviours();

/// Its files in `folder`, packed or not. A name of a file that is not there stays as it is.
std::vector<std::string> filesOf(const Behaviour& behaviour, const std::string& folder);
/// Loads them and holds them against the claims: all in order, every node of a timed trace found there, and its own check.
std::string checkBehaviour(const Behaviour& behaviour, const std::string& folder);
/// Copies the committed files, and makes the resources folder that was recorded empty: git keeps no such folder.
bool copyBehaviours(const std::string& into);

} // namespace opscope::test
