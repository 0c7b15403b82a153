#pragma once

#include "core/format/Format.h"
#include "core/format/Importer.h"

#include <memory>
#include <string_view>

namespace opscope {

/// Fuchsia traces (fxt.md): what magic-trace, Fuchsia devices and Opscope itself write. Reads every record once, in order; what is
/// damaged or unknown is skipped by its size and counted.
class FxtImporter : public Importer
{
public:
    Status import(ByteSource& bytes, SourceId source, TraceBuilder& builder, const ImportOptions& options, const JobControl& job) override;
};

std::unique_ptr<Importer> makeFxtImporter();
Sniff sniffFxt(std::string_view head);
/// Whether the bytes are records that fit together, although the magic number is not in front of them: the beginning is missing.
bool isFxtWithoutMagic(std::string_view head);

} // namespace opscope
