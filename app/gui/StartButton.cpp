#include "app/gui/StartButton.h"

#include "widgets/common/Icons.h"

#include <QPainter>

namespace opscope {

StartButton::StartButton(const Texts& texts, Weight weight, ViewSettings& settings, QWidget* parent)
    : QAbstractButton(parent), m_texts(texts), m_weight(weight), m_settings(settings)
{
    setText(texts.title);
    setAccessibleDescription(texts.detail);
    setFixedSize(sizeHint());
    setCursor(Qt::PointingHandCursor);
    connect(&settings, &ViewSettings::changed, this, qOverload<>(&QWidget::update));
}

QColor StartButton::background() const
{
    const Theme& theme = m_settings.theme();
    if (m_weight == Weight::Main)
        return isDown() ? theme.accentFill.darker(115) : theme.accentFill;
    return isDown() ? theme.active : underMouse() ? theme.hover : QColor(Qt::transparent);
}

void StartButton::paintKey(QPainter& painter, const QColor& colour) const
{
    if (m_texts.key.isEmpty())
        return;
    painter.setFont(Theme::fixedFont(10));
    const int wide = painter.fontMetrics().horizontalAdvance(m_texts.key) + 12;
    const QRectF frame(width() - 12.5 - wide, height() / 2.0 - 8.5, wide, 17);
    QColor edge = colour;
    edge.setAlphaF(0.55f);
    painter.setPen(edge);
    painter.setBrush(Qt::NoBrush);
    painter.drawRoundedRect(frame, 3, 3);
    painter.setPen(colour);
    painter.drawText(frame, Qt::AlignCenter, m_texts.key);
}

void StartButton::paintEvent(QPaintEvent*)
{
    const Theme& theme = m_settings.theme();
    const bool main = m_weight == Weight::Main;
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(background());
    painter.drawRoundedRect(rect(), 4, 4);
    if (hasFocus()) {
        // On the filled button the accent would not show.
        painter.setPen(QPen(main ? theme.onAccent : theme.accent, main ? 1 : 2));
        painter.setBrush(Qt::NoBrush);
        painter.drawRoundedRect(QRectF(rect()).adjusted(2.5, 2.5, -2.5, -2.5), 3, 3);
    }
    const QColor high = main ? theme.onAccent : theme.textHi;
    const QColor low = main ? theme.onAccent : theme.textDim;
    const QColor sign = !main && qstrcmp(m_texts.icon, "record") == 0 ? theme.err : high; // red as on every recorder
    opscope::icon(m_texts.icon, sign).paint(&painter, QRect(13, (height() - 16) / 2, 16, 16));
    painter.setFont(Theme::uiFont(13, QFont::DemiBold));
    painter.setPen(high);
    painter.drawText(QRect(42, 8, width() - 54, 18), Qt::AlignLeft | Qt::AlignVCenter, m_texts.title);
    painter.setFont(Theme::uiFont(12));
    painter.setPen(low);
    painter.drawText(QRect(42, 26, width() - 54, 18), Qt::AlignLeft | Qt::AlignVCenter, m_texts.detail);
    paintKey(painter, low);
}

void StartButton::enterEvent(QEnterEvent* event)
{
    update();
    QAbstractButton::enterEvent(event);
}

void StartButton::leaveEvent(QEvent* event)
{
    update();
    QAbstractButton::leaveEvent(event);
}

} // namespace opscope
