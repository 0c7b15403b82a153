#include "core/format/fxt/FxtExporter.h"

#include "core/format/fxt/FxtCuts.h"
#include "core/format/fxt/FxtNotes.h"
#include "core/format/fxt/FxtPrelude.h"
#include "core/format/fxt/FxtRecords.h"
#include "core/format/fxt/FxtSwitches.h"
#include "core/format/kineto/KeptElements.h"
#include "core/io/RangeReader.h"

#include <algorithm>
#include <array>

namespace opscope {

using namespace fxt;

namespace {

constexpr std::size_t kBuffer = std::size_t{1} << 20;
constexpr std::size_t kBetweenLooks = 1024;

/// A record that is no row, however it was asked for.
bool isNoRow(RecordType type)
{
    return type == RecordType::Blob || (type >= RecordType::Profiler && type <= RecordType::Large);
}

bool isName(RecordType type) { return type == RecordType::KernelObject || type == RecordType::UserspaceObject; }

class Writer
{
public:
    Writer(const Trace& trace, SourceId source, const Subset& subset, const FxtNotes& notes, ByteSource& bytes, ByteSink& sink,
           const ExportOptions& options, const JobControl& job)
        : m_notes(notes), m_bytes(bytes), m_sink(sink), m_job(job), m_reader(bytes),
          m_kept(kineto::keptElements(trace, source, subset)), m_switches(keptSwitches(trace, source, subset)),
          m_redacts(options.redactor != nullptr), m_prelude(notes, m_kept, options.redactor.get(), m_out)
    {
        if (options.clip) m_cuts = FxtCuts(trace, source, subset, notes, *options.clip);
        m_report.leftOut = trace.elements().rowless(source);
    }

    Result<ExportReport::File> run()
    {
        constexpr std::uint64_t magic = kMagic;
        m_out.append(reinterpret_cast<const char*>(&magic), sizeof magic);
        if (Status written = records(); !written) return written.error();
        m_sink.write(m_out);
        for (std::size_t type = 0; type < m_copied.size(); ++type)
            if (isNoRow(static_cast<RecordType>(type))) m_report.leftOut += m_notes.counts().records[type] - m_copied[type];
        m_report.clipped = m_cuts.slices();
        m_report.redactions = m_prelude.redactions();
        return m_report;
    }

private:
    Status records();
    Status record(std::uint64_t offset);
    Result<std::string_view> read(std::uint64_t offset);
    void scheduling(std::uint64_t offset, std::string_view record);
    Status copyLarge(std::uint64_t offset, std::uint64_t words);
    void write(std::uint64_t offset, std::string_view record);
    Status goOn();

    const FxtNotes& m_notes;
    ByteSource& m_bytes;
    ByteSink& m_sink;
    const JobControl& m_job;
    RangeReader m_reader;
    const std::vector<std::uint64_t> m_kept;
    const std::vector<KeptSwitch> m_switches;
    const bool m_redacts;
    std::string m_out;
    FxtPrelude m_prelude;
    FxtCuts m_cuts;
    std::size_t m_nextSwitch = 0;
    References m_references;
    std::vector<std::string_view> m_texts;
    std::string m_changed, m_scheduling;
    std::array<std::uint64_t, 16> m_copied{};
    ExportReport::File m_report;
};

Status Writer::goOn()
{
    if (m_out.size() >= kBuffer) {
        m_sink.write(m_out);
        m_out.clear();
    }
    if (m_job.cancelled()) return Error{ErrorCode::Cancelled, "cancelled", {}};
    if (!m_sink.good()) return m_sink.finish();
    if (m_job.progress) {
        m_job.progress->done = m_bytes.packedPosition();
        m_job.progress->events = m_report.events;
    }
    return Done{};
}

/// The kept ones, and on the way those that they need as they stand.
Status Writer::records()
{
    const std::vector<std::uint64_t> needed = m_prelude.neededRecords();
    auto next = needed.begin();
    std::size_t untilLook = 1;
    for (const std::uint64_t offset : m_kept) {
        if (offset == 0) continue; // of what no record says: the magic number stands there
        for (; next != needed.end() && *next < offset; ++next) {
            const auto text = read(*next);
            if (!text) return text.error();
            m_prelude.remember(*next, *text);
        }
        if (Status written = record(offset); !written) return written;
        if (--untilLook && m_out.size() < kBuffer) continue;
        untilLook = kBetweenLooks;
        if (Status fine = goOn(); !fine) return fine;
    }
    return goOn();
}

/// At most as much as an ordinary record has.
Result<std::string_view> Writer::read(std::uint64_t offset)
{
    const auto header = m_reader.view(offset, kWord);
    if (!header) return header.error();
    const std::uint64_t words = recordWords(wordAt(*header, 0));
    if (words == 0) return Error{ErrorCode::CannotRead, "the file has no record there any more", offset};
    return m_reader.view(offset, std::min<std::uint64_t>(words, kMaxRecordWords) * kWord);
}

Status Writer::record(std::uint64_t offset)
{
    const auto found = read(offset);
    if (!found) return found.error();
    const std::uint64_t header = wordAt(*found, 0);
    ++m_copied[static_cast<std::size_t>(recordType(header))];
    m_report.events += !isName(recordType(header));
    if (recordWords(header) > kMaxRecordWords) return copyLarge(offset, recordWords(header));
    if (recordType(header) == RecordType::Scheduling) scheduling(offset, *found);
    else write(offset, *found);
    return Done{};
}

void Writer::scheduling(std::uint64_t offset, std::string_view record)
{
    while (m_nextSwitch < m_switches.size() && m_switches[m_nextSwitch].offset < offset) ++m_nextSwitch;
    if (m_nextSwitch == m_switches.size() || m_switches[m_nextSwitch].offset != offset) return write(offset, record);
    m_references.find(record);
    std::vector<std::uint64_t> threads; // who leaves and who comes; of a wakeup who is woken
    for (const Reference& reference : m_references.all) {
        const bool byIndex = reference.kind == Reference::Kind::Thread && reference.number;
        const FxtNotes::Thread* known = byIndex ? m_notes.thread(m_notes.providerAt(offset), reference.number, offset) : nullptr;
        if (reference.kind == Reference::Kind::Thread || reference.kind == Reference::Kind::Koid) threads.push_back(known ? known->thread : reference.thread);
    }
    threads.resize(std::max<std::size_t>(threads.size(), 2));
    m_scheduling.clear();
    writeSwitch(record, m_switches[m_nextSwitch], threads[0], threads[1], m_scheduling);
    for (std::size_t at = 0; at < m_scheduling.size();) {
        const std::size_t size = recordWords(wordAt(m_scheduling, at / kWord)) * kWord;
        write(offset, std::string_view(m_scheduling).substr(at, size));
        at += size;
    }
}

/// With what it needs in front of it.
void Writer::write(std::uint64_t offset, std::string_view record)
{
    m_references.find(record);
    m_changed.assign(record);
    if (!m_cuts.apply(offset, m_references.tail, m_changed)) return;
    m_prelude.write(offset, m_references, m_texts);
    if (!m_redacts) {
        m_out.append(m_changed);
        return;
    }
    m_out.append(withInlineTexts(m_changed, m_references, m_texts));
}

Status Writer::copyLarge(std::uint64_t offset, std::uint64_t words)
{
    const auto front = read(offset);
    if (!front) return front.error();
    m_references.find(*front);
    m_prelude.write(offset, m_references, m_texts);
    m_sink.write(m_out);
    m_out.clear();
    return m_reader.copy(offset, words * kWord, m_sink);
}

/// Everything, as it is.
Result<ExportReport::File> copyAll(ByteSource& bytes, std::uint64_t length, ByteSink& sink, const JobControl& job)
{
    std::vector<char> buffer(kBuffer);
    for (std::uint64_t left = length; left;) {
        const auto got = bytes.read(std::span(buffer).first(static_cast<std::size_t>(std::min<std::uint64_t>(left, buffer.size()))));
        if (!got) return got.error();
        if (*got == 0) return Error{ErrorCode::CannotRead, "the file is shorter than it was when it was opened", {}};
        sink.write({buffer.data(), *got});
        left -= *got;
        if (job.cancelled()) return Error{ErrorCode::Cancelled, "cancelled", {}};
        if (!sink.good()) return sink.finish().error();
        if (job.progress) job.progress->done = bytes.packedPosition();
    }
    return ExportReport::File();
}

class FxtExporter : public Exporter
{
public:
    Result<ExportReport::File> write(const Trace& trace, SourceId source, const Subset& subset, ByteSource& bytes, ByteSink& sink,
                                     const ExportOptions& options, const JobControl& job) override
    {
        if (job.progress) {
            job.progress->step = "Writing";
            job.progress->done = job.progress->events = 0;
            job.progress->total = bytes.packedSize();
        }
        const SourceFile& file = trace.sources()[source.index()];
        const auto* notes = dynamic_cast<const FxtNotes*>(file.notes.get());
        if (!notes) return Error{ErrorCode::Unsupported, "nothing is known of its tables", {}};
        const bool asItIs = subset.whole && !options.redactor && !options.clip;
        Result<ExportReport::File> report = asItIs ? copyAll(bytes, file.unpackedBytes, sink, job)
                                                   : Writer(trace, source, subset, *notes, bytes, sink, options, job).run();
        if (!report) return report;
        if (asItIs && source.index() < subset.sources.size()) report->events = subset.sources[source.index()].events;
        report->bytes = sink.written();
        return report;
    }
};

} // namespace

std::unique_ptr<Exporter> makeFxtExporter() { return std::make_unique<FxtExporter>(); }

} // namespace opscope
