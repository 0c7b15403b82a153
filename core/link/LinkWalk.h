#pragma once

#include "core/trace/Trace.h"

#include <string>
#include <vector>

namespace opscope {

/// One line of "what is this linked to": what the keys ] and [ walk, the detail pane lists and the timeline draws.
struct LinkedThing
{
    enum class Role : std::uint8_t {
        Call,            ///< the runtime call that launched it
        LaunchedBy,      ///< the operator that it is charged with
        Launches,        ///< a device op that it launched, itself or through calls inside it
        Forward,         ///< the forward op of a backward one
        Backward,        ///< the backward node of a forward op
        HostAnnotation, DeviceAnnotation,
        Synchronises, Waits, Recorded,
        FlowFrom, FlowTo,
        OtherRank,       ///< the same collective elsewhere
        Node,            ///< the node of an execution trace that it is
        PythonFrame      ///< the innermost Python frame around it, or around its forward op
    };
    Role role = Role::Call;
    bool ahead = false;            ///< effect, not cause: ] follows it, [ the others
    SliceId slice;                 ///< none for a node without a slice
    NodeId node;                   ///< set for Role::Node
    LinkMethod method = LinkMethod::Correlation;
    LinkConfidence confidence = LinkConfidence::Exact;
    /// What the link hangs on at this side: the slice asked about, or, for Forward and Backward, the operator around or inside it
    /// that carries the link. Those two are inherited: a kernel has the forward op of the backward node that it works for.
    SliceId carrier;
    /// Start of the effect minus start of the cause, of `slice` and `carrier`: whoever asks, one link has one delay. Negative:
    /// clock skew. Saturates.
    Nanos delay = 0;
    friend bool operator==(const LinkedThing&, const LinkedThing&) = default;
};

std::string_view title(LinkedThing::Role role);   ///< "Launched by", "Launches", "Forward", "Node"

/// Everything that a slice (or node) is linked to, nearest meaning first; at most `limit` of the many kinds (Launches, FlowTo).
/// `total` gets how many there are. For a device op: node, operator, call, forward, Python frame. For an operator: what it
/// launches, inside calls included; Forward and Backward also where `carrier` is another. Milliseconds at most, whatever the trace.
std::vector<LinkedThing> linkedThings(const Trace& trace, SliceId slice, std::size_t limit = 500, std::uint64_t* total = nullptr);
std::vector<LinkedThing> linkedThings(const Trace& trace, NodeId node, std::size_t limit = 500, std::uint64_t* total = nullptr);

/// Python frame -> op -> runtime call -> device op that goes through the slice: what stays bright while the rest is dimmed.
/// In the order of their starts; the slice itself is in it.
std::vector<SliceId> linkChain(const Trace& trace, SliceId slice, std::size_t limit = 2000);

} // namespace opscope
