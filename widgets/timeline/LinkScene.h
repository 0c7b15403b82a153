#pragma once

#include "widgets/timeline/LinkFocus.h"
#include "widgets/timeline/LinkText.h"
#include "widgets/timeline/TimeScale.h"
#include "widgets/timeline/TimelineLayout.h"

#include <QPointF>
#include <QRectF>
#include <QString>

#include <unordered_map>
#include <vector>

namespace opscope {

/// The row in which a slice is drawn, or would be: a slice of a closed track has the row of the track, one of a closed process
/// the row of that; height 0 where it or its process is hidden altogether. Logical pixels from the top of the whole timeline.
struct LinkRow
{
    int y = 0;
    int height = 0;
    bool shown = false;              ///< false: something else stands for it
};

/// Finds rows, and keeps them: for one layout. Slices of one row one after the other cost one search in that row each.
class LinkRows
{
public:
    LinkRows(const TimelineModel& model, const TimelineLayout& layout) : m_model(model), m_layout(layout) {}
    LinkRow of(SliceId slice);

private:
    LinkRow find(SliceId slice);
    LinkRow standIn(std::uint32_t band) const;

    const TimelineModel& m_model;
    const TimelineLayout& m_layout;
    struct Seen
    {
        TrackId track;
        const LanePyramid* lane;
        LinkRow row;
    };
    std::vector<Seen> m_seen;        ///< rows that held a slice, the last one first
    std::unordered_map<std::uint32_t, LinkRow> m_rows;
};

/// A curve with what stands at its ends, in logical pixels of the canvas.
struct LinkCurve
{
    QPointF from, c1, c2, to;        ///< cubic
    LinkStroke stroke = LinkStroke::Launch;
    bool dot = false;                ///< at `from`
    bool head = false;               ///< at `to`
    bool hollow = false;             ///< a guess
    QPointF at(double t) const;
};

struct LinkLabel
{
    enum class Edge : std::uint8_t { None, Left, Right, Above, Below }; ///< beyond which edge its slice lies
    QRectF box;
    QString text;
    LinkStroke stroke = LinkStroke::Launch;
    bool isNode = false;             ///< the colour of nodes
    Edge edge = Edge::None;
    SliceId slice;                   ///< a click goes there ...
    NodeId node;                     ///< ... or to the node
};

/// Arrows, labels and outlines of the selection as they stand on the canvas: decided here, replayed by LinkPainter.
struct LinkScene
{
    struct Input
    {
        const Trace& trace;
        const LinkFocus& focus;
        LinkRows& rows;
        TimeScale scale;             ///< of the canvas in logical pixels
        QRectF canvas;               ///< where rows may be drawn: without headers and the group row that sticks to the top
        double scrollY = 0;          ///< canvas.y of content y 0 is -scrollY
        double originX = 0;          ///< x of the left end of the scale
        SliceNamer name;
    };
    static constexpr std::size_t kThin = 200;    ///< more could not be told apart
    static constexpr double kThinGrid = 4;       ///< thin curves whose ends are nearer than this are one

    std::vector<LinkCurve> curves;   ///< main
    std::vector<LinkCurve> thin;     ///< other kernels of the same op
    std::vector<QRectF> outlines;    ///< of linked slices in view
    std::vector<LinkLabel> labels;
    QRectF nodeLine;                 ///< dots from a slice to the label of its node; null when there is none

    bool empty() const { return curves.empty() && thin.empty() && outlines.empty() && labels.empty(); }
    static LinkScene make(const Input& input);
    const LinkLabel* labelAt(QPointF at) const;
};

} // namespace opscope
