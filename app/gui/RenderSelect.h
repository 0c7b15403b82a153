#pragma once

#include "core/base/Time.h"

#include <cstdint>
#include <string>

namespace opscope {

class TraceDocument;

/// Whether the view goes to what is selected.
enum class Framing : std::uint8_t { Keep, Around };

/// What `--select` means:
///     NAME                        the longest slice of this name, else the first that contains it; also a node's id
///     node:36                     the node with this id of the file
///     node:36/in0, node:36/out1   a tensor among its inputs, its outputs
///     tensor:9                    the first tensor with this id of the file, with the node that has it
///     range:1.5ms..20ms           this stretch of time, counted from where the ruler shows 0
/// Selects and reveals it. False when there is no such thing.
bool selectByText(TraceDocument& document, const std::string& text, Framing framing);

/// Ends that leave the range of Nanos stay at its ends.
TimeRange shifted(TimeRange range, Nanos by);

} // namespace opscope
