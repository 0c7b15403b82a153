#include "core/trace/TraceLinks.h"

#include <algorithm>
#include <array>

namespace opscope {

namespace {

struct MethodInfo
{
    std::string_view id, title;
};

// One line a LinkMethod, in the order of the enum.
constexpr MethodInfo kMethods[] = {
    {"correlation", "correlation"},
    {"external_id", "External id"},
    {"nesting", "time"},
    {"sequence_number", "sequence"},
    {"flow_event", "flow"},
    {"record_function_id", "rf id"},
    {"order_and_sequence", "order, sequence"},
    {"order", "order"},
    {"external_id_as_rf_id", "External id as rf id"},
    {"wait_correlation", "wait correlation"},
    {"collective_id", "collective id"},
    {"collective_order", "collective order"},
    {"node_order", "node"},
};
static_assert(std::size(kMethods) == static_cast<std::size_t>(LinkMethod::Count_));

constexpr std::array<std::string_view, static_cast<std::size_t>(LinkKind::Count_)> kKinds{
    "launch", "operator", "forward", "annotation", "sync", "flow", "collective"};
constexpr std::array<std::string_view, 3> kConfidences{"exact", "inferred", "ambiguous"};
constexpr std::array<std::string_view, 4> kRelations{"same run", "other iteration", "other process", "unrelated"};

} // namespace

std::string_view id(LinkKind kind) { return kKinds[static_cast<std::size_t>(kind)]; }
std::string_view id(LinkMethod method) { return kMethods[static_cast<std::size_t>(method)].id; }
std::string_view title(LinkMethod method) { return kMethods[static_cast<std::size_t>(method)].title; }
std::string_view id(LinkConfidence confidence) { return kConfidences[static_cast<std::size_t>(confidence)]; }
std::string_view title(RunRelation relation) { return kRelations[static_cast<std::size_t>(relation)]; }

std::span<const Link> TraceLinks::out(SliceId from) const
{
    const auto range = std::ranges::equal_range(m_links, from, {}, &Link::from);
    return {range.begin(), range.end()};
}

std::span<const std::uint32_t> TraceLinks::into(SliceId to) const
{
    const auto range = std::ranges::equal_range(m_into, to, {}, [this](std::uint32_t row) { return m_links[row].to; });
    return {range.begin(), range.end()};
}

const Link* TraceLinks::into(SliceId to, LinkKind kind) const
{
    for (const std::uint32_t row : into(to))
        if (m_links[row].kind == kind) return &m_links[row];
    return nullptr;
}

const LinkCount* TraceLinks::count(std::string_view wanted) const
{
    const auto it = std::ranges::find(m_report, wanted, &LinkCount::id);
    return it == m_report.end() ? nullptr : &*it;
}

const EtPairing* TraceLinks::pairing(SourceId et) const
{
    const auto it = std::ranges::find(m_pairings, et, &EtPairing::et);
    return it == m_pairings.end() ? nullptr : &*it;
}

std::size_t TraceLinks::bytes() const
{
    return m_links.capacity() * sizeof(Link) + m_into.capacity() * sizeof(std::uint32_t);
}

} // namespace opscope
