#include "core/query/Query.h"

#include "core/base/Parallel.h"
#include "core/query/FilterNode.h"
#include "core/query/NumberTest.h"
#include "core/query/RawArguments.h"
#include "core/query/RowTest.h"

#include <algorithm>
#include <thread>

namespace opscope {

namespace {

/// An expression made ready for one trace: the same tree, with tests at its leaves.
struct Plan
{
    FilterNode::Kind kind = FilterNode::Kind::Compare;
    std::vector<Plan> children;
    RowTestPtr test;
    RawArgumentTest* raw = nullptr;         ///< the same test when it must read the file first
    RowTest::Cost cost = RowTest::Cost::Bit;
};

enum class Undecided : std::uint8_t { False, True };
Undecided other(Undecided u) { return u == Undecided::False ? Undecided::True : Undecided::False; }

/// What `plan` says of up to 64 rows of one table. Leaves that have not read the file yet say `undecided`, so that both together
/// bound the answer from below and above.
template <class Leaf>
std::uint64_t evaluate(const Plan& plan, std::uint64_t mask, Undecided undecided, const Leaf& leaf)
{
    if (mask == 0) return 0;
    switch (plan.kind) {
    case FilterNode::Kind::And:
        for (const Plan& child : plan.children) mask = evaluate(child, mask, undecided, leaf);
        return mask;
    case FilterNode::Kind::Or: {
        std::uint64_t found = 0;
        for (const Plan& child : plan.children) found |= evaluate(child, mask & ~found, undecided, leaf);
        return found;
    }
    case FilterNode::Kind::Not: return mask & ~evaluate(plan.children.front(), mask, other(undecided), leaf);
    case FilterNode::Kind::Compare:
    case FilterNode::Kind::Link: break;
    }
    if (plan.raw && !plan.raw->ready()) return undecided == Undecided::True ? mask : 0;
    return leaf(*plan.test, mask);
}

unsigned threads() { return std::clamp(std::thread::hardware_concurrency(), 1u, 2u); }

class Query
{
public:
    Query(const Trace& trace, const JobControl& job) : m_trace(trace), m_job(job) {}

    Result<Matches> run(const FilterNode& root)
    {
        Result<Plan> plan = compile(root);
        if (!plan) return plan.error();
        Matches all = Matches::all(m_trace);
        if (m_raw.empty()) return rows(*plan, all, Undecided::False);
        Result<Matches> sure = rows(*plan, all, Undecided::False);
        if (!sure) return sure;
        Result<Matches> open = rows(*plan, all, Undecided::True);
        if (!open) return open;
        open->slices -= sure->slices;
        open->instants -= sure->instants;
        open->samples -= sure->samples;
        open->nodes -= sure->nodes;
        if (const Status read = readRawArguments(m_trace, *open, m_raw, m_job); !read) return read.error();
        Result<Matches> found = rows(*plan, *open, Undecided::False);
        if (!found) return found;
        found->slices |= sure->slices;
        found->instants |= sure->instants;
        found->samples |= sure->samples;
        found->nodes |= sure->nodes;
        return found;
    }

private:
    Result<Plan> compile(const FilterNode& node)
    {
        Plan plan;
        plan.kind = node.kind;
        if (m_job.cancelled()) return cancelled();
        if (node.kind == FilterNode::Kind::Compare && node.field.id == FieldId::Argument) {
            auto raw = std::make_unique<RawArgumentTest>(m_trace, node);
            plan.raw = raw.get();
            m_raw.push_back(raw.get());
            plan.test = std::move(raw);
        } else if (node.kind == FilterNode::Kind::Compare) {
            plan.test = fieldTest(m_trace, node);
        } else if (node.kind == FilterNode::Kind::Link) {
            Result<Matches> inner = Query(m_trace, m_job).run(node.children.front());
            if (!inner) return inner.error();
            plan.test = linkTest(m_trace, node.link, *inner);
        } else {
            return compileParts(node, std::move(plan));
        }
        plan.cost = plan.test->cost();
        return plan;
    }

    Result<Plan> compileParts(const FilterNode& node, Plan plan)
    {
        for (const FilterNode& child : node.children) {
            Result<Plan> part = compile(child);
            if (!part) return part;
            plan.cost = std::max(plan.cost, part->cost);
            plan.children.push_back(std::move(*part));
        }
        std::ranges::stable_sort(plan.children, {}, &Plan::cost);
        return plan;
    }

    static Error cancelled() { return Error{ErrorCode::Cancelled, "cancelled", {}}; }

    Result<Matches> rows(const Plan& plan, const Matches& among, Undecided undecided)
    {
        Matches out = Matches::none(m_trace);
        fill(out.nodes, among.nodes, [&](std::size_t word, std::uint64_t mask) {
            return evaluate(plan, mask, undecided, [word](const RowTest& test, std::uint64_t m) {
                return keepRows(word, m, [&](std::size_t row) { return test.node(NodeId(row)); });
            });
        });
        fill(out.instants, among.instants, [&](std::size_t word, std::uint64_t mask) {
            return evaluate(plan, mask, undecided, [word](const RowTest& test, std::uint64_t m) { return test.instants(word, m); });
        });
        fill(out.samples, among.samples, [&](std::size_t word, std::uint64_t mask) {
            return evaluate(plan, mask, undecided, [word](const RowTest& test, std::uint64_t m) { return test.samples(word, m); });
        });
        fill(out.slices, among.slices, [&](std::size_t word, std::uint64_t mask) { return slices(plan, word, mask, undecided, out.nodes); });
        if (m_job.cancelled()) return cancelled();
        return out;
    }

    /// Slices of an execution trace alone are its nodes.
    std::uint64_t slices(const Plan& plan, std::size_t word, std::uint64_t mask, Undecided undecided, const NodeSet& nodes) const
    {
        if (m_trace.timeBase() == TimeBase::NodeOrder) {
            return keepRows(word, mask, [&](std::size_t row) { return nodes.contains(m_trace.nodeOf(SliceId(row))); });
        }
        return evaluate(plan, mask, undecided, [word](const RowTest& test, std::uint64_t m) { return test.slices(word, m); });
    }

    template <class RowId, class Words>
    void fill(RowSet<RowId>& out, const RowSet<RowId>& among, Words&& words)
    {
        constexpr std::size_t kWordsATask = 256;
        const std::size_t count = out.words().size();
        const std::size_t tasks = (count + kWordsATask - 1) / kWordsATask;
        parallelFor(tasks, tasks > 1 ? threads() : 1, [&](std::size_t task) {
            if (m_job.cancelled()) return;
            const std::size_t end = std::min(count, (task + 1) * kWordsATask);
            for (std::size_t i = task * kWordsATask; i < end; ++i)
                if (const std::uint64_t mask = among.words()[i]) out.words()[i] = words(i, mask);
        });
    }

    const Trace& m_trace;
    const JobControl& m_job;
    std::vector<RawArgumentTest*> m_raw;
};

/// "12.345678ms" in the largest unit that is not longer than the time; no unit where times count nodes.
std::string timeText(const Trace& trace, Nanos t)
{
    if (trace.timeBase() == TimeBase::NodeOrder) return std::to_string(t);
    struct Unit
    {
        const char* name;
        std::uint64_t length;
        int digits;
    };
    constexpr Unit kUnits[] = {{"s", 1'000'000'000, 9}, {"ms", 1'000'000, 6}, {"us", 1000, 3}, {"ns", 1, 0}};
    const std::uint64_t size = t < 0 ? 0 - static_cast<std::uint64_t>(t) : static_cast<std::uint64_t>(t);
    const Unit& unit = *std::ranges::find_if(kUnits, [&](const Unit& u) { return size >= u.length || u.length == 1; });
    std::string text = (t < 0 ? "-" : "") + std::to_string(size / unit.length);
    if (const std::uint64_t rest = size % unit.length) {
        std::string digits = std::to_string(rest);
        digits.insert(0, static_cast<std::size_t>(unit.digits) - digits.size(), '0');
        text += '.' + digits.substr(0, digits.find_last_not_of('0') + 1);
    }
    return text + unit.name;
}

} // namespace

Matches Matches::all(const Trace& trace)
{
    return {SliceSet(trace.slices().size(), true), InstantSet(trace.instants().size(), true), SampleSet(trace.counters().size(), true),
            NodeSet(trace.executionTrace() ? trace.executionTrace()->nodes().size() : 0, true)};
}

Matches Matches::none(const Trace& trace)
{
    return {SliceSet(trace.slices().size()), InstantSet(trace.instants().size()), SampleSet(trace.counters().size()),
            NodeSet(trace.executionTrace() ? trace.executionTrace()->nodes().size() : 0)};
}

std::size_t Matches::count() const
{
    const bool nodesAlone = slices.size() == 0 && instants.size() == 0 && samples.size() == 0;
    return nodesAlone ? nodes.count() : slices.count() + instants.count() + samples.count();
}

Result<Matches> runQuery(const Trace& trace, const Filter& filter, const JobControl& job)
{
    if (filter.empty()) return Matches::all(trace);
    return Query(trace, job).run(*filter.root());
}

Matches inRange(const Trace& trace, TimeRange range)
{
    Matches out = Matches::none(trace);
    const auto keeps = [&](TimeRange own) { return own.empty() ? range.contains(own.start) : own.overlaps(range); };
    for (std::size_t i = 0; i < trace.slices().size(); ++i)
        if (keeps(trace.slices().range(SliceId(i)))) out.slices.insert(SliceId(i));
    for (std::size_t i = 0; i < trace.instants().size(); ++i)
        if (range.contains(trace.instants().time(InstantId(i)))) out.instants.insert(InstantId(i));
    for (const CounterSeries& series : trace.counters().series()) {
        const std::span<const Nanos> times = trace.counters().times(series);
        for (std::size_t i = 0; i < times.size(); ++i)
            if (range.contains(times[i])) out.samples.insert(SampleId(series.first + i));
    }
    for (std::size_t i = 0; i < out.nodes.size(); ++i)
        if (const SliceId slice = trace.sliceOf(NodeId(i)); slice && out.slices.contains(slice)) out.nodes.insert(NodeId(i));
    return out;
}

Filter rangeFilter(const Trace& trace, TimeRange range)
{
    const Nanos origin = trace.extent().start;
    const auto since = [origin](Nanos t) {
        Nanos d = 0;
        if (__builtin_sub_overflow(t, origin, &d)) return t < origin ? INT64_MIN + 1 : INT64_MAX;
        return std::max(d, INT64_MIN + 1);
    };
    const auto parsed = Filter::parse("time in " + timeText(trace, since(range.start)) + ".." + timeText(trace, since(range.end)));
    if (const Filter* filter = std::get_if<Filter>(&parsed)) return *filter;
    return negated(Filter()); // an empty range has nothing in it
}

TimeRange fromFilterTimes(const Trace& trace, TimeRange sinceFirstEvent)
{
    const Nanos origin = trace.extent().start;
    return {saturatingAdd(sinceFirstEvent.start, origin), saturatingAdd(sinceFirstEvent.end, origin)};
}

} // namespace opscope
