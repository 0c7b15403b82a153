#pragma once

#include <string>
#include <vector>

namespace opscope {

/// What a recording made, as the loader takes it: the file itself, or the traces that lie in the folder (.json, .json.gz, .fxt, .fxt.gz), by name,
/// those of no bytes left out. Folders within it hold captured tensors and are no traces. Empty: nothing was made.
std::vector<std::string> tracesIn(const std::string& path);

} // namespace opscope
