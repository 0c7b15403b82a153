#include "core/link/LinkBuilder.h"

// Nodes of execution traces -> events (linking.md 4).
namespace opscope {

void LinkBuilder::linkNodes() {}

} // namespace opscope
