#include "app/cli/InfoJson.h"

#include "app/cli/Console.h"
#include "core/analysis/Provenance.h"
#include "core/analysis/TraceFacts.h"
#include "core/format/fxt/FxtEventText.h"
#include "core/base/Path.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>
#include <numeric>

namespace opscope {
namespace {

using Json = nlohmann::ordered_json;

/// An integer as long as it is whole and fits one, exact text otherwise.
Json timeJson(const ExactSum& time)
{
    const __int128 ns = time.ns();
    if (time.whole() && ns >= std::numeric_limits<std::int64_t>::min() && ns <= std::numeric_limits<std::int64_t>::max())
        return static_cast<std::int64_t>(ns);
    return time.text();
}

Json timeJson(const std::optional<ExactTime>& time)
{
    if (!time) return nullptr;
    ExactSum sum;
    sum.add(*time);
    return timeJson(sum);
}

/// Largest first, ties by text: the order in which a person looks.
Json countsJson(const std::map<std::string, std::uint64_t>& counts)
{
    std::vector<std::pair<std::string, std::uint64_t>> rows(counts.begin(), counts.end());
    std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
    Json out = Json::object();
    for (const auto& [key, count] : rows) out[key] = count;
    return out;
}

/// Names may be megabytes long: 300 characters of them and how long they were.
std::string shortName(std::string_view name)
{
    static constexpr std::size_t kCharacters = 300;
    const auto begins = [](char c) { return (static_cast<unsigned char>(c) & 0xC0u) != 0x80u; };
    const auto characters = static_cast<std::size_t>(std::count_if(name.begin(), name.end(), begins));
    if (characters <= kCharacters) return std::string(name);
    std::size_t end = 0;
    for (std::size_t seen = 0; seen <= kCharacters; ++end) seen += begins(name[end]);
    return std::string(name.substr(0, end - 1)) + "... (" + std::to_string(characters) + " characters)";
}

/// Brackets open at the deepest place, quick and approximate: those inside texts count too.
std::size_t depthOf(std::string_view text)
{
    std::size_t depth = 0, deepest = 0;
    for (const char c : text) {
        if (c == '[' || c == '{') deepest = std::max(deepest, ++depth);
        if ((c == ']' || c == '}') && depth) --depth;
    }
    return deepest;
}

/// A member's own JSON where it is valid, its text where it is not, or is so deep that writing it would exhaust the stack.
Json parsedOr(const std::string& text)
{
    if (depthOf(text) > 200) return text;
    Json parsed = Json::parse(text, nullptr, false);
    return parsed.is_discarded() ? Json(text) : parsed;
}

Json sourceJson(const SourceFile& source)
{
    Json out{{"packed_bytes", source.packedBytes}, {"unpacked_bytes", source.unpackedBytes}, {"gzip", source.gzip}};
    if (source.gzip) out["gzip_members"] = source.gzipMembers;
    return out;
}

Json provenanceJson(const Trace& trace)
{
    const Provenance from = provenance(trace);
    Json out{{"producer", from.producer}, {"options", from.options}, {"devices", Json::array()}};
    for (const DeviceInfo& device : from.devices)
        out["devices"].push_back({{"name", device.name}, {"memory_bytes", device.memoryBytes}, {"processors", device.processors}});
    if (!from.providers.empty()) out["providers"] = from.providers;
    if (from.rank) out["rank"] = *from.rank;
    if (from.worldSize) out["world_size"] = *from.worldSize;
    if (!from.backend.empty()) out["backend"] = from.backend;
    if (from.recordedAt) out["recorded_at_ns"] = *from.recordedAt;
    return out;
}

Json keyJson(const Trace& trace, const TrackKey& key)
{
    switch (key.kind) {
    case TrackKey::Kind::None: return nullptr;
    case TrackKey::Kind::Number: return key.number;
    case TrackKey::Kind::Text:
    case TrackKey::Kind::Other: break;
    }
    return std::string(trace.text(key.text));
}

std::string_view kindText(TrackKind kind)
{
    switch (kind) {
    case TrackKind::Thread: return "thread";
    case TrackKind::Stream: return "stream";
    case TrackKind::Async: return "async";
    case TrackKind::Counter: return "counter";
    case TrackKind::NodeOrder: return "node order";
    case TrackKind::State: return "state";
    case TrackKind::Cpu: return "cpu";
    }
    return "";
}

Json trackJson(const Trace& trace, std::size_t row)
{
    const Track& track = trace.tracks()[row];
    Json out{{"tid", keyJson(trace, track.tid)}, {"name", trace.trackName(TrackId(row))}, {"kind", kindText(track.kind)},
             {"slices", track.sliceCount}, {"instants", track.instantCount}, {"counters", track.seriesCount},
             {"lanes", track.laneCount}};
    if (track.sampledHz) out["sampled_hz"] = track.sampledHz;
    if (track.sliceCount || track.instantCount) {
        out["start_ns"] = track.extent.start;
        out["end_ns"] = track.extent.end;
    }
    return out;
}

Json processesJson(const Trace& trace)
{
    Json out = Json::array();
    for (std::size_t p = 0; p < trace.processes().size(); ++p)
        out.push_back({{"pid", keyJson(trace, trace.processes()[p].pid)}, {"name", trace.processName(ProcessId(p))},
                       {"tracks", Json::array()}});
    for (std::size_t t = 0; t < trace.tracks().size(); ++t)
        if (const ProcessId process = trace.tracks()[t].process; process.valid())
            out[process.index()]["tracks"].push_back(trackJson(trace, t));
    return out;
}

std::string_view severityText(Severity severity)
{
    return severity == Severity::Error ? "error" : severity == Severity::Warning ? "warning" : "note";
}

Json topLevelJson(const Trace& trace, Privacy privacy)
{
    Json out = Json::object();
    for (const TopLevelEntry& entry : trace.topLevel())
        if (privacy == Privacy::Reveal || !isPrivateKey(entry.key)) out[entry.key] = parsedOr(entry.json);
    return out;
}

void addEventFacts(Json& out, const Trace& trace)
{
    const TraceFacts facts = traceFacts(trace);
    const TraceStats& stats = trace.stats();
    out["events"] = {{"total", stats.elements}, {"by_ph", countsJson(stats.byPhase)}, {"by_cat", countsJson(facts.eventsByCategory)}};
    out["tracks"] = stats.pidTidPairs;
    out["min_ts_ns"] = timeJson(stats.minTime);
    out["max_end_ns"] = timeJson(stats.maxEnd);
    out["total_dur_ns_by_cat"] = Json::object();
    for (const auto& [category, total] : facts.durationByCategory) out["total_dur_ns_by_cat"][category] = timeJson(total);
    out["flow_pairs_by_cat"] = countsJson(facts.flowPairsByCategory);
    out["kernels"] = {{"total", facts.kernels.total}, {"correlation_matches_runtime", facts.kernels.withLaunch}};
    out["gpu_events"] = {{"total", facts.deviceEvents.total},
                         {"correlation_matches_runtime", facts.deviceEvents.withLaunch},
                         {"devices", facts.devices}, {"streams", facts.streams}};
    out["cpu_ops"] = {{"total", facts.cpuOps}, {"with_input_dims", facts.cpuOpsWithShapes}};
    out["events_with_nonzero_record_function_id"] = facts.recordFunctionIds;
    out["python_function_events"] = facts.pythonFunctions;
    out["memory_events"] = stats.memoryEvents;
    out["top_names_by_dur"] = Json::array();
    for (const NameTotal& name : facts.longestNames)
        out["top_names_by_dur"].push_back({{"name", shortName(trace.text(name.name))}, {"dur_ns", timeJson(name.duration)},
                                           {"count", name.count}});
    out["unmatched_E"] = stats.unmatchedEnds;
    out["unclosed_B"] = stats.unclosedBegins;
    out["malformed"] = {{"events", stats.malformedEvents}, {"by_reason", countsJson(stats.malformedByReason)}};
}

/// Records of an .fxt as found, beside what its events are.
void addRecordFacts(Json& out, const FxtNotes& notes)
{
    static constexpr std::string_view kRecords[] = {"metadata", "initialization", "string", "thread", "event", "blob", "userspace_object",
                                                    "kernel_object", "scheduling", "log", "", "", "", "", "", "large"};
    static constexpr std::string_view kEvents[] = {"instant", "counter", "duration_begin", "duration_end", "duration_complete", "async_begin",
                                                   "async_instant", "async_end", "flow_begin", "flow_step", "flow_end", "", "", "", "", ""};
    const FxtNotes::Counts& counts = notes.counts();
    const auto named = [](const auto& all, const auto& names) {
        std::map<std::string, std::uint64_t> counted;
        for (std::size_t type = 0; type < all.size(); ++type)
            if (all[type]) counted[names[type].empty() ? "reserved_" + std::to_string(type) : std::string(names[type])] = all[type];
        return counted;
    };
    const auto ticks = [](const std::optional<std::uint64_t>& value) { return value ? Json(*value) : Json(nullptr); };
    out["records_by_type"] = countsJson(named(counts.records, kRecords));
    out["events"]["total"] = std::accumulate(counts.events.begin(), counts.events.end(), std::uint64_t{0});
    out["events"]["by_type"] = countsJson(named(counts.events, kEvents));
    out["providers"] = counts.providers;
    out["ticks_per_second"] = counts.tickRates;
    out["strings"] = counts.strings;
    out["thread_records"] = counts.threadRecords;
    out["tracks"] = counts.tracks;
    out["min_ts_ticks"] = ticks(counts.minTicks);
    out["max_end_ticks"] = ticks(counts.maxTicks);
    out["blobs"] = Json::array();
    for (const FxtNotes::Blob& blob : notes.blobs())
        out["blobs"].push_back({{"name", shortName(notes.text(blob.name))}, {"bytes", blob.bytes}, {"chunks", blob.chunks}, {"offset", blob.offset}});
}

void addNodeFacts(Json& out, const EtFile& et, const EtStats& stats)
{
    out["schema"] = et.schemaVersion.empty() ? Json(nullptr) : Json(et.schemaVersion);
    out["pid"] = et.pid ? Json(*et.pid) : Json(nullptr);
    out["nodes"] = stats.nodes;
    out["root_ids"] = Json::array();
    for (const std::string& id : stats.rootIds) out["root_ids"].push_back(parsedOr(id));
    out["duplicate_ids"] = stats.duplicateIds;
    out["dangling_links"] = Json::object();
    if (stats.danglingCtrlDeps) out["dangling_links"]["ctrl_deps"] = stats.danglingCtrlDeps;
    if (stats.danglingParent) out["dangling_links"]["parent"] = stats.danglingParent;
    out["nodes_in_cycles"] = stats.nodesInCycles;
    out["max_tree_depth"] = stats.maxTreeDepth;
    out["nodes_with_rf_id"] = stats.nodesWithRfId;
    out["distinct_rf_ids"] = stats.distinctRfIds;
    out["tensors"] = {{"in_inputs", stats.tensorsIn}, {"in_outputs", stats.tensorsOut},
                      {"distinct_tensor_ids", stats.distinctTensorIds}, {"distinct_storage_ids", stats.distinctStorageIds}};
    out["nodes_with_attr"] = {{"tensor_range", stats.withTensorRange}, {"kernel_file", stats.withKernelFile},
                              {"kernel_backend", stats.withKernelBackend}, {"pg_name", stats.withPgName},
                              {"collective_name", stats.withCollectiveName}};
}

} // namespace

Json diagnosticsJson(const Trace& trace)
{
    Json out = Json::array();
    for (const Defect defect : trace.diagnostics().seen()) {
        const DefectInfo& about = info(defect);
        Json row{{"id", about.id}, {"severity", severityText(about.severity)}, {"title", about.title}, {"action", about.action},
                 {"count", trace.diagnostics().count(defect)}};
        const auto& places = trace.diagnostics().places(defect);
        if (!places.empty()) row["first_offset"] = places.front().offset;
        if (!places.empty() && !places.front().detail.empty()) row["first_detail"] = places.front().detail;
        out.push_back(std::move(row));
    }
    return out;
}

Json infoJson(const Trace& trace, Privacy privacy)
{
    const SourceFile& source = trace.sources().front();
    const bool nodesOnly = trace.executionTrace() && trace.timeBase() == TimeBase::NodeOrder;
    const FxtNotes* notes = fxtNotes(trace, SourceId(0));
    Json out{{"file", fileName(source.path)}, {"format", source.format}, {"kind", nodesOnly ? "et" : notes ? "fxt" : "chrome"}};
    out["read"] = sourceJson(source);
    out["recorded_by"] = provenanceJson(trace);
    if (nodesOnly) {
        addNodeFacts(out, trace.executionTrace()->files().front(), trace.etStats());
    } else {
        addEventFacts(out, trace);
        if (notes) addRecordFacts(out, *notes);
        out["extent_ns"] = {trace.extent().start, trace.extent().end};
        out["base_time_ns"] = trace.baseTime();
    }
    out["processes"] = processesJson(trace);
    out["diagnostics"] = diagnosticsJson(trace);
    out["top_level"] = topLevelJson(trace, privacy);
    return out;
}

} // namespace opscope
