#pragma once

#include "widgets/common/Theme.h" // Qt before core: moc of Qt 6.4 trips over <concepts>
#include "core/trace/TraceLinks.h"

#include <QWidget>

#include <array>

namespace opscope {

/// How a part of a row of the link report is drawn: full, hatched (inferred or two answers), dashed outline (no partner).
enum class LinkShare : std::uint8_t { Exact, Unsure, Missing };
void paintShare(QPainter& painter, const QRect& rect, LinkShare share, const Theme& theme);

/// The bar of a row. A share that is not nothing is at least a few pixels long, however small.
class LinkBar : public QWidget
{
    Q_OBJECT

public:
    LinkBar(const LinkCount& row, const Theme& theme, QWidget* parent = nullptr);
    QSize sizeHint() const override { return {200, 10}; }
    /// Lengths in pixels of the three shares in a bar of `width`; they add up to it.
    static std::array<int, 3> lengths(const std::array<std::uint64_t, 3>& counts, int width);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    std::array<std::uint64_t, 3> m_counts;
    Theme m_theme;
};

} // namespace opscope
