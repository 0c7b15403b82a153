#include "widgets/timeline/TrackHeaders.h"

#include "widgets/common/Text.h"

#include <QCoreApplication>
#include <QLocale>
#include <QPolygonF>

#include <algorithm>
#include <cmath>

namespace opscope {
namespace {

constexpr int kNameX = 29;        // text of a band; its chevron stands left of it
constexpr int kGroupX = 23;
constexpr int kLineHeight = 15;

QString tr(const char* text) { return QCoreApplication::translate("TrackHeaders", text); }

// Lines of text that fit under the name of a band.
int linesBelow(const BandBox& box) { return std::max(0, (box.height - 25) / kLineHeight + (box.height >= 38 ? 1 : 0)); }

QString number(double value)
{
    if (value == std::floor(value) && std::abs(value) < 1e15) return QLocale(QLocale::English).toString(static_cast<qlonglong>(value));
    return QLocale(QLocale::English).toString(value, 'g', 4);
}

} // namespace

QString TrackHeaders::foldNote(const Band& band, const TrackState& state)
{
    if (!band.foldable() || state.collapsed) return {};
    if (state.unfolded) return tr("all %1 rows").arg(band.full.count + band.common.count);
    if (band.modulesOnly) return tr("nn.Module frames only");
    return tr("%1 of %2 rows").arg(band.folded.count + band.common.count).arg(band.full.count + band.common.count);
}

QString TrackHeaders::sideText(const Band& band, std::uint32_t index, const DrawList& list) const
{
    if (band.kind != BandKind::Counter) return displayText(band.side);
    const DrawCurve* highest = nullptr;
    for (const DrawCurve& curve : list.curves)
        if (curve.band == index && (!highest || curve.maxInView > highest->maxInView)) highest = &curve;
    if (!highest) return {};
    const double most = highest->maxInView;
    return tr("max %1").arg(highest->isBytes ? displayText(formatBytes(static_cast<std::int64_t>(std::clamp(most, -9e18, 9e18)))) : number(most));
}

void TrackHeaders::paintChevron(QPainter& painter, QPointF c, bool open, const QColor& color) const
{
    const QPolygonF line = open ? QPolygonF({c + QPointF(-3.5, -1.75), c + QPointF(0, 1.75), c + QPointF(3.5, -1.75)})
                                : QPolygonF({c + QPointF(-1.75, -3.5), c + QPointF(1.75, 0), c + QPointF(-1.75, 3.5)});
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(color, 1.4, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    painter.drawPolyline(line);
    painter.setRenderHint(QPainter::Antialiasing, false);
}

void TrackHeaders::paintBand(QPainter& painter, const DrawList& list, const BandBox& box, const HeaderHit& hovered) const
{
    const Band& band = m_scene.model->bands[box.band];
    const TrackState& state = m_scene.state.bands[box.band];
    const int top = box.y - m_scene.scrollY;
    const int right = m_scene.headerWidth - 1;
    const bool isHovered = hovered.part != HeaderHit::Group && hovered.part != HeaderHit::Nothing && hovered.index == box.band;
    const QRect cell(0, top, right, box.height - 1);
    painter.fillRect(cell, isHovered ? m_theme.hover : m_theme.panel);
    painter.fillRect(QRect(0, box.bottom() - 1 - m_scene.scrollY, right, 1), m_theme.line);

    const bool counter = band.kind == BandKind::Counter;
    const int baseline = top + 18;
    if (!counter || state.collapsed)
        paintChevron(painter, QPointF(18, baseline - 4.5), !state.collapsed, isHovered ? m_theme.textHi : m_theme.textDim);
    const int nameX = counter ? kNameX - 11 : kNameX;
    const QFont sideFont = Theme::fixedFont(11);
    const QFont nameFont = Theme::uiFont(12);
    const QString whole = displayText(band.name);
    // The name has the first claim on the width, the raw id the second; half an id says nothing.
    const int room12 = right - nameX - 9 - QFontMetrics(nameFont).horizontalAdvance(whole) - 10;
    QString side = sideText(band, box.band, list);
    if (QFontMetrics(sideFont).horizontalAdvance(side) > room12) side = counter ? side.mid(side.indexOf(QLatin1Char(' ')) + 1) : QString();
    if (QFontMetrics(sideFont).horizontalAdvance(side) > room12 && !counter) side.clear();
    const int sideWidth = QFontMetrics(sideFont).horizontalAdvance(side);
    const QString name = elided(whole, nameFont, right - nameX - (sideWidth ? sideWidth + 18 : 8));
    painter.setFont(nameFont);
    painter.setPen(m_theme.textHi);
    painter.drawText(nameX, baseline, name);
    painter.setFont(sideFont);
    painter.setPen(m_theme.textDim);
    painter.drawText(right - 9 - sideWidth, baseline, side);

    int room = linesBelow(box);
    int y = baseline + kLineHeight;
    const QFont noteFont = Theme::uiFont(11);
    painter.setFont(noteFont);
    if (room > 0 && !band.note.empty()) {
        painter.drawText(nameX, y, elided(displayText(band.note), noteFont, right - nameX - 8));
        y += kLineHeight;
        --room;
    }
    if (const QString fold = foldNote(band, state); room > 0 && !fold.isEmpty()) {
        const bool on = isHovered && hovered.part == HeaderHit::FoldNote;
        painter.setPen(on ? m_theme.accent : m_theme.textDim);
        painter.drawText(nameX, y, elided(fold, noteFont, right - nameX - 8));
    }
}

void TrackHeaders::paint(QPainter& painter, const DrawList& list, int height, const HeaderHit& hovered) const
{
    painter.fillRect(QRect(0, 0, m_scene.headerWidth, height), m_theme.panel);
    const auto& bands = m_scene.layout.bands;
    for (std::size_t i = m_scene.layout.firstBandBelow(m_scene.scrollY); i < bands.size() && bands[i].y < m_scene.scrollY + height; ++i)
        paintBand(painter, list, bands[i], hovered);
    painter.fillRect(QRect(m_scene.headerWidth - 1, 0, 1, height), m_theme.line);
}

void TrackHeaders::paintGroups(QPainter& painter, int width, int height, const HeaderHit& hovered) const
{
    const auto& groups = m_scene.layout.groups;
    const int first = std::max(0, m_scene.layout.groupAt(m_scene.scrollY));
    for (std::size_t i = static_cast<std::size_t>(first); i < groups.size() && groups[i].y < m_scene.scrollY + height; ++i) {
        const BandGroup& group = m_scene.model->groups[groups[i].group];
        const int y = m_scene.layout.stickyY(static_cast<int>(i), m_scene.scrollY);
        const QRect row(0, y, width, TimelineLayout::kGroupHeight);
        const bool on = hovered.part == HeaderHit::Group && hovered.index == groups[i].group;
        painter.fillRect(row, on ? m_theme.hover : m_theme.raised);
        painter.fillRect(QRect(0, row.bottom(), width, 1), m_theme.line);
        paintChevron(painter, QPointF(10, y + 12), !groups[i].closed, m_theme.text);
        const QFont nameFont = Theme::uiFont(12, QFont::DemiBold);
        const QString name = elided(displayText(group.name), nameFont, width / 2);
        painter.setFont(nameFont);
        painter.setPen(m_theme.textHi);
        painter.drawText(kGroupX, y + 16, name);
        const QFont noteFont = Theme::uiFont(12);
        const int noteX = kGroupX + QFontMetrics(nameFont).horizontalAdvance(name) + 10;
        painter.setFont(noteFont);
        painter.setPen(m_theme.textDim);
        painter.drawText(noteX, y + 16, elided(displayText(group.note), noteFont, width - noteX - 8));
    }
}

HeaderHit TrackHeaders::hit(QPoint at) const
{
    const auto& layout = m_scene.layout;
    for (int i = std::max(0, layout.groupAt(m_scene.scrollY)); i < static_cast<int>(layout.groups.size()); ++i) {
        const int y = layout.stickyY(i, m_scene.scrollY);
        if (at.y() < y) break;
        if (at.y() < y + TimelineLayout::kGroupHeight) return {HeaderHit::Group, layout.groups[static_cast<std::size_t>(i)].group};
    }
    if (at.x() >= m_scene.headerWidth) return {};
    const int index = layout.bandAt(at.y() + m_scene.scrollY);
    if (index < 0) return {};
    const BandBox& box = layout.bands[static_cast<std::size_t>(index)];
    const Band& band = m_scene.model->bands[box.band];
    const int line = at.y() + m_scene.scrollY - box.y - 5;
    if (line < 18) return {at.x() < kNameX ? HeaderHit::Chevron : HeaderHit::Name, box.band};
    const int noteLine = band.note.empty() ? 0 : 1;
    const bool onNote = (line - 18) / kLineHeight == noteLine && noteLine < linesBelow(box);
    if (onNote && !foldNote(band, m_scene.state.bands[box.band]).isEmpty()) return {HeaderHit::FoldNote, box.band};
    return {HeaderHit::Name, box.band};
}

} // namespace opscope
