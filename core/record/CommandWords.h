#pragma once

#include "core/base/Result.h"

#include <string>
#include <utility>
#include <vector>

namespace opscope {

/// Names and values, on top of our environment; an empty value takes a variable away. Of several with one name the last counts.
using EnvironmentChanges = std::vector<std::pair<std::string, std::string>>;

/// "NAME=VALUE" words: ours with `changes`.
std::vector<std::string> environmentWith(const EnvironmentChanges& changes);

/// As exec(3) takes them: ended by a null pointer, valid for as long as `words` is left alone.
std::vector<char*> pointersTo(std::vector<std::string>& words);

/// The sentence for a program that cannot be executed. `reason`: an errno.
Error cannotStart(const std::string& name, int reason);

} // namespace opscope
