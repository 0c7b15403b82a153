#pragma once

#include "core/trace/ExecutionTrace.h"
#include "core/trace/Trace.h"

#include <string>
#include <vector>

namespace opscope::test {

using Strings = std::vector<std::string>;

/// Execution traces by hand in which only the tree matters, and what became of them. Nodes with tensors: EtFolder.h.

/// A trace of these nodes ('...' is "..."), with the process and a thread node behind them as a writer puts them.
std::string treeDocument(const std::string& nodes, const std::string& schema = "1.0.1");
/// `rest`: further members with a comma in front.
std::string node(int id, int parent, const std::string& name = "op", const std::string& rest = "");
/// "1(2(4 5) 3)": ids of the tree, children in brackets, roots one after the other.
std::string tree(const ExecutionTrace& et);
/// "et-cut-off 1" for each kind of defect that occurred.
Strings defects(const Trace& trace);
const EtNode& nodeOf(const Trace& trace, std::int64_t id);

} // namespace opscope::test
