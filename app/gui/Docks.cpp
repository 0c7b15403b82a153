#include "app/gui/Docks.h"

#include "app/gui/DockTitle.h"
#include "app/gui/Settings.h"
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

/// What the panel names itself, else the first thing inside that takes the focus by Tab.
QWidget* firstFocusable(QWidget* widget)
{
    if (widget->focusProxy())
        return widget;
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
    m_docks.push_back({&panel, dock, title, DockTools(*dock->widget())});
    const auto later = [this] { m_decorate.start(); };
    connect(dock, &QDockWidget::dockLocationChanged, this, later);
    connect(dock, &QDockWidget::topLevelChanged, this, later);
    connect(dock, &QDockWidget::visibilityChanged, this, later);
}

void Docks::arrange()
{
    for (Dock& dock : m_docks) {
        dock.tools.putIntoPanel();
        dock.widget->setFloating(false);
        m_window.removeDockWidget(dock.widget);
    }
    for (const Dock& dock : m_docks) {
        const auto first = std::find_if(m_docks.begin(), m_docks.end(), [&](const Dock& d) { return d.panel->area == dock.panel->area; });
        m_window.addDockWidget(dock.panel->area, dock.widget);
        dock.widget->show();
        if (first->widget != dock.widget) {
            m_window.tabifyDockWidget(first->widget, dock.widget);
            first->widget->raise();
        }
    }
    resizeToDefault();
    QTimer::singleShot(0, this, [this] { // once more with the sizes that the layout then has, and without the titles that tabs replace
        decorate();
        resizeToDefault();
    });
    m_decorate.start();
}

void Docks::resizeToDefault()
{
    const bool compact = m_window.width() < 1360;
    const bool low = m_window.height() < 800;
    for (const Dock& dock : m_docks) {
        if (dock.widget->isFloating())
            continue;
        if (dock.panel->area == Qt::BottomDockWidgetArea)
            m_window.resizeDocks({dock.widget}, {low ? kBottomCompact : kBottomHeight}, Qt::Vertical);
        else
            m_window.resizeDocks({dock.widget}, {compact ? kDetailCompact : kDetailWidth}, Qt::Horizontal);
    }
}

void Docks::readStates(const Settings& settings)
{
    for (const Dock& dock : m_docks) {
        QWidget* panel = dock.widget->widget();
        const QByteArray state = settings.panel(dock.widget->objectName());
        if (!state.isEmpty() && panel->metaObject()->indexOfProperty(kPanelState) >= 0)
            panel->setProperty(kPanelState, state);
    }
}

void Docks::writeStates(Settings& settings) const
{
    for (const Dock& dock : m_docks) {
        const QVariant state = dock.widget->widget()->property(kPanelState);
        if (state.isValid())
            settings.setPanel(dock.widget->objectName(), state.toByteArray());
    }
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

Docks::Dock* Docks::find(const QString& id)
{
    const auto found = std::find_if(m_docks.begin(), m_docks.end(), [&](const Dock& d) { return d.widget->objectName() == id; });
    return found == m_docks.end() ? nullptr : &*found;
}

void Docks::raise(const char* id)
{
    if (bringToFront(QLatin1String(id)))
        firstFocusable(find(QLatin1String(id))->widget->widget())->setFocus(Qt::OtherFocusReason);
}

bool Docks::bringToFront(const QString& id)
{
    const Dock* dock = find(id);
    if (!dock)
        return false;
    dock->widget->show();
    dock->widget->raise();
    return true;
}

void Docks::setSizes(QSize sizes)
{
    for (const Dock& dock : m_docks) {
        const bool atBottom = m_window.dockWidgetArea(dock.widget) == Qt::BottomDockWidgetArea;
        const int size = atBottom ? sizes.height() : sizes.width();
        if (size == 0)
            dock.widget->hide();
        else
            m_window.resizeDocks({dock.widget}, {size}, atBottom ? Qt::Vertical : Qt::Horizontal);
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
    // Qt makes, moves and drops tab bars as it needs them, without a signal.
    switch (event->type()) {
    case QEvent::ChildAdded:
    case QEvent::LayoutRequest:
    case QEvent::Move:
    case QEvent::Resize:
    case QEvent::Show:
    case QEvent::Hide:
        m_decorate.start();
        break;
    default:
        break;
    }
    return QObject::eventFilter(watched, event);
}

void Docks::decorate()
{
    for (Dock& dock : m_docks) {
        const bool amongTabs = !dock.widget->isFloating() && !m_window.tabifiedDockWidgets(dock.widget).isEmpty();
        dock.title->setFolded(amongTabs);
        if (!amongTabs)
            dock.tools.putIntoPanel();
    }
    for (QTabBar* bar : m_window.findChildren<QTabBar*>(QString(), Qt::FindDirectChildrenOnly)) {
        if (bar->expanding()) { // new: setting these anew each time would ask for the next layout, and that for us
            bar->setExpanding(false);
            bar->setIconSize({14, 14});
            bar->installEventFilter(this);
        }
        for (int tab = 0; tab < bar->count(); ++tab) {
            const auto dock = std::find_if(m_docks.begin(), m_docks.end(),
                                           [&](const Dock& d) { return d.widget->windowTitle() == bar->tabText(tab); });
            if (dock != m_docks.end())
                decorateTab(*bar, tab, *dock);
        }
    }
}

void Docks::decorateTab(QTabBar& bar, int tab, Dock& dock)
{
    const bool inFront = tab == bar.currentIndex();
    const Theme& theme = m_settings.theme();
    bar.setTabIcon(tab, icon(dock.panel->icon, inFront ? theme.textHi : theme.textDim));
    const QString count = badge(*dock.panel);
    auto* label = qobject_cast<QLabel*>(bar.tabButton(tab, QTabBar::RightSide));
    if (label && count.isEmpty()) {
        bar.setTabButton(tab, QTabBar::RightSide, nullptr);
    } else if (!label && !count.isEmpty()) {
        label = new QLabel(count, &bar);
        label->setObjectName(QStringLiteral("badge"));
        label->setAttribute(Qt::WA_TransparentForMouseEvents);
        bar.setTabButton(tab, QTabBar::RightSide, label);
    } else if (label && label->text() != count) {
        label->setText(count);
        label->adjustSize();
    }
    if (bar.isVisible())
        dock.tools.putIntoTabRow(bar, inFront);
}

QString Docks::badge(const Panel& panel) const
{
    if (std::strcmp(panel.id, "problems") != 0 || !m_document.trace())
        return {};
    const std::size_t kinds = m_document.trace()->diagnostics().seen().size();
    return kinds ? QString::number(kinds) : QString();
}

} // namespace opscope
