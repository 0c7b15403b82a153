#include "widgets/table/DurationView.h"

#include "widgets/common/Text.h"
#include "widgets/table/AggregateWords.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>

#include <algorithm>
#include <cmath>

namespace opscope {

namespace {

constexpr int kLeft = 30, kRight = 14, kTop = 20, kAxis = 18, kWords = 18, kBottom = kAxis + kWords;
constexpr int kLeastBar = 2;       // pixels, however rare
constexpr double kFoot = 0.6;      // of a decade: what one slice stands above the line

QString countText(std::uint64_t count) { return displayText(formatCount(static_cast<std::int64_t>(count))); }

/// 1, 2, 5, 10, 20 ...
std::int64_t nextStep(std::int64_t step)
{
    std::int64_t decade = 1;
    while (decade <= step / 10) decade *= 10;
    return step / decade == 1 ? 2 * decade : step / decade == 2 ? 5 * decade : 10 * decade;
}

std::int64_t decadeOf(std::int64_t value)
{
    std::int64_t decade = 1;
    while (decade <= value / 10) decade *= 10;
    return decade;
}

/// "20 µs": no digit that says nothing.
QString axisText(std::int64_t value, std::int64_t step) { return displayText(formatAxis(value, decadeOf(std::max<std::int64_t>(step, 1)))); }

constexpr std::int64_t kLargestStep = 2'000'000'000'000'000'000;

} // namespace

DurationView::DurationView(QWidget* parent) : QWidget(parent)
{
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    setAccessibleName(QStringLiteral("Distribution of the durations"));
}

void DurationView::setTheme(const Theme& theme)
{
    m_theme = theme;
    update();
}

void DurationView::setColour(const QColor& colour)
{
    m_colour = colour;
    update();
}

void DurationView::set(DurationHistogram histogram)
{
    m_histogram = std::move(histogram);
    m_most = m_total = 0;
    for (const std::uint64_t count : m_histogram.counts) {
        m_most = std::max(m_most, count);
        m_total += count;
    }
    m_chosen.reset();
    setPointed(std::nullopt);
    update();
}

void DurationView::choose(std::optional<std::size_t> bin)
{
    m_chosen = bin && *bin < m_histogram.counts.size() ? bin : std::nullopt;
    update();
}

QString DurationView::sentence(std::size_t bin) const
{
    if (bin >= m_histogram.counts.size()) return {};
    const std::int64_t low = m_histogram.edges[bin], high = m_histogram.edges[bin + 1];
    const std::uint64_t count = m_histogram.counts[bin];
    const double share = m_total ? static_cast<double>(count) / static_cast<double>(m_total) : 0;
    const QString where = low == high ? durationText(low) : QStringLiteral("%1 to %2").arg(durationText(low), durationText(high));
    return QStringLiteral("%1 of %2, %3").arg(counted(count, "slice", "slices"), where, displayText(formatShare(share)));
}

QRect DurationView::plot() const
{
    const int labels = QFontMetrics(Theme::fixedFont(11)).horizontalAdvance(countText(m_most)) + 16;
    return rect().adjusted(std::max(kLeft, labels), kTop, -kRight, -kBottom);
}

double DurationView::tall(std::uint64_t count) const
{
    if (count == 0 || m_most == 0) return 0;
    if (!logarithmicCount()) return static_cast<double>(count) / static_cast<double>(m_most);
    return (std::log10(static_cast<double>(count)) + kFoot) / (std::log10(static_cast<double>(m_most)) + kFoot);
}

double DurationView::place(std::int64_t duration) const
{
    const QRect area = plot();
    const std::int64_t first = m_histogram.edges.front(), last = m_histogram.edges.back();
    if (first == last) return area.left() + area.width() / 2.0; // all the same
    const auto at = [&](std::int64_t value) {
        return m_histogram.logarithmic ? std::log(static_cast<double>(std::max<std::int64_t>(value, 1))) : static_cast<double>(value);
    };
    const double low = at(first), high = at(last);
    return area.left() + (at(duration) - low) / std::max(high - low, 1e-12) * area.width();
}

std::pair<int, int> DurationView::edges(std::size_t bin) const
{
    if (m_histogram.edges.front() == m_histogram.edges.back()) {
        const int middle = plot().center().x();
        return {middle - 10, middle + 10};
    }
    const int left = static_cast<int>(std::lround(place(m_histogram.edges[bin])));
    return {left, std::max(left + 2, static_cast<int>(std::lround(place(m_histogram.edges[bin + 1]))))};
}

QRect DurationView::column(std::size_t bin) const
{
    if (bin >= m_histogram.counts.size()) return {};
    const auto [left, right] = edges(bin);
    return {left, plot().top(), right - left, plot().height() + 1};
}

std::optional<std::size_t> DurationView::binAt(QPoint where) const
{
    if (empty() || where.y() < plot().top() || where.y() > plot().bottom() + kAxis) return std::nullopt;
    for (std::size_t bin = 0; bin < m_histogram.counts.size(); ++bin) {
        const auto [left, right] = edges(bin);
        if (where.x() >= left && where.x() < right) return bin;
    }
    return std::nullopt;
}

void DurationView::setPointed(std::optional<std::size_t> bin)
{
    if (bin == m_pointed && bin) return;
    m_pointed = bin;
    setAccessibleDescription(bin ? sentence(*bin) : m_chosen ? sentence(*m_chosen) : QString());
    setCursor(bin && m_histogram.counts[*bin] ? Qt::PointingHandCursor : Qt::ArrowCursor);
    update();
}

void DurationView::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setFont(Theme::fixedFont(11));
    if (!empty() && plot().width() > 20 && plot().height() > 8) {
        paintScale(painter);
        paintBars(painter);
        paintAxis(painter);
        paintMarks(painter);
        paintSentence(painter);
    }
    if (hasFocus()) {
        painter.setPen(m_theme.accent);
        painter.drawRect(rect().adjusted(0, 0, -1, -1));
    }
}

void DurationView::paintScale(QPainter& painter) const
{
    const QRect area = plot();
    const auto line = [&](std::uint64_t count) {
        const int y = area.bottom() - static_cast<int>(std::lround(tall(count) * area.height()));
        painter.fillRect(QRect(area.left(), y, area.width(), 1), m_theme.lineSoft);
        painter.setPen(m_theme.textDim);
        painter.drawText(QRect(0, y - 10, area.left() - 8, 20), Qt::AlignVCenter | Qt::AlignRight, countText(count));
    };
    painter.setPen(m_theme.textDim);
    painter.drawText(QRect(0, area.bottom() - 9, area.left() - 8, 20), Qt::AlignVCenter | Qt::AlignRight, QStringLiteral("0"));
    if (logarithmicCount()) {
        const int decades = static_cast<int>(std::log10(static_cast<double>(m_most)));
        const int step = std::max(1, (decades + 1) * 20 / std::max(area.height(), 1) + 1);
        std::uint64_t count = 1;
        for (int decade = 0; decade <= decades; ++decade, count *= 10) {
            if (decade % step == 0 && tall(count) * area.height() > 14) line(count);
            if (count > UINT64_MAX / 10) break;
        }
    } else {
        std::int64_t step = 1;
        while (static_cast<double>(step) * area.height() < static_cast<double>(m_most) * 18) step = nextStep(step);
        for (std::uint64_t count = static_cast<std::uint64_t>(step); count <= m_most; count += static_cast<std::uint64_t>(step)) line(count);
    }
}

void DurationView::paintBars(QPainter& painter) const
{
    const QRect area = plot();
    const QColor colour = m_colour.isValid() ? m_colour : m_theme.accent;
    for (std::size_t bin = 0; bin < m_histogram.counts.size(); ++bin) {
        const auto [left, right] = edges(bin);
        const bool pointed = m_pointed == bin, chosen = m_chosen == bin;
        if (pointed) painter.fillRect(QRect(left, area.top(), right - left, area.height() + 1), m_theme.hover);
        if (m_histogram.counts[bin] == 0) continue;
        const int high = std::max(kLeastBar, static_cast<int>(std::lround(tall(m_histogram.counts[bin]) * area.height())));
        const QRect bar(left, area.bottom() + 1 - high, std::max(1, right - left - (right - left > 3 ? 1 : 0)), high);
        QColor fill = colour;
        if (m_chosen && !chosen) fill.setAlphaF(0.45F);
        painter.fillRect(bar, fill);
        if (!chosen) continue;
        painter.setPen(m_theme.selectionOutline);
        painter.drawRect(bar.adjusted(-1, -1, 0, 0));
    }
    painter.fillRect(QRect(area.left(), area.bottom() + 1, area.width(), 1), m_theme.lineStrong);
}

void DurationView::paintAxis(QPainter& painter) const
{
    const QRect area = plot();
    const std::int64_t low = m_histogram.edges.front(), high = m_histogram.edges.back();
    painter.setPen(m_theme.textDim);
    const QFontMetrics metrics(painter.font());
    int free = -1000; // right end of the label before
    const auto label = [&](double x, const QString& text) {
        const int wide = metrics.horizontalAdvance(text);
        const int left = std::clamp(static_cast<int>(std::lround(x)) - wide / 2, 0, std::max(0, width() - wide - 2));
        if (left < free + 14) return;
        painter.fillRect(QRect(static_cast<int>(std::lround(x)), area.bottom() + 2, 1, 3), m_theme.lineStrong);
        painter.drawText(QRect(left, area.bottom() + 4, wide + 1, kAxis - 3), Qt::AlignCenter, text);
        free = left + wide;
    };
    if (low == high) return label(place(low), durationText(low));
    if (m_histogram.logarithmic) {
        for (std::int64_t tick = decadeOf(std::max<std::int64_t>(low, 1)); tick <= high; tick = nextStep(tick)) {
            if (tick >= low) label(place(tick), axisText(tick, tick));
            if (tick >= kLargestStep) break;
        }
        return;
    }
    const double perPixel = static_cast<double>(high - low) / std::max(area.width(), 1);
    std::int64_t step = 1;
    while (static_cast<double>(step) < perPixel * 72 && step < kLargestStep) step = nextStep(step);
    for (std::int64_t tick = low + (step - low % step) % step; tick <= high; tick += step) {
        label(place(tick), axisText(tick, step));
        if (tick > high - step) break;
    }
}

void DurationView::paintMarks(QPainter& painter) const
{
    const QRect area = plot();
    if (m_histogram.edges.front() == m_histogram.edges.back()) return; // nothing is spread
    painter.setFont(Theme::uiFont(11));
    const QFontMetrics metrics(painter.font());
    QPen pen(m_theme.textHi, 1, Qt::CustomDashLine);
    pen.setDashPattern({3, 3});
    painter.setPen(pen);
    const auto at = [&](std::int64_t duration) { return static_cast<int>(std::lround(place(duration))); };
    const bool two = m_histogram.p95 != m_histogram.median;
    painter.drawLine(at(m_histogram.median), 4, at(m_histogram.median), area.bottom());
    if (two) painter.drawLine(at(m_histogram.p95), 4, at(m_histogram.p95), area.bottom());
    int free = -1000;                      // where the label before ends
    const auto label = [&](std::int64_t duration, const QString& word) {
        const QString text = word + QLatin1Char(' ') + durationText(duration);
        const int wide = metrics.horizontalAdvance(text);
        int left = at(duration) + 5;
        if (left + wide > width()) left = at(duration) - 5 - wide;
        if (left < free + 6) return;       // the line alone; its place says about where
        painter.fillRect(QRect(left - 2, 2, wide + 4, kTop - 4), m_theme.panel); // no line through words
        painter.setPen(m_theme.textHi);
        painter.drawText(QRect(left, 2, wide + 1, kTop - 4), Qt::AlignVCenter | Qt::AlignLeft, text);
        free = left + wide;
    };
    label(m_histogram.median, QStringLiteral("median"));
    if (two) label(m_histogram.p95, QStringLiteral("p95"));
}

void DurationView::paintSentence(QPainter& painter) const
{
    const auto bin = m_pointed ? m_pointed : m_chosen;
    QString text = bin ? sentence(*bin) : QStringLiteral("A click on a bar lists its slices");
    if (!bin && m_histogram.logarithmic) text = QStringLiteral("logarithmic · ") + text;
    painter.setFont(Theme::uiFont(11));
    painter.setPen(bin ? m_theme.textHi : m_theme.textDim);
    const QRect line(plot().left(), height() - kWords, width() - plot().left() - 4, kWords);
    painter.drawText(line, Qt::AlignVCenter | Qt::AlignLeft, elided(text, painter.font(), line.width()));
}

void DurationView::toggle(std::size_t bin)
{
    if (m_histogram.counts[bin] == 0) return;
    choose(m_chosen == bin ? std::nullopt : std::optional(bin));
    Q_EMIT binChosen(m_chosen ? static_cast<int>(*m_chosen) : -1);
}

void DurationView::mouseMoveEvent(QMouseEvent* event) { setPointed(binAt(event->position().toPoint())); }

void DurationView::mousePressEvent(QMouseEvent* event)
{
    const auto bin = binAt(event->position().toPoint());
    if (event->button() == Qt::LeftButton && bin) toggle(*bin);
}

void DurationView::leaveEvent(QEvent*)
{
    if (!hasFocus()) setPointed(std::nullopt);
}

void DurationView::keyPressEvent(QKeyEvent* event)
{
    if (empty()) return QWidget::keyPressEvent(event);
    const std::size_t last = m_histogram.counts.size() - 1;
    const std::size_t at = m_pointed.value_or(0);
    switch (event->key()) {
    case Qt::Key_Left: return setPointed(at == 0 ? 0 : at - 1);
    case Qt::Key_Right: return setPointed(m_pointed ? std::min(at + 1, last) : 0);
    case Qt::Key_Home: return setPointed(0);
    case Qt::Key_End: return setPointed(last);
    case Qt::Key_Return:
    case Qt::Key_Enter:
    case Qt::Key_Space:
        if (m_pointed) toggle(at);
        return;
    case Qt::Key_Escape:
        if (!m_chosen) return QWidget::keyPressEvent(event);
        toggle(*m_chosen);
        return;
    default: QWidget::keyPressEvent(event);
    }
}

void DurationView::focusInEvent(QFocusEvent* event)
{
    QWidget::focusInEvent(event);
    update();
}

void DurationView::focusOutEvent(QFocusEvent* event)
{
    QWidget::focusOutEvent(event);
    setPointed(std::nullopt);
}

} // namespace opscope
