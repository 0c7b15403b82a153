#include "core/link/IdIndex.h"
#include "core/link/LinkBuilder.h"

#include <algorithm>

// Synchronisation: the call that waits, and the call that recorded what it waits for (linking.md 2.8).
namespace opscope {

void LinkBuilder::linkSyncs()
{
    const SliceTable& slices = m_trace.m_slices;
    ReportRow& out = row("sync_to_call", "Synchronisation to call");
    Finding missing{"call-missing", "synchronisation whose call is not in the recording", "synchronisations whose calls are not in the recording"};
    Finding waits{"waits-for-recorded-event", "wait leads to the call that recorded its event", "waits lead to the calls that recorded their events", false};
    Finding unknown{"recording-call-missing", "wait for an event whose recording call is not in the recording",
                    "waits for events whose recording calls are not in the recording", false};
    for (const SourceRows& source : m_sources) {
        if (source.syncs.empty()) continue;
        std::vector<std::uint64_t> ids;
        ids.reserve(source.calls.size());
        for (const Call& call : source.calls) ids.push_back(call.correlation);
        IdIndex calls(ids);
        calls.forEachRepeated([&](std::span<std::uint32_t> rows) {
            std::stable_sort(rows.begin(), rows.end(), [&](std::uint32_t a, std::uint32_t b) {
                return slices.start(source.calls[a].slice) < slices.start(source.calls[b].slice);
            });
        });
        // The last call with that correlation that had begun by then; the synchronisation runs inside of its call.
        const auto callOf = [&](SliceId sync, ArgField field) -> SliceId {
            const std::int64_t id = arg(sync, field);
            if (id == BlockColumn::kNone || (field == ArgField::WaitCorrelation && id < 0)) return {}; // -1: no event was recorded
            const auto rows = calls.find(static_cast<std::uint64_t>(id));
            if (rows.empty()) return {};
            const auto behind = std::partition_point(rows.begin(), rows.end(), [&](std::uint32_t row) {
                return slices.start(source.calls[row].slice) <= slices.start(sync);
            });
            return source.calls[behind == rows.begin() ? rows.front() : *std::prev(behind)].slice;
        };
        for (const SliceId sync : source.syncs) {
            const SliceId call = callOf(sync, ArgField::Correlation);
            if (call) {
                add(call, sync, LinkKind::Sync, LinkMethod::Correlation, LinkConfidence::Exact);
                out.matched(LinkMethod::Correlation, LinkConfidence::Exact);
            } else {
                missing.add(sync);
            }
            const SliceId recorded = callOf(sync, ArgField::WaitCorrelation);
            if (recorded && recorded != call) {
                add(recorded, sync, LinkKind::Sync, LinkMethod::WaitCorrelation, LinkConfidence::Exact);
                ++out.byMethod[static_cast<std::size_t>(LinkMethod::WaitCorrelation)];
                waits.add(sync);
            } else if (!recorded && arg(sync, ArgField::WaitCorrelation) > 0) {
                unknown.add(sync);
            }
        }
    }
    for (Finding* f : {&missing, &waits, &unknown}) report(out, std::move(*f));
}

} // namespace opscope
