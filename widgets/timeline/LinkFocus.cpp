#include "widgets/timeline/LinkFocus.h"

#include <algorithm>
#include <unordered_set>

namespace opscope {
namespace {

using Role = LinkedThing::Role;

constexpr std::size_t kChain = 3 * LinkFocus::kLegs; // each with its call and its operator

Nanos delayOf(const Trace& trace, SliceId from, SliceId to)
{
    Nanos delay = 0;
    if (__builtin_sub_overflow(trace.slices().start(to), trace.slices().start(from), &delay))
        return trace.slices().start(to) > trace.slices().start(from) ? INT64_MAX : INT64_MIN;
    return delay;
}

class FocusMaker
{
public:
    FocusMaker(const Trace& trace, SliceId slice) : m_trace(trace), m_slices(trace.slices()), m_slice(slice) {}

    LinkFocus run()
    {
        m_focus.slice = m_slice;
        m_things = linkedThings(m_trace, m_slice, LinkFocus::kLegs, &m_total);
        for (const LinkedThing& thing : m_things) addMain(thing);
        addLaunched();
        addSiblings();
        std::stable_partition(m_focus.legs.begin(), m_focus.legs.end(), [](const LinkLeg& leg) { return leg.main; });
        addLit();
        return std::move(m_focus);
    }

private:
    LinkLeg& add(SliceId from, SliceId to, LinkStroke stroke, const LinkedThing& thing)
    {
        LinkLeg leg;
        leg.from = from;
        leg.to = to;
        leg.stroke = stroke;
        leg.role = thing.role;
        leg.ahead = thing.ahead;
        leg.guess = thing.confidence == LinkConfidence::Ambiguous;
        leg.delay = delayOf(m_trace, from, to);
        m_focus.legs.push_back(leg);
        return m_focus.legs.back();
    }
    void addLabelled(SliceId from, SliceId to, LinkStroke stroke, const LinkedThing& thing)
    {
        LinkLeg& leg = add(from, to, stroke, thing);
        leg.main = leg.labelled = true;
    }

    void addMain(const LinkedThing& thing)
    {
        switch (thing.role) {
        case Role::LaunchedBy: return addOperator(thing);
        case Role::Call: return addLabelled(thing.slice, m_slice, m_trace.kindOf(m_slice) == CategoryClass::Sync ? LinkStroke::Sync : LinkStroke::Launch, thing);
        case Role::Forward: return addLabelled(thing.slice, thing.carrier, LinkStroke::Forward, thing);
        case Role::Backward: return addLabelled(thing.carrier, thing.slice, LinkStroke::Forward, thing);
        case Role::HostAnnotation:
        case Role::Recorded: return addLabelled(thing.slice, m_slice, LinkStroke::Sync, thing);
        case Role::DeviceAnnotation:
        case Role::Synchronises:
        case Role::Waits: return addLabelled(m_slice, thing.slice, LinkStroke::Sync, thing);
        case Role::FlowFrom: return addFew(thing.slice, m_slice, thing);
        case Role::FlowTo: return addFew(m_slice, thing.slice, thing);
        case Role::OtherRank: return thing.ahead ? addFew(m_slice, thing.slice, thing) : addFew(thing.slice, m_slice, thing);
        case Role::Node:
            m_focus.node = thing.node;
            m_focus.nodeSlice = thing.slice;
            return;
        case Role::Launches:
        case Role::PythonFrame: return; // all at once; encloses the rest, so an arrow would say nothing
        }
    }

    /// The first of many flows has a label, the others are thin.
    void addFew(SliceId from, SliceId to, const LinkedThing& thing)
    {
        LinkLeg& leg = add(from, to, LinkStroke::Flow, thing);
        leg.main = leg.labelled = m_flows++ == 0;
    }

    /// op -> call, where the call is known; the delay that matters stands at call -> kernel then.
    void addOperator(const LinkedThing& thing)
    {
        const bool first = !m_operator;
        if (first) m_operator = thing.slice;
        const auto call = std::ranges::find(m_things, Role::Call, &LinkedThing::role);
        const bool viaCall = call != m_things.end();
        LinkLeg& leg = add(thing.slice, viaCall && first ? call->slice : m_slice, LinkStroke::Launch, thing);
        leg.main = first;
        leg.labelled = first && !viaCall && m_trace.trackOf(thing.slice) != m_trace.trackOf(m_slice);
    }

    void addLaunched()
    {
        bool first = true;
        for (const LinkedThing& thing : m_things) {
            if (thing.role != Role::Launches) continue;
            ++m_focus.launches;
            const Link* launch = m_trace.links().into(thing.slice, LinkKind::Launch);
            const SliceId call = launch ? launch->from : m_slice;
            if (first && call != m_slice) add(m_slice, call, LinkStroke::Launch, thing).main = true;
            LinkLeg& leg = add(call, thing.slice, LinkStroke::Launch, thing);
            leg.main = leg.labelled = first;
            first = false;
        }
        m_focus.cut = m_total > m_things.size();
        if (m_focus.launches) m_focus.launches += m_total - m_things.size();
    }

    /// What else the operator of a device op launched.
    void addSiblings()
    {
        const bool onDevice = std::ranges::any_of(m_things, [](const LinkedThing& t) { return t.role == Role::Call; });
        if (!onDevice || !m_operator) return;
        for (LinkedThing& thing : linkedThings(m_trace, m_operator, LinkFocus::kLegs)) {
            if (thing.role != Role::Launches || thing.slice == m_slice) continue;
            const Link* launch = m_trace.links().into(thing.slice, LinkKind::Launch);
            thing.confidence = LinkConfidence::Exact;
            add(launch ? launch->from : m_operator, thing.slice, LinkStroke::Launch, thing);
        }
    }

    void addLit()
    {
        m_focus.lit = linkChain(m_trace, m_slice, kChain);
        m_focus.cut |= m_focus.lit.size() == kChain;
        addModule();
        for (const LinkLeg& leg : m_focus.legs) {
            if (!leg.main) continue;
            m_focus.lit.push_back(leg.from);
            m_focus.lit.push_back(leg.to);
        }
        std::ranges::sort(m_focus.lit);
        m_focus.lit.erase(std::unique(m_focus.lit.begin(), m_focus.lit.end()), m_focus.lit.end());
    }

    /// The nn.Module around the Python frame: of deep stacks the timeline shows only those.
    void addModule()
    {
        const auto frame = std::ranges::find(m_things, Role::PythonFrame, &LinkedThing::role);
        SliceId at = frame == m_things.end() ? SliceId() : frame->slice;
        while (at && !m_trace.name(at).starts_with("nn.Module: ")) at = m_slices.parent(at);
        if (at) m_focus.lit.push_back(at);
    }

    const Trace& m_trace;
    const SliceTable& m_slices;
    const SliceId m_slice;
    SliceId m_operator;
    std::vector<LinkedThing> m_things;
    std::uint64_t m_total = 0;
    std::size_t m_flows = 0;
    LinkFocus m_focus;
};

} // namespace

LinkFocus LinkFocus::of(const Trace& trace, SliceId slice)
{
    if (slice.index() >= trace.slices().size()) return {};
    return FocusMaker(trace, slice).run();
}

} // namespace opscope
