#pragma once

#include "widgets/common/Theme.h"
#include "widgets/timeline/LinkScene.h"

#include <QImage>
#include <QPainter>

namespace opscope {

/// Replays a LinkScene over the kept picture; decides nothing. Thin curves, of which there may be hundreds, are drawn once a
/// scene into a picture of their own, so that hovering costs no more with them than without.
class LinkPainter
{
public:
    /// After every change of scene, theme or pixel ratio.
    void setScene(const LinkScene& scene, const Theme& theme, double pixelRatio);
    /// Under the selection: what belongs to slices.
    void paintOutlines(QPainter& painter, const LinkScene& scene) const;
    /// Over everything: curves, then labels.
    void paint(QPainter& painter, const LinkScene& scene, const QRect& dirty) const;

private:
    QColor color(LinkStroke stroke) const;
    QColor color(const LinkLabel& label) const { return label.isNode ? m_theme.linkNode : color(label.stroke); }
    void paintCurve(QPainter& painter, const LinkCurve& curve) const;
    void paintThin(QPainter& painter, const LinkScene& scene) const;
    void paintLabel(QPainter& painter, const LinkLabel& label) const;
    void drawThin(const LinkScene& scene, double pixelRatio);

    Theme m_theme;
    QImage m_thin;             ///< premultiplied; null when there are none
    QPointF m_thinAt;          ///< its top left corner
};

} // namespace opscope
