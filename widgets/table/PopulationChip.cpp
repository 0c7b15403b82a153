#include "widgets/table/PopulationChip.h"

#include <QPainter>

namespace opscope {

namespace {

constexpr int kHeight = 24, kSide = 8, kGap = 6, kInner = 5;

QFont wordFont() { return Theme::uiFont(12, QFont::Medium); }
QFont numberFont() { return Theme::uiFont(11); }

} // namespace

PopulationChip::PopulationChip(const QString& word, QWidget* parent) : QAbstractButton(parent)
{
    setText(word);
    setCheckable(true);
    setFocusPolicy(Qt::StrongFocus);
    setAttribute(Qt::WA_Hover);
    setAccessibleName(word);
}

void PopulationChip::setTheme(const Theme& theme)
{
    m_theme = theme;
    update();
}

void PopulationChip::setNumber(const QString& number)
{
    if (m_number == number) return;
    m_number = number;
    updateGeometry();
    update();
}

int PopulationChip::numberWidth() const
{
    return m_number.isEmpty() ? 0 : QFontMetrics(numberFont()).horizontalAdvance(m_number) + 2 * kInner;
}

QSize PopulationChip::sizeHint() const
{
    const int number = numberWidth();
    return {QFontMetrics(wordFont()).horizontalAdvance(text()) + 2 * kSide + (number ? number + kGap - 2 : 0), kHeight};
}

void PopulationChip::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    if (isChecked() || underMouse()) {
        painter.setBrush(isChecked() ? m_theme.active : m_theme.hover);
        painter.drawRoundedRect(rect(), 4, 4);
    }
    const int wide = numberWidth();
    const QRect badge(width() - kSide + 2 - wide, (height() - 16) / 2, wide, 16);
    if (wide) {
        painter.setBrush(isChecked() ? m_theme.panel : m_theme.active);
        painter.drawRoundedRect(badge, 3, 3);
    }
    painter.setFont(wordFont());
    painter.setPen(isChecked() ? m_theme.textHi : m_theme.text);
    painter.drawText(rect().adjusted(kSide, 0, 0, 0), Qt::AlignVCenter | Qt::AlignLeft, text());
    painter.setFont(numberFont());
    painter.setPen(m_theme.text);
    if (wide) painter.drawText(badge, Qt::AlignCenter, m_number);
    if (hasFocus()) {
        painter.setBrush(Qt::NoBrush);
        painter.setPen(m_theme.accent);
        painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
    }
}

} // namespace opscope
