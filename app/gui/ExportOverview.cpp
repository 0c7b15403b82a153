#include "app/gui/ExportOverview.h"

#include <QPainter>

#include <algorithm>

namespace opscope {

ExportOverview::ExportOverview(const Theme& theme, TimelineModelPtr model, QWidget* parent)
    : QWidget(parent), m_theme(theme), m_model(std::move(model))
{
    setFixedHeight(96);
    setAccessibleName(QStringLiteral("What is kept, over the whole trace"));
}

void ExportOverview::setKept(std::optional<KeptColumns> kept)
{
    m_kept = std::move(kept);
    update();
}

void ExportOverview::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), m_theme.line);
    const QRect inside = rect().adjusted(1, 1, -1, -1);
    painter.fillRect(inside, m_theme.canvas);
    if (!m_model)
        return;
    const OverviewData& overview = m_model->overview;
    const int used = static_cast<int>(std::ranges::count_if(overview.strips, &OverviewData::Strip::used));
    int number = 0;
    for (std::size_t i = 0; i < overview.strips.size(); ++i) {
        const OverviewData::Strip& strip = overview.strips[i];
        if (!strip.used)
            continue;
        const int room = inside.height() - 6;
        const int bottom = inside.top() + 3 + room * ++number / used;
        const int height = room / used - 3;
        for (int x = 0; x < inside.width(); ++x) {
            const auto column = static_cast<std::size_t>(x) * OverviewData::kColumns / static_cast<std::size_t>(inside.width());
            const OverviewData::Cell& cell = strip.cells[column];
            if (cell.share <= 0)
                continue;
            const bool kept = m_kept && (*m_kept)[i][column];
            QColor color = cell.family == Family::Python ? (kept ? m_theme.lineStrong : m_theme.line) : QColor(familyColor(cell.family, m_theme));
            color.setAlphaF(kept ? 1.0f : 0.2f);
            const int h = std::max(1, static_cast<int>(static_cast<float>(height) * cell.share));
            painter.fillRect(QRect(inside.left() + x, bottom - h, 1, h), color);
        }
    }
}

} // namespace opscope
