#pragma once

#include "widgets/document/ViewSettings.h"

#include <QWidget>

class QDockWidget;
class QToolButton;

namespace opscope {

/// Title of a dock that stands alone, drawn like a tab: 30 px, an accent line over the name, a button to close it.
class DockTitle : public QWidget
{
    Q_OBJECT

public:
    DockTitle(QDockWidget& dock, const char* iconName, ViewSettings& settings);
    /// Among tabs the tab is the title and this one takes no room.
    void setFolded(bool folded);
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return {60, sizeHint().height()}; }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void showTheme();

    QDockWidget& m_dock;
    const char* m_iconName;
    ViewSettings& m_settings;
    QToolButton* m_close;
    bool m_folded = false;
};

} // namespace opscope
