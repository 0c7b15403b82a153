#include "widgets/timeline/LinkSteps.h"

#include <algorithm>

namespace opscope {
namespace {

using Role = LinkedThing::Role;

// The way of the work first: down to the device with ], up to the program with [.
constexpr Role kEffects[] = {Role::Launches, Role::Backward, Role::DeviceAnnotation, Role::Synchronises, Role::Waits, Role::FlowTo, Role::OtherRank};
constexpr Role kCauses[] = {Role::LaunchedBy, Role::Call, Role::Recorded, Role::Forward, Role::HostAnnotation, Role::FlowFrom, Role::OtherRank, Role::PythonFrame};

} // namespace

std::vector<LinkedThing> LinkSteps::choices(const Trace& trace, SliceId from, Way way)
{
    std::vector<LinkedThing> things = linkedThings(trace, from);
    std::erase_if(things, [&](const LinkedThing& t) {
        return t.ahead != (way == Way::Effect) || !t.slice || t.slice == from || t.role == Role::Node;
    });
    std::vector<LinkedThing> ordered;
    const auto take = [&](Role role, std::size_t most) {
        std::erase_if(things, [&](const LinkedThing& t) {
            if (t.role != role || most == 0) return false;
            --most;
            ordered.push_back(t);
            return true;
        });
    };
    const auto order = way == Way::Effect ? std::span<const Role>(kEffects) : std::span<const Role>(kCauses);
    for (const Role role : order) take(role, 1);
    for (const Role role : order) take(role, things.size());
    return ordered;
}

std::optional<LinkedThing> LinkSteps::step(const Trace& trace, SliceId from, Way way)
{
    m_choices = choices(trace, from, way);
    m_at = 0;
    m_trace = &trace;
    return m_choices.empty() ? std::nullopt : std::optional(m_choices.front());
}

std::optional<LinkedThing> LinkSteps::choose(const Trace& trace, SliceId from, int by)
{
    if (m_trace != &trace || m_choices.empty() || m_choices[m_at].slice != from)
        return step(trace, from, by > 0 ? Way::Effect : Way::Cause);
    const std::size_t count = m_choices.size();
    m_at = (m_at + count + static_cast<std::size_t>(by > 0 ? 1 : count - 1)) % count;
    return m_choices[m_at];
}

} // namespace opscope
