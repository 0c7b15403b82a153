#include "widgets/tensor/TensorHeading.h"

#include "widgets/common/Text.h"

#include <QPainter>

#include <algorithm>

namespace opscope {

TensorHeading::TensorHeading(QWidget* parent) : QWidget(parent) { setWide(true); }

void TensorHeading::setTheme(const Theme& theme)
{
    m_theme = theme;
    update();
}

void TensorHeading::setNode(const QString& name, const QString& place, const QColor& fill, bool outline)
{
    m_name = name;
    m_place = place;
    m_fill = fill;
    m_outline = outline;
    setToolTip(richText(name));
    setAccessibleName(name + QStringLiteral(", ") + place);
    update();
}

void TensorHeading::setAside(const QString& text)
{
    m_aside = text;
    setAccessibleDescription(text);
    update();
}

void TensorHeading::setWide(bool wide)
{
    m_wide = wide;
    setFixedHeight(wide ? 42 : 56);
    update();
}

void TensorHeading::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    const int firstLine = m_wide ? height() : 32;
    const QRect square(m_wide ? 16 : 12, firstLine / 2 - 5, 11, 11);
    if (m_outline) {
        painter.setPen(m_theme.lineStrong);
        painter.drawRect(QRectF(square).adjusted(0.5, 0.5, -0.5, -0.5));
    } else if (m_fill.isValid()) {
        painter.fillRect(square, m_fill);
    }
    int x = square.right() + 11;
    int right = width() - (m_wide ? 16 : 12);
    painter.setFont(Theme::uiFont(12));
    const int asideWidth = painter.fontMetrics().horizontalAdvance(m_aside);
    const QRect second(x, 30, right - x, 20);
    painter.setPen(m_theme.textDim);
    if (m_wide) {
        painter.drawText(QRect(right - asideWidth, 0, asideWidth + 1, firstLine), Qt::AlignVCenter | Qt::AlignRight, m_aside);
        right -= asideWidth + 16;
    } else {
        painter.drawText(second, Qt::AlignVCenter | Qt::AlignLeft,
                         elided(m_aside.isEmpty() ? m_place : m_aside + QStringLiteral(", ") + m_place, painter.font(), second.width()));
    }
    painter.setFont(Theme::uiFont(14, QFont::DemiBold));
    painter.setPen(m_theme.textHi);
    const QString name = elided(m_name, painter.font(), right - x);
    painter.drawText(QRect(x, 0, right - x, firstLine), Qt::AlignVCenter, name);
    if (!m_wide) return;
    x += painter.fontMetrics().horizontalAdvance(name) + 10;
    painter.setFont(Theme::uiFont(12));
    painter.setPen(m_theme.textDim);
    painter.drawText(QRect(x, 0, std::max(0, right - x), firstLine), Qt::AlignVCenter, elided(m_place, painter.font(), right - x));
}

} // namespace opscope
