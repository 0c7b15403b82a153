#pragma once

#include "core/trace/TraceBuilder.h"

#include <deque>

/// Internal to core/trace: what importers handed over, untouched until finish().
namespace opscope {

struct TraceBuilder::State
{
    struct Batch
    {
        SourceId source;
        std::vector<StagingTables> tables;
        std::vector<StagedPart> parts;
    };
    struct Nodes
    {
        SourceId source;
        std::unique_ptr<ExecutionTrace> trace;
        StringPool strings;
        EtStats stats;
    };

    std::deque<SourceFile> sources;        // deques: references given out stay good
    std::deque<Diagnostics> diagnostics;   // one a source
    std::vector<TopLevelEntry> topLevel;
    std::vector<std::optional<std::int64_t>> baseTimes; // by source
    bool alignClocks = true;
    std::vector<Batch> batches;
    std::vector<Nodes> nodes;
    std::vector<std::pair<SourceId, TraceBuilder::Check>> checks;
    StagingTables handTables;              // of the plain calls: add(), addInstant(), ...
    StagedPart handPart;
};

} // namespace opscope
