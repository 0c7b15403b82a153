#include "app/cli/LinksJson.h"

#include "app/cli/Console.h"
#include "app/cli/InfoJson.h"
#include "core/base/Path.h"
#include "core/link/LinkWords.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace opscope {
namespace {

using Json = nlohmann::ordered_json;

const LinkCount& countOf(const Trace& trace, std::string_view id)
{
    static const LinkCount nothing;
    const LinkCount* count = trace.links().count(id);
    return count ? *count : nothing;
}

/// {"call-missing": 3, ...}: why things have no partner.
Json unmatchedJson(const std::vector<LinkReason>& reasons)
{
    Json out = Json::object();
    for (const LinkReason& reason : reasons)
        if (reason.unmatched) out[reason.id] = reason.count;
    return out;
}

/// A count that stands among the reasons although nothing is wrong with it.
std::uint64_t told(const LinkCount& count, std::string_view reason)
{
    const auto it = std::ranges::find(count.reasons, reason, &LinkReason::id);
    return it == count.reasons.end() ? 0 : it->count;
}

Json placeJson(const Trace& trace, const LinkPlace& place)
{
    Json out = Json::object();
    if (place.slice) {
        out["name"] = std::string(trace.name(place.slice));
        out["start_ns"] = trace.slices().start(place.slice);
        out["offset"] = trace.slices().sourceOffset(place.slice);
    }
    if (place.node && trace.executionTrace()) out["node_id"] = trace.executionTrace()->node(place.node).id;
    return out;
}

Json reasonsJson(const Trace& trace, const std::vector<LinkReason>& reasons)
{
    Json out = Json::array();
    for (const LinkReason& reason : reasons) {
        Json row{{"id", reason.id}, {"text", reason.text}, {"count", reason.count}, {"unmatched", reason.unmatched}};
        if (!reason.places.empty()) row["first"] = placeJson(trace, reason.places.front());
        out.push_back(std::move(row));
    }
    return out;
}

Json reportJson(const Trace& trace)
{
    Json out = Json::array();
    for (const LinkCount& count : trace.links().report()) {
        Json methods = Json::array();
        for (const LinkMethod method : count.methods) methods.push_back(id(method));
        out.push_back({{"id", count.id}, {"title", count.title}, {"total", count.total}, {"exact", count.exact}, {"inferred", count.inferred},
                       {"ambiguous", count.ambiguous}, {"unmatched", count.unmatched}, {"methods", std::move(methods)},
                       {"reasons", reasonsJson(trace, count.reasons)}});
    }
    return out;
}

Json pairJson(const Trace& trace, const EtPairing& pairing)
{
    const auto file = [&](SourceId source) { return source ? Json(fileName(trace.sources()[source.index()].path)) : Json(nullptr); };
    const bool linked = pairing.kineto && pairing.relation != RunRelation::Unrelated;
    return {{"et", file(pairing.et)}, {"kineto", file(pairing.kineto)},
            {"relation", pairing.kineto ? Json(title(pairing.relation)) : Json(nullptr)},
            {"method", linked ? Json(id(pairing.method)) : Json(nullptr)},
            {"sequence_difference", pairing.sequenceDifference ? Json(*pairing.sequenceDifference) : Json(nullptr)},
            {"places", pairing.places}, {"nodes", pairing.nodes}, {"with_rf_id", pairing.withRfId}, {"exact", pairing.exact},
            {"by_order", pairing.byOrder}, {"unmatched", pairing.unmatched}, {"no_event", unmatchedJson(pairing.reasons)},
            {"sentence", pairing.sentence}};
}

Json deviceOpsJson(const Trace& trace)
{
    const LinkCount& toCall = countOf(trace, "device_to_call");
    const LinkCount& toOp = countOf(trace, "device_to_op");
    std::uint64_t toNode = 0;
    if (const ExecutionTrace* et = trace.executionTrace())
        for (const NodeId root : et->roots()) toNode += trace.deviceWork(root).ops;
    Json noNode = Json::object();
    if (!trace.executionTrace()) {
        if (toOp.total) noNode["no-execution-trace"] = toOp.total;
    } else {
        if (toOp.unmatched) noNode["no-operator"] = toOp.unmatched;
        if (toOp.matched() > toNode) noNode["operator-is-no-node"] = toOp.matched() - toNode;
    }
    return {{"total", toCall.total}, {"to_call", toCall.matched()}, {"to_op", toOp.matched()}, {"to_et_node", toNode},
            {"no_call", unmatchedJson(toCall.reasons)}, {"no_op", unmatchedJson(toOp.reasons)}, {"no_et_node", std::move(noNode)},
            {"two_owners", told(toOp, "two-owners")}, {"external_id_is_correlation", told(toOp, "external-id-is-correlation")},
            {"start_before_launch", told(toCall, "starts-before-launch")}};
}

Json backwardJson(const Trace& trace)
{
    const LinkCount& count = countOf(trace, "backward_to_forward");
    return {{"total", count.total}, {"to_forward", count.matched()}, {"no_forward", unmatchedJson(count.reasons)},
            {"events", told(count, "wrapper-and-node")}, {"several_forwards", told(count, "several-forwards")},
            {"without_number", told(count, "without-number")}};
}

Json nodesJson(const Trace& trace)
{
    EtPairing sum;
    Json noEvent = Json::object();
    for (const EtPairing& pairing : trace.links().pairings()) {
        sum.nodes += pairing.nodes;
        sum.withRfId += pairing.withRfId;
        sum.exact += pairing.exact;
        sum.byOrder += pairing.byOrder;
        sum.unmatched += pairing.unmatched;
        for (const LinkReason& reason : pairing.reasons)
            if (reason.unmatched) noEvent[reason.id] = noEvent.value(reason.id, std::uint64_t{0}) + reason.count;
    }
    const auto relation = worstRelation(trace);
    return {{"total", sum.nodes}, {"with_rf_id", sum.withRfId}, {"exact", sum.exact}, {"by_order", sum.byOrder}, {"unmatched", sum.unmatched},
            {"relation", relation ? Json(title(*relation)) : Json(nullptr)}, {"no_event", std::move(noEvent)}};
}

Json rowJson(const Trace& trace, std::string_view id, const char* matchedKey, const char* unmatchedKey)
{
    const LinkCount& count = countOf(trace, id);
    return {{"total", count.total}, {matchedKey, count.matched()}, {unmatchedKey, unmatchedJson(count.reasons)}};
}

} // namespace

Json linksJson(const Trace& trace)
{
    Json files = Json::array();
    for (std::size_t s = 0; s < trace.sources().size(); ++s)
        files.push_back({{"file", fileName(trace.sources()[s].path)}, {"format", trace.sources()[s].format},
                         {"external_ids_usable", trace.links().externalIdsUsable(SourceId(s))}});
    Json links{{"device_ops", deviceOpsJson(trace)}, {"backward_ops", backwardJson(trace)}, {"et_nodes", nodesJson(trace)},
               {"launching_calls", rowJson(trace, "call_to_device", "to_device", "no_device")},
               {"gpu_annotations", rowJson(trace, "gpu_annotation_to_annotation", "to_annotation", "no_annotation")},
               {"synchronisations", rowJson(trace, "sync_to_call", "to_call", "no_call")},
               {"flows", rowJson(trace, "flows", "linked", "not_linked")},
               {"collectives", rowJson(trace, "collectives", "to_other_ranks", "not_linked")}};
    links["pairs"] = Json::array();
    for (const EtPairing& pairing : trace.links().pairings()) links["pairs"].push_back(pairJson(trace, pairing));
    links["report"] = reportJson(trace);
    return {{"files", std::move(files)}, {"links", std::move(links)}, {"diagnostics", diagnosticsJson(trace)}};
}

} // namespace opscope
