#pragma once

#include "core/base/Result.h"

#include <string>

namespace opscope {

/// Gives the file `from` the name `path`, in the same folder, if nothing has it; else the first of "NAME-2.fxt", "NAME-3.fxt"... that is free:
/// nothing is ever replaced, not even what appears in this moment. The name that it got.
Result<std::string> moveToFreeName(const std::string& from, const std::string& path);

/// "run.fxt.gz", 2: "run-2.fxt.gz". Cut where it would be too long for a name.
std::string numberedName(const std::string& path, int number);

} // namespace opscope
