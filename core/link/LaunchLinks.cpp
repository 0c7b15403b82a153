#include "core/link/LinkBuilder.h"

// Device op -> call -> operator (linking.md 2).
namespace opscope {

void LinkBuilder::linkDeviceOps() {}

} // namespace opscope
