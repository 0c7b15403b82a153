#pragma once

#include "widgets/common/Theme.h"
#include "widgets/panel/LinkPlaces.h"

#include <QAbstractButton>

namespace opscope {

/// A line of the link report that leads somewhere: each click, Enter or Right goes to its next place, Left or Shift+Enter to the
/// one before. Cut with "…" where it does not fit.
class LinkLine : public QAbstractButton
{
    Q_OBJECT

public:
    LinkLine(LinkPlaces places, const QColor& colour, const QFont& font, const Theme& theme, QWidget* parent = nullptr);
    const LinkPlaces& places() const { return m_places; }
    /// The one whose places are being walked.
    void setCurrent(bool current);
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

Q_SIGNALS:
    void walked(int direction);     ///< +1 or -1
    void left(int direction);       ///< Up or Down: the focus should go to the line before or behind

protected:
    void paintEvent(QPaintEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void enterEvent(QEnterEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    LinkPlaces m_places;
    QColor m_colour;
    Theme m_theme;
    bool m_current = false;
};

} // namespace opscope
