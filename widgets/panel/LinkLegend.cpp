#include "widgets/panel/LinkLegend.h"

#include "widgets/document/ViewSettings.h"
#include "widgets/panel/LinkBar.h"

#include <QPainter>

namespace opscope {

namespace {

constexpr int kSample = 14, kGap = 6, kBetween = 16;

struct Entry
{
    LinkShare share;
    const char* words;
};
constexpr Entry kEntries[] = {
    {LinkShare::Exact, "exact"}, {LinkShare::Unsure, "inferred or two answers"}, {LinkShare::Missing, "no partner"}};

} // namespace

LinkLegend::LinkLegend(ViewSettings& settings, QWidget* parent) : QWidget(parent), m_settings(settings)
{
    setFont(Theme::uiFont(11));
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    setAccessibleName(QStringLiteral("Full: exact. Hatched: inferred or two answers. Dashed outline: no partner."));
}

QSize LinkLegend::sizeHint() const
{
    int width = 0;
    for (const Entry& entry : kEntries) width += kSample + kGap + fontMetrics().horizontalAdvance(QLatin1String(entry.words)) + kBetween;
    return {width, 20};
}

void LinkLegend::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    const Theme& theme = m_settings.theme();
    int x = 0;
    for (const Entry& entry : kEntries) {
        paintShare(painter, QRect(x, (height() - 8) / 2, kSample, 8), entry.share, theme);
        const QString words = QLatin1String(entry.words);
        x += kSample + kGap;
        painter.setPen(theme.textDim);
        painter.drawText(QRect(x, 0, width(), height()), Qt::AlignLeft | Qt::AlignVCenter, words);
        x += fontMetrics().horizontalAdvance(words) + kBetween;
    }
}

} // namespace opscope
