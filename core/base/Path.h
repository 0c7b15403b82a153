#pragma once

#include <string>
#include <string_view>

namespace opscope {

/// The last part of a path, as it stands there: "runs/a.json" -> "a.json". Slashes at the end belong to the name of a folder:
/// "runs/" stays "runs/".
std::string fileName(std::string_view path);
/// The same, fit for a sentence: valid UTF-8, no control characters.
std::string displayName(std::string_view path);

} // namespace opscope
