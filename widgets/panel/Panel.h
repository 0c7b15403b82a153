#pragma once

#include <QString>
#include <Qt>

class QWidget;

namespace opscope {

class TraceDocument;
class ViewSettings;

/// Object name of a panel's tools (chooser, filter field), a direct child of its widget. They stand in a row of their own at the
/// top of the panel, unless the window takes them into the tab row of the dock (look.md, main-dark.png) while the panel is in front.
inline constexpr const char* kPanelTools = "panelTools";

/// Name of a property of a panel's widget (QByteArray, read and write): what it wishes to find again in the next run, such as its
/// columns. Kept by the window beside its layout; a panel takes any bytes for it.
inline constexpr const char* kPanelState = "panelState";

/// A dock of the window. THE LIST is in Panels.cpp; dock, menu entry and saved layout come with a line there.
struct Panel
{
    const char* id;                    ///< stable, for saved layouts: "problems"
    const char* title;                 ///< "Problems"
    const char* icon;                  ///< name in widgets/common/Icons
    Qt::DockWidgetArea area;
    QWidget* (*create)(TraceDocument& document, ViewSettings& settings); ///< the caller parents it
};

} // namespace opscope
