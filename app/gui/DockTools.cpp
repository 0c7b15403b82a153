#include "app/gui/DockTools.h"

#include "widgets/panel/Panel.h"

#include <QBoxLayout>
#include <QTabBar>

#include <algorithm>

namespace opscope {

namespace {

constexpr int kGap = 24;            // between the last tab and the tools
constexpr int kWidest = 460;        // a filter field need not fill a wide screen

} // namespace

DockTools::DockTools(QWidget& panel) : m_tools(panel.findChild<QWidget*>(QLatin1String(kPanelTools)))
{
    if (m_tools)
        m_home = m_tools->parentWidget();
}

void DockTools::putIntoTabRow(QTabBar& bar, bool inFront)
{
    if (!m_tools || !m_home)
        return;
    const int tabsEnd = bar.count() ? bar.tabRect(bar.count() - 1).right() : 0;
    const int room = bar.width() - tabsEnd - kGap;
    if (room < m_tools->minimumSizeHint().width()) {
        putIntoPanel();
        return;
    }
    QWidget* window = bar.parentWidget();
    if (m_tools->parentWidget() != window) {
        if (QLayout* layout = m_home->layout())
            layout->removeWidget(m_tools);
        m_tools->setParent(window);
    }
    const int width = std::clamp(m_tools->sizeHint().width(), std::min(room, kWidest), room);
    m_tools->setGeometry(bar.x() + bar.width() - width, bar.y(), width, bar.height());
    m_tools->setVisible(inFront && bar.isVisible());
    if (inFront)
        putAbove(bar);
}

/// Right above the tabs and no higher: what lies over the window, such as a help page, stays on top.
void DockTools::putAbove(QTabBar& bar)
{
    const QObjectList& order = bar.parentWidget()->children();
    if (order.indexOf(m_tools) == order.indexOf(&bar) + 1)
        return;
    m_tools->stackUnder(&bar);
    bar.stackUnder(m_tools);
}

void DockTools::putIntoPanel()
{
    if (!m_tools || !m_home || m_tools->parentWidget() == m_home)
        return;
    if (auto* column = qobject_cast<QBoxLayout*>(m_home->layout()))
        column->insertWidget(0, m_tools);
    m_tools->show();
}

} // namespace opscope
