#pragma once

#include "core/base/JobControl.h"
#include "core/base/Result.h"
#include "core/io/ByteSink.h"
#include "core/io/ByteSource.h"
#include "core/io/SubsetWriter.h"
#include "core/query/Subset.h"

namespace opscope {

/// Writes the kept part of one source in the source's own format, streaming it once. `source` is open at its start and was checked to
/// be the file that the trace was read from. Fills events, bytes, leftOut and redactions of the report.
class Exporter
{
public:
    virtual ~Exporter() = default;
    virtual Result<ExportReport::File> write(const Trace& trace, SourceId source, const Subset& subset, ByteSource& bytes, ByteSink& sink,
                                             const ExportOptions& options, const JobControl& job) = 0;
};

} // namespace opscope
