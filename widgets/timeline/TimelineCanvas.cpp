#include "widgets/timeline/TimelineCanvas.h"

#include "widgets/timeline/VectorPainter.h"

#include <QEvent>
#include <QFocusEvent>
#include <QPaintEvent>
#include <QPainter>

#include <algorithm>
#include <cmath>

namespace opscope {

TimelineCanvas::TimelineCanvas(const TimelineScene& scene, const ViewSettings& settings, QWidget* parent)
    : QWidget(parent), m_scene(scene), m_settings(settings)
{
    setObjectName(QStringLiteral("timelineCanvas"));
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setAttribute(Qt::WA_OpaquePaintEvent);
    setAccessibleName(tr("Timeline"));
    m_complete.setSingleShot(true);
    connect(&m_complete, &QTimer::timeout, this, [this] {
        m_imageDirty = true;
        update();
    });
}

void TimelineCanvas::invalidate()
{
    m_geometryDirty = m_imageDirty = true;
    m_linkSceneDirty = true;
    m_hover = {};
    m_selectionRect = {};
    update();
}

void TimelineCanvas::layoutChanged()
{
    m_linkRows.reset();
    invalidate();
}

void TimelineCanvas::setHover(const CanvasHit& hit)
{
    if (hit == m_hover) return;
    const auto area = [this](const CanvasHit& h) {
        if (h.kind == CanvasHit::Header) return h.header.part == HeaderHit::Group ? rect() : QRect(0, 0, m_scene.headerWidth, height());
        return overlayRect(h);
    };
    if (m_hover.kind != CanvasHit::Nothing) update(area(m_hover));
    m_hover = hit;
    if (hit.kind != CanvasHit::Nothing) update(area(hit));
}

void TimelineCanvas::setSelection(const Selection& selection)
{
    const bool rangeChanged = selection.range != m_selection.range;
    const QRect before = m_selectionRect;
    m_selection = selection;
    m_selectionRect = m_selection.slice && m_scene.ready() ? rectOf(m_selection.slice) : QRect();
    if (updateLinks() || rangeChanged || m_selection.instant) return update();
    for (const QRect& r : {before, m_selectionRect})
        if (!r.isNull()) update(r.adjusted(-4, -4, 4, 4));
}

/// What is linked to the selection decides what steps back, so the picture is painted anew; the geometry stays.
bool TimelineCanvas::updateLinks()
{
    const TracePtr trace = m_scene.ready() ? m_scene.model->trace : nullptr;
    const SliceId slice = m_selection.slice;
    if (trace == m_focusTrace && slice == m_focus.slice) return false;
    const bool had = linksShown();
    m_focusTrace = trace;
    m_focus = trace && slice ? LinkFocus::of(*trace, slice) : LinkFocus();
    m_linkSceneDirty = true;
    if (!had && !linksShown()) return false;
    m_imageDirty = true;
    return true;
}

const LinkScene& TimelineCanvas::linkScene()
{
    if (!m_linkSceneDirty) return m_linkScene;
    m_linkSceneDirty = false;
    m_linkScene = {};
    if (m_scene.ready() && linksShown()) {
        if (!m_linkRows) m_linkRows.emplace(*m_scene.model, m_scene.layout);
        const SliceNamer name = [this](SliceId s) { return m_scene.colors->label(m_scene.trace().slices().name(s)); };
        const int top = TimelineLayout::kGroupHeight;
        const QRectF area(m_scene.headerWidth, top, canvasWidth(), std::max(1, height() - top));
        m_linkScene = LinkScene::make({m_scene.trace(), m_focus, *m_linkRows, scale(), area, static_cast<double>(m_scene.scrollY),
                                       static_cast<double>(m_scene.headerWidth), name});
    }
    m_linkPainter.setScene(m_linkScene, m_settings.theme(), devicePixelRatioF());
    return m_linkScene;
}

void TimelineCanvas::setCursorX(std::optional<int> x)
{
    if (x == m_cursorX) return;
    for (const auto& at : {m_cursorX, x})
        if (at) update(QRect(*at - 1, 0, 3, height()));
    m_cursorX = x;
}

int TimelineCanvas::xOf(Nanos t) const
{
    return m_scene.headerWidth + static_cast<int>(std::lround(std::clamp(scale().x(t), -10.0, canvasWidth() + 10.0)));
}

void TimelineCanvas::buildGeometry()
{
    m_geometryDirty = false;
    const double ratio = devicePixelRatioF();
    const TimeScale device(m_scene.visible, static_cast<int>(std::lround(canvasWidth() * ratio)));
    buildDrawList({*m_scene.model, m_scene.layout, *m_scene.colors, device, ratio, m_scene.scrollY, height(),
                   m_scene.matches.get()}, m_list);
}

void TimelineCanvas::renderFrame()
{
    if (!m_scene.ready()) return;
    if (m_geometryDirty) buildGeometry();
    const double ratio = devicePixelRatioF();
    const QSize size(m_list.width, m_list.height);
    if (!m_imageDirty && m_image.size() == size) return;
    if (m_image.size() != size || m_image.devicePixelRatio() != ratio) {
        m_image = QImage(size, QImage::Format_RGB32);
        m_image.setDevicePixelRatio(ratio);
    }
    m_painter.setStyle(m_settings.theme(), *m_scene.colors, ratio);
    m_painter.setLit(linksShown() ? m_focus.chain() : std::span<const SliceId>());
    const std::vector<int> lines = bandLines();
    constexpr qint64 kMovingMs = 100; // frames nearer than this belong to one movement
    const bool moving = m_sinceFrame.isValid() && m_sinceFrame.elapsed() < kMovingMs;
    const bool complete = m_painter.paint(m_list, lines, m_image, moving ? TimelinePainter::Labels::MayWait : TimelinePainter::Labels::All);
    if (!complete) m_complete.start();
    m_sinceFrame.start();
    m_imageDirty = false;
}

std::vector<int> TimelineCanvas::bandLines() const
{
    std::vector<int> lines;
    const auto& bands = m_scene.layout.bands;
    for (std::size_t i = m_scene.layout.firstBandBelow(m_scene.scrollY); i < bands.size() && bands[i].y < m_scene.scrollY + height(); ++i)
        lines.push_back(static_cast<int>(std::lround((bands[i].bottom() - 1 - m_scene.scrollY) * devicePixelRatioF())));
    return lines;
}

void TimelineCanvas::paintVectors(QPainter& painter)
{
    painter.save();
    painter.translate(m_scene.headerWidth, 0);
    VectorPainter(painter, drawList(), devicePixelRatioF(), m_settings.theme(), *m_scene.colors, linksShown() ? m_focus.chain() : std::span<const SliceId>())
        .paint(bandLines());
    painter.restore();
}

const DrawList& TimelineCanvas::drawList()
{
    if (m_geometryDirty && m_scene.ready()) buildGeometry();
    return m_list;
}

void TimelineCanvas::paintEvent(QPaintEvent* event)
{
    QPainter painter(this);
    const Theme& theme = m_settings.theme();
    if (!m_scene.ready()) {
        painter.fillRect(rect(), theme.canvas);
        return;
    }
    renderFrame();
    const QRect dirty = event->rect();
    const QRect canvas(m_scene.headerWidth, 0, canvasWidth(), height());
    if (dirty.intersects(canvas)) {
        painter.setClipRect(canvas & dirty);
        if (paintsVectors(painter)) paintVectors(painter);
        else painter.drawImage(canvas.topLeft(), m_image);
        paintOverlay(painter);
    }
    painter.setClipRect(dirty);
    const TrackHeaders headers(m_scene, theme);
    const HeaderHit hovered = m_hover.kind == CanvasHit::Header ? m_hover.header : HeaderHit{};
    if (dirty.left() < m_scene.headerWidth) headers.paint(painter, m_list, height(), hovered);
    headers.paintGroups(painter, width(), height(), hovered);
    if (dirty.intersects(canvas)) paintLinks(painter, dirty);
    if (m_scene.model->only && m_scene.model->bands.empty()) {
        painter.fillRect(rect(), theme.canvas);
        painter.setPen(theme.textDim);
        painter.setFont(Theme::uiFont(12));
        painter.drawText(rect(), Qt::AlignCenter, tr("Nothing in this trace matches the filter."));
    }
    if (hasFocus() && m_focusRing && dirty.contains(rect())) {
        painter.setPen(theme.accent);
        painter.drawRect(rect().adjusted(0, 0, -1, -1));
    }
}

void TimelineCanvas::paintOverlay(QPainter& painter)
{
    const Theme& theme = m_settings.theme();
    m_linkPainter.paintOutlines(painter, linkScene());
    if (m_selection.range) paintRange(painter, *m_selection.range);
    if (m_hover.kind == CanvasHit::Slice || m_hover.kind == CanvasHit::Run) {
        painter.setPen(theme.selectionOutline);
        painter.drawRect(m_hover.rect.adjusted(0, 0, -1, -1));
    }
    paintSelection(painter);
    if (m_cursorX) painter.fillRect(QRect(*m_cursorX, 0, 1, height()), theme.textDim);
}

/// Over the rows of processes, which an arrow from a thread to a stream has to cross; under the one that sticks to the top.
void TimelineCanvas::paintLinks(QPainter& painter, const QRect& dirty)
{
    painter.setClipRect(QRect(m_scene.headerWidth, TimelineLayout::kGroupHeight, canvasWidth(), height()) & dirty);
    m_linkPainter.paint(painter, linkScene(), dirty);
    if (m_hover.kind == CanvasHit::Link) {
        painter.setPen(m_settings.theme().selectionOutline);
        painter.drawRect(m_hover.rect.adjusted(0, 0, -1, -1));
    }
    painter.setClipRect(dirty);
}

void TimelineCanvas::paintSelection(QPainter& painter)
{
    const Theme& theme = m_settings.theme();
    if (m_selection.instant) {
        const Nanos t = m_scene.trace().instants().time(m_selection.instant);
        painter.fillRect(QRect(xOf(t), 0, 1, height()), theme.accent);
    }
    if (!m_selection.slice) return;
    m_selectionRect = rectOf(m_selection.slice);
    if (m_selectionRect.isNull()) return;
    // 2 px outside a gap of 1 px in the colour of the canvas
    const auto outline = [&](int distance, const QColor& color) {
        const QRect r = m_selectionRect.adjusted(-distance, -distance, distance - 1, distance - 1);
        painter.setPen(color);
        painter.drawRect(r);
    };
    outline(1, theme.canvas);
    outline(2, theme.selectionOutline);
    outline(3, theme.selectionOutline);
}

void TimelineCanvas::paintRange(QPainter& painter, TimeRange range)
{
    const Theme& theme = m_settings.theme();
    QColor veil = theme.isDark ? QColor(Qt::black) : theme.canvas;
    veil.setAlphaF(theme.isDark ? 0.42f : 0.55f); // on white, paler says "outside" where darker would say "dirty"
    const int left = xOf(range.start);
    const int right = xOf(range.end);
    painter.fillRect(QRect(m_scene.headerWidth, 0, left - m_scene.headerWidth, height()), veil);
    painter.fillRect(QRect(right, 0, width() - right, height()), veil);
    painter.fillRect(QRect(left, 0, 1, height()), theme.accent);
    painter.fillRect(QRect(right, 0, 1, height()), theme.accent);
}

QRect TimelineCanvas::rectOf(SliceId slice) const
{
    const TimelineModel::Place place = m_scene.model->placeOf(slice);
    if (!place.valid()) return {};
    // A module frame has a row among the modules and one among all frames; whichever is shown counts.
    const BandBox* box = m_scene.layout.boxOf(place.band);
    if (!box) return {};
    const SliceTable& slices = m_scene.trace().slices();
    for (std::uint32_t i = box->firstRow; i < box->firstRow + box->rowCount; ++i) {
        const LaneRow& row = m_scene.layout.rows[i];
        const LanePyramid& pyramid = m_scene.model->lanes[row.lane].pyramid;
        if (pyramid.positionOf(slices, slice) == pyramid.size()) continue;
        const int left = xOf(slices.start(slice));
        const int right = std::max(xOf(slices.end(slice)), left + 2);
        const int gap = right - left >= 4 ? 1 : 0;
        return QRect(QPoint(left, row.y + 1 - m_scene.scrollY), QPoint(right - 1 - gap, row.y + row.height - 2 - m_scene.scrollY));
    }
    return {};
}

QRect TimelineCanvas::logical(const DrawLane& lane, const DrawRect& rect) const
{
    const double ratio = devicePixelRatioF();
    const int left = static_cast<int>(std::floor(rect.left / ratio));
    const int right = static_cast<int>(std::ceil(rect.right / ratio));
    const int top = static_cast<int>(std::floor(lane.top / ratio));
    const int bottom = static_cast<int>(std::ceil((lane.top + lane.height) / ratio));
    return QRect(left + m_scene.headerWidth, top, right - left, bottom - top);
}

const DrawRect* TimelineCanvas::rectAt(QPoint at, const DrawLane** lane)
{
    const DrawList& list = drawList();
    const double ratio = devicePixelRatioF();
    const int x = static_cast<int>((at.x() - m_scene.headerWidth) * ratio);
    const int y = static_cast<int>(at.y() * ratio);
    for (const DrawLane& l : list.lanes) {
        if (y < l.top || y >= l.top + l.height) continue;
        *lane = &l;
        const auto rects = list.rectsOf(l);
        auto it = std::partition_point(rects.begin(), rects.end(), [x](const DrawRect& r) { return r.right <= x; });
        const int slack = static_cast<int>(std::lround(2 * ratio)); // a 2 px slice is hard to meet
        if (it != rects.end() && it->left <= x) return &*it;
        if (it != rects.end() && it->left <= x + slack) return &*it;
        if (it != rects.begin() && (it - 1)->right + slack > x) return &*(it - 1);
        return nullptr;
    }
    return nullptr;
}

CanvasHit TimelineCanvas::hitAt(QPoint at)
{
    CanvasHit hit;
    if (!m_scene.ready() || !rect().contains(at)) return hit;
    hit.header = TrackHeaders(m_scene, m_settings.theme()).hit(at);
    if (std::abs(at.x() - m_scene.headerWidth) <= 2 && hit.header.part != HeaderHit::Group) {
        hit.kind = CanvasHit::Splitter;
        hit.header = {};
        return hit;
    }
    if (hit.header.part != HeaderHit::Nothing || at.x() < m_scene.headerWidth) {
        hit.kind = hit.header.part == HeaderHit::Nothing ? CanvasHit::Nothing : CanvasHit::Header;
        return hit;
    }
    if (const LinkLabel* label = linkScene().labelAt(at)) {
        hit.kind = CanvasHit::Link;
        hit.rect = label->box.toAlignedRect();
        hit.slice = label->slice;
        hit.node = label->node;
        return hit;
    }
    const double ratio = devicePixelRatioF();
    const QPointF device((at.x() - m_scene.headerWidth) * ratio, at.y() * ratio);
    for (const DrawInstant& instant : drawList().instants) {
        const double reach = 4 * ratio;
        if (std::abs(instant.x - device.x()) > reach || std::abs(instant.y + reach - device.y()) > reach) continue;
        hit.kind = CanvasHit::Instant;
        hit.instant = instant.first;
        hit.count = instant.count;
        const int x = m_scene.headerWidth + static_cast<int>(instant.x / ratio);
        hit.rect = QRect(x - 4, static_cast<int>(instant.y / ratio), 9, 9);
        return hit;
    }
    const DrawLane* lane = nullptr;
    if (const DrawRect* rect = rectAt(at, &lane)) {
        hit.kind = rect->folded() ? CanvasHit::Run : CanvasHit::Slice;
        hit.slice = rect->slice;
        hit.count = rect->count;
        hit.rect = logical(*lane, *rect);
        const TimeScale device_(m_scene.visible, m_list.width);
        hit.range = {device_.timeAt(rect->left), device_.timeAt(rect->right)};
        return hit;
    }
    for (const DrawCurve& curve : m_list.curves)
        if (device.y() >= curve.top && device.y() < curve.bottom) {
            hit.kind = CanvasHit::Curve;
            hit.series = curve.series;
            break;
        }
    return hit;
}

std::optional<Nanos> TimelineCanvas::edgeNear(QPoint at, int reach)
{
    const DrawList& list = drawList();
    const double ratio = devicePixelRatioF();
    const double x = (at.x() - m_scene.headerWidth) * ratio;
    const TimeScale device(m_scene.visible, list.width);
    const SliceTable& slices = m_scene.trace().slices();
    double best = reach * ratio + 0.5;
    std::optional<Nanos> found;
    const auto consider = [&](Nanos t) {
        const double distance = std::abs(device.x(t) - x);
        if (distance < best) {
            best = distance;
            found = t;
        }
    };
    const auto lookAt = [&](const DrawLane& lane) {
        const auto rects = list.rectsOf(lane);
        auto it = std::partition_point(rects.begin(), rects.end(), [&](const DrawRect& r) { return r.right < x - best; });
        for (; it != rects.end() && it->left <= x + best; ++it) {
            if (it->folded()) continue;
            consider(slices.start(it->slice));
            consider(slices.end(it->slice));
        }
    };
    const double y = at.y() * ratio;
    for (const DrawLane& lane : list.lanes)
        if (y >= lane.top && y < lane.top + lane.height) lookAt(lane);
    if (found) return found;
    for (const DrawLane& lane : list.lanes) lookAt(lane);
    return found;
}

void TimelineCanvas::resizeEvent(QResizeEvent* event)
{
    invalidate();
    QWidget::resizeEvent(event);
}

void TimelineCanvas::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::FontChange || event->type() == QEvent::ApplicationFontChange) invalidate();
    QWidget::changeEvent(event);
}

void TimelineCanvas::focusInEvent(QFocusEvent* event)
{
    const Qt::FocusReason reason = event->reason(); // who clicked knows where he is
    m_focusRing = reason == Qt::TabFocusReason || reason == Qt::BacktabFocusReason || reason == Qt::ShortcutFocusReason;
    update();
    QWidget::focusInEvent(event);
}

void TimelineCanvas::focusOutEvent(QFocusEvent* event)
{
    update();
    QWidget::focusOutEvent(event);
}

} // namespace opscope
