#pragma once

#include "core/trace/Family.h"
#include "core/trace/ShortName.h"
#include "core/trace/Trace.h"
#include "widgets/common/Theme.h"
#include "widgets/document/ViewSettings.h"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace opscope {

enum class Fill : std::uint8_t { Solid, MemoryFoot, Rails, Hatch, Outline, Muted };

QString familyTitle(Family family);
Fill fillOf(Family family, bool onDevice);
/// The shades of a family; empty for Sync, Annotation and Python, which the theme's tokens draw.
std::span<const QRgb> shades(Family family, bool darkTheme);
/// One colour that stands for the family: legends, the overview, tables.
QRgb familyColor(Family family, const Theme& theme);
/// What a thread was doing (TrackKind::State), by the name of the slice: not a kind of work, so it has no family.
struct StateLook
{
    QRgb fill = 0;
    Fill kind = Fill::Solid;
};
StateLook stateLook(std::string_view state, const Theme& theme);
/// Colours for every (name, category) of one trace, per trace and theme. Worked out on first sight and kept, so that a
/// lookup is two array reads and opening costs nothing. UI thread only (the caches are mutable).
class SliceColors
{
public:
    struct Style
    {
        QRgb fill = 0;
        QRgb text = 0;
        Family family = Family::Other;
        Fill kind = Fill::Solid;
    };
    /// Borrows the trace, which must outlive it.
    SliceColors(const Trace& trace, const Theme& theme, ColorBy by);
    const Style& style(SliceId slice, const Trace& trace) const;
    Family family(SliceId slice, const Trace& trace) const { return style(slice, trace).family; }
    /// Label of a slice name, already short; a reference that lives as long as this object.
    const QString& label(StringId name) const;

private:
    static constexpr std::uint16_t kUnknown = 0xFFFF;
    enum class Special : std::uint8_t { None, State, Cpu };
    struct Rows
    {
        std::uint32_t first, end;
        Special what;
    };
    Special specialOf(SliceId slice) const;
    std::size_t columnOf(CategoryId category, Special special) const;
    std::uint16_t makeStyle(StringId name, CategoryId category, Special special) const;
    std::uint16_t styleNumber(const Style& style) const;
    QRgb fillOfName(std::string_view name, Family family, CategoryId category) const;
    const Style& durationStyle(SliceId slice, const Style& base) const;

    const Trace* m_trace = nullptr;
    Theme m_theme;
    ColorBy m_by;
    std::size_t m_names = 0;
    std::vector<std::uint8_t> m_groupOfCategory;  ///< category -> which column of m_styleOf
    std::vector<CategoryId> m_categoryOfGroup;    ///< one that stands for the group
    mutable std::vector<std::vector<std::uint16_t>> m_styleOf; ///< [group][name] -> row of m_styles
    mutable std::vector<Style> m_styles;
    mutable std::unordered_map<std::uint64_t, std::uint16_t> m_numbers;
    mutable std::unordered_map<std::uint32_t, QString> m_labels; ///< nodes never move
    std::vector<Rows> m_special;                  ///< slices of states and CPUs, by row
    std::vector<Style> m_durationStyles;
};

} // namespace opscope
