#pragma once

#include "core/base/Time.h"
#include "core/format/kineto/KeptElements.h"

#include <string>
#include <string_view>

namespace opscope::kineto {

/// Appends the event to `out` with its times cut to `clip` (times of the file): digits of `ts` and `dur` are replaced, everything
/// else stays as it is. The unit stays, and so do the places behind the point unless exactness needs more. False: nothing to cut,
/// nothing appended.
bool clipElement(std::string_view event, CutElement::Part part, TimeRange clip, std::string& out);

/// "12.345": microseconds, exactly, with at least `places` digits behind the point.
std::string exactMicroseconds(ExactTime time, std::size_t places);

} // namespace opscope::kineto
