#pragma once

#include "core/link/LinkWalk.h"

#include <cstdint>
#include <span>
#include <vector>

namespace opscope {

/// How an arrow is drawn (look.md section 6): the colour and the dashes say what it means.
enum class LinkStroke : std::uint8_t { Launch, Forward, Sync, Flow };

/// One arrow, from cause to effect.
struct LinkLeg
{
    SliceId from, to;
    LinkStroke stroke = LinkStroke::Launch;
    bool main = false;          ///< 2 px with a label; others are thin and have none
    bool labelled = false;
    bool guess = false;         ///< one of several answers
    bool ahead = false;         ///< the selection is the cause: what it is linked to lies at `to`
    LinkedThing::Role role = LinkedThing::Role::Call; ///< what the far end is to the selection
    Nanos delay = 0;            ///< start of `to` minus start of `from`
    SliceId far() const { return ahead ? to : from; }
};

/// What the timeline draws of the links of one slice, decided once a selection: nothing here depends on zoom or layout.
struct LinkFocus
{
    static constexpr std::size_t kLegs = 2000;

    SliceId slice;
    std::vector<LinkLeg> legs;      ///< main ones first
    std::uint64_t launches = 0;     ///< how many the selection launches ...
    bool cut = false;               ///< too much to have all of it in legs and lit
    std::vector<SliceId> lit;       ///< sorted: the chain and both ends of main legs; what stays bright
    NodeId node;                    ///< of the execution trace, and the slice that is it
    SliceId nodeSlice;

    bool empty() const { return lit.size() < 2 && !node; }
    /// What the rest steps back from; empty when there is nothing, or so much that a part would pass for the whole.
    std::span<const SliceId> chain() const { return cut || lit.size() < 2 ? std::span<const SliceId>() : lit; }
    static LinkFocus of(const Trace& trace, SliceId slice);
};

} // namespace opscope
