#include "core/link/LinkBuilder.h"

// Flows of other producers.
namespace opscope {

void LinkBuilder::linkFlows() {}

} // namespace opscope
