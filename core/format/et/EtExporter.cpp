#include "core/format/et/EtExporter.h"

#include "core/format/et/EtFields.h"
#include "core/io/RangeReader.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace opscope {

namespace {

constexpr std::uint64_t kSeenWhole = std::uint64_t{64} << 20; ///< longer nodes are copied without a look

struct Range
{
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
    bool damaged = false;
};

class EtWriter
{
public:
    EtWriter(const Trace& trace, const EtFile& file, const Subset& subset, ByteSource& bytes, ByteSink& sink, const ExportOptions& options,
             const JobControl& job)
        : m_trace(trace), m_file(file), m_subset(subset), m_reader(bytes), m_sink(sink), m_options(options), m_job(job)
    {
    }

    Result<ExportReport::File> run()
    {
        findNodes();
        if (m_subset.whole && !m_options.redactor) {
            if (Status copied = copyWhole(); !copied) return copied.error();
            return std::move(m_report);
        }
        m_sink.write("{");
        for (const TopLevelEntry& entry : m_trace.topLevel()) {
            if (entry.source != m_file.source || entry.key == "nodes") continue; // a second one that is no array
            if (!m_nodesWritten && (entry.offset > m_firstNode || (m_firstNode == kNowhere && entry.key == "finish_ts")))
                if (Status written = writeNodes(); !written) return written.error();
            if (Status written = writeMember(entry); !written) return written.error();
        }
        if (!m_nodesWritten)
            if (Status written = writeNodes(); !written) return written.error();
        m_sink.write("\n}\n");
        m_report.bytes = m_sink.written();
        return std::move(m_report);
    }

private:
    static constexpr std::uint64_t kNowhere = UINT64_MAX;

    /// Whether anything of the load was not JSON as it should be: then each node is looked at as strictly as other readers do.
    bool wasForgiven() const
    {
        static constexpr Defect kLax[] = {Defect::DamagedNode, Defect::ControlCharacter, Defect::JsonSyntax,
                                          Defect::InvalidUtf8, Defect::TrailingCommas,   Defect::CommentsInJson};
        return std::ranges::any_of(kLax, [&](Defect defect) { return m_trace.diagnostics().count(defect) != 0; });
    }

    void findNodes()
    {
        m_forgiven = wasForgiven();
        const ExecutionTrace& et = *m_trace.executionTrace();
        std::uint64_t rows = 0;
        const auto take = [&](const EtNode& node) {
            m_ranges.push_back({node.sourceOffset, node.sourceLength, node.damaged});
        };
        for (std::uint32_t i = 0; i < m_file.nodeCount; ++i) {
            const NodeId id(m_file.firstNode.value + i);
            const EtNode& node = et.node(id);
            if (!node.sourceLength) continue;
            ++rows;
            m_firstNode = std::min(m_firstNode, node.sourceOffset);
            if (m_subset.rows.nodes.contains(id)) take(node);
        }
        if (m_ranges.empty())
            for (const NodeId root : et.roots())
                if (root >= m_file.firstNode && root.value - m_file.firstNode.value < m_file.nodeCount && et.node(root).sourceLength)
                    take(et.node(root));
        std::sort(m_ranges.begin(), m_ranges.end(), [](const Range& a, const Range& b) { return a.offset < b.offset; });
        m_report.leftOut = m_file.stats.nodes > rows ? m_file.stats.nodes - rows : 0;
    }

    Status copyWhole()
    {
        if (Status copied = m_reader.copyRest(m_sink); !copied) return copied;
        if (m_job.cancelled()) return cancelled();
        m_report.events = m_file.stats.nodes;
        m_report.leftOut = 0;
        m_report.bytes = m_sink.written();
        return Done{};
    }

    static Error cancelled() { return {ErrorCode::Cancelled, "Cancelled", {}}; }

    void beginMember(std::string_view key)
    {
        m_sink.write(m_hasMember ? ",\n  " : "\n  ");
        m_hasMember = true;
        m_sink.write(nlohmann::json(key).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
        m_sink.write(": ");
    }

    Status writeMember(const TopLevelEntry& entry)
    {
        beginMember(entry.key);
        if (!m_options.redactor) return m_reader.copy(entry.offset, entry.length, m_sink);
        const Result<std::string_view> value = m_reader.view(entry.offset, entry.length);
        if (!value) return value.error();
        redact(*value, entry.key);
        return Done{};
    }

    void redact(std::string_view json, std::string_view key)
    {
        m_redacted.clear();
        m_report.redactions += m_options.redactor->apply(json, key, m_redacted);
        m_sink.write(m_redacted);
    }

    Status writeNodes()
    {
        m_nodesWritten = true;
        beginMember("nodes");
        m_sink.write("[");
        std::size_t looked = 0;
        for (const Range& range : m_ranges) {
            if (Status written = writeNode(range); !written) return written;
            if (++looked % 256) continue;
            if (m_job.cancelled()) return cancelled();
            if (!m_sink.good()) break; // close() says why
            if (m_job.progress) m_job.progress->events = m_report.events;
        }
        m_sink.write(m_report.events ? "\n  ]" : "]");
        return Done{};
    }

    Status writeNode(const Range& range)
    {
        if (range.length > kSeenWhole && !range.damaged && !m_options.redactor) {
            beginNode();
            return m_reader.copy(range.offset, range.length, m_sink);
        }
        const Result<std::string_view> text = m_reader.view(range.offset, range.length);
        if (!text) return text.error();
        std::string mended;
        std::string_view json = *text;
        et::RawNode raw;
        if ((m_forgiven || range.damaged || !et::readFields(json, raw)) && !nlohmann::json::accept(json)) {
            mended = et::repair(json, et::Reach::OneNode).json;
            if (!nlohmann::json::accept(mended)) mended = et::repair(json, et::Reach::Further).json;
            if (!nlohmann::json::accept(mended)) {
                ++m_report.leftOut;
                return Done{};
            }
            json = mended;
        }
        beginNode();
        if (m_options.redactor) redact(json, {});
        else m_sink.write(json);
        return Done{};
    }

    void beginNode()
    {
        m_sink.write(m_report.events++ ? ",\n    " : "\n    ");
    }

    const Trace& m_trace;
    const EtFile& m_file;
    const Subset& m_subset;
    RangeReader m_reader;
    ByteSink& m_sink;
    const ExportOptions& m_options;
    const JobControl& m_job;
    std::vector<Range> m_ranges;
    std::uint64_t m_firstNode = kNowhere;
    bool m_hasMember = false, m_nodesWritten = false, m_forgiven = false;
    std::string m_redacted;
    ExportReport::File m_report;
};

class EtExporter final : public Exporter
{
public:
    Result<ExportReport::File> write(const Trace& trace, SourceId source, const Subset& subset, ByteSource& bytes, ByteSink& sink,
                                     const ExportOptions& options, const JobControl& job) override
    {
        const EtFile* file = trace.executionTrace() ? trace.executionTrace()->fileOf(source) : nullptr;
        if (!file) return Error{ErrorCode::Usage, "This is no execution trace", {}};
        return EtWriter(trace, *file, subset, bytes, sink, options, job).run();
    }
};

} // namespace

std::unique_ptr<Exporter> makeEtExporter() { return std::make_unique<EtExporter>(); }

} // namespace opscope
