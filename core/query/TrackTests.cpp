#include "core/query/TrackTests.h"

#include "core/base/Path.h"
#include "core/query/NumberTest.h"
#include "core/query/TextTest.h"

#include <algorithm>

namespace opscope {

namespace {

using Cost = RowTest::Cost;

template <class RowId>
void fill(RowSet<RowId>& set, std::uint32_t first, std::uint32_t count)
{
    for (std::uint32_t row = first; row < first + count;) {
        if (row % 64 == 0 && first + count - row >= 64) {
            set.words()[row / 64] = ~std::uint64_t{0};
            row += 64;
        } else {
            set.insert(RowId(row++));
        }
    }
}

/// By the file that a row stands in; nodes as well.
RowTestPtr fileTest(const Trace& trace, const std::function<bool(const SourceFile&)>& accepts)
{
    const auto pass = [&](SourceId id) { return id.index() < trace.sources().size() && accepts(trace.sources()[id.index()]); };
    Matches rows = rowsOfTracks(trace, [&](const Track& track) { return pass(trace.process(track.process).source); });
    if (const ExecutionTrace* et = trace.executionTrace()) {
        for (const EtFile& file : et->files())
            if (pass(file.source)) fill(rows.nodes, file.firstNode.value, file.nodeCount);
    }
    return std::make_unique<SetTest>(trace, std::move(rows), true);
}

RowTestPtr trackTest(const Trace& trace, const std::function<bool(const Track&)>& pass)
{
    return std::make_unique<SetTest>(trace, rowsOfTracks(trace, pass), false);
}

/// A pid or tid: numbers compare with numbers, texts with the text of either.
class KeyTest
{
public:
    KeyTest(const Trace& trace, const FilterNode& comparison)
        : m_trace(trace), m_op(comparison.op), m_text(comparison), m_number(comparison)
    {
        const auto is = [&](FilterValue::Kind kind) {
            return std::ranges::any_of(comparison.items, [&](const FilterItem& item) { return item.from.kind == kind || item.to.kind == kind; });
        };
        m_texts = is(FilterValue::Kind::Text);
        m_numbers = is(FilterValue::Kind::Number);
    }
    bool operator()(const TrackKey& key) const
    {
        if (key.kind == TrackKey::Kind::None) return false;
        if (m_op == FilterOp::Present) return true;
        // != 7 is true of "Spans": it is something else
        if (m_numbers && key.kind != TrackKey::Kind::Number && m_op == FilterOp::NotEqual) return true;
        if (m_numbers && key.kind == TrackKey::Kind::Number && m_number(key.number)) return true;
        return m_texts && m_text(m_trace.keyText(key));
    }

private:
    const Trace& m_trace;
    FilterOp m_op;
    TextTest m_text;
    NumberTest m_number;
    bool m_texts = false, m_numbers = false;
};

RowTestPtr seriesTest(const Trace& trace, const FilterNode& comparison)
{
    const TextTest test(comparison);
    Matches rows = Matches::none(trace);
    for (const CounterSeries& series : trace.counters().series())
        if (test(trace.text(series.name))) fill(rows.samples, series.first, series.count);
    return std::make_unique<SetTest>(trace, std::move(rows), false);
}

RowTestPtr valueTest(const Trace& trace, const FilterNode& comparison)
{
    const RealTest test(comparison);
    Matches rows = Matches::none(trace);
    for (const CounterSeries& series : trace.counters().series()) {
        const std::span<const double> values = trace.counters().values(series);
        for (std::size_t i = 0; i < values.size(); ++i)
            if (test(values[i])) rows.samples.insert(SampleId(series.first + i));
    }
    return std::make_unique<SetTest>(trace, std::move(rows), false);
}

RowTestPtr typeTest(const Trace& trace, const FilterNode& comparison)
{
    const TextTest test(comparison);
    Matches rows{SliceSet(trace.slices().size(), test("slice")), InstantSet(trace.instants().size(), test("instant")),
                 SampleSet(trace.counters().size(), test("counter")),
                 NodeSet(trace.executionTrace() ? trace.executionTrace()->nodes().size() : 0, test("node"))};
    return std::make_unique<SetTest>(trace, std::move(rows), true);
}

/// Nodes have a pid by their file and a thread number of their own.
class NodeKeyTest final : public RowTest
{
public:
    NodeKeyTest(const Trace& trace, Matches rows, std::function<bool(NodeId)> own, std::function<bool(NodeId)> has)
        : RowTest(trace, Cost::Bit), m_rows(trace, std::move(rows), false), m_own(std::move(own)), m_has(std::move(has))
    {
    }
    std::uint64_t slices(std::size_t word, std::uint64_t mask) const override { return m_rows.slices(word, mask); }
    std::uint64_t instants(std::size_t word, std::uint64_t mask) const override { return m_rows.instants(word, mask); }
    std::uint64_t samples(std::size_t word, std::uint64_t mask) const override { return m_rows.samples(word, mask); }
    bool slice(SliceId row) const override { return m_rows.slice(row); }
    bool node(NodeId row) const override { return m_has(row) ? m_own(row) : sliceOfNode(row); }

private:
    SetTest m_rows;
    std::function<bool(NodeId)> m_own, m_has;
};

RowTestPtr pidTest(const Trace& trace, const FilterNode& comparison)
{
    const KeyTest test(trace, comparison);
    const auto pid = [&trace](NodeId row) { return trace.executionTrace()->fileOf(row).pid; };
    return std::make_unique<NodeKeyTest>(
        trace, rowsOfTracks(trace, [&](const Track& track) { return test(trace.process(track.process).pid); }),
        [test, pid](NodeId row) { return test(TrackKey{TrackKey::Kind::Number, *pid(row), {}}); },
        [pid](NodeId row) { return pid(row).has_value(); });
}

RowTestPtr tidTest(const Trace& trace, const FilterNode& comparison)
{
    const KeyTest test(trace, comparison);
    return std::make_unique<NodeKeyTest>(
        trace, rowsOfTracks(trace, [&](const Track& track) { return test(track.tid); }),
        [&trace, test](NodeId row) { return test(TrackKey{TrackKey::Kind::Number, trace.executionTrace()->node(row).tid, {}}); },
        [](NodeId) { return true; });
}

RowTestPtr rankTest(const Trace& trace, const FilterNode& comparison)
{
    const NumberTest test(comparison);
    return fileTest(trace, [&](const SourceFile& source) { return source.rank && test(*source.rank); });
}

RowTestPtr fileNameTest(const Trace& trace, const FilterNode& comparison)
{
    const TextTest test(comparison);
    return fileTest(trace, [&](const SourceFile& source) { return test(fileName(source.path)); });
}

} // namespace

Matches rowsOfTracks(const Trace& trace, const std::function<bool(const Track&)>& pass)
{
    Matches rows = Matches::none(trace);
    for (const Track& track : trace.tracks()) {
        if (!pass(track)) continue;
        fill(rows.slices, track.firstSlice, track.sliceCount);
        fill(rows.instants, track.firstInstant, track.instantCount);
        for (const CounterSeries& series : trace.counters().series().subspan(track.firstSeries, track.seriesCount)) {
            fill(rows.samples, series.first, series.count);
        }
    }
    return rows;
}

RowTestPtr trackFieldTest(const Trace& trace, const FilterNode& comparison)
{
    const TextTest text(comparison);
    switch (comparison.field.id) {
    case FieldId::Type: return typeTest(trace, comparison);
    case FieldId::Series: return seriesTest(trace, comparison);
    case FieldId::Value: return valueTest(trace, comparison);
    case FieldId::Pid: return pidTest(trace, comparison);
    case FieldId::Tid: return tidTest(trace, comparison);
    case FieldId::Rank: return rankTest(trace, comparison);
    case FieldId::File: return fileNameTest(trace, comparison);
    case FieldId::Process: return trackTest(trace, [&](const Track& track) { return text(trace.processName(track.process)); });
    default: break;
    }
    const auto id = [&](const Track& track) { return TrackId(static_cast<std::size_t>(&track - trace.tracks().data())); };
    return trackTest(trace, [&](const Track& track) { return text(trace.trackName(id(track))); });
}

} // namespace opscope
