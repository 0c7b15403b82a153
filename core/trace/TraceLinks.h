#pragma once

#include "core/base/Id.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace opscope {

class Trace;

/// What a link means. It leads from cause to effect: `from` is the launching call, the forward op, the annotation on the host.
enum class LinkKind : std::uint8_t {
    Launch,       ///< runtime or driver call -> device op
    Operator,     ///< CPU op or annotation -> device op that it is charged with (linking.md 2.5)
    Forward,      ///< forward op -> backward node (linking.md 3)
    Annotation,   ///< user_annotation -> gpu_user_annotation, one a stream
    Sync,         ///< call -> cuda_sync of it; recording call -> wait (linking.md 2.8)
    Flow,         ///< flow events of other producers: s -> t -> f
    Collective,   ///< the same collective on another rank (linking.md 6.3)
    Count_
};

/// How we know. One line each in TraceLinks.cpp: id for JSON, text for the tag in the window.
enum class LinkMethod : std::uint8_t {
    Correlation,          ///< "correlation"
    ExternalId,           ///< "External id"
    Nesting,              ///< innermost operator of the same lane around the call: time
    SequenceNumber,       ///< equal autograd sequence numbers
    FlowEvent,            ///< a flow of the file
    RecordFunctionId,     ///< rf_id = "Record function id", names equal
    OrderAndSequence,     ///< same order of names, constant difference of sequence numbers (method B)
    Order,                ///< same order of names only
    ExternalIdAsRf,       ///< method C: rf_id = External id with names equal on 99 %
    WaitCorrelation,      ///< wait_on_cuda_event_record_corr_id
    CollectiveId,         ///< Comms Id, or (group, Seq)
    CollectiveOrder,      ///< n-th of its kind in its group
    NodeOrder,            ///< the slice was made of the node
    Count_
};

enum class LinkConfidence : std::uint8_t {
    Exact,        ///< ids of the file say so
    Inferred,     ///< order, sequence numbers or time say so: shown as a guess when it is one answer of several
    Ambiguous     ///< one of several answers; the others are kept too
};

struct Link
{
    SliceId from, to;
    LinkKind kind = LinkKind::Launch;
    LinkMethod method = LinkMethod::Correlation;
    LinkConfidence confidence = LinkConfidence::Exact;
    friend bool operator==(const Link&, const Link&) = default;
};

std::string_view id(LinkKind kind);            ///< "launch"
std::string_view id(LinkMethod method);        ///< "correlation", for JSON
std::string_view title(LinkMethod method);     ///< "External id", for the tag behind a link
std::string_view id(LinkConfidence confidence);///< "exact", "inferred", "ambiguous"

/// A row to look at: what a line of the report is about.
struct LinkPlace
{
    SliceId slice;
    NodeId node;
    friend bool operator==(const LinkPlace&, const LinkPlace&) = default;
};

/// Why things are left without a partner, or have two.
struct LinkReason
{
    std::string id;                    ///< stable: "launched-before-recording"
    std::string text;                  ///< a phrase: "3 device records missing", "21 NCCL spans: both owners are kept"
    std::uint64_t count = 0;
    bool unmatched = true;             ///< false: matched, but worth saying (two answers, id not used)
    std::vector<LinkPlace> places;     ///< the first kPlacesKept, in the order of the rows
    static constexpr std::size_t kPlacesKept = 1000;
};

/// One row of the link report. exact + inferred + ambiguous + unmatched = total.
struct LinkCount
{
    std::string id;                    ///< stable: "device_to_call", "device_to_op", "call_to_device", "backward_to_forward",
                                       ///< "gpu_annotation_to_annotation", "sync_to_call", "node_to_event", "flows", "collectives"
    std::string title;                 ///< "Device span to operator"
    std::uint64_t total = 0, exact = 0, inferred = 0, ambiguous = 0, unmatched = 0;
    std::vector<LinkMethod> methods;   ///< that were used, most links first
    std::vector<LinkReason> reasons;
    std::uint64_t matched() const { return exact + inferred + ambiguous; }
};

/// What an execution trace and a Kineto trace are to each other (linking.md 4.1).
enum class RunRelation : std::uint8_t { SameRun, OtherIteration, OtherProcess, Unrelated };
std::string_view title(RunRelation relation);  ///< "same run", "other iteration", "other process", "unrelated"

/// One execution trace of the load and the Kineto trace that it was held against.
struct EtPairing
{
    SourceId et;
    SourceId kineto;                                 ///< none: no timed trace was opened with it
    RunRelation relation = RunRelation::Unrelated;
    LinkMethod method = LinkMethod::RecordFunctionId;///< meaningless when unrelated
    LinkConfidence confidence = LinkConfidence::Exact; ///< Ambiguous: the names fit at several places, and nothing tells which
    std::optional<std::int64_t> sequenceDifference;  ///< Kineto minus ET, method B
    std::uint64_t places = 0;                        ///< method B: where the sequence of names fits
    std::uint64_t nodes = 0, withRfId = 0, exact = 0, byOrder = 0, unmatched = 0;
    std::string sentence;                            ///< why, for people: "Process numbers differ (2910249 and 3233936), all 14,388 ..."
    std::vector<LinkReason> reasons;                 ///< of the unmatched nodes
};

/// All links of a trace, frozen: 12 bytes a link and 4 for the way back. Made in finish() by core/link.
class TraceLinks
{
public:
    /// Sorted by (from, kind, to).
    std::span<const Link> all() const { return m_links; }
    /// Leading away from a slice: what it caused. O(log n).
    std::span<const Link> out(SliceId from) const;
    /// Leading to it, as rows of all(), sorted by kind. O(log n).
    std::span<const std::uint32_t> into(SliceId to) const;
    /// The surest link of that kind that leads to it; null when there is none.
    const Link* into(SliceId to, LinkKind kind) const;

    std::span<const LinkCount> report() const { return m_report; }
    const LinkCount* count(std::string_view id) const;
    std::span<const EtPairing> pairings() const { return m_pairings; }
    const EtPairing* pairing(SourceId et) const;

    /// "External id" names operators in this source; false: the ids repeat the correlation (linking.md 2.4), and are not used.
    bool externalIdsUsable(SourceId source) const { return source.index() < m_externalIds.size() && m_externalIds[source.index()]; }
    std::size_t bytes() const;

private:
    friend class LinkBuilder;
    std::vector<Link> m_links;
    std::vector<std::uint32_t> m_into;     ///< rows of m_links, by (to, kind, surest first, from)
    std::vector<LinkCount> m_report;
    std::vector<EtPairing> m_pairings;
    std::vector<bool> m_externalIds;       ///< by source
};

/// What a device did on behalf of something.
struct DeviceWork
{
    std::uint64_t ops = 0;
    std::int64_t time = 0;     ///< ns, sum of durations; ops on several streams at once count each
};

} // namespace opscope
