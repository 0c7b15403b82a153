#pragma once

#include "widgets/document/NameSearch.h"
#include "widgets/document/ViewSettings.h"

#include <QLineEdit>
#include <QTimer>

class QAction;
class QLabel;

namespace opscope {

/// "Find name": searches while typing, Enter and Shift+Enter step, "3 of 120" on the right.
class SearchField : public QLineEdit
{
    Q_OBJECT

public:
    SearchField(NameSearch& search, TraceDocument& document, ViewSettings& settings, QWidget* parent = nullptr);
    /// Takes the focus and selects what is there.
    void begin();

Q_SIGNALS:
    void left();            ///< Esc: the focus should go back to where the work is

protected:
    void keyPressEvent(QKeyEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void commit();
    void showCount();
    void showTheme();
    void placeHint();

    NameSearch& m_search;
    ViewSettings& m_settings;
    QAction* m_glass;
    QLabel* m_hint;
    QTimer m_typing;
};

} // namespace opscope
