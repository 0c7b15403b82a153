#pragma once

#include "core/io/Inflate.h"

namespace opscope {

std::unique_ptr<Inflate> makeZlibInflate();
std::unique_ptr<Inflate> makeIsalInflate(); ///< null when built without ISA-L

std::string deflateWithZlib(std::string_view bytes);
std::string deflateWithIsal(std::string_view bytes); ///< empty when built without ISA-L

} // namespace opscope
