#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace opscope::fxt {

/// What magic-trace writes into the names of processes, because it makes up their ids: "python train.py [pid=41] [tid=57]", and in 2022
/// "41/57". An id that it did not know is "?".
struct NameWithIds
{
    std::string_view name;                  ///< without the ids; "" where there is nothing else
    std::int64_t pid = 0;
    std::optional<std::int64_t> tid;        ///< none: the one of the pid
};

/// Nothing for any other name. `old`: "41/57" counts as well.
std::optional<NameWithIds> idsInName(std::string_view name, bool old);

} // namespace opscope::fxt
