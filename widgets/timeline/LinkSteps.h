#pragma once

#include "core/link/LinkWalk.h"

#include <optional>
#include <span>
#include <vector>

namespace opscope {

/// What the keys ] and [ do: a step to an effect or a cause of the selection, then a choice among the others that the step could
/// have led to.
///
///     gemm  [ ->  aten::bmm (what launched it)   Ctrl+] ->  cudaLaunchKernel (its call)   Ctrl+] ->  the forward operator
class LinkSteps
{
public:
    enum class Way : std::uint8_t { Effect, Cause };
    /// From `from`; nothing when no link leads that way.
    std::optional<LinkedThing> step(const Trace& trace, SliceId from, Way way);
    /// While the selection is where the last step led: the next (by 1) or previous (by -1) of its alternatives. Else a step:
    /// by 1 to an effect, by -1 to a cause.
    std::optional<LinkedThing> choose(const Trace& trace, SliceId from, int by);
    std::size_t number() const { return m_at + 1; }      ///< of the one that was chosen last, from 1
    std::size_t count() const { return m_choices.size(); }

    /// Where a step may lead, the likeliest first: one of each kind, then the rest of the kinds that have many.
    static std::vector<LinkedThing> choices(const Trace& trace, SliceId from, Way way);

private:
    std::vector<LinkedThing> m_choices;
    std::size_t m_at = 0;
    const Trace* m_trace = nullptr;   ///< only compared
};

} // namespace opscope
