#include "widgets/tensor/FxGraphView.h"

#include "widgets/common/Text.h"

#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>
#include <QScrollBar>
#include <QToolTip>

#include <algorithm>

namespace opscope {

namespace {

constexpr int kLeast = 84, kMost = 230, kPad = 8;

bool isEdge(const FxNode& node) // of the graph: what comes in and goes out
{
    const std::string_view target = node.target;
    return target.starts_with("placeholder") || target.starts_with("PlaceHolder") || target.starts_with("return") ||
           target.starts_with("output");
}

QString nameOf(const FxNode& node) { return node.name.empty() ? QStringLiteral("return") : displayText(std::string_view(node.name).substr(0, 200)); }

} // namespace

QString fxTarget(const FxNode& node)
{
    std::string_view target = node.target;
    if (isEdge(node)) return target.starts_with("return") || target.starts_with("output") ? QStringLiteral("output") : QStringLiteral("input");
    if (const std::size_t at = target.find("target="); at != std::string_view::npos) target.remove_prefix(at + 7);
    target = target.substr(0, target.find_first_of("]("));
    if (target.starts_with("torch.ops.")) target.remove_prefix(10);
    if (target.ends_with(".default")) target.remove_suffix(8); // the usual overload goes without saying
    return displayText(target.substr(0, 200));
}

QString fxAnnotation(const FxNode& node)
{
    const std::string_view text = node.annotation;
    const std::size_t first = text.find('"'), last = text.rfind('"');
    return displayText(first != std::string_view::npos && last > first ? text.substr(first + 1, last - first - 1) : text).left(200);
}

FxGraphView::FxGraphView(QWidget* parent) : QAbstractScrollArea(parent)
{
    setFocusPolicy(Qt::StrongFocus);
    setFrameShape(QFrame::NoFrame);
    setAccessibleName(QStringLiteral("FX graph"));
}

void FxGraphView::setTheme(const Theme& theme)
{
    m_theme = theme;
    viewport()->update();
}

void FxGraphView::setGraph(FxGraph graph)
{
    m_graph = std::move(graph);
    const QFontMetrics names(Theme::fixedFont(11, QFont::Medium)), small(Theme::fixedFont(11));
    std::vector<int> widths;
    for (std::size_t row = 0; row < std::min(m_graph.nodes.size(), FxLayout::kMaxDrawn); ++row) {
        const FxNode& node = m_graph.nodes[row];
        const int upper = names.horizontalAdvance(nameOf(node) + QStringLiteral("  ") + fxTarget(node));
        widths.push_back(std::clamp(std::max(upper, small.horizontalAdvance(fxAnnotation(node))) + 2 * kPad + 4, kLeast, kMost));
    }
    m_layout = layOutFx(m_graph, widths);
    horizontalScrollBar()->setValue(0);
    verticalScrollBar()->setValue(0);
    measure();
    m_current = 0;
    setAccessibleDescription(sentence(0));
}

void FxGraphView::measure()
{
    const QSize room = viewport()->size();
    horizontalScrollBar()->setRange(0, std::max(0, m_layout.width - room.width()));
    horizontalScrollBar()->setPageStep(room.width());
    horizontalScrollBar()->setSingleStep(20);
    verticalScrollBar()->setRange(0, std::max(0, m_layout.height - room.height()));
    verticalScrollBar()->setPageStep(room.height());
    verticalScrollBar()->setSingleStep(20);
    viewport()->update();
}

void FxGraphView::resizeEvent(QResizeEvent* event)
{
    QAbstractScrollArea::resizeEvent(event);
    measure();
}

/// A graph narrower than the view stands in its middle.
QPoint FxGraphView::origin() const
{
    return {std::max(0, (viewport()->width() - m_layout.width) / 2) - horizontalScrollBar()->value(), -verticalScrollBar()->value()};
}

QRect FxGraphView::boxOf(std::uint32_t row) const
{
    const FxBox& box = m_layout.boxes[row];
    return QRect(box.x, box.y, box.width, FxLayout::kHeight).translated(origin());
}

std::uint32_t FxGraphView::rowAt(QPoint place) const
{
    for (std::uint32_t row = 0; row < m_layout.boxes.size(); ++row) {
        if (boxOf(row).contains(place)) return row;
    }
    return static_cast<std::uint32_t>(m_graph.nodes.size());
}

QString FxGraphView::sentence(std::uint32_t row) const
{
    if (row >= m_graph.nodes.size()) return {};
    const FxNode& node = m_graph.nodes[row];
    const QString annotation = fxAnnotation(node);
    return nameOf(node) + QStringLiteral(": ") + fxTarget(node) + (annotation.isEmpty() ? QString() : QStringLiteral(", ") + annotation);
}

void FxGraphView::setCurrent(std::uint32_t row)
{
    if (m_layout.boxes.empty()) return;
    m_current = std::min(row, static_cast<std::uint32_t>(m_layout.boxes.size() - 1));
    const QRect box = boxOf(m_current).adjusted(-12, -12, 12, 12), room = viewport()->rect();
    const auto pull = [](QScrollBar* bar, int low, int high, int end) {
        if (low < 0) bar->setValue(bar->value() + low);
        else if (high > end) bar->setValue(bar->value() + std::min(high - end, low));
    };
    pull(horizontalScrollBar(), box.left(), box.right(), room.right());
    pull(verticalScrollBar(), box.top(), box.bottom(), room.bottom());
    setAccessibleDescription(sentence(m_current));
    viewport()->update();
}

void FxGraphView::keyPressEvent(QKeyEvent* event)
{
    if (m_layout.boxes.empty()) return event->ignore();
    const FxBox& box = m_layout.boxes[m_current];
    const std::vector<std::uint32_t>& layer = m_layout.layers[box.layer];
    switch (event->key()) {
    case Qt::Key_Left: return setCurrent(layer[box.place > 0 ? box.place - 1 : 0]);
    case Qt::Key_Right: return setCurrent(layer[std::min<std::size_t>(box.place + 1, layer.size() - 1)]);
    case Qt::Key_Up:
        for (const std::uint32_t input : m_graph.nodes[m_current].inputs)
            if (input < m_current) return setCurrent(input);
        return;
    case Qt::Key_Down: return setCurrent(m_layout.readers[m_current].empty() ? m_current : m_layout.readers[m_current].front());
    case Qt::Key_Home: return setCurrent(0);
    case Qt::Key_End: return setCurrent(static_cast<std::uint32_t>(m_layout.boxes.size()));
    default: event->ignore();
    }
}

void FxGraphView::mousePressEvent(QMouseEvent* event)
{
    if (const std::uint32_t row = rowAt(event->position().toPoint()); row < m_graph.nodes.size()) setCurrent(row);
}

bool FxGraphView::viewportEvent(QEvent* event)
{
    if (event->type() != QEvent::ToolTip) return QAbstractScrollArea::viewportEvent(event);
    const auto* help = static_cast<QHelpEvent*>(event);
    const std::uint32_t row = rowAt(help->pos());
    QToolTip::showText(help->globalPos(), row < m_graph.nodes.size() ? richText(sentence(row)) : QString(), viewport());
    return true;
}

void FxGraphView::focusInEvent(QFocusEvent* event)
{
    QAbstractScrollArea::focusInEvent(event);
    viewport()->update();
}

void FxGraphView::focusOutEvent(QFocusEvent* event)
{
    QAbstractScrollArea::focusOutEvent(event);
    viewport()->update();
}

void FxGraphView::paintEvent(QPaintEvent*)
{
    QPainter painter(viewport());
    painter.fillRect(viewport()->rect(), m_theme.canvas);
    painter.setRenderHint(QPainter::Antialiasing);
    paintLines(painter, false);
    paintLines(painter, true);
    for (std::uint32_t row = 0; row < m_layout.boxes.size(); ++row) {
        if (boxOf(row).intersects(viewport()->rect())) paintBox(painter, row);
    }
    if (hasFocus()) {
        painter.setRenderHint(QPainter::Antialiasing, false);
        painter.setPen(m_theme.accent);
        painter.setBrush(Qt::NoBrush);
        painter.drawRect(viewport()->rect().adjusted(0, 0, -1, -1));
    }
}

void FxGraphView::paintLines(QPainter& painter, bool ofCurrent) const
{
    painter.setPen(QPen(ofCurrent ? m_theme.accent : m_theme.lineStrong, ofCurrent ? 1.6 : 1));
    painter.setBrush(Qt::NoBrush);
    for (std::uint32_t from = 0; from < m_layout.boxes.size(); ++from) {
        const QRect upper = boxOf(from);
        for (const std::uint32_t to : m_layout.readers[from]) {
            if ((from == m_current || to == m_current) != ofCurrent) continue;
            const QRect lower = boxOf(to);
            if (!upper.united(lower).intersects(viewport()->rect())) continue;
            const QPointF start(upper.center().x(), upper.bottom() + 1), end(lower.center().x(), lower.top());
            const qreal bend = std::min<qreal>(24, (end.y() - start.y()) / 2);
            QPainterPath path(start);
            path.cubicTo(start + QPointF(0, bend), end - QPointF(0, bend), end);
            painter.drawPath(path);
        }
    }
}

void FxGraphView::paintBox(QPainter& painter, std::uint32_t row) const
{
    const FxNode& node = m_graph.nodes[row];
    const QRect box = boxOf(row);
    QPen edge(row == m_current ? m_theme.accent : m_theme.lineStrong, row == m_current ? 1.6 : 1);
    if (isEdge(node)) edge.setStyle(Qt::DashLine);
    painter.setPen(edge);
    painter.setBrush(row == m_current ? m_theme.selectedRow : m_theme.raised);
    painter.drawRoundedRect(QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
    const QString annotation = fxAnnotation(node), target = fxTarget(node);
    const QRect inner = box.adjusted(kPad, 3, -kPad, -3);
    const QRect upper = annotation.isEmpty() ? inner : QRect(inner.left(), inner.top(), inner.width(), inner.height() / 2);
    painter.setFont(Theme::fixedFont(11, QFont::Medium));
    painter.setPen(m_theme.textHi);
    const QString name = elided(nameOf(node), painter.font(), upper.width());
    painter.drawText(upper, Qt::AlignVCenter | Qt::AlignLeft, name);
    const int used = painter.fontMetrics().horizontalAdvance(name + QStringLiteral("  "));
    painter.setFont(Theme::fixedFont(11));
    painter.setPen(m_theme.textDim);
    painter.drawText(upper.adjusted(used, 0, 0, 0), Qt::AlignVCenter | Qt::AlignLeft, elided(target, painter.font(), upper.width() - used));
    if (!annotation.isEmpty())
        painter.drawText(inner.adjusted(0, inner.height() / 2, 0, 0), Qt::AlignVCenter | Qt::AlignLeft,
                         elided(annotation, painter.font(), inner.width()));
}

} // namespace opscope
