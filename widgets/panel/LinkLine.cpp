#include "widgets/panel/LinkLine.h"

#include "widgets/common/Text.h"

#include <QKeyEvent>
#include <QPainter>

namespace opscope {

namespace {

constexpr int kMargin = 4;      // between the edge and the words, for the focus frame

} // namespace

LinkLine::LinkLine(LinkPlaces places, const QColor& colour, const QFont& font, const Theme& theme, QWidget* parent)
    : QAbstractButton(parent), m_places(std::move(places)), m_colour(colour), m_theme(theme)
{
    setText(m_places.about);
    setFont(font);
    setEnabled(!m_places.places.empty());
    setFocusPolicy(isEnabled() ? Qt::StrongFocus : Qt::NoFocus);
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    if (isEnabled()) setCursor(Qt::PointingHandCursor);
    connect(this, &QAbstractButton::clicked, this, [this] { Q_EMIT walked(1); });
}

void LinkLine::setCurrent(bool current)
{
    if (current == m_current) return;
    m_current = current;
    update();
}

QSize LinkLine::sizeHint() const { return {fontMetrics().horizontalAdvance(text()) + 2 * kMargin + 1, 20}; }

QSize LinkLine::minimumSizeHint() const { return {48, 20}; }

void LinkLine::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    if (isEnabled() && (underMouse() || m_current)) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(m_current ? m_theme.selectedRow : m_theme.hover);
        painter.drawRoundedRect(rect(), 3, 3);
    }
    if (hasFocus()) {
        painter.setPen(m_theme.accent);
        painter.setBrush(Qt::NoBrush);
        painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3);
    }
    painter.setPen(isEnabled() && (underMouse() || m_current) ? m_theme.textHi : m_colour);
    const QRect words = rect().adjusted(kMargin, 0, -kMargin, 0);
    painter.drawText(words, Qt::AlignLeft | Qt::AlignVCenter | Qt::TextSingleLine, elided(text(), font(), words.width()));
}

void LinkLine::resizeEvent(QResizeEvent*)
{
    const bool cut = fontMetrics().horizontalAdvance(text()) > width() - 2 * kMargin;
    setToolTip(cut ? richText(text()) : QString());
}

void LinkLine::keyPressEvent(QKeyEvent* event)
{
    const bool back = event->modifiers() & Qt::ShiftModifier;
    switch (event->key()) {
    case Qt::Key_Return:
    case Qt::Key_Enter:
    case Qt::Key_Space: Q_EMIT walked(back ? -1 : 1); return;
    case Qt::Key_Right: Q_EMIT walked(1); return;
    case Qt::Key_Left: Q_EMIT walked(-1); return;
    case Qt::Key_Up: Q_EMIT left(-1); return;
    case Qt::Key_Down: Q_EMIT left(1); return;
    default: QAbstractButton::keyPressEvent(event);
    }
}

void LinkLine::enterEvent(QEnterEvent* event)
{
    QAbstractButton::enterEvent(event);
    update();
}

void LinkLine::leaveEvent(QEvent* event)
{
    QAbstractButton::leaveEvent(event);
    update();
}

} // namespace opscope
