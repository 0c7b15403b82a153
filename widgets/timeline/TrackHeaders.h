#pragma once

#include "widgets/common/Theme.h"
#include "widgets/timeline/DrawList.h"
#include "widgets/timeline/TimelineScene.h"

#include <QPainter>
#include <QRect>

namespace opscope {

/// What lies under a point of the header column or of a group row.
struct HeaderHit
{
    enum Part : std::uint8_t { Nothing, Group, Chevron, FoldNote, Name };
    Part part = Nothing;
    std::uint32_t index = 0;   ///< group for Group, else band
    friend bool operator==(const HeaderHit&, const HeaderHit&) = default;
};

/// The names on the left and the process rows across the whole width. Not a widget: the canvas lets it paint, because the
/// text of a process row runs from one into the other. Coordinates are those of the canvas widget.
class TrackHeaders
{
public:
    TrackHeaders(const TimelineScene& scene, const Theme& theme) : m_scene(scene), m_theme(theme) {}

    /// The column, without group rows.
    void paint(QPainter& painter, const DrawList& list, int height, const HeaderHit& hovered) const;
    /// Group rows over everything else, the one on top sticking there.
    void paintGroups(QPainter& painter, int width, int height, const HeaderHit& hovered) const;
    HeaderHit hit(QPoint at) const;
    /// "12 of 54 rows", "nn.Module frames only"; "" for bands that show everything.
    static QString foldNote(const Band& band, const TrackState& state);

private:
    void paintBand(QPainter& painter, const DrawList& list, const BandBox& box, const HeaderHit& hovered) const;
    void paintChevron(QPainter& painter, QPointF center, bool open, const QColor& color) const;
    QString sideText(const Band& band, std::uint32_t index, const DrawList& list) const;

    const TimelineScene& m_scene;
    const Theme& m_theme;
};

} // namespace opscope
