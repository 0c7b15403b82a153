#include "core/link/LinkBuilder.h"

// Annotations of host and device (linking.md 2.7).
namespace opscope {

void LinkBuilder::linkAnnotations() {}

} // namespace opscope
