#include "core/query/NumberTest.h"
#include "core/query/RowTest.h"
#include "core/query/TextTest.h"
#include "core/query/TrackTests.h"
#include "core/trace/Family.h"
#include "core/trace/ShortName.h"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>

// What each field of THE LIST (FilterFields.cpp) reads. One class for each way of reading, one switch at the end.

namespace opscope {

namespace {

using Cost = RowTest::Cost;

// ---- texts of rows, decided once for each different one ----

class NameTest final : public RowTest
{
public:
    NameTest(const Trace& trace, const FilterNode& comparison, bool shortened)
        : RowTest(trace, Cost::Text), m_test(comparison), m_shortened(shortened), m_table(trace.strings().size())
    {
    }
    std::uint64_t slices(std::size_t word, std::uint64_t mask) const override
    {
        const std::span<const StringId> names = m_trace.slices().names();
        return keepRows(word, mask, [&](std::size_t row) { return passes(names[row]); });
    }
    std::uint64_t instants(std::size_t word, std::uint64_t mask) const override
    {
        return keepRows(word, mask, [&](std::size_t row) { return passes(m_trace.instants().name(InstantId(row))); });
    }
    /// Events of a counter are called as their track.
    std::uint64_t samples(std::size_t word, std::uint64_t mask) const override
    {
        return keepSamples(m_trace.counters(), word, mask, [&](const CounterSeries& series, std::size_t) {
            return passes(m_trace.track(series.track).name);
        });
    }
    bool slice(SliceId row) const override { return passes(m_trace.slices().name(row)); }
    bool node(NodeId row) const override { return passes(m_trace.executionTrace()->node(row).name); }

private:
    bool passes(StringId name) const
    {
        return name && m_table(name, [this](StringId id) {
            const std::string_view text = m_trace.text(id);
            return m_shortened ? m_test(shortName(text)) : m_test(text);
        });
    }
    TextTest m_test;
    bool m_shortened;
    LazyTable<StringId> m_table;
};

class CategoryTest final : public RowTest
{
public:
    CategoryTest(const Trace& trace, const FilterNode& comparison) : RowTest(trace, Cost::Read)
    {
        const TextTest test(comparison);
        for (const Category& category : trace.categories()) m_passes.push_back(category.kind != CategoryClass::None && test(category.name));
    }
    std::uint64_t slices(std::size_t word, std::uint64_t mask) const override
    {
        const std::span<const std::uint16_t> categories = m_trace.slices().categories();
        return keepRows(word, mask, [&](std::size_t row) { return m_passes[categories[row]]; });
    }
    std::uint64_t instants(std::size_t word, std::uint64_t mask) const override
    {
        return keepRows(word, mask, [&](std::size_t row) { return m_passes[m_trace.instants().category(InstantId(row)).index()]; });
    }
    std::uint64_t samples(std::size_t, std::uint64_t) const override { return 0; }
    bool slice(SliceId row) const override { return m_passes[m_trace.slices().category(row).index()]; }

private:
    std::vector<std::uint8_t> m_passes;
};

/// Category first, names where it needs them: one table for each class of categories.
class FamilyTest final : public RowTest
{
public:
    FamilyTest(const Trace& trace, const FilterNode& comparison) : RowTest(trace, Cost::Text)
    {
        const TextTest test(comparison);
        for (std::size_t i = 0; i < kFamilies; ++i) m_passes[i] = test(id(static_cast<Family>(i)));
        for (const Category& category : trace.categories()) {
            std::unique_ptr<LazyTable<StringId>>& table = m_tables[static_cast<std::size_t>(category.kind)];
            if (!table) table = std::make_unique<LazyTable<StringId>>(trace.strings().size());
        }
    }
    std::uint64_t slices(std::size_t word, std::uint64_t mask) const override
    {
        return keepRows(word, mask, [&](std::size_t row) {
            return passes(m_trace.slices().name(SliceId(row)), m_trace.slices().category(SliceId(row)));
        });
    }
    std::uint64_t instants(std::size_t word, std::uint64_t mask) const override
    {
        return keepRows(word, mask, [&](std::size_t row) {
            return passes(m_trace.instants().name(InstantId(row)), m_trace.instants().category(InstantId(row)));
        });
    }
    std::uint64_t samples(std::size_t, std::uint64_t) const override { return 0; }
    bool slice(SliceId row) const override { return passes(m_trace.slices().name(row), m_trace.slices().category(row)); }

private:
    bool passes(StringId name, CategoryId category) const
    {
        const CategoryClass kind = m_trace.category(category).kind;
        return (*m_tables[static_cast<std::size_t>(kind)])(name, [&](StringId id) {
            return m_passes[static_cast<std::size_t>(familyOf(m_trace.text(id), kind))];
        });
    }
    std::array<bool, kFamilies> m_passes{};
    std::array<std::unique_ptr<LazyTable<StringId>>, static_cast<std::size_t>(CategoryClass::Span) + 1> m_tables;
};

// ---- numbers of rows ----

/// An argument that has a column; where a row has none, what its track says (`byTrack`), then its node.
class ColumnTest final : public RowTest
{
public:
    using NodeValue = std::optional<std::int64_t> (*)(const EtNode&);
    ColumnTest(const Trace& trace, const FilterNode& comparison, ArgField field, NodeValue ofNode,
               std::optional<Matches> byTrack = {})
        : RowTest(trace, Cost::Column), m_test(comparison), m_column(trace.slices().column(field)),
          m_ofNode(trace.executionTrace() ? ofNode : nullptr), m_byTrack(std::move(byTrack))
    {
    }
    std::uint64_t slices(std::size_t word, std::uint64_t mask) const override
    {
        const bool others = m_byTrack || m_ofNode;
        if (!others && m_column.blockAbsent(word * 64)) return 0;
        if (m_byTrack && !m_ofNode && m_column.blockAbsent(word * 64)) return m_byTrack->slices.words()[word] & mask;
        return keepRows(word, mask, [&](std::size_t row) { return slice(SliceId(row)); });
    }
    bool slice(SliceId row) const override
    {
        if (const std::int64_t value = m_column[row.index()]; value != BlockColumn::kNone) return m_test(value);
        if (m_byTrack) return m_byTrack->slices.contains(row);
        const NodeId node = m_ofNode ? m_trace.nodeOf(row) : NodeId();
        return node && passes(m_ofNode(m_trace.executionTrace()->node(node)));
    }
    std::uint64_t instants(std::size_t word, std::uint64_t mask) const override
    {
        return m_byTrack ? m_byTrack->instants.words()[word] & mask : 0;
    }
    std::uint64_t samples(std::size_t word, std::uint64_t mask) const override
    {
        return m_byTrack ? m_byTrack->samples.words()[word] & mask : 0;
    }
    bool node(NodeId row) const override
    {
        const auto own = m_ofNode ? m_ofNode(m_trace.executionTrace()->node(row)) : std::nullopt;
        return own ? m_test(*own) : sliceOfNode(row);
    }

private:
    bool passes(std::optional<std::int64_t> value) const { return value && m_test(*value); }
    NumberTest m_test;
    const BlockColumn& m_column;
    NodeValue m_ofNode;
    std::optional<Matches> m_byTrack;
};

enum class Clock : std::uint8_t { Start, End, Duration, Self };

class TimeTest final : public RowTest
{
public:
    TimeTest(const Trace& trace, const FilterNode& comparison, Clock clock)
        : RowTest(trace, Cost::Read), m_clock(clock),
          m_test(comparison, clock == Clock::Start || clock == Clock::End ? trace.extent().start : 0),
          m_possible(trace.timeBase() == TimeBase::Nanoseconds || clock == Clock::Start || clock == Clock::End)
    {
    }
    std::uint64_t slices(std::size_t word, std::uint64_t mask) const override
    {
        if (!m_possible) return 0;
        const SliceTable& table = m_trace.slices();
        switch (m_clock) {
        case Clock::Start: return keepRows(word, mask, [&](std::size_t row) { return m_test(table.starts()[row]); });
        case Clock::Duration: return keepRows(word, mask, [&](std::size_t row) { return m_test(table.durations()[row]); });
        case Clock::End: return keepRows(word, mask, [&](std::size_t row) { return m_test(table.end(SliceId(row))); });
        case Clock::Self: return keepRows(word, mask, [&](std::size_t row) { return m_test(table.selfTime(SliceId(row))); });
        }
        return 0;
    }
    bool slice(SliceId row) const override { return slices(row.index() / 64, std::uint64_t{1} << row.index() % 64) != 0; }
    std::uint64_t instants(std::size_t word, std::uint64_t mask) const override
    {
        return keepRows(word, mask, [&](std::size_t row) { return moment(m_trace.instants().times()[row]); });
    }
    std::uint64_t samples(std::size_t word, std::uint64_t mask) const override
    {
        return keepSamples(m_trace.counters(), word, mask, [&](const CounterSeries& series, std::size_t i) {
            return moment(m_trace.counters().times(series)[i]);
        });
    }

private:
    bool moment(Nanos t) const { return m_possible && m_clock <= Clock::End && m_test(t); }
    Clock m_clock;
    NumberTest m_test;
    bool m_possible; ///< places of nodes have no length
};

/// Rows that overlap one of the ranges.
class StretchTest final : public RowTest
{
public:
    StretchTest(const Trace& trace, const FilterNode& comparison) : RowTest(trace, Cost::Read), m_all(comparison.op == FilterOp::Present)
    {
        const NumberTest numbers(comparison, trace.extent().start); // an open end is the last there is, and belongs to it
        for (const NumberTest::Range& range : numbers.ranges()) m_ranges.push_back({range.low, range.high});
    }
    std::uint64_t slices(std::size_t word, std::uint64_t mask) const override
    {
        return keepRows(word, mask, [&](std::size_t row) { return slice(SliceId(row)); });
    }
    bool slice(SliceId row) const override
    {
        const TimeRange own = m_trace.slices().range(row);
        if (own.empty()) return moment(own.start);
        return m_all || std::ranges::any_of(m_ranges, [&](TimeRange range) { return own.overlaps(range); });
    }
    std::uint64_t instants(std::size_t word, std::uint64_t mask) const override
    {
        return keepRows(word, mask, [&](std::size_t row) { return moment(m_trace.instants().times()[row]); });
    }
    std::uint64_t samples(std::size_t word, std::uint64_t mask) const override
    {
        return keepSamples(m_trace.counters(), word, mask, [&](const CounterSeries& series, std::size_t i) {
            return moment(m_trace.counters().times(series)[i]);
        });
    }

private:
    bool moment(Nanos t) const
    {
        return m_all || std::ranges::any_of(m_ranges, [&](TimeRange range) { return range.contains(t); });
    }
    bool m_all;
    std::vector<TimeRange> m_ranges;
};

class DepthTest final : public RowTest
{
public:
    DepthTest(const Trace& trace, const FilterNode& comparison) : RowTest(trace, Cost::Read), m_test(comparison), m_depths(trace.slices().size())
    {
        const SliceTable& slices = trace.slices(); // what encloses a slice stands in front of it
        for (std::size_t i = 0; i < m_depths.size(); ++i) {
            const SliceId parent = slices.parent(SliceId(i));
            m_depths[i] = parent ? m_depths[parent.index()] + 1 : 0;
        }
    }
    std::uint64_t slices(std::size_t word, std::uint64_t mask) const override
    {
        return keepRows(word, mask, [&](std::size_t row) { return m_test(m_depths[row]); });
    }
    std::uint64_t instants(std::size_t, std::uint64_t) const override { return 0; }
    std::uint64_t samples(std::size_t, std::uint64_t) const override { return 0; }
    bool slice(SliceId row) const override { return m_test(m_depths[row.index()]); }
    bool node(NodeId row) const override { return m_test(m_trace.executionTrace()->node(row).depth); }

private:
    NumberTest m_test;
    RawVector<std::uint32_t> m_depths;
};

// ---- nodes ----

/// A number or text of nodes, which their slices have as well.
class NodeFieldTest final : public RowTest
{
public:
    using Passes = std::function<bool(NodeId)>;
    NodeFieldTest(const Trace& trace, Passes passes) : RowTest(trace, Cost::Text), m_passes(std::move(passes)) {}
    std::uint64_t slices(std::size_t word, std::uint64_t mask) const override
    {
        return m_trace.executionTrace() ? RowTest::slices(word, mask) : 0;
    }
    std::uint64_t instants(std::size_t, std::uint64_t) const override { return 0; }
    std::uint64_t samples(std::size_t, std::uint64_t) const override { return 0; }
    bool slice(SliceId row) const override { return nodeOfSlice(row); }
    bool node(NodeId row) const override { return m_passes(row); }

private:
    Passes m_passes;
};

RowTestPtr nodeNumber(const Trace& trace, const FilterNode& comparison,
                      std::function<std::optional<std::int64_t>(const ExecutionTrace&, const EtNode&)> value)
{
    return std::make_unique<NodeFieldTest>(trace, [&trace, test = NumberTest(comparison), value = std::move(value)](NodeId row) {
        const std::optional<std::int64_t> number = value(*trace.executionTrace(), trace.executionTrace()->node(row));
        return number && test(*number);
    });
}

RowTestPtr nodeText(const Trace& trace, const FilterNode& comparison, StringId EtNode::*member)
{
    auto table = std::make_shared<LazyTable<StringId>>(trace.strings().size());
    return std::make_unique<NodeFieldTest>(trace, [&trace, test = TextTest(comparison), member, table](NodeId row) {
        const StringId id = trace.executionTrace()->node(row).*member;
        return id && id.value != 0 && (*table)(id, [&](StringId text) { return test(trace.text(text)); }); // 0: the empty text
    });
}

/// Of a device op its argument, of anything else on a device track what the track says.
RowTestPtr deviceTest(const Trace& trace, const FilterNode& comparison)
{
    const NumberTest test(comparison);
    return std::make_unique<ColumnTest>(trace, comparison, ArgField::Device, nullptr, rowsOfTracks(trace, [&](const Track& track) {
        const Process& process = trace.process(track.process);
        return process.side == Side::Device && process.pid.kind == TrackKey::Kind::Number && test(process.pid.number);
    }));
}

RowTestPtr streamTest(const Trace& trace, const FilterNode& comparison)
{
    const NumberTest test(comparison);
    return std::make_unique<ColumnTest>(trace, comparison, ArgField::Stream, nullptr, rowsOfTracks(trace, [&](const Track& track) {
        return track.kind == TrackKind::Stream && track.tid.kind == TrackKey::Kind::Number && test(track.tid.number);
    }));
}

} // namespace

RowTestPtr fieldTest(const Trace& trace, const FilterNode& c)
{
    using Value = std::optional<std::int64_t>;
    const auto column = [&](ArgField field, ColumnTest::NodeValue ofNode = nullptr) {
        return std::make_unique<ColumnTest>(trace, c, field, ofNode);
    };
    switch (c.field.id) {
    case FieldId::Type:
    case FieldId::Series:
    case FieldId::Value:
    case FieldId::Track:
    case FieldId::Process:
    case FieldId::Pid:
    case FieldId::Tid:
    case FieldId::Rank:
    case FieldId::File: return trackFieldTest(trace, c);
    case FieldId::Name: return std::make_unique<NameTest>(trace, c, false);
    case FieldId::Short: return std::make_unique<NameTest>(trace, c, true);
    case FieldId::Category: return std::make_unique<CategoryTest>(trace, c);
    case FieldId::Family: return std::make_unique<FamilyTest>(trace, c);
    case FieldId::Stream: return streamTest(trace, c);
    case FieldId::Device: return deviceTest(trace, c);
    case FieldId::Time: return std::make_unique<StretchTest>(trace, c);
    case FieldId::Start: return std::make_unique<TimeTest>(trace, c, Clock::Start);
    case FieldId::End: return std::make_unique<TimeTest>(trace, c, Clock::End);
    case FieldId::Duration: return std::make_unique<TimeTest>(trace, c, Clock::Duration);
    case FieldId::Self: return std::make_unique<TimeTest>(trace, c, Clock::Self);
    case FieldId::Depth: return std::make_unique<DepthTest>(trace, c);
    case FieldId::Bytes: return column(ArgField::Bytes);
    case FieldId::Correlation: return column(ArgField::Correlation);
    case FieldId::ExternalId: return column(ArgField::ExternalId);
    case FieldId::EventIndex: return column(ArgField::EventIndex);
    case FieldId::Sequence:
        return column(ArgField::SequenceNumber, [](const EtNode& n) { return n.seqId >= 0 ? Value(n.seqId) : Value(); });
    case FieldId::RfId:
        return column(ArgField::RecordFunctionId, [](const EtNode& n) { return n.rfId ? Value(static_cast<std::int64_t>(n.rfId)) : Value(); });
    case FieldId::FwTid: return column(ArgField::FwdThreadId, [](const EtNode& n) { return n.fwTid ? Value(n.fwTid) : Value(); });
    case FieldId::Id: return nodeNumber(trace, c, [](const ExecutionTrace&, const EtNode& n) { return Value(n.id); });
    case FieldId::Parent:
        return nodeNumber(trace, c, [](const ExecutionTrace& et, const EtNode& n) { return n.parent ? Value(et.node(n.parent).id) : Value(); });
    case FieldId::Scope: return nodeNumber(trace, c, [](const ExecutionTrace&, const EtNode& n) { return Value(n.scope); });
    case FieldId::OpSchema: return nodeText(trace, c, &EtNode::schema);
    case FieldId::KernelBackend: return nodeText(trace, c, &EtNode::kernelBackend);
    case FieldId::KernelFile: return nodeText(trace, c, &EtNode::kernelFile);
    case FieldId::ProcessGroup: return nodeText(trace, c, &EtNode::processGroup);
    case FieldId::Collective: return nodeText(trace, c, &EtNode::collective);
    default: return tensorTest(trace, c);
    }
}

} // namespace opscope
