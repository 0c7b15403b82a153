#pragma once

#include <QPointer>
#include <QWidget>

class QTabBar;

namespace opscope {

/// The tools of one panel (kPanelTools) and where they stand: in the panel, or right of the tabs of its dock, where they cost
/// no row of their own. A panel without tools is fine.
class DockTools
{
public:
    explicit DockTools(QWidget& panel);
    /// Right of the last tab when there is room, else back into the panel. Out of sight while another tab is in front.
    void putIntoTabRow(QTabBar& bar, bool inFront);
    void putIntoPanel();

private:
    void putAbove(QTabBar& bar);
    QPointer<QWidget> m_tools;
    QPointer<QWidget> m_home;
};

} // namespace opscope
