#include "tests/support/ExportText.h"

#include "core/format/et/EtExporter.h"
#include "core/format/fxt/FxtExporter.h"
#include "core/format/kineto/KinetoExporter.h"
#include "core/format/text/EventDump.h"
#include "tests/support/TraceFixture.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <sstream>

namespace opscope::test {

Result<std::string> exportedText(const Trace& trace, std::string_view bytes, const Subset& subset, ExportReport::File* report,
                                 std::size_t pieceBytes, const ExportOptions& options)
{
    auto source = ByteSource::openMemory(bytes);
    if (!source) return source.error();
    std::string text;
    const auto sink = ByteSink::toMemory(text);
    const std::string& format = trace.sources()[0].format;
    const auto exporter = format == "et" ? makeEtExporter() : format == "fxt" ? makeFxtExporter() : std::make_unique<KinetoExporter>(pieceBytes);
    const auto written = exporter->write(trace, SourceId(0), subset, **source, *sink, options, {});
    if (!written) return written.error();
    if (const Status closed = sink->close(); !closed) return closed.error();
    if (report) *report = *written;
    return text;
}

std::string mustExport(const Trace& trace, std::string_view bytes, const Subset& subset, ExportReport::File* report, std::size_t pieceBytes, const ExportOptions& options)
{
    const auto text = exportedText(trace, bytes, subset, report, pieceBytes, options);
    return text ? *text : "error: " + text.error().text();
}

std::string partOf(const std::string& bytes, std::initializer_list<std::string_view> names)
{
    const TracePtr trace = traceFromText(bytes);
    return mustExport(*trace, bytes, slicesNamed(*trace, names));
}

Subset someRows(const Trace& trace, const std::function<bool(std::size_t)>& keep, const SubsetOptions& options)
{
    Matches matches = Matches::none(trace);
    std::size_t n = 0;
    for (std::size_t i = 0; i < matches.slices.size(); ++i, ++n)
        if (keep(n)) matches.slices.insert(SliceId(i));
    for (std::size_t i = 0; i < matches.instants.size(); ++i, ++n)
        if (keep(n)) matches.instants.insert(InstantId(i));
    for (std::size_t i = 0; i < matches.samples.size(); ++i, ++n)
        if (keep(n)) matches.samples.insert(SampleId(i));
    auto subset = closeSubset(trace, std::move(matches), options);
    if (!subset) std::abort(); // nobody cancels it
    return std::move(*subset);
}

Subset slicesNamed(const Trace& trace, std::initializer_list<std::string_view> names)
{
    return someRows(
        trace,
        [&](std::size_t row) {
            return row < trace.slices().size() && std::find(names.begin(), names.end(), trace.name(SliceId(row))) != names.end();
        },
        {.links = false});
}

std::string eventDump(const Trace& trace, const Subset& subset)
{
    std::ostringstream out;
    return writeEventDump(trace, subset, out) ? out.str() : "the dump failed";
}

std::string eventDump(const Trace& trace) { return eventDump(trace, wholeTrace(trace)); }

} // namespace opscope::test
