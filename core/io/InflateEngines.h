#pragma once

#include "core/io/Inflate.h"

namespace opscope {

std::unique_ptr<Inflate> makeZlibInflate();
std::unique_ptr<Inflate> makeIsalInflate(); ///< null when built without ISA-L

} // namespace opscope
