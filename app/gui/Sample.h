#pragma once

#include <QStringList>

namespace opscope {

/// The bundled sample, a profiler trace and its execution trace: from share/opscope/sample beside the installed program, or
/// from the source tree that the program was built in. Empty when it is not there.
QStringList sampleFiles();

} // namespace opscope
