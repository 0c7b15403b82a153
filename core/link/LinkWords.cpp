#include "core/link/LinkWords.h"

#include <algorithm>
#include <array>

namespace opscope {

namespace {

constexpr std::size_t kRelations = 4;

std::string count(std::uint64_t n) { return formatCount(static_cast<std::int64_t>(n)); }

/// "all" is a promise: it stands only where nothing is missing.
std::string share(std::uint64_t part, std::uint64_t whole)
{
    return part == whole ? "all " + count(whole) : count(part) + " of " + count(whole);
}

std::string what(const EtPairing& pairing)
{
    switch (pairing.method) {
    case LinkMethod::RecordFunctionId: return share(pairing.exact, pairing.withRfId) + " record-function ids linked";
    case LinkMethod::ExternalIdAsRf: return share(pairing.exact, pairing.withRfId) + " nodes linked by External id";
    default: return count(pairing.exact + pairing.byOrder) + " of " + count(pairing.nodes) + " nodes linked by order";
    }
}

} // namespace

std::string_view meaning(RunRelation relation)
{
    switch (relation) {
    case RunRelation::SameRun: return "one run: times are those of the nodes";
    case RunRelation::OtherIteration: return "another iteration of the run: times are examples";
    case RunRelation::OtherProcess: return "two processes of one program: times are examples";
    case RunRelation::Unrelated: break;
    }
    return "not of one run: nothing was linked";
}

std::string shortStatement(const EtPairing& pairing)
{
    if (!pairing.kineto) return {};
    if (pairing.relation == RunRelation::Unrelated) return "not of one run: nothing was linked";
    return what(pairing) + ", " + std::string(title(pairing.relation));
}

std::string pairingStatement(const Trace& trace)
{
    std::array<std::uint64_t, kRelations> counts{};
    const EtPairing* only = nullptr;
    std::uint64_t pairs = 0;
    for (const EtPairing& pairing : trace.links().pairings()) {
        if (!pairing.kineto) continue;
        only = &pairing;
        ++pairs;
        ++counts[static_cast<std::size_t>(pairing.relation)];
    }
    if (pairs == 0) return {};
    if (pairs == 1) return shortStatement(*only);
    std::string text = count(pairs) + " execution traces: ";
    bool first = true;
    for (std::size_t r = 0; r < kRelations; ++r) {
        if (!counts[r]) continue;
        text += (first ? "" : ", ") + (counts[r] == pairs ? std::string() : count(counts[r]) + " ") +
                std::string(title(static_cast<RunRelation>(r)));
        first = false;
    }
    return text;
}

std::optional<RunRelation> worstRelation(const Trace& trace)
{
    std::optional<RunRelation> worst;
    for (const EtPairing& pairing : trace.links().pairings())
        if (pairing.kineto && (!worst || pairing.relation > *worst)) worst = pairing.relation;
    return worst;
}

} // namespace opscope
