#pragma once

#include "app/cli/Command.h"

#include <span>

namespace opscope {

/// THE LIST of what `opscope` can do, in the order of `opscope --help`.
std::span<const Command> commands();

Command viewCommand();
Command infoCommand();
Command queryCommand();
Command dumpCommand();
Command tensorCommand();
Command exportCommand();
Command renderCommand();
Command recordCommand();

} // namespace opscope
