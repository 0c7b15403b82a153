#pragma once

#include "app/cli/Console.h"

#include <functional>
#include <string_view>

namespace CLI {
class App;
}

namespace opscope {

/// The exit statuses of `opscope`, as people and scripts rely on them.
enum class ExitStatus { Ok = 0, Cannot = 1, Usage = 2, Cancelled = 130 };

/// What runs once the options are read.
using Run = std::function<ExitStatus(Console&)>;

/// One word of the command line: `opscope NAME …`.
struct Command
{
    std::string_view name;
    std::string_view summary;    ///< one line of `opscope --help`
    std::string_view arguments;  ///< behind the name in the usage line: "[--json] FILE..."
    std::string_view details;    ///< below the options in `opscope NAME --help`, examples last
    Run (*declare)(CLI::App&);   ///< adds the options; what it returns reads them when it is run
};

} // namespace opscope
