#include "widgets/timeline/LinkScene.h"

#include "widgets/common/Text.h"
#include "widgets/common/Theme.h"

#include <QFontMetricsF>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <tuple>

namespace opscope {
namespace {

using Edge = LinkLabel::Edge;

constexpr double kBoxHeight = 17, kBoxPadding = 5, kFromEdge = 12; // room for the arrow that points outwards
constexpr double kAttach = 4;      // from the start of a slice
constexpr double kLabelWidth = 300;

/// Where one end of an arrow stands.
struct End
{
    QRectF rect;                   ///< of the slice, clipped to the view in x
    Edge out = Edge::None;
    double x = 0;                  ///< where the arrow meets it
    double row = 0;                ///< middle of its row
};

class SceneMaker
{
public:
    explicit SceneMaker(const LinkScene::Input& input)
        : m_in(input), m_slices(input.trace.slices()), m_metrics(Theme::uiFont(11))
    {
    }

    LinkScene run()
    {
        if (!m_in.focus.slice) return {};
        addOutlines();
        keepFree(end(m_in.focus.slice));
        for (const LinkLeg& leg : m_in.focus.legs)
            if (leg.main) addMain(leg);
        addThin();
        addNode();
        return std::move(m_scene);
    }

private:
    // ---- where things are

    double xOf(Nanos t) const
    {
        const double width = m_in.canvas.right() - m_in.originX;
        return m_in.originX + std::clamp(m_in.scale.x(t), -100.0, width + 100.0);
    }

    End end(SliceId slice)
    {
        const LinkRow row = m_in.rows.of(slice);
        End e;
        double left = xOf(m_slices.start(slice)), right = std::max(xOf(m_slices.end(slice)), left + 1.5);
        e.row = row.y + row.height / 2.0 - m_in.scrollY;
        const double top = row.y + 1 - m_in.scrollY, bottom = row.y + row.height - 1 - m_in.scrollY;
        if (right <= m_in.canvas.left()) e.out = Edge::Left;
        else if (left >= m_in.canvas.right()) e.out = Edge::Right;
        else if (bottom <= m_in.canvas.top() + 2) e.out = Edge::Above;
        else if (top >= m_in.canvas.bottom() - 2) e.out = Edge::Below;
        left = std::max(left, m_in.canvas.left());
        right = std::clamp(right, left, m_in.canvas.right());
        e.rect = QRectF(QPointF(left, top), QPointF(right, bottom));
        e.x = left + std::min(kAttach, (right - left) / 2);
        return e;
    }

    /// A filter may hide one end: then there is no place to point at.
    bool hasRow(SliceId slice) { return m_in.rows.of(slice).height > 0; }

    /// What calls something encloses it: the arrow then goes straight down to it.
    bool encloses(const LinkLeg& leg) const
    {
        return m_slices.start(leg.from) <= m_slices.start(leg.to) && m_slices.end(leg.from) >= m_slices.end(leg.to)
            && m_in.trace.trackOf(leg.from) == m_in.trace.trackOf(leg.to);
    }

    // ---- curves

    static LinkCurve curve(const End& from, const End& to)
    {
        LinkCurve c;
        const bool sameRow = std::abs(from.row - to.row) < 1;
        const bool down = to.row > from.row;
        c.from = {from.x, sameRow || !down ? from.rect.top() : from.rect.bottom()};
        c.to = {to.x, sameRow || down ? to.rect.top() : to.rect.bottom()};
        // vertical where it meets a slice; the nearer the rows, the tighter, but never flat
        const double reach = std::max(sameRow ? 22.0 : 10.0, std::abs(c.to.y() - c.from.y()) * 0.5);
        c.c1 = c.from + QPointF(0, sameRow || !down ? -reach : reach);
        c.c2 = c.to + QPointF(0, sameRow || down ? -reach : reach);
        return c;
    }

    void addMain(const LinkLeg& leg)
    {
        if (!hasRow(leg.from) || !hasRow(leg.to)) return;
        End from = end(leg.from), to = end(leg.to);
        if (from.out != Edge::None && to.out != Edge::None) return;
        if (leg.from == leg.to) return;
        if (encloses(leg) && to.out == Edge::None && from.out == Edge::None)
            from.x = std::clamp(to.x, from.rect.left(), from.rect.right());
        if (to.out != Edge::None) return toEdge(leg, from, to, true);
        if (from.out != Edge::None) return toEdge(leg, to, from, false);
        keepFree(from);
        keepFree(to);
        LinkCurve c = curve(from, to);
        c.stroke = leg.stroke;
        c.dot = c.head = true;
        c.hollow = leg.guess;
        if (encloses(leg)) { // a few pixels, and goes on from there
            c.c1 = c.c2 = (c.from + c.to) / 2;
            c.head = false;
        }
        m_scene.curves.push_back(c);
        if (leg.labelled) labelOn(c, leg);
    }

    /// An end out of sight: a box at that edge, and the curve from what is in sight to it.
    void toEdge(const LinkLeg& leg, const End& seen, const End& hidden, bool hiddenIsTo)
    {
        const SliceId slice = hiddenIsTo ? leg.to : leg.from;
        if (slice != leg.far() && !leg.labelled) return; // the selection itself: nobody needs to be told of it twice
        LinkLabel label;
        label.text = textOf(leg, Words::WithName);
        label.stroke = leg.stroke;
        label.edge = hidden.out;
        label.slice = slice;
        label.box = edgeBox(label.text, hidden);
        keepFree(seen);
        label.box = moved(label.box, hidden.out);
        m_taken.push_back(label.box);
        m_scene.labels.push_back(label);

        LinkCurve c;
        c.stroke = leg.stroke;
        c.hollow = leg.guess;
        const QPointF box = anchor(label.box, hidden.out);
        const bool sideways = hidden.out == Edge::Left || hidden.out == Edge::Right;
        const double middle = seen.rect.center().y();
        if (sideways && std::abs(box.y() - middle) < seen.rect.height()) { // beside it
            c.from = {hidden.out == Edge::Left ? seen.rect.left() : seen.rect.right(), middle};
            c.c1 = c.c2 = (c.from + box) / 2;
        } else {
            const bool down = box.y() > middle;
            c.from = {seen.x, down ? seen.rect.bottom() : seen.rect.top()};
            const double dy = (box.y() - c.from.y()) * (sideways ? 0.8 : 0.5);
            c.c1 = c.from + QPointF(0, dy);
            c.c2 = sideways ? QPointF(box.x() + (c.from.x() - box.x()) * 0.35, box.y()) : box - QPointF(0, dy);
        }
        c.to = box;
        c.dot = hiddenIsTo;
        if (!hiddenIsTo) { // the arrow points at what is in sight
            std::swap(c.from, c.to);
            std::swap(c.c1, c.c2);
            c.head = true;
        }
        m_scene.curves.push_back(c);
    }

    static QPointF anchor(const QRectF& box, Edge edge)
    {
        switch (edge) {
        case Edge::Left: return {box.right(), box.center().y()};
        case Edge::Right: return {box.left(), box.center().y()};
        case Edge::Above: return {box.center().x(), box.bottom()};
        default: return {box.center().x(), box.top()};
        }
    }

    QRectF edgeBox(const QString& text, const End& hidden) const
    {
        const QRectF& view = m_in.canvas;
        const double width = std::min(widthOf(text), std::max(20.0, view.width() - 2 * kFromEdge));
        const double row = std::clamp(hidden.row - kBoxHeight / 2, view.top() + 4, std::max(view.top() + 4, view.bottom() - kBoxHeight - 4));
        const double x = std::clamp(hidden.x - width / 2, view.left() + 4, std::max(view.left() + 4, view.right() - width - 4));
        switch (hidden.out) {
        case Edge::Left: return {view.left() + kFromEdge, row, width, kBoxHeight};
        case Edge::Right: return {view.right() - kFromEdge - width, row, width, kBoxHeight};
        case Edge::Above: return {x, view.top() + kFromEdge, width, kBoxHeight};
        default: return {x, view.bottom() - kFromEdge - kBoxHeight, width, kBoxHeight};
        }
    }

    // ---- labels

    enum class Words : std::uint8_t { WithName, Short };
    QString textOf(const LinkLeg& leg, Words words) const
    {
        using Role = LinkedThing::Role;
        QString text = displayText(title(leg.role));
        const bool many = leg.role == Role::Launches && m_in.focus.launches > 1;
        if (many) text += QStringLiteral(" %1, the first").arg(displayText(formatCount(static_cast<std::int64_t>(m_in.focus.launches))));
        if (leg.role == Role::Launches && !many && words == Words::Short) text = QStringLiteral("Launch");
        if (leg.role == Role::Call && words == Words::Short) text = QStringLiteral("Launch");
        if (words == Words::WithName && !many) text += QLatin1Char(' ') + cut(m_in.name(leg.far()));
        text += (many ? QStringLiteral(" %1") : QStringLiteral(", %1")).arg(delayText(m_in.trace, leg.delay, leg.ahead));
        if (leg.guess) text += QStringLiteral(", guess");
        return text;
    }
    QString cut(const QString& name) const { return elided(name, Theme::uiFont(11), 200); }
    double widthOf(const QString& text) const { return std::min(std::ceil(m_metrics.horizontalAdvance(text)) + 2 * kBoxPadding + 2, kLabelWidth + 60); }

    bool isFree(const QRectF& box) const
    {
        return std::ranges::none_of(m_taken, [&](const QRectF& taken) { return taken.intersects(box); });
    }
    void keepFree(const End& e)
    {
        if (e.out == Edge::None && e.rect.width() < m_in.canvas.width() / 2) m_taken.push_back(e.rect);
    }

    /// Beside the curve, where there is room; the whole label or none.
    void labelOn(const LinkCurve& c, const LinkLeg& leg)
    {
        LinkLabel label;
        label.text = textOf(leg, leg.stroke == LinkStroke::Launch ? Words::Short : Words::WithName);
        label.stroke = leg.stroke;
        label.slice = leg.far();
        const double width = widthOf(label.text);
        for (const double t : {0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8}) {
            const QPointF p = c.at(t);
            for (const double x : {p.x() + 8, p.x() - 8 - width}) {
                label.box = QRectF(x, std::round(p.y() - kBoxHeight / 2), width, kBoxHeight);
                if (!m_in.canvas.contains(label.box) || !isFree(label.box)) continue;
                m_taken.push_back(label.box);
                m_scene.labels.push_back(label);
                return;
            }
        }
    }

    /// Along its edge until it covers nothing that was placed before it.
    QRectF moved(QRectF box, Edge edge) const
    {
        const QPointF step = edge == Edge::Left || edge == Edge::Right ? QPointF(0, kBoxHeight + 3) : QPointF(40, 0);
        for (int i = 0; i < 24; ++i) {
            const QRectF next = box.translated(step * ((i % 2 ? -1 : 1) * ((i + 1) / 2)));
            if (m_in.canvas.contains(next) && isFree(next)) return next;
        }
        return box;
    }

    // ---- the rest

    struct Beyond
    {
        std::size_t count = 0;
        SliceId nearest;
        End end;
        double distance = 0;
    };

    /// Thin curves that would fall on each other are drawn once; those that leave the view are counted at its edge.
    void addThin()
    {
        std::set<std::tuple<int, int, int, int>> drawn;
        std::array<Beyond, 5> beyond;
        for (const LinkLeg& leg : m_in.focus.legs) {
            if (leg.main || !hasRow(leg.from) || !hasRow(leg.to)) continue;
            End from = end(leg.from), to = end(leg.to);
            const End& far = leg.ahead ? to : from;
            if (far.out != Edge::None) {
                count(beyond[static_cast<std::size_t>(far.out)], leg, far);
                continue;
            }
            if (from.out != Edge::None || to.out != Edge::None || m_scene.thin.size() >= LinkScene::kThin) continue;
            const auto cell = [](double v) { return static_cast<int>(std::floor(v / LinkScene::kThinGrid)); };
            if (!drawn.insert({cell(from.x), cell(from.row), cell(to.x), cell(to.row)}).second) continue;
            LinkCurve c = curve(from, to);
            c.stroke = leg.stroke;
            m_scene.thin.push_back(c);
        }
        for (std::size_t i = 1; i < beyond.size(); ++i)
            if (beyond[i].count) addBeyond(beyond[i], static_cast<Edge>(i));
    }

    void count(Beyond& beyond, const LinkLeg& leg, const End& far)
    {
        const double mine = m_in.scale.x(m_slices.start(m_in.focus.slice));
        const double distance = std::abs(m_in.scale.x(m_slices.start(leg.far())) - mine);
        if (!beyond.count++ || distance < beyond.distance) {
            beyond.nearest = leg.far();
            beyond.end = far;
            beyond.distance = distance;
        }
    }

    void addBeyond(const Beyond& beyond, Edge edge)
    {
        LinkLabel label;
        label.text = QStringLiteral("%1%2 more").arg(displayText(formatCount(static_cast<std::int64_t>(beyond.count))),
                                                     m_in.focus.cut ? QStringLiteral("+") : QString());
        label.edge = edge;
        label.slice = beyond.nearest;
        label.box = moved(edgeBox(label.text, beyond.end), edge);
        m_taken.push_back(label.box);
        m_scene.labels.push_back(label);
    }

    void addOutlines()
    {
        constexpr double kNarrow = 3;       // an outline around less would be nothing but outline
        constexpr std::size_t kFew = 32;    // a fence of hundreds says less than the arrows do: then those of main arrows only
        std::vector<SliceId> some;
        if (m_in.focus.lit.size() > kFew)
            for (const LinkLeg& leg : m_in.focus.legs)
                if (leg.main) some.insert(some.end(), {leg.from, leg.to});
        std::ranges::sort(some);
        some.erase(std::unique(some.begin(), some.end()), some.end());
        for (const SliceId slice : m_in.focus.lit.size() > kFew ? some : m_in.focus.lit) {
            if (slice == m_in.focus.slice || !m_in.rows.of(slice).shown) continue;
            const End e = end(slice);
            if (e.out == Edge::None && e.rect.width() >= kNarrow) m_scene.outlines.push_back(e.rect);
        }
    }

    void addNode()
    {
        if (!m_in.focus.node || !m_in.trace.executionTrace() || !hasRow(m_in.focus.nodeSlice)) return;
        const End e = end(m_in.focus.nodeSlice);
        if (e.out != Edge::None) return;
        LinkLabel label;
        label.text = QStringLiteral("Node %1").arg(m_in.trace.executionTrace()->node(m_in.focus.node).id);
        label.isNode = true;
        label.node = m_in.focus.node;
        const double width = widthOf(label.text), y = std::round(e.row - kBoxHeight / 2);
        constexpr double kLine = 14;
        label.box = {e.rect.right() + kLine, y, width, kBoxHeight};
        if (label.box.right() > m_in.canvas.right() - 4) label.box.moveRight(e.rect.left() - kLine);
        if (label.box.left() < m_in.canvas.left() + 4) label.box.moveRight(m_in.canvas.right() - kFromEdge); // covers the view: upon it
        else m_scene.nodeLine = label.box.left() > e.rect.right() ? QRectF(e.rect.right(), e.row, kLine, 0)
                                                                   : QRectF(label.box.right(), e.row, kLine, 0);
        m_scene.labels.push_back(label);
    }

    const LinkScene::Input& m_in;
    const SliceTable& m_slices;
    const QFontMetricsF m_metrics;
    std::vector<QRectF> m_taken;
    LinkScene m_scene;
};

} // namespace

QPointF LinkCurve::at(double t) const
{
    const double s = 1 - t;
    return from * (s * s * s) + c1 * (3 * s * s * t) + c2 * (3 * s * t * t) + to * (t * t * t);
}

LinkScene LinkScene::make(const Input& input) { return SceneMaker(input).run(); }

const LinkLabel* LinkScene::labelAt(QPointF at) const
{
    const auto it = std::find_if(labels.rbegin(), labels.rend(), [at](const LinkLabel& l) { return l.box.contains(at); });
    return it == labels.rend() ? nullptr : &*it;
}

} // namespace opscope
