#include "core/format/et/EtImporter.h"

#include "core/format/JsonReader.h"
#include "core/format/et/EtBuilder.h"
#include "core/format/et/EtFields.h"
#include "core/format/et/EtScan.h"
#include "core/format/et/EtStream.h"

#include <algorithm>
#include <limits>

namespace opscope {

namespace {

using et::RawNode;
using et::Stream;
using Watch = Stream::Watch;

constexpr std::size_t kRecoveryReach = 1 << 20; // how far behind a damaged node the next one is looked for
constexpr std::uint32_t kDamage = JsonDocument::kUnknownEscape | JsonDocument::kBadUtf8 | JsonDocument::kLoneSurrogate |
                                  JsonDocument::kCut | JsonDocument::kTooDeep | JsonDocument::kQuote |
                                  JsonDocument::kOther;

bool isKnownSchema(std::string_view schema)
{
    static constexpr std::string_view kKnown[] = {"1.0.0",
                                                  "1.0.1",
                                                  "1.0.2-chakra.0.0.4",
                                                  "1.0.3-chakra.0.0.4",
                                                  "1.0.4-chakra.0.0.4",
                                                  "1.1.0-chakra.0.0.4",
                                                  "1.1.1-chakra.0.0.4"};
    return std::find(std::begin(kKnown), std::end(kKnown), schema) != std::end(kKnown);
}

/// One file: top level, nodes, what follows.
class EtReader
{
public:
    EtReader(ByteSource& bytes, SourceId source, TraceBuilder& builder, const ImportOptions& options,
             const JobControl& job)
        : m_stream(bytes, options.windowBytes, job), m_job(job), m_source(source), m_builder(builder),
          m_diagnostics(builder.diagnostics(source)), m_nodes(m_diagnostics)
    {
    }

    Status run()
    {
        if (m_stream.peek() == 0xEF && m_stream.peek(1) == 0xBB && m_stream.peek(2) == 0xBF) m_stream.skip(3);
        skipBlank();
        if (m_stream.status().ok() && m_stream.peek() != '{')
            return Error{ErrorCode::NotATrace, "an execution trace begins with an object", m_stream.offset()};
        m_stream.skip(1);
        readTopLevel();
        if (m_tooLarge)
            return Error{ErrorCode::TooLarge, "the execution trace has more nodes or tensors than can be numbered",
                         m_stream.offset()};
        if (!m_cut) lookBehind();
        if (!m_stream.status()) return m_stream.status();
        if (!m_hasNodes)
            return Error{ErrorCode::Malformed, m_cut ? "the file ends before its nodes" : "there is no array of nodes",
                         std::nullopt};
        finish();
        return Done{};
    }

private:
    void skipBlank()
    {
        const std::uint64_t at = m_stream.offset();
        if (m_stream.skipBlank()) m_diagnostics.note(Defect::CommentsInJson, at);
    }

    void cut()
    {
        m_cut = true;
        if (m_stream.status().ok()) m_diagnostics.note(Defect::FileCutOff, m_stream.offset());
    }

    void readTopLevel()
    {
        for (;;) {
            skipBlank();
            const int c = m_stream.peek();
            if (c < 0) return cut();
            if (c == '}') return m_stream.skip(1);
            if (c == '"')
                readMember();
            else if (c == ',')
                m_stream.skip(1);
            else
                passFault();
            if (m_cut || m_tooLarge) return;
        }
    }

    void passFault()
    {
        m_diagnostics.note(Defect::JsonSyntax, m_stream.offset());
        m_stream.skip(1);
    }

    void readMember()
    {
        const Stream::Value keyText = m_stream.value(Watch::Nothing, TopLevelEntry::kKept);
        if (keyText.end != Stream::Value::End::Whole) return cut();
        const std::string key = text(keyText.text, m_stream.offset());
        m_stream.skip(keyText.text.size());
        skipBlank();
        if (m_stream.peek() == ':') m_stream.skip(1);
        skipBlank();
        if (m_stream.peek() < 0) return cut();
        if (key == "nodes" && m_stream.peek() == '[') {
            if (m_hasNodes) m_diagnostics.note(Defect::DuplicateTopLevelKey, m_stream.offset(), key);
            m_hasNodes = true;
            m_stream.skip(1);
            readNodes();
        } else if (m_stream.peek() == ',' || m_stream.peek() == '}' || m_stream.peek() == ']') {
            m_diagnostics.note(Defect::JsonSyntax, m_stream.offset());
        } else {
            keepMember(key);
        }
    }

    void keepMember(const std::string& key)
    {
        const Stream::Value value = m_stream.value(Watch::Nothing, TopLevelEntry::kKept);
        if (value.end == Stream::Value::End::Cut) return cut();
        TopLevelEntry entry{m_source, key, {}, m_stream.offset(), 0};
        sanitizeUtf8(value.text, entry.json);
        const bool whole = value.end == Stream::Value::End::Whole;
        if (whole) useMember(key, value.text);
        if (whole)
            m_stream.skip(value.text.size());
        else
            m_stream.drop();
        entry.length = m_stream.offset() - entry.offset;
        m_builder.addTopLevel(std::move(entry));
    }

    void useMember(std::string_view key, std::string_view token)
    {
        EtFile& file = m_nodes.file();
        std::int64_t number = 0;
        const bool isNumber = et::integer(token, number);
        if (key == "schema") {
            if (token.front() == '"')
                file.schemaVersion = text(token, m_stream.offset());
            else if (token != "null")
                sanitizeUtf8(token.substr(0, 100), file.schemaVersion);
            m_nodes.tensorReader().setListLimit(file.schemaVersion == "1.0.0" ? 101 : 4097);
        } else if (key == "time") {
            file.time = text(token, m_stream.offset());
        } else if (key == "pid" && isNumber) {
            file.pid = number;
        } else if (key == "start_ts" && isNumber) {
            file.startTs = number;
        } else if (key == "finish_ts" && isNumber) {
            file.finishTs = number;
        }
    }

    /// Behind the opening bracket, up to behind the closing one.
    void readNodes()
    {
        enum class Before : std::uint8_t { Start, Comma, Node } before = Before::Start;
        for (;;) {
            skipBlank();
            const int c = m_stream.peek();
            if (c < 0) return cut();
            if (c == ',' || c == ']') {
                if (before == Before::Comma || (before == Before::Start && c == ','))
                    m_diagnostics.note(Defect::TrailingCommas, m_stream.offset());
                before = Before::Comma;
                m_stream.skip(1);
                if (c == ']') return;
                continue;
            }
            if (before == Before::Node)
                m_diagnostics.note(Defect::JsonSyntax, m_stream.offset(), "no comma between two nodes");
            before = Before::Node;
            if (c == '{')
                readNode();
            else if (c == '}' || c == ':')
                passFault();
            else
                passElement();
            if (m_cut || m_tooLarge) return;
        }
    }

    /// An element that is no object.
    void passElement()
    {
        m_diagnostics.note(Defect::NotAnObject, m_stream.offset());
        ++m_nodes.stats().nodes;
        m_stream.drop();
    }

    void readNode()
    {
        const Watch watch = m_stream.kindOfNode();
        const Stream::Value value = m_stream.value(watch);
        RawNode raw;
        const bool whole = value.end == Stream::Value::End::Whole && m_stream.valueMayEndAt(value.text.size());
        if (whole && et::readFields(value.text, raw)) {
            addNode(raw, value.text.size(), false);
            m_stream.skip(value.text.size());
        } else if (value.end == Stream::Value::End::TooLong) {
            m_diagnostics.note(Defect::DamagedNode, m_stream.offset(), "longer than 256 MiB, left out");
            ++m_nodes.stats().nodes;
            m_stream.drop();
        } else {
            recoverNode(watch, value);
        }
        if (m_nodes.nodes() >= std::numeric_limits<std::uint32_t>::max() - 16) m_tooLarge = true;
    }

    /// How far a damaged node goes: to the next line that begins one, else as far as its brackets say.
    struct Extent
    {
        std::size_t length = 0;
        bool byLine = false;
        bool sure = true; // what follows may be the rest of the node
    };
    Extent extentOf(Watch watch, const Stream::Value& value)
    {
        const std::size_t length = value.text.size();
        if (value.end == Stream::Value::End::NextNode) return {length, true};
        if (const std::size_t inside = m_stream.findNode(watch, 1, length)) return {inside, true};
        if (value.end == Stream::Value::End::Whole) {
            const std::string_view ahead = m_stream.ahead(length + 256);
            const std::size_t next = et::skipBlank(ahead, length);
            if (next >= ahead.size() || ahead[next] == ',' || ahead[next] == ']') return {length, false};
            if (const std::size_t behind = m_stream.findNode(watch, length, length + kRecoveryReach))
                return {behind, true};
            return {std::min(m_stream.ahead(length + kRecoveryReach).size(), length + kRecoveryReach), false, false};
        }
        return {length, false, false};
    }

    void recoverNode(Watch watch, const Stream::Value& value)
    {
        const Stream::Value::End end = value.end;
        const Extent extent = extentOf(watch, value);
        const std::string_view source = m_stream.ahead(extent.length).substr(0, extent.length);
        const et::Repair repair = et::repair(source, extent.sure ? et::Reach::OneNode : et::Reach::Further);
        RawNode raw;
        std::int64_t id = 0;
        const bool readable = !repair.json.empty() && et::readFields(repair.json, raw) && et::integer(raw.id, id);
        const bool open = (repair.forgiven & JsonDocument::kCut) != 0; // its end is missing
        if (end == Stream::Value::End::Cut && !extent.byLine && (open || !readable)) {
            m_stream.skip(extent.length); // a node that was not written to its end
            return cut();
        }
        const bool kept = readable && (!open || !raw.ctrlDeps.empty() || !raw.parent.empty());
        const std::size_t length =
            extent.byLine ? extent.length : std::clamp<std::size_t>(repair.consumed, 1, extent.length);
        noteForgiven(repair, kept);
        if (kept)
            addNode(raw, length, repair.nameQuoted || (repair.forgiven & kDamage) != 0);
        else
            ++m_nodes.stats().nodes;
        if (kept || extent.byLine) return m_stream.skip(length);
        const std::size_t next = m_stream.findNode(watch, 1, extent.length + kRecoveryReach);
        m_stream.skip(next != 0 ? next : length);
    }

    void noteForgiven(const et::Repair& repair, bool kept)
    {
        const std::uint64_t at = m_stream.offset();
        if (!kept)
            m_diagnostics.note(Defect::DamagedNode, at, "unreadable, left out");
        else if (repair.nameQuoted)
            m_diagnostics.note(Defect::DamagedNode, at, "the name was not escaped");
        else if ((repair.forgiven & kDamage) != 0)
            m_diagnostics.note(Defect::DamagedNode, at);
        if ((repair.forgiven & JsonDocument::kComma) != 0) m_diagnostics.note(Defect::TrailingCommas, at);
        if ((repair.forgiven & JsonDocument::kComment) != 0) m_diagnostics.note(Defect::CommentsInJson, at);
    }

    void addNode(const RawNode& raw, std::size_t length, bool damaged)
    {
        const std::uint64_t at = m_stream.offset();
        ++m_nodes.stats().nodes;
        EtNode node;
        node.sourceOffset = at;
        node.sourceLength =
            static_cast<std::uint32_t>(std::min<std::size_t>(length, std::numeric_limits<std::uint32_t>::max()));
        node.damaged = damaged;
        node.name = nameOf(raw, at);
        node.rfId = static_cast<std::uint64_t>(number(raw.rfId, 0, "rf_id", at));
        node.seqId = number(raw.seqId, -1, "seq_id", at);
        node.fwParent = static_cast<std::uint64_t>(number(raw.fwParent, 0, "fw_parent", at));
        node.tid = static_cast<std::uint32_t>(number(raw.tid, 0, "tid", at));
        node.fwTid = static_cast<std::uint32_t>(number(raw.fwTid, 0, "fw_tid", at));
        node.scope = static_cast<std::uint8_t>(std::clamp<std::int64_t>(number(raw.scope, 0, "scope", at), 0, 255));
        node.schema = raw.opSchema.size() > 2 ? interned(raw.opSchema, at) : m_nodes.strings().intern("");
        node.kernelBackend = optional(raw.kernelBackend, at);
        node.kernelFile = optional(raw.kernelFile, at);
        node.tensorRange = optional(raw.tensorRange, at);
        node.collective = optional(raw.collective, at);
        node.processGroup = optional(raw.processGroup.empty() ? raw.linkedProcessGroup : raw.processGroup, at);
        for (const et::RawSide* side : {&raw.inputs, &raw.outputs}) {
            if (!side->values.empty() && side->values.front() != '[')
                m_diagnostics.note(Defect::WrongNodeType, at, side == &raw.inputs ? "inputs" : "outputs");
        }
        m_nodes.add(node, raw);
        if (m_job.progress && m_nodes.nodes() % 256 == 0) m_job.progress->events = m_nodes.nodes();
    }

    StringId nameOf(const RawNode& raw, std::uint64_t at)
    {
        if (raw.name.empty()) {
            m_diagnostics.note(Defect::MissingName, at);
            return m_nodes.strings().intern("");
        }
        if (raw.name.front() == '"') {
            const StringId name = interned(raw.name, at);
            if (m_nodes.strings().view(name).starts_with("[pytorch|profiler|execution_graph|"))
                m_nodes.file().graphNames = true;
            return name;
        }
        m_diagnostics.note(Defect::WrongNodeType, at, "name");
        std::string shown;
        sanitizeUtf8(raw.name.substr(0, 100), shown);
        return m_nodes.strings().intern(shown);
    }

    std::int64_t number(std::string_view token, std::int64_t otherwise, std::string_view field, std::uint64_t at)
    {
        std::int64_t value = 0;
        if (token.empty() || token == "null") return otherwise;
        if (et::integer(token, value)) return value;
        m_diagnostics.note(Defect::WrongNodeType, at, field);
        return otherwise;
    }

    StringId optional(std::string_view token, std::uint64_t at)
    {
        return token.size() > 2 && token.front() == '"' ? interned(token, at) : StringId();
    }

    /// The text of a string token; most need nothing done to them.
    StringId interned(std::string_view token, std::uint64_t at)
    {
        const std::string_view inside = et::unquoted(token);
        const bool plain = std::none_of(inside.begin(), inside.end(),
                                        [](char c) { return static_cast<signed char>(c) < 0x20 || c == '\\'; });
        return m_nodes.strings().intern(plain ? inside : std::string_view(text(token, at)));
    }

    std::string text(std::string_view token, std::uint64_t at)
    {
        const Result<JsonDocument> document = JsonDocument::parse(token);
        if (!document) return {};
        const std::uint32_t forgiven = document->forgiven();
        if ((forgiven & JsonDocument::kControlCharacter) != 0) m_diagnostics.note(Defect::ControlCharacter, at);
        if ((forgiven & (JsonDocument::kBadUtf8 | JsonDocument::kLoneSurrogate)) != 0)
            m_diagnostics.note(Defect::InvalidUtf8, at);
        if ((forgiven & JsonDocument::kUnknownEscape) != 0)
            m_diagnostics.note(Defect::JsonSyntax, at, "a backslash that was not escaped");
        return std::string(document->root().string());
    }

    /// Behind the document: nothing, or a second run that was appended.
    void lookBehind()
    {
        skipBlank();
        if (const int c = m_stream.peek(); c >= 0)
            m_diagnostics.note(c == '{' ? Defect::SecondDocument : Defect::TrailingBytes, m_stream.offset());
        m_stream.drain();
    }

    void finish()
    {
        EtFile& facts = m_nodes.file();
        facts.source = m_source;
        facts.cutOff = m_cut;
        if (!isKnownSchema(facts.schemaVersion)) m_diagnostics.note(Defect::UnknownSchema, 0, facts.schemaVersion);
        if (!m_cut && !facts.finishTs) m_diagnostics.note(Defect::MissingFinishTime, m_stream.offset());
        if (!m_nodes.hasEvents()) m_diagnostics.note(Defect::NoEvents, 0, "nothing was captured");
        std::unique_ptr<ExecutionTrace> trace = m_nodes.finish();
        m_builder.addExecutionTrace(m_source, std::move(trace), m_nodes.takeStrings(), std::move(m_nodes.stats()));
    }

    Stream m_stream;
    const JobControl& m_job;
    SourceId m_source;
    TraceBuilder& m_builder;
    Diagnostics& m_diagnostics;
    EtBuilder m_nodes;
    bool m_hasNodes = false;
    bool m_cut = false;
    bool m_tooLarge = false;
};

class EtImporter final : public Importer
{
public:
    Status import(ByteSource& bytes, SourceId source, TraceBuilder& builder, const ImportOptions& options,
                  const JobControl& job) override
    {
        return EtReader(bytes, source, builder, options, job).run();
    }
};

} // namespace

std::unique_ptr<Importer> makeEtImporter() { return std::make_unique<EtImporter>(); }

} // namespace opscope
