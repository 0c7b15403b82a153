#include "widgets/tensor/HistogramView.h"

#include "core/base/Time.h"
#include "widgets/common/Text.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>

#include <algorithm>
#include <cmath>

namespace opscope {

namespace {

constexpr int kLeft = 51, kRight = 24, kTop = 20, kBottom = 32;
constexpr double kFoot = 0.6; // of a decade: what one value stands above the line

QString countText(std::uint64_t count) { return displayText(formatCount(static_cast<std::int64_t>(count))); }

/// 1, 2 or 5 times a power of ten, at least `least`.
double niceStep(double least)
{
    const double decade = std::pow(10.0, std::floor(std::log10(std::max(least, 1e-300))));
    for (const double factor : {1.0, 2.0, 5.0}) {
        if (factor * decade >= least) return factor * decade;
    }
    return 10 * decade;
}

} // namespace

HistogramView::HistogramView(QWidget* parent) : QWidget(parent)
{
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    setAccessibleName(QStringLiteral("Distribution of the values"));
}

void HistogramView::setTheme(const Theme& theme)
{
    m_theme = theme;
    update();
}

void HistogramView::setBins(std::vector<TensorStatistics::Bin> bins, std::function<std::string(std::int64_t)> text, bool isUnsigned)
{
    m_bins = std::move(bins);
    m_text = std::move(text);
    m_unsigned = isUnsigned;
    m_most = m_total = 0;
    for (const TensorStatistics::Bin& bin : m_bins) {
        m_most = std::max(m_most, bin.count);
        m_total += bin.count;
    }
    setCurrent(fullest());
    update();
}

std::size_t HistogramView::fullest() const
{
    const auto most = std::ranges::max_element(m_bins, {}, &TensorStatistics::Bin::count);
    return most == m_bins.end() ? 0 : static_cast<std::size_t>(most - m_bins.begin());
}

QString HistogramView::summary() const
{
    if (m_bins.empty()) return {};
    // Wraps for a bin as wide as 64 bits; that is no width worth a word.
    const std::uint64_t width = static_cast<std::uint64_t>(m_bins.front().high) - static_cast<std::uint64_t>(m_bins.front().low) + 1;
    QString text = m_bins.size() == 1 ? QStringLiteral("1 bin") : QStringLiteral("%1 bins").arg(m_bins.size());
    if (width > 0) text += QStringLiteral(" of %1").arg(width == 1 ? QStringLiteral("1 value") : countText(width));
    return text + (logarithmic() ? QStringLiteral(", logarithmic count") : QString());
}

QString HistogramView::sentence(std::size_t bin) const
{
    if (bin >= m_bins.size()) return {};
    const TensorStatistics::Bin& b = m_bins[bin];
    const QString low = QString::fromStdString(m_text(b.low));
    const QString where = b.low == b.high ? low : QStringLiteral("%1 to %2").arg(low, QString::fromStdString(m_text(b.high)));
    const double share = m_total == 0 ? 0 : static_cast<double>(b.count) / static_cast<double>(m_total);
    return QStringLiteral("%1 in %2, %3").arg(b.count == 1 ? QStringLiteral("1 value") : QStringLiteral("%1 values").arg(countText(b.count)),
                                              where, displayText(formatShare(share)));
}

void HistogramView::setCurrent(std::size_t bin)
{
    m_current = m_bins.empty() ? 0 : std::min(bin, m_bins.size() - 1);
    setAccessibleDescription(sentence(m_current));
    update();
}

QRect HistogramView::plot() const
{
    const int labels = QFontMetrics(Theme::fixedFont(11)).horizontalAdvance(countText(m_most)) + 16;
    return rect().adjusted(std::max(kLeft, labels), kTop, -kRight, -kBottom);
}

double HistogramView::height(std::uint64_t count) const
{
    if (count == 0 || m_most == 0) return 0;
    if (!logarithmic()) return static_cast<double>(count) / static_cast<double>(m_most);
    return (std::log10(static_cast<double>(count)) + kFoot) / (std::log10(static_cast<double>(m_most)) + kFoot);
}

double HistogramView::number(std::int64_t value) const
{
    return m_unsigned ? static_cast<double>(static_cast<std::uint64_t>(value)) : static_cast<double>(value);
}

double HistogramView::place(double value) const
{
    const double low = number(m_bins.front().low), high = number(m_bins.back().high) + 1;
    return plot().left() + (value - low) / std::max(high - low, 1.0) * plot().width();
}

std::pair<int, int> HistogramView::edges(std::size_t bin) const
{
    const int left = static_cast<int>(std::lround(place(number(m_bins[bin].low))));
    return {left, std::max(left + 1, static_cast<int>(std::lround(place(number(m_bins[bin].high) + 1))))};
}

void HistogramView::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setFont(Theme::fixedFont(11));
    if (!m_bins.empty() && plot().width() > 20 && plot().height() > 20) {
        paintScale(painter);
        paintBins(painter);
        paintValues(painter);
        paintSentence(painter);
    }
    if (hasFocus()) {
        painter.setPen(m_theme.accent);
        painter.drawRect(rect().adjusted(0, 0, -1, -1));
    }
}

void HistogramView::paintScale(QPainter& painter) const
{
    const QRect area = plot();
    const auto line = [&](std::uint64_t count) {
        const int y = area.bottom() - static_cast<int>(std::lround(height(count) * area.height()));
        painter.fillRect(QRect(area.left(), y, area.width(), 1), m_theme.lineSoft);
        painter.setPen(m_theme.textDim);
        painter.drawText(QRect(0, y - 10, area.left() - 8, 20), Qt::AlignVCenter | Qt::AlignRight, countText(count));
    };
    if (logarithmic()) {
        const int decades = static_cast<int>(std::log10(static_cast<double>(m_most)));
        const int step = std::max(1, decades * 24 / std::max(area.height(), 1) + 1);
        std::uint64_t count = 1;
        for (int decade = 0; decade <= decades; ++decade, count *= 10) {
            if (decade % step == 0) line(count);
            if (count > UINT64_MAX / 10) break;
        }
    } else {
        const auto step = static_cast<std::uint64_t>(std::max(1.0, niceStep(static_cast<double>(m_most) * 28 / area.height())));
        for (std::uint64_t count = step; count <= m_most; count += step) line(count);
    }
}

void HistogramView::paintBins(QPainter& painter) const
{
    const QRect area = plot();
    QColor quiet = m_theme.accent;
    quiet.setAlphaF(0.74F);
    for (std::size_t bin = 0; bin < m_bins.size(); ++bin) {
        if (m_bins[bin].count == 0) continue;
        const auto [left, right] = edges(bin);
        const int tall = std::max(2, static_cast<int>(std::lround(height(m_bins[bin].count) * area.height())));
        painter.fillRect(QRect(left, area.bottom() + 1 - tall, std::max(1, right - left - (right - left > 3 ? 1 : 0)), tall),
                         bin == m_current ? m_theme.accent : quiet);
    }
    painter.fillRect(QRect(area.left(), area.bottom() + 1, area.width(), 1), m_theme.lineStrong);
    if (m_current < m_bins.size() && m_bins[m_current].count == 0) { // a bin may be empty and yet be asked about
        const auto [left, right] = edges(m_current);
        painter.fillRect(QRect(left, area.bottom() - 1, right - left, 3), m_theme.accent);
    }
}

void HistogramView::paintValues(QPainter& painter) const
{
    const QRect area = plot();
    const double low = number(m_bins.front().low), high = number(m_bins.back().high);
    painter.setPen(m_theme.textDim);
    const QFontMetrics metrics(painter.font());
    int free = -1000; // right end of the label before
    const auto label = [&](double value, const QString& text) {
        const double half = (place(value + 1) - place(value)) / 2;
        const int middle = static_cast<int>(std::lround(place(value) + half)), wide = metrics.horizontalAdvance(text);
        const int x = std::max(0, std::min(middle - wide / 2, width() - wide - 2));
        if (x < free + 12) return;
        painter.drawText(QRect(x, area.bottom() + 6, wide + 1, 16), Qt::AlignCenter, text);
        free = x + wide;
    };
    label(low, QString::fromStdString(m_text(m_bins.front().low)));
    const int widest = metrics.horizontalAdvance(QString::fromStdString(m_text(m_bins.back().high)));
    const double step = std::max(1.0, niceStep((high - low + 1) * std::max(widest + 24, 64) / area.width()));
    for (double value = std::ceil(low / step) * step; value <= high; value += step) {
        if (value > low) label(value, QString::number(value, 'f', 0));
        if (value + step <= value) break; // beyond what a double can count
    }
}

void HistogramView::paintSentence(QPainter& painter) const
{
    const QRect area = plot();
    const auto [left, right] = edges(m_current);
    painter.setFont(Theme::uiFont(11));
    const QString text = sentence(m_current);
    const int wide = painter.fontMetrics().horizontalAdvance(text);
    const bool onTheLeft = right + 8 + wide > width() && left - 8 - wide > 0;
    const int x = onTheLeft ? left - 8 - wide : std::clamp(right + 8, 4, std::max(4, width() - wide - 4));
    const QRect box(x, area.top() - 2, wide, 18);
    painter.fillRect(box.adjusted(-3, 0, 3, 0), m_theme.panel); // nothing runs through words
    painter.setPen(m_theme.textHi);
    painter.drawText(box, Qt::AlignVCenter | Qt::AlignLeft, text);
}

void HistogramView::mouseMoveEvent(QMouseEvent* event)
{
    const int x = static_cast<int>(event->position().x());
    for (std::size_t bin = 0; bin < m_bins.size(); ++bin) {
        const auto [left, right] = edges(bin);
        if (x >= left && x < right) return setCurrent(bin);
    }
}

void HistogramView::leaveEvent(QEvent*)
{
    if (!hasFocus()) setCurrent(fullest());
}

void HistogramView::keyPressEvent(QKeyEvent* event)
{
    switch (event->key()) {
    case Qt::Key_Left: return setCurrent(m_current == 0 ? 0 : m_current - 1);
    case Qt::Key_Right: return setCurrent(m_current + 1);
    case Qt::Key_Home: return setCurrent(0);
    case Qt::Key_End: return setCurrent(m_bins.size());
    default: QWidget::keyPressEvent(event);
    }
}

} // namespace opscope
