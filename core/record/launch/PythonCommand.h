#pragma once

#include "core/record/RecorderBackend.h"

#include <cstdint>

namespace opscope::launch {

/// Whether a command runs Python, as far as that can be seen without running it.
enum class PythonUse : std::uint8_t {
    None,     ///< another program
    Perhaps,  ///< a shell, a launcher or a script that names Python or a .py file
    Direct    ///< the interpreter, or a script that it runs
};
PythonUse pythonUse(const RecordTarget& target);

} // namespace opscope::launch
