#pragma once

#include "core/trace/Trace.h"
#include "widgets/common/Theme.h"
#include "widgets/document/ViewSettings.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace opscope {

enum class Family : std::uint8_t {
    Matmul, Attention, Elementwise, Reduction, Memory, Communication, Other, Runtime, Sync, Annotation, Python
};
enum class Fill : std::uint8_t { Solid, MemoryFoot, Rails, Hatch, Outline, Muted };

/// Name -> family by look.md section 5: category first, then the first matching word of the (lower-cased, unwrapped) name.
Family familyOf(std::string_view name, CategoryClass category, bool onDevice);
QString familyTitle(Family family);
Fill fillOf(Family family, bool onDevice);
/// "void at::native::(anonymous namespace)::cunn_SoftMaxForward<...>(...)" -> "cunn_SoftMaxForward";
/// "autograd::engine::evaluate_function: X" -> "X"; Python frames stay whole.
std::string shortName(std::string_view name);

/// Colours for every (name, category) of one trace, worked out once per trace and theme: a lookup is two array reads.
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
    SliceColors(const Trace& trace, const Theme& theme, ColorBy by);
    const Style& style(SliceId slice, const Trace& trace) const;
    /// Label of a slice name, already short; a view that lives as long as this object.
    const QString& label(StringId name) const;

private:
    std::vector<std::uint32_t> m_styleOfName; // name -> row of m_styles, by side
    std::vector<Style> m_styles;
    mutable std::vector<QString> m_labels;
    const Trace* m_trace = nullptr;
};

} // namespace opscope
