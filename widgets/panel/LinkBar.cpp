#include "widgets/panel/LinkBar.h"

#include "widgets/panel/LinkReportText.h"

#include <QPainter>

#include <algorithm>

namespace opscope {

namespace {

constexpr int kHeight = 8;
constexpr int kLeast = 7;   // of a share that is not nothing: its pattern must be seen

} // namespace

void paintShare(QPainter& painter, const QRect& rect, LinkShare share, const Theme& theme)
{
    if (rect.width() <= 0) return;
    if (share == LinkShare::Exact) {
        painter.fillRect(rect, theme.accentFill);
        return;
    }
    painter.save();
    if (share == LinkShare::Missing) {
        painter.setPen(QPen(theme.lineStrong, 1, Qt::CustomDashLine));
        QPen pen = painter.pen();
        pen.setDashPattern({3, 2});
        painter.setPen(pen);
        painter.drawRect(rect.adjusted(0, 0, -1, -1));
    } else {
        painter.setClipRect(rect);
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(QPen(theme.accentFill, 2));
        for (int x = rect.left() - rect.height(); x < rect.right() + 4; x += 5)
            painter.drawLine(x, rect.bottom() + 1, x + rect.height(), rect.top());
    }
    painter.restore();
}

LinkBar::LinkBar(const LinkCount& row, const Theme& theme, QWidget* parent)
    : QWidget(parent), m_counts{row.exact, row.inferred + row.ambiguous, row.unmatched}, m_theme(theme)
{
    setFixedHeight(kHeight);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setToolTip(sharesText(row));
    setAccessibleName(sharesText(row));
}

std::array<int, 3> LinkBar::lengths(const std::array<std::uint64_t, 3>& counts, int width)
{
    std::array<int, 3> pixels{};
    const double total = static_cast<double>(counts[0]) + static_cast<double>(counts[1]) + static_cast<double>(counts[2]);
    if (total == 0 || width <= 0) return pixels;
    int used = 0;
    for (std::size_t i = 0; i < 3; ++i) {
        const int share = static_cast<int>(static_cast<double>(counts[i]) / total * width);
        pixels[i] = counts[i] ? std::max(share, std::min(kLeast, width / 3)) : 0;
        used += pixels[i];
    }
    *std::ranges::max_element(pixels) += width - used; // the longest gives or takes what rounding left
    return pixels;
}

void LinkBar::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    const std::array<int, 3> pixels = lengths(m_counts, width());
    int x = 0;
    for (std::size_t i = 0; i < 3; ++i) {
        paintShare(painter, QRect(x, 0, pixels[i], height()), static_cast<LinkShare>(i), m_theme);
        x += pixels[i];
    }
}

} // namespace opscope
