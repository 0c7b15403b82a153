#pragma once

#include <span>
#include <string>
#include <vector>

namespace opscope {

/// What a recording made, as the loader takes it: the file itself, or the traces that lie in the folder (.json, .json.gz, .fxt, .fxt.gz), by name,
/// those of no bytes left out. Folders within it hold captured tensors and are no traces. Empty: nothing was made.
std::vector<std::string> tracesIn(const std::string& path);
/// Arguments as people give them: a folder means the traces in it. One without any stays, for the loader to say what it is.
std::vector<std::string> withFoldersOpened(std::span<const std::string> paths);

} // namespace opscope
