#pragma once

#include "core/format/Exporter.h"

#include <memory>

namespace opscope {

/// Execution traces, every schema version: the bytes of the kept nodes in the order of the file, every other member of the top level
/// in its place. Ids, parents and their spelling stay. A node that only the forgiving reader could take (a name that nobody escaped)
/// is written as the JSON that it was taken for: left out, it would leave its children without a parent. What we made ourselves (a
/// missing root, scopes that never ended) is not written. When nothing is kept, the file's root is: a trace that captured nothing.
std::unique_ptr<Exporter> makeEtExporter();

} // namespace opscope
