#include "core/format/kineto/KinetoExporter.h"

#include "core/format/kineto/ClipElement.h"
#include "core/format/kineto/ElementReader.h"
#include "core/format/kineto/KeptElements.h"

#include <algorithm>
#include <limits>
#include <optional>

namespace opscope {

using namespace kineto;

namespace {

constexpr std::string_view kIndent = "  ";
constexpr std::uint64_t kLongestHead = 64 << 10;     ///< a key and what stands between it and its value
constexpr std::uint64_t kLongestRedacted = 64 << 20; ///< a value is redacted as a whole

/// time - shift, cut to what a Nanos holds.
Nanos without(Nanos time, Nanos shift)
{
    Nanos result = 0;
    if (!__builtin_sub_overflow(time, shift, &result)) return result;
    return shift > 0 ? std::numeric_limits<Nanos>::min() : std::numeric_limits<Nanos>::max();
}

/// One file on its way out: what comes next in the source is taken when the stream is there.
class Writer
{
public:
    Writer(const Trace& trace, SourceId source, const Subset& subset, ReadAhead& ahead, ByteSink& sink, const ExportOptions& options, const JobControl& job)
        : m_trace(trace), m_source(source), m_file(trace.sources()[source.index()]), m_ahead(ahead), m_sink(sink), m_options(options), m_job(job),
          m_reader(ahead, trace.diagnostics().count(Defect::DamagedEvent) ? ElementReader::Damage::Possible : ElementReader::Damage::None),
          m_elements(keptElements(trace, source, subset))
    {
        m_report.leftOut = trace.elements().rowless(source);
        if (!options.clip) return;
        const Nanos shift = timeShift(trace, source);
        m_clip = {without(options.clip->start, shift), without(options.clip->end, shift)};
        m_cuts = cutElements(trace, source, subset, *options.clip);
    }

    Result<ExportReport::File> run()
    {
        Status written = m_file.shape == EventShape::Object ? object() : events();
        if (!written) return written.error();
        return m_report;
    }

private:
    Status object();
    Status member(const TopLevelEntry& entry);
    Status shortMember(const TopLevelEntry& entry);
    Status longMember(const TopLevelEntry& entry, std::string_view head);
    std::string_view keyOf(std::string_view head) const;
    bool isComplete(const TopLevelEntry& entry) const;
    void beginMember();
    Status events();
    Status eventList();
    Status element(std::uint64_t offset, std::string_view separator);
    bool clip(std::uint64_t offset, std::string_view text);
    Status goOn();

    const Trace& m_trace;
    const SourceId m_source;
    const SourceFile& m_file;
    ReadAhead& m_ahead;
    ByteSink& m_sink;
    const ExportOptions& m_options;
    const JobControl& m_job;
    ElementReader m_reader;
    const std::vector<std::uint64_t> m_elements;
    std::vector<CutElement> m_cuts;
    TimeRange m_clip;
    std::size_t m_nextCut = 0;
    bool m_firstMember = true;
    std::string m_clipped, m_redacted;
    ExportReport::File m_report;
};

Status Writer::goOn()
{
    if (m_job.cancelled()) return Error{ErrorCode::Cancelled, "cancelled", {}};
    if (!m_sink.good()) return m_sink.finish();
    if (m_job.progress) {
        m_job.progress->done = m_ahead.packedPosition();
        m_job.progress->events = m_report.events;
    }
    return Done{};
}

// ---------------------------------------------------------------- members of the top level

/// Members in front of the events, the events of all arrays, members behind. What stands between two arrays comes behind both.
Status Writer::object()
{
    m_sink.write("{");
    std::vector<const TopLevelEntry*> front, between, behind;
    const std::uint64_t lastEvent = m_elements.empty() ? m_file.eventsOffset : m_elements.back();
    for (const TopLevelEntry& entry : m_trace.topLevel()) {
        if (entry.source != m_source || entry.key == "traceEvents") continue; // one that is no array: the name is taken
        if (!isComplete(entry)) ++m_report.leftOut;
        else (entry.offset < m_file.eventsOffset ? front : entry.offset < lastEvent ? between : behind).push_back(&entry);
    }
    for (const TopLevelEntry* entry : front)
        if (Status written = member(*entry); !written) return written;
    beginMember();
    m_sink.write("\"traceEvents\": ");
    if (Status written = events(); !written) return written;
    for (const TopLevelEntry* entry : between)
        if (Status written = shortMember(*entry); !written) return written;
    for (const TopLevelEntry* entry : behind)
        if (Status written = member(*entry); !written) return written;
    m_sink.write("\n}\n");
    return Done{};
}

/// A value that the end of the file cuts, or that is missing, would make the rest unreadable.
bool Writer::isComplete(const TopLevelEntry& entry) const
{
    const bool atEnd = entry.offset + entry.length >= m_file.unpackedBytes;
    if (entry.length > TopLevelEntry::kKept) return !atEnd;
    if (entry.json.empty()) return false;
    const char last = entry.json.back();
    if (atEnd && last != '"' && last != '}' && last != ']') return false; // a number: it may have gone on
    std::string text = entry.json + ',';
    text.append(kPadding, '\0');
    ValueReader reader;
    reader.end = text.data() + entry.json.size() + 1;
    return reader.skip(text.data()) == text.data() + entry.json.size();
}

void Writer::beginMember()
{
    m_sink.write(m_firstMember ? "\n" : ",\n");
    m_sink.write(kIndent);
    m_firstMember = false;
}

/// The key with its quotes as it stands in the file; empty when there is none.
std::string_view Writer::keyOf(std::string_view head) const
{
    if (!head.starts_with('"')) return {};
    std::uint8_t flags = 0;
    const char* const end = head.data() + head.size();
    const char* const close = stringEnd(head.data() + 1, end, flags);
    return close < end ? head.substr(0, static_cast<std::size_t>(close - head.data()) + 1) : std::string_view();
}

Status Writer::member(const TopLevelEntry& entry)
{
    if (Status fine = goOn(); !fine) return fine;
    if (entry.offset - entry.keyOffset > kLongestHead) {
        ++m_report.leftOut;
        return Done{};
    }
    const bool isLong = entry.length > TopLevelEntry::kKept;
    const auto text = m_reader.range(entry.keyOffset, entry.offset + (isLong ? 0 : entry.length));
    if (!text) return text.error();
    if (isLong) return longMember(entry, *text);
    const std::string_view key = keyOf(*text);
    std::string_view value = text->substr(static_cast<std::size_t>(entry.offset - entry.keyOffset));
    while (!value.empty() && isBlank(value.back())) value.remove_suffix(1);
    beginMember();
    m_sink.write(key);
    m_sink.write(": ");
    if (!m_options.redactor) {
        m_sink.write(value);
        return Done{};
    }
    m_redacted.clear();
    m_report.redactions += m_options.redactor->apply(value, entry.key, m_redacted);
    m_sink.write(m_redacted);
    return Done{};
}

Status Writer::longMember(const TopLevelEntry& entry, std::string_view head)
{
    if (m_options.redactor && entry.length > kLongestRedacted) {
        ++m_report.leftOut;
        return Done{};
    }
    beginMember();
    m_sink.write(keyOf(head));
    m_sink.write(": ");
    if (m_options.redactor) {
        const auto value = m_reader.range(entry.offset, entry.offset + entry.length);
        if (!value) return value.error();
        m_redacted.clear();
        m_report.redactions += m_options.redactor->apply(*value, entry.key, m_redacted);
        m_sink.write(m_redacted);
        return Done{};
    }
    Status fine = Done{};
    const Status read = m_reader.stream(entry.offset, entry.offset + entry.length, [&](std::string_view text) {
        m_sink.write(text);
        fine = goOn();
        return fine.ok();
    });
    return read ? fine : read;
}

/// The stream is past it: what was kept of it stands for it. Only files with two event arrays have such members.
Status Writer::shortMember(const TopLevelEntry& entry)
{
    const bool plainKey = std::none_of(entry.key.begin(), entry.key.end(), [](char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20; });
    if (entry.length > TopLevelEntry::kKept || !plainKey) {
        ++m_report.leftOut;
        return Done{};
    }
    beginMember();
    m_sink.write("\"" + entry.key + "\": ");
    m_redacted.clear();
    if (m_options.redactor) m_report.redactions += m_options.redactor->apply(entry.json, entry.key, m_redacted);
    m_sink.write(m_options.redactor ? m_redacted : entry.json);
    return Done{};
}

// ---------------------------------------------------------------- events

Status Writer::events()
{
    const bool lines = m_file.shape == EventShape::Lines && !m_elements.empty(); // without any, an empty file: a list says so
    if (lines) return eventList();
    m_sink.write("[");
    if (Status written = eventList(); !written) return written;
    m_sink.write(m_file.shape == EventShape::Object ? "\n  ]" : "\n]\n");
    return Done{};
}

Status Writer::eventList()
{
    const bool lines = m_file.shape == EventShape::Lines;
    constexpr std::size_t kBetweenLooks = 1024;
    for (std::size_t i = 0; i < m_elements.size(); ++i) {
        if (i % kBetweenLooks == 0)
            if (Status fine = goOn(); !fine) return fine;
        if (Status written = element(m_elements[i], lines ? "" : i ? ",\n  " : "\n  "); !written) return written;
        if (lines) m_sink.write("\n");
    }
    return goOn();
}

Status Writer::element(std::uint64_t offset, std::string_view separator)
{
    const Result<ElementReader::Element> found = m_reader.element(offset);
    if (!found) return found.error();
    m_sink.write(separator);
    std::string_view text = found->text;
    m_report.rewritten += found->rewritten;
    if (clip(offset, text)) text = m_clipped;
    if (m_options.redactor) {
        m_redacted.clear();
        m_report.redactions += m_options.redactor->apply(text, {}, m_redacted);
        text = m_redacted;
    }
    m_sink.write(text);
    ++m_report.events;
    return Done{};
}

bool Writer::clip(std::uint64_t offset, std::string_view text)
{
    while (m_nextCut < m_cuts.size() && m_cuts[m_nextCut].offset < offset) ++m_nextCut;
    if (m_nextCut == m_cuts.size() || m_cuts[m_nextCut].offset != offset) return false;
    m_clipped.clear();
    const bool cut = clipElement(text, m_cuts[m_nextCut].part, m_clip, m_clipped);
    m_report.clipped += cut;
    return cut;
}

/// Everything, as it is.
Result<ExportReport::File> copyAll(ReadAhead& ahead, ByteSink& sink, const JobControl& job)
{
    for (;;) {
        const Result<std::string_view> piece = ahead.next();
        if (!piece) return piece.error();
        if (piece->empty()) return ExportReport::File();
        sink.write(*piece);
        if (job.cancelled()) return Error{ErrorCode::Cancelled, "cancelled", {}};
        if (!sink.good()) return sink.finish().error();
        if (job.progress) job.progress->done = ahead.packedPosition();
    }
}

} // namespace

std::unique_ptr<Exporter> makeKinetoExporter() { return std::make_unique<KinetoExporter>(); }

Result<ExportReport::File> KinetoExporter::write(const Trace& trace, SourceId source, const Subset& subset, ByteSource& bytes, ByteSink& sink,
                                                 const ExportOptions& options, const JobControl& job)
{
    if (job.progress) {
        job.progress->step = "Writing";
        job.progress->done = job.progress->events = 0;
        job.progress->total = bytes.packedSize();
    }
    const SourceFile& file = trace.sources()[source.index()];
    ReadAhead ahead(bytes, m_pieceBytes, file.unpackedBytes ? file.unpackedBytes : UINT64_MAX);
    const bool asItIs = subset.whole && !options.redactor && !options.clip;
    Result<ExportReport::File> report = asItIs ? copyAll(ahead, sink, job) : Writer(trace, source, subset, ahead, sink, options, job).run();
    if (!report) return report;
    if (asItIs && source.index() < subset.sources.size()) report->events = subset.sources[source.index()].events;
    if (asItIs && sink.written() < file.unpackedBytes) return Error{ErrorCode::CannotRead, "the file is shorter than it was when it was opened", {}};
    report->bytes = sink.written();
    return report;
}

} // namespace opscope
