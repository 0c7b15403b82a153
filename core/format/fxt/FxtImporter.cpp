#include "core/format/fxt/FxtImporter.h"

#include "core/format/fxt/FxtStager.h"
#include "core/trace/TraceBuilder.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <vector>

namespace opscope {

namespace {

using namespace fxt;

/// Read at once: what is parsed stays in the second cache of the core.
constexpr std::size_t kWindow = std::size_t{256} << 10;

/// Of a large record, what can stand in front of its payload: two names, and fifteen arguments of the biggest size.
constexpr std::uint64_t kLargeHead = 20 * kMaxRecordWords * kWord;

/// The bytes of the source with the place of each.
class Window
{
public:
    Window(ByteSource& bytes, std::size_t size) : m_bytes(bytes), m_buffer(std::max<std::size_t>(size, kWord)), m_offset(bytes.position()) {}

    std::string_view here() const { return {m_buffer.data() + m_begin, m_end - m_begin}; }
    std::uint64_t offset() const { return m_offset; } ///< of here()
    void advance(std::size_t bytes)
    {
        m_begin += bytes;
        m_offset += bytes;
    }
    /// Reads on until here() has that many bytes. False: the source ends before.
    Result<bool> need(std::size_t bytes)
    {
        if (m_end - m_begin >= bytes) return true;
        std::memmove(m_buffer.data(), m_buffer.data() + m_begin, m_end - m_begin);
        m_end -= m_begin;
        m_begin = 0;
        if (m_buffer.size() < bytes) m_buffer.resize(bytes); // one record at most
        while (m_end < m_buffer.size()) {
            auto got = m_bytes.read(std::span(m_buffer).subspan(m_end));
            if (!got) return got.error();
            if (*got == 0) break;
            m_end += *got;
        }
        return m_end >= bytes;
    }
    /// Steps over what nobody looks at. False: the source ends within.
    Result<bool> skip(std::uint64_t bytes, const JobControl& job)
    {
        while (bytes > 0 && !job.cancelled()) {
            const std::uint64_t step = std::min<std::uint64_t>(bytes, here().size());
            advance(step);
            bytes -= step;
            if (bytes == 0) break;
            auto more = need(kWord);
            if (!more) return more.error();
            if (here().empty()) return false;
            if (!*more && bytes > here().size()) {
                advance(here().size());
                return false;
            }
        }
        return true;
    }

private:
    ByteSource& m_bytes;
    std::vector<char> m_buffer;
    std::size_t m_begin = 0, m_end = 0;
    std::uint64_t m_offset;
};

class Walk
{
public:
    Walk(ByteSource& bytes, std::size_t window, FxtStager& stager, Diagnostics& diagnostics, const JobControl& job)
        : m_bytes(bytes), m_window(bytes, window), m_stager(stager), m_diagnostics(diagnostics), m_job(job)
    {
    }

    Status run()
    {
        for (;;) {
            if (m_job.cancelled()) return Error{ErrorCode::Cancelled, "cancelled", {}};
            tell();
            auto more = m_window.need(kWord);
            if (!more) return more.error();
            if (!*more) {
                if (!m_window.here().empty()) m_diagnostics.note(Defect::TrailingBytes, m_window.offset(), m_window.here().size(), "");
                return Done{};
            }
            auto goOn = records();
            if (!goOn) return goOn.error();
            if (!*goOn) return Done{};
        }
    }

private:
    /// Everything that is whole in the window, and one record more. False: the end, or nothing behind it can be found.
    Result<bool> records()
    {
        std::string_view here = m_window.here();
        std::uint64_t offset = m_window.offset();
        const auto arrive = [&] { m_window.advance(offset - m_window.offset()); };
        while (here.size() >= kWord) {
            const std::uint64_t header = RecordReader(here).header();
            const std::uint64_t words = recordWords(header), bytes = words * kWord;
            if (words == 0) {
                m_diagnostics.note(Defect::RecordOfSizeZero, offset);
                return false;
            }
            if (bytes > here.size()) {
                arrive();
                return lastOf(bytes, words, recordType(header) == RecordType::Large);
            }
            m_stager.add(here.substr(0, bytes), words, offset);
            here.remove_prefix(bytes);
            offset += bytes;
        }
        arrive();
        return true;
    }

    /// A record of which the window has the beginning only.
    Result<bool> lastOf(std::uint64_t bytes, std::uint64_t words, bool large)
    {
        const std::uint64_t offset = m_window.offset();
        const auto cutOff = [&]() -> Result<bool> {
            m_diagnostics.note(Defect::FileCutOff, offset, "the file ends in the middle of a record");
            return false;
        };
        const std::uint64_t wanted = large ? std::min(bytes, kLargeHead) : bytes;
        auto whole = m_window.need(wanted);
        if (!whole) return whole.error();
        if (!*whole) return cutOff();
        m_stager.add(m_window.here().substr(0, wanted), words, offset);
        if (wanted == bytes) {
            m_window.advance(bytes);
            return true;
        }
        auto skipped = m_window.skip(bytes, m_job);
        if (!skipped) return skipped.error();
        return *skipped ? Result<bool>(true) : cutOff();
    }

    void tell()
    {
        if (!m_job.progress) return;
        m_job.progress->done = m_bytes.packedPosition();
        m_job.progress->events = m_stager.events();
    }

    ByteSource& m_bytes;
    Window m_window;
    FxtStager& m_stager;
    Diagnostics& m_diagnostics;
    const JobControl& m_job;
};

} // namespace

std::unique_ptr<Importer> makeFxtImporter() { return std::make_unique<FxtImporter>(); }

Sniff sniffFxt(std::string_view head)
{
    return head.size() >= kWord && RecordReader(head.substr(0, kWord)).header() == kMagic ? Sniff::Yes : Sniff::No;
}

bool isFxtWithoutMagic(std::string_view head)
{
    std::size_t fitting = 0; // records that say their length twice
    for (int record = 0; record < 32 && head.size() >= kWord; ++record) {
        const std::uint64_t header = RecordReader(head.substr(0, kWord)).header(), words = recordWords(header);
        if (words == 0 || recordType(header) > RecordType::Profiler) return false;
        std::uint64_t said = words;
        if (recordType(header) == RecordType::String) said = 1 + wordsOf(bits(header, 32, 46));
        else if (recordType(header) == RecordType::Thread) said = 3;
        else if (recordType(header) == RecordType::Metadata && bits(header, 16, 19) == 1) said = 1 + wordsOf(bits(header, 52, 59));
        else --fitting;
        if (said != words) return false;
        ++fitting;
        if (words * kWord >= head.size()) break;
        head.remove_prefix(words * kWord);
    }
    return fitting >= 3;
}

Status FxtImporter::import(ByteSource& bytes, SourceId source, TraceBuilder& builder, const ImportOptions& options, const JobControl& job)
{
    if (job.progress) {
        job.progress->step = "Reading";
        job.progress->total = bytes.packedSize();
    }
    FxtNotesBuilder notes;
    FxtStager stager(notes, builder.diagnostics(source));
    if (Status read = Walk(bytes, std::min(options.windowBytes, kWindow), stager, builder.diagnostics(source), job).run(); !read) return read;
    if (job.progress) job.progress->done = bytes.packedPosition();
    FxtStager::Staged staged = stager.finish();
    builder.addStaged(source, std::move(staged.tables), std::move(staged.parts));
    if (const auto base = stager.baseTime()) builder.setBaseTime(source, *base);
    builder.source(source).notes = notes.finish();
    return Done{};
}

} // namespace opscope
