#include "widgets/tensor/ValueGrid.h"

#include "core/base/Time.h"
#include "widgets/common/Text.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMenu>
#include <QPainter>
#include <QRegularExpression>
#include <QScrollBar>
#include <QToolTip>

#include <algorithm>
#include <cmath>
#include <limits>

namespace opscope {

namespace {

constexpr int kLeft = 14, kGap = 14, kRight = 8, kPad = 6;
constexpr std::uint64_t kBarSteps = 1'000'000'000; // a scroll bar counts in int; beyond that it is scaled

QString countText(std::uint64_t count)
{
    return displayText(formatCount(static_cast<std::int64_t>(std::min<std::uint64_t>(count, INT64_MAX))));
}

std::uint64_t product(const std::vector<std::int64_t>& shape)
{
    std::uint64_t all = 1;
    for (const std::int64_t size : shape) {
        if (size < 0 || __builtin_mul_overflow(all, static_cast<std::uint64_t>(size), &all)) return 0;
    }
    return all;
}

std::uint64_t scaled(std::uint64_t value, std::uint64_t from, std::uint64_t to)
{
    return from == 0 ? 0 : static_cast<std::uint64_t>(static_cast<unsigned __int128>(value) * to / from);
}

QColor mixed(const QColor& over, const QColor& under, double share)
{
    const auto channel = [share](int a, int b) { return static_cast<int>(std::lround(a * share + b * (1 - share))); };
    return QColor(channel(over.red(), under.red()), channel(over.green(), under.green()), channel(over.blue(), under.blue()));
}

} // namespace

ValueGrid::ValueGrid(QWidget* parent) : QAbstractScrollArea(parent)
{
    setFocusPolicy(Qt::StrongFocus);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setFrameShape(QFrame::NoFrame);
    setAccessibleName(QStringLiteral("Values"));
    viewport()->setCursor(Qt::ArrowCursor);
    connect(verticalScrollBar(), &QScrollBar::valueChanged, this, [this](int value) {
        m_top = scaled(static_cast<std::uint64_t>(value), static_cast<std::uint64_t>(verticalScrollBar()->maximum()), maxTop());
        viewport()->update();
    });
}

void ValueGrid::setTheme(const Theme& theme)
{
    m_theme = theme;
    viewport()->update();
}

void ValueGrid::setValues(GridValues values)
{
    m_values = std::move(values);
    if (product(m_values.shape) != m_values.count || m_values.shape.size() < 2) m_values.shape.clear();
    m_top = m_current = m_anchor = 0;
    relayout();
    setAccessibleDescription(empty() ? QString() : sentence(0));
}

void ValueGrid::setExtremes(int widestText, double largest)
{
    m_widest = std::clamp(widestText, 2, 24);
    m_largest = std::max(largest, 1.0);
    relayout();
}

QString ValueGrid::segmentLabel(std::uint64_t segment) const
{
    if (m_values.bags) return QStringLiteral("bag %1").arg(segment);
    QStringList places;
    for (std::size_t dimension = m_values.shape.size() - 1; dimension-- > 0;) {
        const auto size = static_cast<std::uint64_t>(std::max<std::int64_t>(m_values.shape[dimension], 1));
        places.prepend(QString::number(segment % size));
        segment /= size;
    }
    return QLatin1Char('[') + places.join(QStringLiteral(", ")) + QLatin1Char(']');
}

/// The columns follow from the width, the lines from the columns; what was on top stays there.
void ValueGrid::relayout()
{
    const std::uint64_t topValue = m_layout.lines() > 0 && m_top < m_layout.lines() ? m_layout.line(m_top).first : 0;
    const QFontMetrics metrics(Theme::fixedFont(11));
    const std::uint64_t segmentLength = m_values.shape.empty() ? 0 : static_cast<std::uint64_t>(m_values.shape.back());
    const auto layOut = [&](std::uint64_t columns) {
        return m_values.bags ? ValueLayout(m_values.count, m_values.bags, columns)
                             : ValueLayout(m_values.count, segmentLength, columns);
    };
    m_layout = layOut(1);
    const std::uint64_t last = m_layout.segments() > 0 ? m_layout.segments() - 1 : 0;
    m_labelWidth = split() && !empty() ? std::min(metrics.horizontalAdvance(segmentLabel(last)), viewport()->width() / 3) : 0;
    const std::uint64_t largestIndex = m_values.bags || segmentLength == 0 ? m_values.count : segmentLength;
    m_indexWidth = metrics.horizontalAdvance(QString::number(largestIndex));
    m_cellWidth = std::max(m_widest, 2) * metrics.horizontalAdvance(QLatin1Char('0')) + 2 * kPad + 1;
    m_cellsX = kLeft + (m_labelWidth > 0 ? m_labelWidth + kGap : 0) + m_indexWidth + kGap - kPad;
    int columns = std::max(1, (viewport()->width() - m_cellsX - kRight) / m_cellWidth);
    if (columns > 10) columns -= columns % 5; // indices that can be read at the left edge
    m_cellWidth = std::clamp((viewport()->width() - m_cellsX - kRight) / columns, m_cellWidth, m_cellWidth * 5 / 4);
    m_layout = layOut(static_cast<std::uint64_t>(columns));
    m_top = topValue < m_values.count ? std::min(m_layout.lineOf(topValue), maxTop()) : 0;
    syncBar();
    viewport()->update();
}

std::uint64_t ValueGrid::linesInSight() const { return static_cast<std::uint64_t>(std::max(1, viewport()->height() / kRowHeight)); }

std::uint64_t ValueGrid::maxTop() const
{
    return m_layout.lines() > linesInSight() ? m_layout.lines() - linesInSight() : 0;
}

int ValueGrid::heightFor(int lines) const
{
    return static_cast<int>(std::clamp<std::uint64_t>(m_layout.lines(), 1, static_cast<std::uint64_t>(lines))) * kRowHeight + 2;
}

void ValueGrid::syncBar()
{
    QScrollBar* bar = verticalScrollBar();
    const QSignalBlocker blocker(bar);
    const std::uint64_t steps = std::min(maxTop(), kBarSteps);
    bar->setRange(0, static_cast<int>(steps));
    bar->setPageStep(static_cast<int>(std::max<std::uint64_t>(1, scaled(linesInSight(), std::max<std::uint64_t>(maxTop(), 1), steps))));
    bar->setValue(static_cast<int>(scaled(m_top, maxTop(), steps)));
}

void ValueGrid::setTop(std::uint64_t line)
{
    m_top = std::min(line, maxTop());
    syncBar();
    viewport()->update();
}

void ValueGrid::setCurrent(std::uint64_t value, Selecting selecting)
{
    if (empty()) return;
    m_current = std::min(value, m_values.count - 1);
    if (selecting == Selecting::Anew) m_anchor = m_current;
    const std::uint64_t line = m_layout.lineOf(m_current);
    if (line < m_top) setTop(line);
    else if (line >= m_top + linesInSight()) setTop(line - linesInSight() + 1);
    viewport()->update();
    setAccessibleDescription(sentence(m_current));
}

std::pair<std::uint64_t, std::uint64_t> ValueGrid::selected() const
{
    if (empty()) return {0, 0};
    return {std::min(m_anchor, m_current), std::max(m_anchor, m_current) + 1};
}

void ValueGrid::selectAll()
{
    if (empty()) return;
    m_anchor = 0;
    m_current = m_values.count - 1;
    viewport()->update();
}

QString ValueGrid::selectedText() const
{
    auto [value, end] = selected();
    end = std::min(end, value + kMaxCopied);
    std::string out;
    while (value < end) {
        const ValueLayout::Line line = m_layout.line(m_layout.lineOf(value));
        for (const std::uint64_t stop = std::min(end, line.first + line.count); value < stop; ++value) {
            if (!out.empty() && out.back() != '\n') out += '\t';
            if (const auto number = m_values.at(value)) out += m_values.text(*number);
        }
        if (value < end) out += '\n';
    }
    return QString::fromStdString(out);
}

void ValueGrid::copy()
{
    const auto [first, end] = selected();
    if (first == end) return;
    QApplication::clipboard()->setText(selectedText());
    const std::uint64_t count = std::min(end - first, kMaxCopied);
    Q_EMIT said(end - first > kMaxCopied
                    ? QStringLiteral("Copied the first %1 of %2 values. Save them for all.").arg(countText(count), countText(end - first))
                    : count == 1 ? QStringLiteral("Copied 1 value.")
                                 : QStringLiteral("Copied %1 values.").arg(countText(count)));
}

QString ValueGrid::indexText(std::uint64_t value) const
{
    if (m_values.shape.empty()) return QStringLiteral("[%1]").arg(value);
    const auto row = static_cast<std::uint64_t>(m_values.shape.back());
    QString text = segmentLabel(value / row);
    text.chop(1);
    return text + QStringLiteral(", %1]").arg(value % row);
}

QString ValueGrid::sentence(std::uint64_t value) const
{
    const auto number = m_values.at(value);
    QString text = QStringLiteral("%1 = %2").arg(indexText(value), number ? QString::fromStdString(m_values.text(*number))
                                                                          : QStringLiteral("– (the file ends before it)"));
    if (m_values.bags) {
        const std::uint64_t bag = m_layout.segmentOf(value);
        text += QStringLiteral(", bag %1, %2 of %3").arg(bag).arg(value - m_layout.segmentBegin(bag) + 1)
                    .arg(m_layout.segmentEnd(bag) - m_layout.segmentBegin(bag));
    }
    return text;
}

std::optional<std::uint64_t> ValueGrid::placeNamed(const QString& text) const
{
    static const QRegularExpression number(QStringLiteral("[0-9]+")), allowed(QStringLiteral("^(bag)?[\\[\\]\\s,0-9]+$"));
    const QString wish = text.trimmed().toLower();
    if (!allowed.match(wish).hasMatch()) return std::nullopt;
    std::vector<std::uint64_t> places;
    for (auto match = number.globalMatch(wish); match.hasNext();) {
        bool ok = false;
        places.push_back(match.next().captured().toULongLong(&ok));
        if (!ok) return std::nullopt;
    }
    if (wish.startsWith(QStringLiteral("bag"))) {
        if (!m_values.bags || places.size() != 1 || places[0] >= m_layout.segments()) return std::nullopt;
        return m_layout.segmentBegin(places[0]);
    }
    if (places.size() == 1) return places[0];
    if (places.size() != m_values.shape.size()) return std::nullopt;
    std::uint64_t value = 0;
    for (std::size_t dimension = 0; dimension < places.size(); ++dimension) {
        const auto size = static_cast<std::uint64_t>(m_values.shape[dimension]);
        if (places[dimension] >= size) return std::nullopt;
        value = value * size + places[dimension];
    }
    return value;
}

QString ValueGrid::goTo(const QString& text)
{
    const auto value = placeNamed(text);
    if (!value || *value >= m_values.count) {
        QString wanted = QStringLiteral("a number below %1").arg(countText(m_values.count));
        if (!m_values.shape.empty()) wanted += QStringLiteral(", or one for each of the %1 dimensions").arg(m_values.shape.size());
        if (m_values.bags) wanted += QStringLiteral(", or \"bag\" and a number below %1").arg(countText(m_layout.segments()));
        return QStringLiteral("There is no \"%1\" here: write %2.").arg(text.trimmed().left(40), wanted);
    }
    setCurrent(*value);
    const std::uint64_t line = m_layout.lineOf(*value);
    setTop(line > linesInSight() / 2 ? line - linesInSight() / 2 : 0);
    return sentence(*value);
}

std::optional<std::uint64_t> ValueGrid::valueAt(QPoint place) const
{
    if (place.y() < 0 || place.x() < m_cellsX) return std::nullopt;
    const std::uint64_t number = m_top + static_cast<std::uint64_t>(place.y() / kRowHeight);
    if (number >= m_layout.lines()) return std::nullopt;
    const ValueLayout::Line line = m_layout.line(number);
    const auto column = static_cast<std::uint64_t>((place.x() - m_cellsX) / m_cellWidth);
    return column < line.count ? std::optional(line.first + column) : std::nullopt;
}

/// Where a key leads. Down from a long line into a shorter one ends at its last value.
std::uint64_t ValueGrid::stepped(std::uint64_t from, int key, bool control) const
{
    const std::uint64_t number = m_layout.lineOf(from);
    const ValueLayout::Line line = m_layout.line(number);
    const auto sideways = [&](std::uint64_t target) {
        const ValueLayout::Line other = m_layout.line(target);
        return other.count == 0 ? std::optional<std::uint64_t>() : other.first + std::min(from - line.first, other.count - 1);
    };
    const auto vertical = [&](std::uint64_t by, bool down) {
        std::uint64_t target = down ? std::min(number + by, m_layout.lines() - 1) : number - std::min(by, number);
        for (;; down ? ++target : --target) { // empty bags have nowhere to stand
            if (const auto value = sideways(target)) return *value;
            if (down ? target + 1 >= m_layout.lines() : target == 0) return from;
        }
    };
    switch (key) {
    case Qt::Key_Left: return from == 0 ? 0 : from - 1;
    case Qt::Key_Right: return from + 1;
    case Qt::Key_Up: return vertical(1, false);
    case Qt::Key_Down: return vertical(1, true);
    case Qt::Key_PageUp: return vertical(linesInSight(), false);
    case Qt::Key_PageDown: return vertical(linesInSight(), true);
    case Qt::Key_Home: return control ? 0 : line.first;
    default: return control ? m_values.count - 1 : line.first + line.count - 1;
    }
}

void ValueGrid::keyPressEvent(QKeyEvent* event)
{
    if (event->matches(QKeySequence::Copy)) return copy();
    if (event->matches(QKeySequence::SelectAll)) return selectAll();
    switch (event->key()) {
    case Qt::Key_Left: case Qt::Key_Right: case Qt::Key_Up: case Qt::Key_Down:
    case Qt::Key_PageUp: case Qt::Key_PageDown: case Qt::Key_Home: case Qt::Key_End:
        if (empty()) break;
        setCurrent(stepped(m_current, event->key(), event->modifiers() & Qt::ControlModifier),
                   event->modifiers() & Qt::ShiftModifier ? Selecting::Extend : Selecting::Anew);
        return;
    default: break;
    }
    event->ignore();
}

void ValueGrid::mousePressEvent(QMouseEvent* event)
{
    const auto value = valueAt(event->position().toPoint());
    if (!value || event->button() != Qt::LeftButton) return;
    setCurrent(*value, event->modifiers() & Qt::ShiftModifier ? Selecting::Extend : Selecting::Anew);
}

void ValueGrid::mouseMoveEvent(QMouseEvent* event)
{
    if (!(event->buttons() & Qt::LeftButton)) return;
    const QPoint place = event->position().toPoint();
    if (place.y() < 0 || place.y() >= viewport()->height()) {
        if (!empty()) setCurrent(stepped(m_current, place.y() < 0 ? Qt::Key_Up : Qt::Key_Down, false), Selecting::Extend);
    } else if (const auto value = valueAt(place)) {
        setCurrent(*value, Selecting::Extend);
    }
}

/// At its end the wheel moves what is around the grid.
void ValueGrid::wheelEvent(QWheelEvent* event)
{
    const int pixels = event->pixelDelta().isNull() ? event->angleDelta().y() * 3 * kRowHeight / 120 : event->pixelDelta().y();
    const std::uint64_t lines = static_cast<std::uint64_t>(std::max(1, std::abs(pixels) / kRowHeight));
    const std::uint64_t before = m_top;
    if (pixels > 0) setTop(m_top - std::min(lines, m_top));
    if (pixels < 0) setTop(m_top + lines);
    event->setAccepted(m_top != before);
}

void ValueGrid::contextMenuEvent(QContextMenuEvent* event)
{
    if (empty()) return;
    QMenu menu(this);
    const auto [first, end] = selected();
    menu.addAction(end - first == 1 ? QStringLiteral("Copy value") : QStringLiteral("Copy %1 values").arg(countText(end - first)),
                   this, [this] { copy(); });
    menu.addAction(QStringLiteral("Copy index"), this, [this] { QApplication::clipboard()->setText(indexText(m_current)); });
    menu.addAction(QStringLiteral("Select all"), this, [this] { selectAll(); });
    menu.exec(event->globalPos());
}

bool ValueGrid::viewportEvent(QEvent* event)
{
    if (event->type() != QEvent::ToolTip) return QAbstractScrollArea::viewportEvent(event);
    const auto* help = static_cast<QHelpEvent*>(event);
    if (const auto value = valueAt(help->pos())) QToolTip::showText(help->globalPos(), richText(sentence(*value)), viewport());
    else QToolTip::hideText();
    return true;
}

void ValueGrid::focusInEvent(QFocusEvent* event)
{
    QAbstractScrollArea::focusInEvent(event);
    viewport()->update();
}

void ValueGrid::focusOutEvent(QFocusEvent* event)
{
    QAbstractScrollArea::focusOutEvent(event);
    viewport()->update();
}

void ValueGrid::resizeEvent(QResizeEvent* event)
{
    QAbstractScrollArea::resizeEvent(event);
    relayout();
}

void ValueGrid::paintEvent(QPaintEvent*)
{
    QPainter painter(viewport());
    painter.fillRect(viewport()->rect(), m_theme.panel);
    painter.setFont(Theme::fixedFont(11));
    const std::uint64_t end = std::min(m_layout.lines(), m_top + linesInSight() + 1);
    for (std::uint64_t line = m_top; line < end; ++line)
        paintLine(painter, m_layout.line(line), static_cast<int>(line - m_top) * kRowHeight);
    if (hasFocus()) {
        painter.setPen(m_theme.accent);
        painter.setBrush(Qt::NoBrush);
        painter.drawRect(viewport()->rect().adjusted(0, 0, -1, -1));
    }
}

void ValueGrid::paintLine(QPainter& painter, const ValueLayout::Line& line, int y) const
{
    painter.setPen(m_theme.textDim);
    if (m_labelWidth > 0 && (line.opens || y == 0)) {
        painter.drawText(QRect(kLeft, y, m_labelWidth, kRowHeight), Qt::AlignVCenter | Qt::AlignLeft,
                         elided(segmentLabel(line.segment), painter.font(), m_labelWidth));
    }
    const bool within = !m_values.bags && !m_values.shape.empty();
    const std::uint64_t index = within ? line.first - m_layout.segmentBegin(line.segment) : line.first;
    const int indexX = kLeft + (m_labelWidth > 0 ? m_labelWidth + kGap : 0);
    if (line.count > 0)
        painter.drawText(QRect(indexX, y, m_indexWidth, kRowHeight), Qt::AlignVCenter | Qt::AlignRight, QString::number(index));
    for (std::uint64_t column = 0; column < line.count; ++column)
        paintCell(painter, line.first + column,
                  QRect(m_cellsX + static_cast<int>(column) * m_cellWidth, y, m_cellWidth - 1, kRowHeight - 2));
}

QColor ValueGrid::tint(double size) const
{
    if (size <= 0) return m_theme.alternateRow;
    const double share = std::log1p(size) / std::log1p(std::max(m_largest, size));
    return mixed(m_theme.accent, m_theme.panel, 0.03 + 0.37 * std::pow(share, 1.4));
}

void ValueGrid::paintCell(QPainter& painter, std::uint64_t value, const QRect& cell) const
{
    const auto number = m_values.at(value);
    const auto [first, end] = selected();
    const bool chosen = value >= first && value < end && end - first > 1;
    if (number) painter.fillRect(cell, chosen ? m_theme.selectedRow : tint(m_values.size(*number)));
    painter.setPen(number ? m_theme.textHi : m_theme.textOff);
    painter.drawText(cell.adjusted(2, 0, -kPad, 0), Qt::AlignVCenter | Qt::AlignRight,
                     number ? QString::fromStdString(m_values.text(*number)) : QStringLiteral("–"));
    if (chosen || (value == m_current && hasFocus())) {
        painter.setPen(m_theme.accent);
        painter.setBrush(Qt::NoBrush);
        if (value == m_current) painter.drawRect(cell.adjusted(0, 0, -1, -1));
    }
}

} // namespace opscope
