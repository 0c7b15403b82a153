#include "core/format/kineto/KinetoImporter.h"

#include "core/format/kineto/TopLevel.h"
#include "core/format/kineto/WindowPlan.h"

#include <algorithm>

namespace opscope {

using namespace kineto;

std::unique_ptr<Importer> makeKinetoImporter() { return std::make_unique<KinetoImporter>(); }
Sniff sniffKineto(std::string_view head) { return sniff(head); }

Status KinetoImporter::import(ByteSource& bytes, SourceId source, TraceBuilder& builder, const ImportOptions& options,
                              const JobControl& job)
{
    if (job.progress) {
        job.progress->step = "Reading";
        job.progress->total = bytes.packedSize();
    }
    std::vector<std::unique_ptr<Worker>> workers;
    for (unsigned i = 0; i < std::max(1u, options.threads); ++i)
        workers.push_back(std::make_unique<Worker>());
    std::vector<StagedPart> parts;
    Feed feed(bytes);

    const auto readEvents = [&](bool lines) -> Result<bool> {
        WindowPlan plan(feed, options, job, workers, parts);
        const Result<WindowPlan::Outcome> outcome = plan.run(lines);
        if (!outcome)
            return outcome.error();
        Diagnostics& diagnostics = builder.diagnostics(source);
        if (outcome->end == ScanResult::End::CutOff)
            diagnostics.note(Defect::FileCutOff, outcome->offset, "the file ends in the middle of an event");
        else if (outcome->end == ScanResult::End::Arrived && !lines)
            diagnostics.note(Defect::ArrayNotClosed, outcome->offset);
        return outcome->end == ScanResult::End::ArrayEnd;
    };
    if (Status read = TopLevel(feed, source, builder, job, readEvents).read(); !read)
        return read;

    std::vector<StagingTables> tables;
    for (const auto& worker : workers) {
        worker->counts.addTo(worker->tables);
        tables.push_back(std::move(worker->tables));
    }
    builder.addStaged(source, std::move(tables), std::move(parts));
    return Done{};
}

} // namespace opscope
