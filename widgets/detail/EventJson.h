#pragma once

#include "widgets/detail/DetailSection.h"

#include <memory>

namespace opscope {

/// Reads the text of what is selected (of a slice that is also a node: the slice) back from its file and takes it apart. For workers: may take milliseconds (.gz) and up to
/// EventText::kMaxBytes. Never null; a failure says why in `error`.
std::shared_ptr<const EventJson> readEventJson(const Trace& trace, const Selection& selection);

/// JSON laid out for reading: two blanks an indent, short lists on one line. Stops behind `maxChars` with a line that says so;
/// long strings are cut as well. Text is safe to show.
QString prettyJson(const EventJson& event, qsizetype maxChars = 256 << 10);

} // namespace opscope
