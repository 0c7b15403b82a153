#pragma once

#include <cstddef>
#include <string_view>

namespace opscope::kineto {

/// Telling by look where an event starts, without knowing what is a string and what is nested: a brace behind the end of
/// another object, followed by a key that events have. In valid JSON no string can look so (its quotes would be escaped), but
/// lists of objects within args can. So a look is a guess: whoever cuts by it proves it by arrival (WindowPlan).

/// Whether text[at] looks like the opening brace of an event behind another element.
bool looksLikeEventStart(std::string_view text, std::size_t at);
/// The last one in `text`, npos when there is none. Position 0 is not considered.
std::size_t lastEventStart(std::string_view text);
/// The first one behind `from` that also has a "ph" key near: for going on behind damage, where a wrong guess costs more.
std::size_t nextSureEventStart(std::string_view text, std::size_t from);
/// How far behind an event start nextSureEventStart looks for "ph".
inline constexpr std::size_t kSureWithin = 1024;

} // namespace opscope::kineto
