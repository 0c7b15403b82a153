#include "core/base/Diagnostics.h"

#include <algorithm>
#include <cassert>

namespace opscope {

namespace {

using S = Severity;

// One line a Defect, in the order of the enum. Titles are plural nouns; actions say what Opscope did.
constexpr DefectInfo kInfo[] = {
    {S::Warning, "compressed-data-cut", "The compressed data ends early", "Everything in front of the cut is kept"},
    {S::Warning, "compressed-data-damaged", "Damaged compressed data", "Everything in front of the damage is kept"},
    {S::Warning, "trailing-bytes", "Bytes after the end", "Not read"},
    {S::Warning, "file-cut-off", "The file ends early", "Complete events are kept"},
    {S::Note, "utf16", "UTF-16 text", "Read as UTF-8"},
    {S::Warning, "invalid-utf8", "Bytes that are not UTF-8", "Shown as replacement characters"},
    {S::Warning, "control-character", "Raw control characters in strings", "Accepted"},
    {S::Warning, "json-syntax", "Faulty JSON", "Read on behind it"},
    {S::Warning, "comments", "Comments in JSON", "Skipped"},
    {S::Note, "array-not-closed", "The event array is not closed", "Nothing is missing: the format allows it"},
    {S::Note, "trailing-commas", "Stray commas", "Skipped"},
    {S::Warning, "second-document", "A second document behind the first", "Not read"},
    {S::Warning, "duplicate-top-level-key", "Top-level keys that stand twice", "Both read; the last one wins for single values"},
    {S::Warning, "not-an-object", "Elements that are no events", "Counted, not shown"},
    {S::Warning, "damaged-event", "Damaged events", "Read by the forgiving reader, or left out"},
    {S::Warning, "missing-phase", "Events without a phase", "Counted, not shown"},
    {S::Note, "missing-name", "Events without a name", "Shown as (unnamed)"},
    {S::Warning, "missing-time", "Events without a time", "Counted, not shown"},
    {S::Warning, "bad-time", "Times that are no numbers", "Counted, not shown"},
    {S::Warning, "time-out-of-range", "Times beyond 64-bit nanoseconds", "Counted; not shown, or clamped to the limit"},
    {S::Warning, "missing-duration", "Slices without a duration", "Shown with length 0"},
    {S::Warning, "bad-duration", "Durations that are no numbers", "Counted, not shown"},
    {S::Warning, "negative-duration", "Negative durations", "Shown with length 0"},
    {S::Note, "number-in-string", "Numbers written as strings", "Read as numbers"},
    {S::Warning, "non-finite-number", "NaN and infinity", "Accepted as non-finite"},
    {S::Warning, "deep-arguments", "Arguments nested too deeply", "Kept as raw text"},
    {S::Note, "unknown-phase", "Events of an unknown phase", "Shown as instants"},
    {S::Note, "duplicate-key", "Keys that stand twice in an event", "The last one wins; all are shown"},
    {S::Note, "long-text", "Very long texts", "Cut where they are shown"},
    {S::Warning, "end-without-begin", "Ends without a begin", "Counted, not shown"},
    {S::Warning, "begin-without-end", "Begins without an end", "Drawn to the end of their track"},
    {S::Note, "end-name-differs", "Ends with another name than their begin", "Paired with the last open begin"},
    {S::Note, "overlapping-slices", "Slices that overlap partly", "Drawn in a further lane; nothing is clipped"},
    {S::Note, "async-without-partner", "Async events without a partner", "Drawn to the edge of the trace, or not shown"},
    {S::Note, "flow-without-partner", "Flow ends without a partner", "Kept, not drawn"},
    {S::Note, "flow-without-id", "Flow events without an id", "Kept, not drawn"},
    {S::Note, "unfinished-scope", "Scopes still open at the end", "Shown up to the end of the recording"},
    {S::Note, "renamed-track", "Threads or processes named twice", "Last name kept"},
    {S::Note, "named-but-unused", "Named but never used", "Hidden"},
    {S::Warning, "unknown-schema", "An unknown schema version", "Read like the newest known one"},
    {S::Warning, "damaged-node", "Damaged nodes", "Read by the forgiving reader, or left out"},
    {S::Warning, "missing-parent", "Nodes whose parent is missing", "Shown under a stand-in for it"},
    {S::Warning, "parent-cycle", "Parents in a circle", "The circle is cut"},
    {S::Warning, "duplicate-node-id", "Node ids that stand twice", "Both kept; children belong to the first"},
    {S::Warning, "missing-root", "No process node", "One was made"},
    {S::Warning, "missing-node-id", "Nodes without an id", "Numbered by us"},
    {S::Warning, "wrong-node-type", "Node fields of the wrong type", "Read as empty"},
    {S::Note, "orphan-scope", "Nodes of a scope that never ended", "Gathered under (unfinished scope)"},
    {S::Note, "truncated-list", "Lists that the writer may have cut", "Shown as written"},
    {S::Note, "missing-finish-time", "The recording was not closed", "Complete nodes are kept"},
    {S::Note, "repeated-correlation", "Correlations that several calls carry", "The latest launch in front of the span is taken"},
    {S::Note, "wide-id", "Ids above 2^63", "Compared as they stand, never rounded"},
    {S::Note, "external-id-not-used", "External ids that repeat the correlation", "Id not used"},
    {S::Note, "zero-record-function-ids", "All record function ids are zero", "Nodes are looked for by order"},
    {S::Warning, "other-process", "Process numbers differ", "Linked on request; times are examples"},
    {S::Warning, "unrelated-traces", "Execution traces that do not belong to the timed trace", "Not linked"},
    {S::Warning, "dangling-link", "Links to what does not exist", "Ignored"},
    {S::Note, "starts-before-launch", "Device spans that start before their launch", "Shown as recorded: the clocks differ"},
    {S::Warning, "collective-mismatch", "Collectives that differ between ranks", "Matched up to there"},
    {S::Note, "clock-shifted", "Ranks whose clocks differ", "Shifted by the median of their collectives"},
    {S::Warning, "unsafe-path", "Paths that leave the resources folder", "Not read"},
    {S::Warning, "missing-capture", "Captured tensors without their file", "Shown without values"},
    {S::Warning, "wrong-size-capture", "Captured files of another size than their tensor", "What is there is shown"},
    {S::Note, "surplus-capture", "Captured files that belong to no node", "Listed, not shown"},
    {S::Note, "missing-kernel-file", "Kernel files that are not in the resources folder", "Named, not shown"},
    {S::Warning, "capture-offset", "Captured tensors with a storage offset", "The writer starts at the wrong byte: do not trust them"},
    {S::Warning, "values-out-of-range", "Captured values outside of the declared range", "Shown as captured"},
    {S::Warning, "record-of-size-zero", "A record of size zero", "Everything in front of it is kept: nothing says where the next one begins"},
    {S::Warning, "damaged-record", "Damaged records", "Counted, not shown"},
    {S::Warning, "damaged-argument", "Arguments that reach beyond their record", "The event is kept with the arguments in front"},
    {S::Note, "unknown-record", "Records of an unknown type", "Skipped by their size"},
    {S::Note, "unknown-argument", "Arguments of an unknown type", "Shown without a value"},
    {S::Warning, "unknown-string-index", "Texts that were never defined", "Shown as <string NUMBER>"},
    {S::Warning, "unknown-thread-index", "Threads that were never defined", "Shown as a thread for each number"},
    {S::Warning, "unknown-provider", "Sections of providers that were never named", "Read as a provider without a name"},
    {S::Warning, "provider-buffer-full", "A provider's buffer filled up", "Its events are probably not complete"},
    {S::Warning, "zero-tick-rate", "Clocks of zero ticks a second", "Read as nanoseconds"},
    {S::Warning, "end-before-start", "Slices that end before they start", "Counted, not shown"},
    {S::Note, "counter-not-numeric", "Counter values that are no numbers", "Not drawn"},
    {S::Warning, "no-events", "No events", "There is nothing to draw"},
    {S::Warning, "producer-message", "Messages of the profiler", "Shown as written"},
};
static_assert(std::size(kInfo) == static_cast<std::size_t>(Defect::Count_), "one line for each defect");

} // namespace

const DefectInfo& info(Defect defect) { return kInfo[static_cast<std::size_t>(defect)]; }

void Diagnostics::note(Defect defect, std::uint64_t offset, std::string_view detail) { note(defect, offset, 1, detail); }

void Diagnostics::note(Defect defect, std::uint64_t offset, std::uint64_t count, std::string_view detail)
{
    Entry& entry = m_entries[static_cast<std::size_t>(defect)];
    entry.count += count;
    if (entry.places.size() < kPlacesKept) entry.places.push_back({offset, 0, std::string(detail.substr(0, 200))});
}

void Diagnostics::merge(const Diagnostics& other, std::uint32_t source)
{
    for (std::size_t i = 0; i < m_entries.size(); ++i) {
        Entry& mine = m_entries[i];
        const Entry& theirs = other.m_entries[i];
        if (!theirs.count) continue;
        mine.count += theirs.count;
        for (DefectPlace place : theirs.places) {
            place.source = source;
            mine.places.push_back(std::move(place));
        }
        // Workers finish in any order; what is kept must not depend on it.
        std::stable_sort(mine.places.begin(), mine.places.end(), [](const DefectPlace& a, const DefectPlace& b) {
            return std::pair(a.source, a.offset) < std::pair(b.source, b.offset);
        });
        if (mine.places.size() > kPlacesKept) mine.places.resize(kPlacesKept);
    }
}

bool Diagnostics::empty() const
{
    return std::all_of(m_entries.begin(), m_entries.end(), [](const Entry& e) { return e.count == 0; });
}

std::vector<Defect> Diagnostics::seen() const
{
    std::vector<Defect> found;
    for (const Severity severity : {Severity::Error, Severity::Warning, Severity::Note})
        for (std::size_t i = 0; i < m_entries.size(); ++i)
            if (m_entries[i].count && kInfo[i].severity == severity) found.push_back(static_cast<Defect>(i));
    return found;
}

std::uint64_t Diagnostics::countOf(Severity severity) const
{
    std::uint64_t kinds = 0;
    for (std::size_t i = 0; i < m_entries.size(); ++i) kinds += m_entries[i].count && kInfo[i].severity == severity;
    return kinds;
}

} // namespace opscope
