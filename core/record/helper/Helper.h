#pragma once

#include "core/record/RecorderBackend.h"

namespace opscope {

/// Records a program that has called opscope.listen() of resources/python/opscope.py.
RecorderBackend helperBackend();

} // namespace opscope
