#pragma once

#include "widgets/timeline/DrawList.h"
#include "widgets/timeline/LabelCache.h"
#include "widgets/timeline/Raster.h"
#include "widgets/timeline/TimelineLayout.h"

#include <QImage>

#include <span>

namespace opscope {

/// Replays a DrawList into an image; decides nothing. Keeps rendered labels from frame to frame.
class TimelinePainter
{
public:
    static constexpr int kDimShare = 189;    ///< of 255: 74 %, what a search does not find
    static constexpr int kRecedeShare = 102; ///< 40 %: beside the chain of the selection; families can still be told apart, labels read better

    /// `names`: where labels come from. Must be called before paint() and whenever theme, names or pixel ratio change.
    void setStyle(const Theme& theme, const SliceColors& names, double pixelRatio);
    /// Whether every label must be there, or those never seen before may wait for the next frame, so that this one is quick.
    enum class Labels : std::uint8_t { All, MayWait };
    /// `lines`: y (device pixels) of the lines between bands. The image has the size of the list. Says whether it is complete.
    bool paint(const DrawList& list, const std::vector<int>& lines, QImage& image, Labels labels);
    /// Slices (sorted) that stay as they are, filter or not, while all others step back a little; empty: none does. Borrowed until
    /// the next call.
    void setLit(std::span<const SliceId> lit) { m_lit = lit; }

private:
    void paintRect(Raster& raster, const DrawLane& lane, const DrawRect& rect);
    void paintFill(Raster& raster, PixelBox box, const DrawRect& rect, int canvasShare) const;
    void paintNotches(Raster& raster, PixelBox box) const;
    void paintLabel(Raster& raster, PixelBox box, const LabelMask& mask, QRgb color);
    void paintMarks(Raster& raster, PixelBox box, const DrawRect& rect) const;
    void paintCurve(Raster& raster, const DrawList& list, const DrawCurve& curve) const;
    void paintInstants(QImage& image, const DrawList& list) const;
    int px(double logical) const;

    Theme m_theme;
    const SliceColors* m_names = nullptr;
    double m_ratio = 1;
    LabelCache m_labels, m_mutedLabels;
    QRgb m_canvas = 0;
    std::span<const SliceId> m_lit;
};

} // namespace opscope
