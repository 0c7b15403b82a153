#pragma once

#include "core/trace/SliceTable.h"

#include <cstdint>
#include <string_view>

namespace opscope::kineto {

/// What a key means to us, by the object that it stands in. Everything else is read back from the file when it is looked at.
enum class Key : std::uint8_t {
    Other,
    // of an event
    Ph, Cat, Name, Pid, Tid, Ts, Dur, Id, Id2, Scope, BindPoint,
    Args,       ///< with a value that is no object
    ArgsObject, ///< with its opening brace
    // of its args
    ArgOther, InputDims, InputTypes, InputStrides, Finished, CollectiveName,
    FirstField ///< FirstField + ArgField
};
inline constexpr std::uint8_t kKeys = static_cast<std::uint8_t>(Key::FirstField) + static_cast<std::uint8_t>(kArgFields);

Key eventKey(std::string_view key);
Key argKey(std::string_view key);
/// The spelling that today's writers use: "External id"; "Input Dims" for the signature.
std::string_view spelling(ArgField field);

/// Whether objects that begin with this key look like events: the keys of the Trace Event Format.
bool looksLikeEventKey(std::string_view key);

/// What becomes of an event.
enum class PhaseKind : std::uint8_t { Slice, Instant, WithId, Counter, Metadata, Unknown };
PhaseKind phaseKind(char phase);

} // namespace opscope::kineto
