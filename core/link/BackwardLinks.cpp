#include "core/link/LinkBuilder.h"

// Forward -> backward (linking.md 3).
namespace opscope {

void LinkBuilder::linkBackward() {}

} // namespace opscope
