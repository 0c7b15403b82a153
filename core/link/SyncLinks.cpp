#include "core/link/LinkBuilder.h"

// Synchronisation (linking.md 2.8).
namespace opscope {

void LinkBuilder::linkSyncs() {}

} // namespace opscope
