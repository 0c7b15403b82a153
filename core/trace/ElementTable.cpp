#include "core/trace/ElementTable.h"

#include <algorithm>

namespace opscope {

std::span<const ExtraElement> ElementTable::of(SourceId source) const
{
    const auto first = std::partition_point(m_elements.begin(), m_elements.end(), [&](const ExtraElement& e) { return e.source < source.index(); });
    const auto last = std::partition_point(first, m_elements.end(), [&](const ExtraElement& e) { return e.source <= source.index(); });
    return {first, last};
}

} // namespace opscope
