#pragma once

#include "app/cli/EventCounts.h"
#include "app/cli/LoadJob.h"

#include <string>
#include <vector>

namespace opscope {

/// What the ordinary loader found in what was recorded.
struct RecordContents
{
    struct File
    {
        std::string path, format;      ///< Format::id
        EventCounts events;            ///< as `opscope info` counts
        std::uint64_t nodes = 0;       ///< of an execution trace, which has no events
        std::uint64_t threads = 0, bytes = 0, extentNs = 0;
        bool isNodes() const { return format == "et"; }
    };
    std::vector<File> files;
    TracePtr linked;                   ///< all of them together, where a Kineto trace and an execution trace are among them

    std::uint64_t events() const;
    std::uint64_t threads() const;
    std::uint64_t bytes() const;
};

/// Opens the file, or the traces of the folder, one by one, then together where there is something to link.
Result<RecordContents> recordContents(LoadJob& job, const std::string& path);

} // namespace opscope
