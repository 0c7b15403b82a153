#pragma once

#include "app/gui/DockTools.h"
#include "widgets/document/TraceDocument.h"
#include "widgets/document/ViewSettings.h"
#include "widgets/panel/Panel.h"

#include <QDockWidget>
#include <QTimer>

#include <vector>

class QMainWindow;
class QMenu;
class QTabBar;

namespace opscope {

class DockTitle;
class Settings;

/// The docks of one window, made from THE LIST of panels: places, titles, tab signs, walking round them.
class Docks : public QObject
{
    Q_OBJECT

public:
    Docks(QMainWindow& window, TraceDocument& document, ViewSettings& settings);
    void addToMenu(QMenu& menu);
    /// The places and sizes that a new window has.
    void arrange();
    void setAllHidden();
    /// What panels wish to find again (kPanelState).
    void readStates(const Settings& settings);
    void writeStates(Settings& settings) const;
    /// Shows the panel of this id, brings it in front of its tabs and gives it the focus.
    void raise(const char* id);
    /// The same without the focus. False when no panel has that id.
    bool bringToFront(const QString& id);
    /// Width of the docks at the right, height of those at the bottom; 0 hides them.
    void setSizes(QSize sizes);
    /// Gives the focus to the next (previous) visible dock; `home` is the timeline, first of the round.
    void walk(QWidget* home, int direction);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    struct Dock
    {
        const Panel* panel;
        QDockWidget* widget;
        DockTitle* title;
        DockTools tools;
    };
    void make(const Panel& panel);
    void decorate();        ///< icons and counts and tools of the tabs, titles where there is no tab
    void decorateTab(QTabBar& bar, int tab, Dock& dock);
    void resizeToDefault();
    Dock* find(const QString& id);
    QString badge(const Panel& panel) const;

    QMainWindow& m_window;
    TraceDocument& m_document;
    ViewSettings& m_settings;
    std::vector<Dock> m_docks;
    QTimer m_decorate;
};

} // namespace opscope
