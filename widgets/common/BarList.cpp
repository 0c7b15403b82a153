#include "widgets/common/BarList.h"

#include "widgets/common/SliceColors.h"

#include <QFontMetrics>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QScrollBar>
#include <QWheelEvent>

#include <algorithm>
#include <climits>

namespace opscope {

namespace {

constexpr int kSide = 12, kGap = 10;

} // namespace

BarList::BarList(QWidget* parent) : QAbstractScrollArea(parent)
{
    setFocusPolicy(Qt::StrongFocus);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setFrameShape(QFrame::NoFrame);
    connect(verticalScrollBar(), &QScrollBar::valueChanged, viewport(), qOverload<>(&QWidget::update));
}

void BarList::setTheme(const Theme& theme, Bars bars, int rowHeight)
{
    m_theme = theme;
    m_bars = bars;
    m_rowHeight = rowHeight;
    measure();
}

void BarList::setBarColour(const QColor& colour)
{
    m_barColour = colour;
    viewport()->update();
}

void BarList::setRows(std::uint64_t count, std::function<BarRow(std::uint64_t)> row, BarRow widest)
{
    m_count = std::min<std::uint64_t>(count, INT_MAX); // a scroll bar counts in int; owners keep fewer rows than that
    m_row = std::move(row);
    m_widest = std::move(widest);
    m_current = 0;
    verticalScrollBar()->setValue(0);
    measure();
}

int BarList::heightFor(std::uint64_t rows) const
{
    return static_cast<int>(std::min(m_count, rows)) * m_rowHeight + 2;
}

void BarList::measure()
{
    const QFontMetrics metrics(Theme::fixedFont(11));
    m_labelWidth = std::min(metrics.horizontalAdvance(m_widest.label) + 2, std::max(24, viewport()->width() / 3));
    m_countWidth = metrics.horizontalAdvance(m_widest.count);
    m_noteWidth = m_widest.note.isEmpty() ? 0 : metrics.horizontalAdvance(m_widest.note) + kGap;
    const int inSight = std::max(1, viewport()->height() / m_rowHeight);
    verticalScrollBar()->setRange(0, std::max(0, static_cast<int>(m_count) - inSight));
    verticalScrollBar()->setPageStep(inSight);
    viewport()->update();
}

void BarList::resizeEvent(QResizeEvent* event)
{
    QAbstractScrollArea::resizeEvent(event);
    measure();
}

void BarList::setCurrent(std::uint64_t row)
{
    if (m_count == 0) return;
    m_current = std::min(row, m_count - 1);
    const int at = static_cast<int>(m_current);
    QScrollBar* bar = verticalScrollBar();
    if (at < bar->value()) bar->setValue(at);
    if (at >= bar->value() + bar->pageStep()) bar->setValue(at - bar->pageStep() + 1);
    const BarRow shown = m_row(m_current);
    setAccessibleDescription(shown.label + QStringLiteral(": ") + shown.count +
                             (shown.note.isEmpty() ? QString() : QStringLiteral(", ") + shown.note));
    viewport()->update();
}

void BarList::keyPressEvent(QKeyEvent* event)
{
    const auto page = static_cast<std::uint64_t>(verticalScrollBar()->pageStep());
    switch (event->key()) {
    case Qt::Key_Up: return setCurrent(m_current - std::min<std::uint64_t>(m_current, 1));
    case Qt::Key_Down: return setCurrent(m_current + 1);
    case Qt::Key_PageUp: return setCurrent(m_current - std::min(m_current, page));
    case Qt::Key_PageDown: return setCurrent(m_current + page);
    case Qt::Key_Home: return setCurrent(0);
    case Qt::Key_End: return setCurrent(m_count);
    case Qt::Key_Return: case Qt::Key_Enter: case Qt::Key_Space:
        if (m_count > 0) Q_EMIT chosen(m_current);
        return;
    default: event->ignore(); // an abstract scroll area would scroll by pixels
    }
}

void BarList::mousePressEvent(QMouseEvent* event)
{
    const int line = static_cast<int>(event->position().y()) / m_rowHeight + verticalScrollBar()->value();
    if (event->button() != Qt::LeftButton || line < 0 || static_cast<std::uint64_t>(line) >= m_count) return;
    setCurrent(static_cast<std::uint64_t>(line));
    Q_EMIT chosen(m_current);
}

void BarList::wheelEvent(QWheelEvent* event)
{
    const int before = verticalScrollBar()->value();
    verticalScrollBar()->setValue(before - event->angleDelta().y() * 3 / 120);
    event->setAccepted(verticalScrollBar()->value() != before);
}

void BarList::focusInEvent(QFocusEvent* event)
{
    QAbstractScrollArea::focusInEvent(event);
    setCurrent(m_current);
    viewport()->update();
}

void BarList::focusOutEvent(QFocusEvent* event)
{
    QAbstractScrollArea::focusOutEvent(event);
    viewport()->update();
}

void BarList::paintEvent(QPaintEvent*)
{
    QPainter painter(viewport());
    painter.fillRect(viewport()->rect(), m_theme.panel);
    painter.setFont(Theme::fixedFont(11));
    auto row = static_cast<std::uint64_t>(verticalScrollBar()->value());
    for (int y = 0; y < viewport()->height() && row < m_count; y += m_rowHeight, ++row)
        paintRow(painter, m_row(row), QRect(kSide, y, viewport()->width() - 2 * kSide, m_rowHeight), row == m_current && hasFocus());
    if (hasFocus()) {
        painter.setPen(m_theme.accent);
        painter.drawRect(viewport()->rect().adjusted(0, 0, -1, -1));
    }
}

void BarList::paintRow(QPainter& painter, const BarRow& row, const QRect& area, bool current) const
{
    if (current) painter.fillRect(area.adjusted(-kSide + 1, 0, kSide - 1, 0), m_theme.selectedRow);
    painter.setPen(m_bars == Bars::Accent ? m_theme.textHi : m_theme.textDim);
    painter.drawText(QRect(area.left(), area.top(), m_labelWidth, area.height()), Qt::AlignVCenter | Qt::AlignRight,
                     painter.fontMetrics().elidedText(row.label, Qt::ElideRight, m_labelWidth));
    const int left = area.left() + m_labelWidth + kGap;
    const int right = area.right() + 1 - m_noteWidth - m_countWidth - kGap;
    const QRect track(left, area.center().y() - 2, std::max(0, right - left), 6);
    painter.fillRect(track, m_theme.hover);
    const int filled = static_cast<int>(std::clamp(row.share, 0.0, 1.0) * track.width() + 0.5);
    const QColor colour = m_barColour.isValid()  ? m_barColour
                          : m_bars == Bars::Accent ? m_theme.accent
                                                   : QColor::fromRgb(familyColor(Family::Memory, m_theme));
    painter.fillRect(QRect(track.left(), track.top(), row.share > 0 ? std::max(filled, 1) : 0, track.height()), colour);
    painter.setPen(m_bars == Bars::Accent ? m_theme.text : m_theme.textHi);
    painter.drawText(QRect(right, area.top(), kGap + m_countWidth, area.height()), Qt::AlignVCenter | Qt::AlignRight, row.count);
    painter.setPen(m_theme.textDim);
    painter.drawText(QRect(area.right() + 1 - m_noteWidth, area.top(), m_noteWidth, area.height()), Qt::AlignVCenter | Qt::AlignRight,
                     row.note);
}

} // namespace opscope
