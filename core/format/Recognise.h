#pragma once

#include "core/base/Result.h"

#include <string_view>

namespace opscope {

/// What these bytes are when no format wants them: "this is a PNG picture, not a trace". `head` is not empty.
Error whatElse(std::string_view head, bool isWholeFile);
/// Things that a format might take by mistake although they are something else: a V8 CPU profile has "nodes" as well.
/// An empty message when it is nothing of that kind.
Error knownForeign(std::string_view head);
/// A JSON object whose top level goes on behind the head, and so far shows nothing that traceEvents could not follow.
bool mayStillBeATrace(std::string_view head);

} // namespace opscope
