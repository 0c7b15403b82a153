#include "widgets/panel/Panels.h"

#include "widgets/detail/DetailPane.h"
#include "widgets/detail/RawPane.h"
#include "widgets/hierarchy/HierarchyView.h"
#include "widgets/panel/DiagnosticsPanel.h"
#include "widgets/panel/LinkReportPanel.h"
#include "widgets/table/AggregatesPanel.h"
#include "widgets/tensor/CodePanel.h"
#include "widgets/tensor/TensorPanel.h"

namespace opscope {

namespace {

template <class Widget>
QWidget* create(TraceDocument& document, ViewSettings& settings)
{
    return new Widget(document, settings);
}

constexpr Panel kPanels[] = {
    // id, title, icon, area, widget
    {"hierarchy", "Hierarchy", "tree", Qt::BottomDockWidgetArea, create<HierarchyView>},
    {"aggregates", "Aggregates", "table", Qt::BottomDockWidgetArea, create<AggregatesPanel>},
    {"problems", "Problems", "warning", Qt::BottomDockWidgetArea, create<DiagnosticsPanel>},
    {"links", "Links", "link", Qt::BottomDockWidgetArea, create<LinkReportPanel>},
    {"code", "Code", "file", Qt::BottomDockWidgetArea, create<CodePanel>},
    {"detail", "Detail", "detail", Qt::RightDockWidgetArea, create<DetailPane>},
    {"tensors", "Tensors", "tensor", Qt::RightDockWidgetArea, create<TensorPanel>},
    {"raw", "Raw", "stack", Qt::RightDockWidgetArea, create<RawPane>},
};

} // namespace

std::span<const Panel> panels() { return kPanels; }

} // namespace opscope
