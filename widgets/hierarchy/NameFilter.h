#pragma once

#include "core/trace/Trace.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace opscope {

/// What the filter box of the tree says: part of a name, ASCII letters of either case, or "#12".
/// Each distinct name is compared once, however many slices carry it.
class NameFilter
{
public:
    NameFilter(std::string_view text, const Trace& trace);

    bool matches(std::string_view name) const;
    bool matches(SliceId slice) const;
    bool matches(NodeId node) const;

private:
    bool matchesName(StringId name) const;

    const Trace* m_trace;
    std::string m_text;                   // lower case
    std::optional<std::int64_t> m_id;
    enum : std::uint8_t { kUnknown, kNo, kYes };
    mutable std::vector<std::uint8_t> m_known; // by StringId; one NameFilter belongs to one thread
};

} // namespace opscope
