#include "widgets/panel/LinkPlaces.h"

#include "widgets/common/Text.h"

#include <algorithm>

namespace opscope {

namespace {

enum class End : std::uint8_t { From, To };

/// Which end of which links a row of the report counts.
struct Counted
{
    std::string_view row;
    LinkKind kind;
    End end;
};
constexpr Counted kCounted[] = {
    {"device_to_call", LinkKind::Launch, End::To},
    {"device_to_op", LinkKind::Operator, End::To},
    {"call_to_device", LinkKind::Launch, End::From},
    {"backward_to_forward", LinkKind::Forward, End::To},
    {"gpu_annotation_to_annotation", LinkKind::Annotation, End::To},
    {"sync_to_call", LinkKind::Sync, End::To},
    {"flows", LinkKind::Flow, End::From},
    {"collectives", LinkKind::Collective, End::From},
};

/// Links are sorted by `from`; a call with several kernels is one place.
std::vector<LinkPlace> linked(const Trace& trace, const Counted& counted)
{
    std::vector<LinkPlace> places;
    for (const Link& link : trace.links().all()) {
        if (places.size() == LinkReason::kPlacesKept) break;
        if (link.kind != counted.kind) continue;
        const LinkPlace place{counted.end == End::From ? link.from : link.to, {}};
        if (places.empty() || places.back() != place) places.push_back(place);
    }
    return places;
}

std::vector<LinkPlace> linkedNodes(const Trace& trace)
{
    std::vector<LinkPlace> places;
    const std::size_t nodes = trace.executionTrace() ? trace.executionTrace()->nodes().size() : 0;
    for (std::size_t row = 0; row < nodes && places.size() < LinkReason::kPlacesKept; ++row)
        if (const SliceId slice = trace.sliceOf(NodeId(row))) places.push_back({slice, NodeId(row)});
    return places;
}

} // namespace

LinkPlaces placesOf(const LinkReason& reason)
{
    return {displayText(reason.text), reason.places, std::max<std::uint64_t>(reason.count, reason.places.size())};
}

LinkPlaces placesOf(const Trace& trace, const LinkCount& row)
{
    LinkPlaces all;
    all.about = displayText(row.title);
    for (const LinkReason& reason : row.reasons) {
        all.total += reason.places.empty() ? 0 : reason.count;
        const std::size_t room = LinkReason::kPlacesKept - all.places.size();
        const std::size_t taken = std::min(room, reason.places.size());
        all.places.insert(all.places.end(), reason.places.begin(), reason.places.begin() + static_cast<std::ptrdiff_t>(taken));
    }
    if (!all.places.empty()) return all;
    const auto counted = std::ranges::find(kCounted, std::string_view(row.id), &Counted::row);
    if (row.id == "node_to_event") all.places = linkedNodes(trace);
    else if (counted != std::end(kCounted)) all.places = linked(trace, *counted);
    all.total = std::max<std::uint64_t>(row.matched(), all.places.size());
    return all;
}

} // namespace opscope
