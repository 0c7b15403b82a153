#pragma once

#include "core/format/Format.h"
#include "core/format/Importer.h"

#include <memory>
#include <string_view>

namespace opscope {

/// Kineto and other Chrome trace JSON (kineto-trace.md, loading.md): an object with traceEvents, a bare array, also one that
/// is never closed, or one event per line. Reads what other readers refuse, and counts it.
class KinetoImporter : public Importer
{
public:
    Status import(ByteSource& bytes, SourceId source, TraceBuilder& builder, const ImportOptions& options,
                  const JobControl& job) override;
};

std::unique_ptr<Importer> makeKinetoImporter();
Sniff sniffKineto(std::string_view head);

} // namespace opscope
