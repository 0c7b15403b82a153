#pragma once

#include "core/base/JobControl.h"
#include "core/base/Result.h"
#include "core/io/Redactor.h"
#include "core/query/Subset.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace opscope {

struct ExportOptions
{
    std::optional<TimeRange> clip;                 ///< cut kept slices to it: their ts and dur are rewritten, everything else stays
    std::shared_ptr<const Redactor> redactor;      ///< null: nothing is replaced
    bool evenIfEmpty = false;                      ///< write a file although nothing is kept
    bool resources = true;                         ///< execution trace: copy the captured files of kept nodes beside it
    std::function<bool()> commit = {};             ///< called once, when all is written and before the first file gets its name; false: cancelled
};

/// One file to be written: a source of the trace, and where its part goes. ".gz" at the end packs it.
struct ExportTarget
{
    enum class As : std::uint8_t {
        Original,   ///< the source's own format, with its own bytes
        Fxt         ///< the whole trace, all sources on one clock, as a Fuchsia trace; `source` says nothing
    };
    SourceId source;
    std::string path;
    As as = As::Original;
};
/// Whether a name asks for a Fuchsia trace: it ends in .fxt or .fxt.gz.
bool isFxtName(std::string_view path);
/// The target for a trace as .fxt: where it is one .fxt already, a part of that with its own records.
ExportTarget fxtTarget(const Trace& trace, std::string path);

struct ExportReport
{
    struct File
    {
        std::string path;
        std::uint64_t events = 0;       ///< elements of traceEvents, or nodes
        std::uint64_t bytes = 0;        ///< unpacked
        std::uint64_t packedBytes = 0;  ///< on disk
        std::uint64_t leftOut = 0;      ///< elements of the source that are no row of the trace, so that no filter can match them
        std::uint64_t rewritten = 0;    ///< damaged events, written as they were understood: what stands in the source is no JSON
        std::uint64_t clipped = 0;      ///< events whose times were cut
        std::uint64_t resources = 0;    ///< captured files copied
        std::uint64_t redactions = 0;   ///< texts replaced
        std::uint64_t timeless = 0;     ///< nodes of execution traces, which an .fxt has no place for
    };
    std::vector<File> files;
};

/// Streams each source once more and writes the original bytes of what is kept; memory does not grow with the file.
/// All targets are written before the first gets its name. Refuses (one sentence): a target that is one of the sources (also by
/// another name of the same file), an empty subset unless asked, a source that changed or vanished since it was opened, a target
/// that cannot be written. Errors: those, and Cancelled; then no target exists or changed.
Result<ExportReport> writeSubset(const Trace& trace, const Subset& subset, const std::vector<ExportTarget>& targets,
                                 const ExportOptions& options, const JobControl& job = {});

/// "run.json.gz" -> "run.subset.json.gz": what a dialog proposes beside the source.
std::string proposedTarget(const SourceFile& source, ExportTarget::As as = ExportTarget::As::Original);

} // namespace opscope
