#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace opscope::kineto {

/// One damaged event, written anew as clean JSON, so that the same scanner reads it: no second set of rules.
///
/// Taken and put right: unescaped quotes within a string (a quote ends a string only when what follows could follow it), a
/// missing closing quote, doubled and missing commas, comments, closers of the wrong kind or none, unquoted words.
struct RepairedEvent
{
    enum class Outcome {
        Whole,    ///< `json` is a closed object
        Cut,      ///< the text ended inside; more text may help. `json` is closed where it ended
        Hopeless  ///< nothing to be made of it
    };
    Outcome outcome = Outcome::Hopeless;
    std::string json;           ///< without padding
    std::size_t consumed = 0;   ///< bytes of the damaged text
    std::string_view what = ""; ///< "unescaped quote": static text
};

/// `text` begins with the opening brace and may hold much more than the event.
RepairedEvent repairEvent(std::string_view text);

/// The same where other events follow: what cannot be closed ends where the next one surely begins. Nothing when only more text can
/// tell, or when the file ends in the middle of it.
std::optional<RepairedEvent> repairWithin(std::string_view text, bool atEnd);

} // namespace opscope::kineto
