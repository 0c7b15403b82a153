#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace opscope::magictrace {

/// What a line that magic-trace or perf prints means. By substrings that are the same from v1.0.0 to v1.2.4 (recording.md "Lifecycle and exact lines").
enum class Line : std::uint8_t {
    Attached,         ///< it records from now on
    GotSignal, SnapshotTaken, Finished, Decoding,
    DecodeError,      ///< a place of the recording that perf could not decode
    SkippedOutput,    ///< a line of perf that magic-trace did not understand
    Note,             ///< something to tell; see noteOf()
    Silence,          ///< known, and of no interest
    Other
};
Line meaningOf(std::string_view line);
/// For Line::Note: the sentence. Unknown warnings are told as they are, cleaned.
std::string noteOf(std::string_view line);

/// `text` with control characters made visible; line ends and tabs stay.
std::string cleanLines(std::string_view text);

} // namespace opscope::magictrace
