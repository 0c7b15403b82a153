#include "widgets/timeline/LabelCache.h"

#include <QImage>
#include <QLocale>
#include <QPainter>
#include <QTextLayout>

#include <algorithm>
#include <cmath>

namespace opscope {

void LabelCache::setFont(const QFont& font, double pixelRatio)
{
    if (font == m_font && pixelRatio == m_ratio && m_ellipsis.width > 0) return;
    m_font = font;
    m_ratio = pixelRatio;
    clear();
    m_ellipsis = render(QStringLiteral("…"));
}

void LabelCache::clear()
{
    m_masks.clear();
    m_counts.clear();
    m_bytes = 0;
}

void LabelCache::allowNew(int count)
{
    m_allowed = count;
    m_missed = false;
}

bool LabelCache::mayRender()
{
    if (m_allowed-- > 0) return true;
    m_missed = true;
    return false;
}

const LabelMask* LabelCache::mask(std::uint32_t key, const QString& text)
{
    if (const auto it = m_masks.find(key); it != m_masks.end()) return &it->second;
    if (!mayRender()) return nullptr;
    if (m_bytes > kMaxBytes) clear();
    LabelMask& mask = m_masks[key] = render(text);
    m_bytes += mask.coverage.size();
    return &mask;
}

const LabelMask* LabelCache::countMask(std::uint32_t count)
{
    if (const auto it = m_counts.find(count); it != m_counts.end()) return &it->second;
    if (!mayRender()) return nullptr;
    if (m_counts.size() > 4096) m_counts.clear();
    return &(m_counts[count] = render(QStringLiteral("×") + QLocale(QLocale::English).toString(count)));
}

LabelMask LabelCache::render(const QString& text) const
{
    QTextLayout layout(text.left(400), m_font);
    layout.setCacheEnabled(true);
    QTextOption option;
    option.setWrapMode(QTextOption::NoWrap);
    option.setTextDirection(Qt::LeftToRight);
    layout.setTextOption(option);
    layout.beginLayout();
    QTextLine line = layout.createLine();
    layout.endLayout();
    LabelMask mask;
    if (!line.isValid()) return mask;
    mask.width = static_cast<int>(std::ceil(std::min<qreal>(line.naturalTextWidth() + 1, kMaxWidth) * m_ratio));
    mask.height = static_cast<int>(std::ceil(line.height() * m_ratio));
    QImage image(mask.width, mask.height, QImage::Format_ARGB32_Premultiplied);
    image.setDevicePixelRatio(m_ratio);
    image.fill(Qt::transparent);
    QPainter painter(&image);
    painter.setPen(Qt::white);
    layout.draw(&painter, QPointF(0, 0));
    painter.end();
    mask.coverage.resize(static_cast<std::size_t>(mask.width) * static_cast<std::size_t>(mask.height));
    for (int y = 0; y < mask.height; ++y) {
        const auto* from = reinterpret_cast<const QRgb*>(image.constScanLine(y));
        for (int x = 0; x < mask.width; ++x)
            mask.coverage[static_cast<std::size_t>(y) * static_cast<std::size_t>(mask.width) + static_cast<std::size_t>(x)] =
                static_cast<std::uint8_t>(qAlpha(from[x]));
    }
    for (int i = 1; i <= layout.text().size(); ++i) {
        if (i < layout.text().size() && !layout.isValidCursorPosition(i)) continue;
        const double x = std::ceil(line.cursorToX(i) * m_ratio);
        if (x > mask.width) break;
        mask.cuts.push_back(static_cast<std::uint16_t>(x));
    }
    std::sort(mask.cuts.begin(), mask.cuts.end()); // texts that run to the left have them the other way round
    return mask;
}

} // namespace opscope
