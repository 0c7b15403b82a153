#pragma once

#include "core/record/sampling/ElfFile.h"

#include <string>

namespace opscope::sampling {

/// The separate debug file of a program, by build id or by .gnu_debuglink, first as the target sees the files, then on the host. Checked to be of this very
/// build (build id, else the checksum of the link). An empty one if there is none.
ElfFile findDebugFile(const ElfFile& program, const std::string& path, const TargetFiles& files);

} // namespace opscope::sampling
