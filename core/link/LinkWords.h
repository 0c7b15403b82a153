#pragma once

#include "core/trace/Trace.h"

#include <string>
#include <string_view>

namespace opscope {

/// What a relation means for the figures that rest on it, as a phrase: "two processes of one program: times are examples".
std::string_view meaning(RunRelation relation);
/// One pairing in a few words: "all 14,388 record-function ids linked, other process". "" when there was nothing to pair with.
std::string shortStatement(const EtPairing& pairing);
/// All pairings of a trace in a few words, for a status line; "" when there are none.
std::string pairingStatement(const Trace& trace);
/// The worst relation of all pairings with a Kineto trace; nothing when there is none.
std::optional<RunRelation> worstRelation(const Trace& trace);

} // namespace opscope
