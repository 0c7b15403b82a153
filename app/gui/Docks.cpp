#include "app/gui/Docks.h"

#include "app/gui/DockTitle.h"
#include "widgets/common/Icons.h"
#include "widgets/panel/Panels.h"

#include <QAction>
#include <QApplication>
#include <QLabel>
#include <QMainWindow>
#include <QMenu>
#include <QTabBar>

#include <algorithm>
#include <cstring>

namespace opscope {

namespace {

constexpr int kDetailWidth = 356, kDetailCompact = 312;
constexpr int kBottomHeight = 276, kBottomCompact = 164;

bool holdsFocus(const QWidget* widget)
{
    const QWidget* focus = QApplication::focusWidget();
    return focus && (focus == widget || widget->isAncestorOf(focus));
}

/// The first thing inside that takes the focus by Tab.
QWidget* firstFocusable(QWidget* widget)
{
    if (widget->focusPolicy() & Qt::TabFocus && widget->isVisible() && widget->isEnabled())
        return widget;
    for (QWidget* child : widget->findChildren<QWidget*>()) {
        if (child->focusPolicy() & Qt::TabFocus && child->isVisible() && child->isEnabled() && !child->focusProxy())
            return child;
    }
    return widget;
}

} // namespace

Docks::Docks(QMainWindow& window, TraceDocument& document, ViewSettings& settings)
    : QObject(&window), m_window(window), m_document(document), m_settings(settings)
{
    window.setDockOptions(QMainWindow::AllowTabbedDocks | QMainWindow::AllowNestedDocks | QMainWindow::GroupedDragging);
    window.setDocumentMode(true);
    window.setTabPosition(Qt::AllDockWidgetAreas, QTabWidget::North);
    window.setCorner(Qt::BottomRightCorner, Qt::RightDockWidgetArea);
    window.setCorner(Qt::TopRightCorner, Qt::RightDockWidgetArea);
    for (const Panel& panel : panels())
        make(panel);
    m_decorate.setSingleShot(true);
    m_decorate.setInterval(0);
    connect(&m_decorate, &QTimer::timeout, this, &Docks::decorate);
    const auto later = [this] { m_decorate.start(); };
    connect(&m_document, &TraceDocument::traceChanged, this, later);
    connect(&m_settings, &ViewSettings::changed, this, later);
    connect(&window, &QMainWindow::tabifiedDockWidgetActivated, this, later);
    window.installEventFilter(this);
}

void Docks::make(const Panel& panel)
{
    auto* dock = new QDockWidget(QString::fromUtf8(panel.title), &m_window);
    dock->setObjectName(QLatin1String(panel.id));
    dock->setWidget(panel.create(m_document, m_settings));
    auto* title = new DockTitle(*dock, panel.icon, m_settings);
    dock->setTitleBarWidget(title);
    m_docks.push_back({&panel, dock, title});
    const auto later = [this] { m_decorate.start(); };
    connect(dock, &QDockWidget::dockLocationChanged, this, later);
    connect(dock, &QDockWidget::topLevelChanged, this, later);
    connect(dock, &QDockWidget::visibilityChanged, this, later);
}

void Docks::arrange()
{
    const bool compact = m_window.width() < 1360;
    const bool low = m_window.height() < 800;
    QDockWidget* firstOf[16] = {};
    for (const Dock& dock : m_docks) {
        const Qt::DockWidgetArea area = dock.panel->area;
        dock.widget->setFloating(false);
        m_window.removeDockWidget(dock.widget);
        m_window.addDockWidget(area, dock.widget);
        if (QDockWidget*& first = firstOf[area & 15]; first)
            m_window.tabifyDockWidget(first, dock.widget);
        else
            first = dock.widget;
        dock.widget->show();
    }
    for (QDockWidget* first : firstOf) {
        if (first)
            first->raise();
    }
    if (QDockWidget* right = firstOf[Qt::RightDockWidgetArea])
        m_window.resizeDocks({right}, {compact ? kDetailCompact : kDetailWidth}, Qt::Horizontal);
    if (QDockWidget* bottom = firstOf[Qt::BottomDockWidgetArea])
        m_window.resizeDocks({bottom}, {low ? kBottomCompact : kBottomHeight}, Qt::Vertical);
    m_decorate.start();
}

void Docks::setAllHidden()
{
    for (const Dock& dock : m_docks)
        dock.widget->hide();
}

void Docks::addToMenu(QMenu& menu)
{
    for (const Dock& dock : m_docks)
        menu.addAction(dock.widget->toggleViewAction());
}

void Docks::raise(const char* id)
{
    for (const Dock& dock : m_docks) {
        if (std::strcmp(dock.panel->id, id) != 0)
            continue;
        dock.widget->show();
        dock.widget->raise();
        firstFocusable(dock.widget->widget())->setFocus(Qt::OtherFocusReason);
    }
}

void Docks::walk(QWidget* home, int direction)
{
    std::vector<QWidget*> round{home};
    for (const Dock& dock : m_docks) {
        if (dock.widget->isVisible() && !dock.widget->visibleRegion().isEmpty())
            round.push_back(dock.widget->widget());
    }
    const auto here = std::find_if(round.begin(), round.end(), holdsFocus);
    const std::ptrdiff_t count = static_cast<std::ptrdiff_t>(round.size());
    const std::ptrdiff_t at = here == round.end() ? (direction > 0 ? -1 : count) : here - round.begin();
    QWidget* next = round[static_cast<std::size_t>((at + direction + count) % count)];
    firstFocusable(next)->setFocus(direction > 0 ? Qt::TabFocusReason : Qt::BacktabFocusReason);
}

bool Docks::eventFilter(QObject* watched, QEvent* event)
{
    // Qt makes tab bars as it needs them, without a signal.
    if (event->type() == QEvent::ChildAdded || event->type() == QEvent::LayoutRequest)
        m_decorate.start();
    return QObject::eventFilter(watched, event);
}

void Docks::decorate()
{
    for (const Dock& dock : m_docks) {
        const bool amongTabs = !dock.widget->isFloating() && !m_window.tabifiedDockWidgets(dock.widget).isEmpty();
        dock.title->setFolded(amongTabs);
    }
    decorateTabs();
}

void Docks::decorateTabs()
{
    const Theme& theme = m_settings.theme();
    for (QTabBar* bar : m_window.findChildren<QTabBar*>(QString(), Qt::FindDirectChildrenOnly)) {
        bar->setIconSize({14, 14});
        bar->setExpanding(false);
        for (int tab = 0; tab < bar->count(); ++tab) {
            const QString title = bar->tabText(tab);
            const auto dock = std::find_if(m_docks.begin(), m_docks.end(),
                                           [&](const Dock& d) { return d.widget->windowTitle() == title; });
            if (dock == m_docks.end())
                continue;
            bar->setTabIcon(tab, icon(dock->panel->icon, tab == bar->currentIndex() ? theme.textHi : theme.textDim));
            const QString count = badge(*dock->panel);
            auto* label = qobject_cast<QLabel*>(bar->tabButton(tab, QTabBar::RightSide));
            if (count.isEmpty()) {
                bar->setTabButton(tab, QTabBar::RightSide, nullptr);
            } else if (!label) {
                label = new QLabel(count, bar);
                label->setObjectName(QStringLiteral("badge"));
                label->setAttribute(Qt::WA_TransparentForMouseEvents);
                bar->setTabButton(tab, QTabBar::RightSide, label);
            } else if (label->text() != count) {
                label->setText(count);
                label->adjustSize();
            }
        }
    }
}

QString Docks::badge(const Panel& panel) const
{
    if (std::strcmp(panel.id, "problems") != 0 || !m_document.trace())
        return {};
    const std::size_t kinds = m_document.trace()->diagnostics().seen().size();
    return kinds ? QString::number(kinds) : QString();
}

} // namespace opscope
