#pragma once

#include "widgets/hierarchy/HierarchyTree.h"

#include <QString>

#include <optional>
#include <span>

namespace opscope {

/// What the rows of the tree say. Pure; all text is safe to show (see Text.h).

/// "–": there is no such value. Never 0.
QString noneText();
/// Short name: "cunn_SoftMaxForward"; "thread 2 (pt_autograd_0)" and "process 4711" for those nodes of an execution trace.
QString shownName(const Trace& trace, const HierarchyTree& tree, std::uint32_t row);
/// What stands dim before it: "evaluate_function: " of an engine wrapper, else "".
QString dimPrefix(const Trace& trace, const HierarchyTree& tree, std::uint32_t row);
/// As the file has it.
QString fullName(const Trace& trace, const HierarchyTree& tree, std::uint32_t row);

struct RowTimes
{
    Nanos start = 0;                  ///< from the origin of the trace
    std::optional<Nanos> duration;    ///< none: the file gave none
    std::optional<Nanos> self;
};
/// Nothing for rows without times: nodes that are no event of a timed trace, empty tracks.
std::optional<RowTimes> timesOf(const Trace& trace, const HierarchyTree& tree, std::uint32_t row);

/// "[32, 512, 14, 14] [512]": the recorded shapes, cut behind the first few; "" when there are none.
QString shapesText(const Trace& trace, std::span<const TensorDesc> tensors);
/// "[32,512]" or a list over several lines -> "[32, 512]"; long ones are cut.
QString spacedShape(std::string_view json);

} // namespace opscope
