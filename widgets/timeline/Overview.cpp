#include "widgets/timeline/Overview.h"

#include "widgets/common/Text.h"
#include "widgets/timeline/VectorPainter.h"

#include <QMouseEvent>
#include <QPainter>

#include <algorithm>
#include <cmath>

namespace opscope {

Overview::Overview(const TimelineScene& scene, const ViewSettings& settings, TraceDocument& document, QWidget* parent)
    : QWidget(parent), m_scene(scene), m_settings(settings), m_document(document)
{
    setObjectName(QStringLiteral("overview"));
    setFixedHeight(kHeight);
    setMouseTracking(true);
    setAttribute(Qt::WA_OpaquePaintEvent);
    setAccessibleName(tr("Overview"));
}

void Overview::invalidate()
{
    m_strips = {};
    update();
}

void Overview::resizeEvent(QResizeEvent*) { invalidate(); }

int Overview::xOf(Nanos t) const
{
    return m_scene.headerWidth + static_cast<int>(std::lround(std::clamp(scale().x(t), 0.0, static_cast<double>(canvasWidth()))));
}

QRect Overview::frameRect() const
{
    int left = xOf(m_scene.visible.start);
    int right = xOf(m_scene.visible.end);
    if (right - left < 10) {
        left = std::clamp((left + right) / 2 - 5, m_scene.headerWidth, std::max(m_scene.headerWidth, m_scene.headerWidth + canvasWidth() - 10));
        right = left + 10;
    }
    return QRect(left, 0, right - left, height() - 1);
}

void Overview::paintStrip(QPainter& painter, const OverviewData::Strip& strip, int bottom, int height, double alpha)
{
    const Theme& theme = m_settings.theme();
    // Whole pixels: columns that share one would be blended twice and show as stripes.
    const auto columnAt = [columns = OverviewData::kColumns, width = canvasWidth()](int x) {
        return std::min(static_cast<std::size_t>(x) * columns / static_cast<std::size_t>(width), columns);
    };
    for (int x = 0; x < canvasWidth(); ++x) {
        const std::size_t first = columnAt(x), last = std::min(std::max(columnAt(x + 1), first + 1), OverviewData::kColumns);
        if (first >= last) break;
        const auto& cell = *std::max_element(strip.cells.begin() + static_cast<std::ptrdiff_t>(first),
                                             strip.cells.begin() + static_cast<std::ptrdiff_t>(last),
                                             [](const auto& a, const auto& b) { return a.share < b.share; });
        if (cell.share <= 0) continue;
        const int h = static_cast<int>(std::max(1.0, std::round(static_cast<double>(cell.share) * height)));
        QColor color = cell.family == Family::Python ? theme.line : QColor(familyColor(cell.family, theme));
        color.setAlphaF(static_cast<float>(alpha));
        painter.fillRect(QRect(x, bottom - h, 1, h), color);
    }
}

void Overview::paintSteps(QPainter& painter)
{
    const Theme& theme = m_settings.theme();
    const QFont font = Theme::uiFont(10);
    painter.setFont(font);
    int lastRight = -1;
    for (const OverviewData::Step& step : m_scene.model->overview.steps) {
        const int left = xOf(step.range.start) - m_scene.headerWidth;
        const int right = xOf(step.range.end) - m_scene.headerWidth;
        if (left < lastRight + 4) continue; // a forest of lines says nothing
        painter.fillRect(QRect(left, 0, 1, height()), theme.line);
        painter.setPen(theme.textDim);
        painter.drawText(QRect(left + 3, 1, right - left - 4, 13), Qt::AlignLeft | Qt::AlignVCenter, elided(displayText(step.name), font, right - left - 5));
        lastRight = left;
    }
}

void Overview::renderStrips()
{
    const double ratio = devicePixelRatioF();
    m_strips = QPixmap(QSize(canvasWidth(), height()) * ratio);
    m_strips.setDevicePixelRatio(ratio);
    m_strips.fill(m_settings.theme().canvas);
    QPainter painter(&m_strips);
    paintStrips(painter);
}

void Overview::paintStrips(QPainter& painter)
{
    const OverviewData& overview = m_scene.model->overview;
    int used = 0;
    for (const auto& strip : overview.strips) used += strip.used ? 1 : 0;
    const int top = overview.steps.empty() ? 4 : 14;
    const int room = height() - top - 3;
    int i = 0;
    for (const auto& strip : overview.strips) {
        if (!strip.used) continue;
        ++i;
        const int bottom = top + room * i / used;
        const auto* bright = m_scene.matches ? &m_scene.matches->overview.strips[static_cast<std::size_t>(&strip - overview.strips.data())] : nullptr;
        paintStrip(painter, strip, bottom, room / used - 1, bright ? 0.21 : 0.8);
        if (bright && bright->used) paintStrip(painter, *bright, bottom, room / used - 1, 0.9);
    }
    paintSteps(painter);
    paintMatches(painter);
}

// A tick per pixel, not per slice: there may be a million.
void Overview::paintMatches(QPainter& painter)
{
    std::vector<bool> ticks(static_cast<std::size_t>(canvasWidth()) + 1, false);
    for (const SliceId found : m_scene.found)
        ticks[static_cast<std::size_t>(xOf(m_scene.trace().slices().start(found)) - m_scene.headerWidth)] = true;
    for (std::size_t x = 0; x < ticks.size(); ++x)
        if (ticks[x]) painter.fillRect(QRect(static_cast<int>(x), height() - 8, 1, 7), m_settings.theme().accent);
}

void Overview::paintFirstCell(QPainter& painter)
{
    const Theme& theme = m_settings.theme();
    painter.fillRect(QRect(0, 0, m_scene.headerWidth, height()), theme.panel);
    painter.fillRect(QRect(m_scene.headerWidth - 1, 0, 1, height()), theme.line);
    painter.setFont(Theme::uiFont(12, QFont::Medium));
    painter.setPen(theme.textHi);
    painter.drawText(12, 21, tr("Overview"));
    if (!m_scene.ready()) return;
    const auto length = static_cast<Nanos>(std::min<std::uint64_t>(m_scene.full.length(), std::numeric_limits<Nanos>::max()));
    painter.setFont(Theme::fixedFont(11));
    painter.setPen(theme.textDim);
    const bool nodes = m_scene.trace().timeBase() == TimeBase::NodeOrder;
    const QString count = displayText(formatCount(length));
    painter.drawText(12, 37, !nodes        ? displayText(formatDuration(length))
                             : length == 1 ? tr("1 node, by id")
                                           : tr("%1 nodes, by id").arg(count));
}

void Overview::paintFrame(QPainter& painter)
{
    const Theme& theme = m_settings.theme();
    const QRect frame = frameRect();
    QColor veil = theme.canvas;
    veil.setAlphaF(0.3f);
    painter.fillRect(QRect(m_scene.headerWidth, 0, frame.left() - m_scene.headerWidth, height()), veil);
    painter.fillRect(QRect(frame.right() + 1, 0, width() - frame.right() - 1, height()), veil);
    painter.setPen(QPen(theme.accent, 2));
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(QRectF(frame).adjusted(1, 1, -1, -1));
    const int middle = height() / 2;
    for (const int x : {frame.left(), frame.right() + 1}) painter.fillRect(QRect(x - 2, middle - 7, 5, 14), theme.accent);
}

void Overview::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    const Theme& theme = m_settings.theme();
    painter.fillRect(rect(), theme.canvas);
    if (m_scene.ready()) {
        painter.setClipRect(m_scene.headerWidth, 0, canvasWidth(), height());
        if (paintsVectors(painter)) {
            painter.translate(m_scene.headerWidth, 0);
            paintStrips(painter);
            painter.translate(-m_scene.headerWidth, 0);
        } else {
            if (m_strips.isNull()) renderStrips();
            painter.drawPixmap(m_scene.headerWidth, 0, m_strips);
        }
        if (const auto& range = m_document.selection().range) {
            QColor wash = theme.accent;
            wash.setAlphaF(0.18f);
            painter.fillRect(QRect(xOf(range->start), 0, std::max(1, xOf(range->end) - xOf(range->start)), height()), wash);
        }
        paintFrame(painter);
        painter.setClipping(false);
    }
    paintFirstCell(painter);
    painter.fillRect(QRect(0, height() - 1, width(), 1), theme.line);
}

Overview::Grip Overview::gripAt(QPoint at) const
{
    if (!m_scene.ready() || at.x() < m_scene.headerWidth - 3) return Grip::None;
    const QRect frame = frameRect();
    const int reach = frame.width() <= 14 ? 2 : 5; // something must be left to take hold of in the middle
    if (std::abs(at.x() - frame.left()) <= reach) return Grip::Start;
    if (std::abs(at.x() - frame.right()) <= reach) return Grip::End;
    return frame.contains(at.x(), 1) ? Grip::Inside : Grip::Outside;
}

void Overview::mousePressEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton) return;
    const QPoint at = event->position().toPoint();
    m_grip = gripAt(at);
    m_pressTime = timeAt(at.x());
    m_pressView = m_scene.visible;
    m_pressX = at.x();
}

void Overview::mouseMoveEvent(QMouseEvent* event)
{
    const QPoint at = event->position().toPoint();
    if (m_grip == Grip::None) {
        const Grip grip = gripAt(at);
        setCursor(grip == Grip::Start || grip == Grip::End ? Qt::SizeHorCursor : grip == Grip::Inside ? Qt::OpenHandCursor : Qt::ArrowCursor);
        return;
    }
    const Nanos t = timeAt(at.x());
    switch (m_grip) {
    case Grip::Inside: m_document.setVisibleRange(panned(m_pressView, Wide(t) - m_pressTime)); break;
    case Grip::Start: if (t < m_pressView.end) m_document.setVisibleRange({t, m_pressView.end}); break;
    case Grip::End: if (t > m_pressView.start) m_document.setVisibleRange({m_pressView.start, t}); break;
    case Grip::Outside:
        if (std::abs(at.x() - m_pressX) > 3 && t != m_pressTime)
            m_document.setVisibleRange({std::min(t, m_pressTime), std::max(t, m_pressTime)});
        break;
    case Grip::None: break;
    }
}

void Overview::mouseReleaseEvent(QMouseEvent* event)
{
    const bool clicked = std::abs(event->position().toPoint().x() - m_pressX) <= 3;
    if (m_grip == Grip::Outside && clicked) {
        const Wide middle = (Wide(m_pressView.start) + m_pressView.end) / 2;
        m_document.setVisibleRange(panned(m_pressView, Wide(m_pressTime) - middle));
    }
    m_grip = Grip::None;
}

void Overview::leaveEvent(QEvent*) { unsetCursor(); }

} // namespace opscope
