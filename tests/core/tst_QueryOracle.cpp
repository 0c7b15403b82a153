#include <QDir>
#include <QTest>

#include "core/io/Loader.h"
#include "core/query/FilterNode.h"
#include "core/query/Query.h"
#include "core/trace/Family.h"
#include "core/trace/ShortName.h"
#include "tests/support/Golden.h"
#include "tests/support/RandomFilters.h"
#include "tests/support/TraceFixture.h"

#include <map>
#include <regex>
#include <variant>

using namespace opscope;
using namespace opscope::test;

namespace {

enum class Table { Slice, Instant, Sample, Node };
struct Row
{
    Table table;
    std::uint32_t id;
};
/// A field of a row; nothing when it has none.
using Value = std::variant<std::monostate, std::string, std::int64_t, double, TimeRange>;

/// FILTER.md word by word, one row at a time: no tables, no words of bits, no order of evaluation.
class Oracle
{
public:
    explicit Oracle(const Trace& trace) : m_trace(trace) {}

    bool matches(const FilterNode& node, Row row)
    {
        switch (node.kind) {
        case FilterNode::Kind::And: return std::ranges::all_of(node.children, [&](const FilterNode& child) { return matches(child, row); });
        case FilterNode::Kind::Or: return std::ranges::any_of(node.children, [&](const FilterNode& child) { return matches(child, row); });
        case FilterNode::Kind::Not: return !matches(node.children.front(), row);
        case FilterNode::Kind::Compare: return compares(node, row);
        case FilterNode::Kind::Link: return linked(node.link, all(node.children.front()), row);
        }
        return false;
    }

    const Matches& all(const FilterNode& node)
    {
        const std::string key = opscope::text(node);
        if (const auto known = m_known.find(key); known != m_known.end()) return known->second;
        Matches out = Matches::none(m_trace);
        for (std::uint32_t i = 0; i < out.nodes.size(); ++i)
            if (matches(node, {Table::Node, i})) out.nodes.insert(NodeId(i));
        for (std::uint32_t i = 0; i < out.slices.size(); ++i) {
            const SliceId s(i);
            const bool in = m_trace.timeBase() == TimeBase::NodeOrder ? out.nodes.contains(m_trace.nodeOf(s)) : matches(node, {Table::Slice, i});
            if (in) out.slices.insert(s);
        }
        for (std::uint32_t i = 0; i < out.instants.size(); ++i)
            if (matches(node, {Table::Instant, i})) out.instants.insert(InstantId(i));
        for (std::uint32_t i = 0; i < out.samples.size(); ++i)
            if (matches(node, {Table::Sample, i})) out.samples.insert(SampleId(i));
        return m_known.emplace(key, std::move(out)).first->second;
    }

private:
    const Track* trackOf(Row row) const
    {
        if (row.table == Table::Slice) return &m_trace.track(m_trace.trackOf(SliceId(row.id)));
        if (row.table == Table::Instant) return &m_trace.track(m_trace.trackOf(InstantId(row.id)));
        if (row.table == Table::Sample) return &m_trace.track(series(row).track);
        return nullptr;
    }
    const CounterSeries& series(Row row) const
    {
        for (const CounterSeries& s : m_trace.counters().series())
            if (row.id >= s.first && row.id < s.first + s.count) return s;
        qFatal("a counter value without series");
    }

    bool compares(const FilterNode& c, Row row) const
    {
        Value value = own(c.field.id, row);
        if (value.index() == 0 && row.table == Table::Node) {
            if (const SliceId s = m_trace.sliceOf(NodeId(row.id))) value = own(c.field.id, {Table::Slice, s.value});
        } else if (value.index() == 0 && row.table == Table::Slice) {
            if (const NodeId n = m_trace.nodeOf(SliceId(row.id)); n && ofNodes(c.field.id)) value = own(c.field.id, {Table::Node, n.value});
        }
        if (value.index() == 0) return false;
        if (c.op == FilterOp::Present) return true;
        if (c.op == FilterOp::NotEqual) return !holds(value, FilterOp::Equal, c.items.front());
        return std::ranges::any_of(c.items, [&](const FilterItem& item) { return holds(value, c.op, item); });
    }

    static bool ofNodes(FieldId id)
    {
        return id == FieldId::Sequence || id == FieldId::RfId || id == FieldId::FwTid || id == FieldId::Id || id == FieldId::Parent ||
               id == FieldId::Scope || id == FieldId::OpSchema || id == FieldId::KernelBackend || id == FieldId::KernelFile ||
               id == FieldId::ProcessGroup || id == FieldId::Collective;
    }

    bool holds(const Value& value, FilterOp op, const FilterItem& item) const
    {
        const bool wantsText = item.from.kind == FilterValue::Kind::Text;
        if (const TimeRange* range = std::get_if<TimeRange>(&value)) {
            const Nanos zero = m_trace.extent().start;
            const Nanos from = item.from.kind == FilterValue::Kind::Open ? INT64_MIN : item.from.whole + zero;
            const Nanos to = item.to.kind == FilterValue::Kind::Open ? INT64_MAX : item.to.whole + zero;
            return range->start == range->end ? range->start >= from && range->start < to : range->start < to && range->end > from;
        }
        if (const std::int64_t* number = std::get_if<std::int64_t>(&value)) {
            if (wantsText) return text(std::to_string(*number), op, item.from.text);
            return ordered(*number, item.from.whole, item.to.whole, op, item);
        }
        if (const double* number = std::get_if<double>(&value)) return ordered(*number, item.from.real, item.to.real, op, item);
        return wantsText && text(std::get<std::string>(value), op, item.from.text);
    }

    template <class Number>
    static bool ordered(Number value, Number from, Number to, FilterOp op, const FilterItem& item)
    {
        switch (op) {
        case FilterOp::Equal: return value == from;
        case FilterOp::Less: return value < from;
        case FilterOp::LessEqual: return value <= from;
        case FilterOp::Greater: return value > from;
        case FilterOp::GreaterEqual: return value >= from;
        case FilterOp::In:
            if (!item.range) return value == from;
            return (item.from.kind == FilterValue::Kind::Open || value >= from) && (item.to.kind == FilterValue::Kind::Open || value <= to);
        default: return false;
        }
    }

    static std::string lower(std::string text)
    {
        for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
        return text;
    }

    /// fits[j]: the pattern so far fits the first j bytes.
    static bool glob(std::string_view text, std::string_view pattern)
    {
        std::vector<bool> fits(text.size() + 1);
        fits[0] = true;
        for (const char c : pattern) {
            std::vector<bool> next(fits.size());
            for (std::size_t j = 0; j < fits.size(); ++j) {
                if (c == '*') next[j] = fits[j] || (j > 0 && next[j - 1]);
                else next[j] = j > 0 && fits[j - 1] && (c == '?' || c == text[j - 1]);
            }
            fits = std::move(next);
        }
        return fits.back();
    }

    static bool text(const std::string& value, FilterOp op, const std::string& wanted)
    {
        switch (op) {
        case FilterOp::Equal:
        case FilterOp::In: return value == wanted;
        case FilterOp::Contains: return lower(value).find(lower(wanted)) != std::string::npos;
        case FilterOp::Like: return glob(value, wanted);
        case FilterOp::Regex: return std::regex_search(value, std::regex(wanted));
        default: return false;
        }
    }

    Value key(const TrackKey& k) const
    {
        if (k.kind == TrackKey::Kind::None) return {};
        if (k.kind == TrackKey::Kind::Number) return k.number;
        return m_trace.keyText(k);
    }

    Value own(FieldId id, Row row) const
    {
        if (row.table == Table::Node) return ownOfNode(id, m_trace.executionTrace()->node(NodeId(row.id)), NodeId(row.id));
        const Track& track = *trackOf(row);
        const Process& process = m_trace.process(track.process);
        const SourceFile* source = process.source.index() < m_trace.sources().size() ? &m_trace.sources()[process.source.index()] : nullptr;
        switch (id) {
        case FieldId::Type: return std::string(row.table == Table::Slice ? "slice" : row.table == Table::Instant ? "instant" : "counter");
        case FieldId::Track: return m_trace.trackName(TrackId(static_cast<std::size_t>(&track - m_trace.tracks().data())));
        case FieldId::Process: return m_trace.processName(track.process);
        case FieldId::Pid: return key(process.pid);
        case FieldId::Tid: return key(track.tid);
        case FieldId::Rank: return source && source->rank ? Value(*source->rank) : Value();
        case FieldId::File: return source ? Value(source->path.substr(source->path.rfind('/') + 1)) : Value();
        default: break;
        }
        if (row.table == Table::Slice) return ownOfSlice(id, SliceId(row.id), track, process);
        if (id == FieldId::Stream && track.kind == TrackKind::Stream && track.tid.kind == TrackKey::Kind::Number) return track.tid.number;
        if (id == FieldId::Device && process.side == Side::Device && process.pid.kind == TrackKey::Kind::Number) return process.pid.number;
        if (row.table == Table::Instant) {
            const InstantId i(row.id);
            return event(id, m_trace.instants().name(i), m_trace.instants().category(i),
                         {m_trace.instants().time(i), m_trace.instants().time(i)});
        }
        const CounterSeries& s = series(row);
        const Nanos t = m_trace.counters().times(s)[row.id - s.first];
        if (id == FieldId::Series) return std::string(m_trace.text(s.name));
        if (id == FieldId::Value) return m_trace.counters().values(s)[row.id - s.first];
        if (id == FieldId::Category || id == FieldId::Family) return {};
        if ((id == FieldId::Name || id == FieldId::Short) && !track.name) return {};
        return event(id, track.name, CategoryId(), {t, t});
    }

    /// What slices, instants and counter values have alike.
    Value event(FieldId id, StringId name, CategoryId category, TimeRange time) const
    {
        const Nanos zero = m_trace.extent().start;
        switch (id) {
        case FieldId::Name: return std::string(m_trace.text(name));
        case FieldId::Short: return shortName(m_trace.text(name));
        case FieldId::Category: return m_trace.category(category).kind == CategoryClass::None ? Value() : Value(m_trace.category(category).name);
        case FieldId::Family: return std::string(opscope::id(familyOf(m_trace.text(name), m_trace.category(category).kind)));
        case FieldId::Time: return time;
        case FieldId::Start: return time.start - zero;
        case FieldId::End: return time.end - zero;
        default: return {};
        }
    }

    Value ownOfSlice(FieldId id, SliceId s, const Track& track, const Process& process) const
    {
        const SliceTable& slices = m_trace.slices();
        const bool timed = m_trace.timeBase() == TimeBase::Nanoseconds;
        const auto arg = [&](ArgField field) { return slices.arg(s, field) == BlockColumn::kNone ? Value() : Value(slices.arg(s, field)); };
        switch (id) {
        case FieldId::Duration: return timed ? Value(slices.duration(s)) : Value();
        case FieldId::Self: return timed ? Value(slices.selfTime(s)) : Value();
        case FieldId::Depth: {
            std::int64_t depth = 0;
            for (SliceId p = slices.parent(s); p; p = slices.parent(p)) ++depth;
            return depth;
        }
        case FieldId::Stream:
            if (arg(ArgField::Stream).index()) return arg(ArgField::Stream);
            return track.kind == TrackKind::Stream && track.tid.kind == TrackKey::Kind::Number ? Value(track.tid.number) : Value();
        case FieldId::Device:
            if (arg(ArgField::Device).index()) return arg(ArgField::Device);
            return process.side == Side::Device && process.pid.kind == TrackKey::Kind::Number ? Value(process.pid.number) : Value();
        case FieldId::Bytes: return arg(ArgField::Bytes);
        case FieldId::Correlation: return arg(ArgField::Correlation);
        case FieldId::ExternalId: return arg(ArgField::ExternalId);
        case FieldId::Sequence: return arg(ArgField::SequenceNumber);
        case FieldId::RfId: return arg(ArgField::RecordFunctionId);
        case FieldId::EventIndex: return arg(ArgField::EventIndex);
        case FieldId::FwTid: return arg(ArgField::FwdThreadId);
        default: return event(id, slices.name(s), slices.category(s), slices.range(s));
        }
    }

    Value ownOfNode(FieldId id, const EtNode& n, NodeId row) const
    {
        const ExecutionTrace& et = *m_trace.executionTrace();
        const auto string = [&](StringId s) { return m_trace.text(s).empty() ? Value() : Value(std::string(m_trace.text(s))); };
        const SourceFile& source = m_trace.sources()[et.fileOf(row).source.index()];
        switch (id) {
        case FieldId::Type: return std::string("node");
        case FieldId::Name: return std::string(m_trace.text(n.name));
        case FieldId::Short: return shortName(m_trace.text(n.name));
        case FieldId::Depth: return std::int64_t{n.depth};
        case FieldId::Pid: return et.fileOf(row).pid ? Value(*et.fileOf(row).pid) : Value();
        case FieldId::Tid: return std::int64_t{n.tid};
        case FieldId::Rank: return source.rank ? Value(*source.rank) : Value();
        case FieldId::File: return source.path.substr(source.path.rfind('/') + 1);
        case FieldId::Sequence: return n.seqId >= 0 ? Value(n.seqId) : Value();
        case FieldId::RfId: return n.rfId ? Value(static_cast<std::int64_t>(n.rfId)) : Value();
        case FieldId::FwTid: return n.fwTid ? Value(std::int64_t{n.fwTid}) : Value();
        case FieldId::Id: return n.id;
        case FieldId::Parent: return n.parent ? Value(et.node(n.parent).id) : Value();
        case FieldId::Scope: return std::int64_t{n.scope};
        case FieldId::OpSchema: return string(n.schema);
        case FieldId::KernelBackend: return string(n.kernelBackend);
        case FieldId::KernelFile: return string(n.kernelFile);
        case FieldId::ProcessGroup: return string(n.processGroup);
        case FieldId::Collective: return string(n.collective);
        default: return {};
        }
    }

    bool linked(FilterLink link, const Matches& inner, Row row) const
    {
        const bool tree = link == FilterLink::Inside || link == FilterLink::Contains || link == FilterLink::ChildOf ||
                          link == FilterLink::ParentOf;
        if (row.table == Table::Node && tree) return nodeNested(link, inner, NodeId(row.id));
        if (row.table == Table::Node) {
            const SliceId s = m_trace.sliceOf(NodeId(row.id));
            return s && linked(link, inner, {Table::Slice, s.value});
        }
        if (row.table == Table::Instant && tree) return instantNested(link, inner, InstantId(row.id));
        if (row.table != Table::Slice) return false;
        const SliceId s(row.id);
        if (tree) return sliceNested(link, inner, s);
        return std::ranges::any_of(m_trace.links().all(), [&](const Link& l) {
            const bool launch = l.kind == LinkKind::Launch || l.kind == LinkKind::Operator;
            switch (link) {
            case FilterLink::LaunchedBy: return launch && l.to == s && inner.slices.contains(l.from);
            case FilterLink::LaunchedIn: {
                if (!launch || l.to != s) return false;
                for (SliceId p = l.from; p; p = m_trace.slices().parent(p))
                    if (inner.slices.contains(p)) return true;
                return false;
            }
            case FilterLink::Launches: return launch && l.from == s && inner.slices.contains(l.to);
            case FilterLink::ForwardOf: return l.kind == LinkKind::Forward && l.from == s && inner.slices.contains(l.to);
            case FilterLink::BackwardOf: return l.kind == LinkKind::Forward && l.to == s && inner.slices.contains(l.from);
            default: return (l.from == s && inner.slices.contains(l.to)) || (l.to == s && inner.slices.contains(l.from));
            }
        });
    }

    bool sliceNested(FilterLink link, const Matches& inner, SliceId s) const
    {
        const SliceTable& slices = m_trace.slices();
        if (link == FilterLink::ChildOf) return slices.parent(s) && inner.slices.contains(slices.parent(s));
        if (link == FilterLink::Inside) {
            for (SliceId p = slices.parent(s); p; p = slices.parent(p))
                if (inner.slices.contains(p)) return true;
            return false;
        }
        for (std::uint32_t i = 0; i < slices.size(); ++i) {
            if (!inner.slices.contains(SliceId(i))) continue;
            SliceId p = slices.parent(SliceId(i));
            if (link == FilterLink::ParentOf && p == s) return true;
            for (; link == FilterLink::Contains && p; p = slices.parent(p))
                if (p == s) return true;
        }
        const Track& track = m_trace.track(m_trace.trackOf(s));
        for (std::uint32_t i = track.firstInstant; i < track.firstInstant + track.instantCount; ++i) {
            if (!inner.instants.contains(InstantId(i))) continue;
            if (link == FilterLink::Contains && slices.range(s).contains(m_trace.instants().time(InstantId(i)))) return true;
            if (link == FilterLink::ParentOf && innermost(InstantId(i)) == s) return true;
        }
        return false;
    }

    /// The last one that began and its parents: the first that still runs.
    SliceId innermost(InstantId instant) const
    {
        const Track& track = m_trace.track(m_trace.trackOf(instant));
        const Nanos t = m_trace.instants().time(instant);
        SliceId last;
        for (std::uint32_t i = track.firstSlice;
             i < track.firstSlice + track.sliceCount && m_trace.slices().start(SliceId(i)) <= t; ++i)
            last = SliceId(i);
        while (last && m_trace.slices().end(last) <= t) last = m_trace.slices().parent(last);
        return last;
    }

    bool instantNested(FilterLink link, const Matches& inner, InstantId instant) const
    {
        if (link == FilterLink::ChildOf) return innermost(instant) && inner.slices.contains(innermost(instant));
        if (link != FilterLink::Inside) return false;
        const Track& track = m_trace.track(m_trace.trackOf(instant));
        for (std::uint32_t i = track.firstSlice; i < track.firstSlice + track.sliceCount; ++i)
            if (inner.slices.contains(SliceId(i)) && m_trace.slices().range(SliceId(i)).contains(m_trace.instants().time(instant))) return true;
        return false;
    }

    bool nodeNested(FilterLink link, const Matches& inner, NodeId n) const
    {
        const ExecutionTrace& et = *m_trace.executionTrace();
        if (link == FilterLink::ChildOf) return et.node(n).parent && inner.nodes.contains(et.node(n).parent);
        if (link == FilterLink::Inside) {
            for (NodeId p = et.node(n).parent; p; p = et.node(p).parent)
                if (inner.nodes.contains(p)) return true;
            return false;
        }
        for (std::uint32_t i = 0; i < et.nodes().size(); ++i) {
            if (!inner.nodes.contains(NodeId(i))) continue;
            NodeId p = et.node(NodeId(i)).parent;
            if (link == FilterLink::ParentOf && p == n) return true;
            for (; link == FilterLink::Contains && p; p = et.node(p).parent)
                if (p == n) return true;
        }
        return false;
    }

    const Trace& m_trace;
    std::map<std::string, Matches> m_known;
};

std::vector<std::string> textsOf(const Trace& trace)
{
    std::vector<std::string> out;
    for (std::size_t i = 0; i < trace.slices().size(); i += trace.slices().size() / 12 + 1) out.emplace_back(trace.name(SliceId(i)));
    for (const Category& category : trace.categories()) out.push_back(category.name);
    for (std::size_t i = 0; i < trace.tracks().size(); i += trace.tracks().size() / 4 + 1) out.push_back(trace.trackName(TrackId(i)));
    return out;
}

bool hasLink(const FilterNode& node)
{
    return node.kind == FilterNode::Kind::Link || std::ranges::any_of(node.children, hasLink);
}

/// "" or what differs, over random filters.
std::string compareWithOracle(const Trace& trace, unsigned seed, int filters)
{
    RandomFilters random(seed, textsOf(trace));
    random.plainFieldsOnly();
    Oracle oracle(trace);
    int something = 0;
    for (int i = 0; i < filters; ++i) {
        FilterNode node = random.node(3);
        while (trace.slices().size() > 500 && hasLink(node)) node = random.node(3); // the oracle's functions are quadratic and worse
        const auto found = runQuery(trace, Filter::fromNode(node, opscope::text(node)));
        if (!found) return found.error().text();
        const Matches& expected = oracle.all(node);
        if (!(*found == expected)) {
            return opscope::text(node) + ": found " + std::to_string(found->slices.count()) + ' ' +
                   std::to_string(found->instants.count()) + ' ' + std::to_string(found->samples.count()) + ' ' +
                   std::to_string(found->nodes.count()) + ", expected " + std::to_string(expected.slices.count()) +
                   ' ' + std::to_string(expected.instants.count()) + ' ' + std::to_string(expected.samples.count()) +
                   ' ' + std::to_string(expected.nodes.count());
        }
        something += !found->empty() && found->count() < Matches::all(trace).count();
    }
    return something * 5 > filters ? "" : "too few filters found some of it: " + std::to_string(something);
}

} // namespace

class tst_QueryOracle : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void smallTracesAgree_data()
    {
        QTest::addColumn<QStringList>("files");
        const auto row = [](const char* a, const char* b = nullptr) { QTest::newRow(a) << (b ? QStringList{a, b} : QStringList{a}); };
        const QDir kineto(QString::fromStdString(dataPath("kineto")));
        for (const QString& file :
             kineto.entryList({QStringLiteral("*.json"), QStringLiteral("*.json.gz")}, QDir::Files, QDir::Name))
            row(("kineto/" + file.toStdString()).c_str());
        const QDir et(QString::fromStdString(dataPath("et")));
        for (const QString& file :
             et.entryList({QStringLiteral("*.json"), QStringLiteral("*.json.gz")}, QDir::Files, QDir::Name))
            row(("et/" + file.toStdString()).c_str());
    }
    void smallTracesAgree()
    {
        QFETCH(QStringList, files);
        std::vector<std::string> paths;
        for (const QString& file : files) paths.push_back(dataPath(file.toStdString()));
        const auto trace = loadTrace(paths);
        if (!trace) QSKIP("skipped: this file is one that does not open");
        const std::string wrong = compareWithOracle(**trace, 7, (*trace)->slices().size() > 500 ? 20 : 150);
        QVERIFY2(wrong.empty() || wrong.starts_with("too few"), wrong.c_str());
    }

    void thePairOfOneRunAgrees()
    {
        const std::string folder = std::string(OPSCOPE_TEST_DATA) + "/../../resources/sample/";
        const std::string files[] = {folder + "training_step.pt.trace.json.gz", folder + "training_step_et.json.gz"};
        const auto trace = loadTrace(files);
        QVERIFY(trace.ok());
        const std::string wrong = compareWithOracle(**trace, 11, 40);
        QVERIFY2(wrong.empty(), wrong.c_str());
    }

    void sharedTracesAgree_data()
    {
        QTest::addColumn<QString>("file");
        int all = 0;
        for (const char* file : {"kineto", "multi_rank", "chrome", "et"}) {
            const QDir folder(QString::fromStdString(sharedPath(std::string("traces/") + file)));
            int taken = 0;
            for (const QFileInfo& info : folder.entryInfoList(QDir::Files, QDir::Size | QDir::Reversed)) {
                if (info.size() < 20'000 || info.size() > 3'000'000 ||
                    !info.fileName().contains(QStringLiteral(".json")) || taken == 3)
                    continue;
                QTest::newRow((std::string(file) + '/' + info.fileName().toStdString()).c_str()) << info.filePath();
                ++taken;
                ++all;
            }
        }
        if (all == 0) QTest::newRow("none") << QString();
    }
    void sharedTracesAgree()
    {
        QFETCH(QString, file);
        if (file.isEmpty()) QSKIP("skipped: no shared traces");
        const std::string paths[] = {file.toStdString()};
        const auto trace = loadTrace(paths);
        if (!trace) QSKIP("skipped: this file is one that does not open");
        const std::string wrong = compareWithOracle(**trace, 13, 12);
        QVERIFY2(wrong.empty() || wrong.starts_with("too few"), wrong.c_str());
    }
};

QTEST_GUILESS_MAIN(tst_QueryOracle)
#include "tst_QueryOracle.moc"
