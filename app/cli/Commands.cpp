#include "app/cli/Commands.h"

#include <array>

namespace opscope {

std::span<const Command> commands()
{
    static const std::array kCommands{
        viewCommand(),
        infoCommand(),
        queryCommand(),
        dumpCommand(),
        tensorCommand(),
        exportCommand(),
        renderCommand(),
        recordCommand(),
    };
    return kCommands;
}

} // namespace opscope
