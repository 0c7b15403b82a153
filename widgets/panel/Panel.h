#pragma once

#include <QString>
#include <Qt>

class QWidget;

namespace opscope {

class TraceDocument;
class ViewSettings;

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
