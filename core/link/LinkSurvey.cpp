#include "core/link/LinkBuilder.h"

// One pass over the rows.
namespace opscope {

void LinkBuilder::survey() {}

} // namespace opscope
