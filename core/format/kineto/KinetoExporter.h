#pragma once

#include "core/format/Exporter.h"

#include <memory>

namespace opscope {

/// Writes a part of a Kineto trace in the shape that it has (object, array, lines). Without filter, clip and redactor the bytes as they
/// are. Else the members of the top level in their order and the kept elements of all event arrays in one, each with its original
/// bytes; only what stands between them is ours. A file that was cut off comes out closed. Damaged events, which are no JSON by
/// themselves, are written as they were understood, and counted.
class KinetoExporter : public Exporter
{
public:
    static constexpr std::size_t kPieceBytes = std::size_t{4} << 20;
    /// Tests read in tiny pieces, to cut everywhere.
    explicit KinetoExporter(std::size_t pieceBytes = kPieceBytes) : m_pieceBytes(pieceBytes) {}
    Result<ExportReport::File> write(const Trace& trace, SourceId source, const Subset& subset, ByteSource& bytes, ByteSink& sink,
                                     const ExportOptions& options, const JobControl& job) override;

private:
    std::size_t m_pieceBytes;
};

std::unique_ptr<Exporter> makeKinetoExporter();

} // namespace opscope
