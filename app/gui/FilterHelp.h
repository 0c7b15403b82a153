#pragma once

#include "widgets/document/ViewSettings.h"

#include <QFrame>

class QTextBrowser;
class QToolButton;

namespace opscope {

/// The filter language on one page: operators, fields, examples. Examples are clicked into the field. Hangs under the field and
/// leaves it the focus.
class FilterHelp : public QFrame
{
    Q_OBJECT

public:
    FilterHelp(ViewSettings& settings, QWidget* field);
    void open();
    /// The page as HTML in the colours of a theme; examples are links whose address is "example:" and the example.
    static QString page(const Theme& theme);

Q_SIGNALS:
    void exampleChosen(const QString& filter);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void showTheme();

    ViewSettings& m_settings;
    QWidget* m_field;
    QTextBrowser* m_page;
    QToolButton* m_close;
};

} // namespace opscope
