#pragma once

#include "core/base/Result.h"
#include "core/trace/Trace.h"

#include <string>

namespace opscope {

/// The JSON text of one event or node as it stands in the file, read back by source offset (also from .gz, in milliseconds).
/// At most kMaxBytes of it; `cut` says whether there was more. May be called from any thread.
struct EventText
{
    static constexpr std::size_t kMaxBytes = 4u << 20;
    std::string json;
    bool cut = false;
};
Result<EventText> readEvent(const Trace& trace, SliceId slice);
Result<EventText> readEvent(const Trace& trace, InstantId instant);
Result<EventText> readNode(const Trace& trace, NodeId node);
/// Any place of a source (a defect's): the event that stands there, or at most `length` bytes.
Result<EventText> readPlace(const Trace& trace, SourceId source, std::uint64_t offset, std::size_t length);

} // namespace opscope
