#pragma once

#include "core/query/Filter.h"
#include "core/trace/Family.h"

#include <bitset>
#include <string>
#include <string_view>

namespace opscope {

using FamilySet = std::bitset<kFamilies>;   ///< by Family

/// What the chips of the filter bar say, read from and written into the text of the filter: one term among those that must all
/// be true,
///
///     dur > 50us and not family in (memory, sync)        hidden: memory, sync
///     family == matmul and dur > 50us                    shown: matmul only
///
/// The rest of the text stays as the user wrote it. Texts that do not parse, and family terms in brackets or beside `or`, are the
/// user's own: the chips say "all shown" of them. Pure.
struct FamilyTerm
{
    enum class Kind : std::uint8_t { None, Without, Only };
    Kind kind = Kind::None;
    FamilySet families;                     ///< that are left out (Without), or shown (Only)
    std::size_t at = 0, length = 0;         ///< where it stands in the text, in bytes

    static FamilyTerm in(std::string_view text);
    bool shows(Family family) const
    {
        const bool named = families.test(static_cast<std::size_t>(family));
        return kind == Kind::None || (kind == Kind::Only) == named;
    }
};

/// The filter with this family shown where it was hidden, hidden where it was shown.
Filter withFamilyToggled(const Filter& filter, Family family);
/// The filter with only this family shown; all of them when that was so already.
Filter withOnlyFamily(const Filter& filter, Family family);

} // namespace opscope
