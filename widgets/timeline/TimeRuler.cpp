#include "widgets/timeline/TimeRuler.h"

#include "widgets/common/Text.h"
#include "widgets/timeline/TimelineGeometry.h"
#include "widgets/timeline/TimeTicks.h"

#include <QMouseEvent>
#include <QPainter>

#include <algorithm>
#include <cmath>

namespace opscope {
namespace {

QFont rulerFont() { return Theme::fixedFont(11); }

} // namespace

TimeRuler::TimeRuler(const TimelineScene& scene, const ViewSettings& settings, TraceDocument& document, QWidget* parent)
    : QWidget(parent), m_scene(scene), m_settings(settings), m_document(document)
{
    setObjectName(QStringLiteral("timeRuler"));
    setFixedHeight(kHeight);
    setMouseTracking(true);
    setAttribute(Qt::WA_OpaquePaintEvent);
    setAccessibleName(tr("Time ruler"));
    connect(&document, &TraceDocument::selectionChanged, this, qOverload<>(&QWidget::update));
}

void TimeRuler::setCursorX(std::optional<int> x)
{
    if (m_cursorX == x) return;
    m_cursorX = x;
    update();
}

int TimeRuler::xOf(Nanos t) const
{
    return m_scene.headerWidth + static_cast<int>(std::lround(std::clamp(scale().x(t), -200.0, canvasWidth() + 200.0)));
}

QRect TimeRuler::boxAround(int x, const QString& text) const
{
    const int w = QFontMetrics(rulerFont()).horizontalAdvance(text) + 12;
    const int left = std::clamp(x - w / 2, m_scene.headerWidth + 1, std::max(m_scene.headerWidth + 1, width() - m_scene.rightMargin - w - 1));
    return QRect(left, 4, w, 18);
}

void TimeRuler::paintBubble(QPainter& painter, const QRect& box, const QString& text, const QColor& fill, const QColor& ink)
{
    painter.fillRect(box, fill);
    painter.setPen(ink);
    painter.drawText(box, Qt::AlignCenter, text);
}

void TimeRuler::paintFirstCell(QPainter& painter)
{
    const Theme& theme = m_settings.theme();
    painter.fillRect(QRect(0, 0, m_scene.headerWidth, height()), theme.panel);
    painter.fillRect(QRect(m_scene.headerWidth - 1, 0, 1, height()), theme.line);
    if (!m_scene.ready()) return;
    const Trace& trace = m_scene.trace();
    const auto resolution = std::max<Nanos>(1, static_cast<Nanos>(std::min(scale().nsPerPx() * 8, 9e18)));
    const QString start = displayText(axisLabel(m_scene.visible.start, trace.origin(), resolution, trace.timeBase()));
    const std::uint64_t span = m_scene.visible.length();
    const auto length = static_cast<Nanos>(std::min<std::uint64_t>(span, std::numeric_limits<Nanos>::max()));
    const QString plus = trace.timeBase() == TimeBase::NodeOrder ? tr("+ %1 nodes").arg(displayText(formatCount(length)))
                                                                 : QStringLiteral("+ ") + displayText(formatDuration(length));
    const QRect cell(12, 0, m_scene.headerWidth - 22, height());
    painter.setFont(Theme::fixedFont(11));
    painter.setPen(theme.textDim);
    painter.drawText(cell, Qt::AlignRight | Qt::AlignVCenter, plus);
    painter.setFont(Theme::fixedFont(11, QFont::DemiBold));
    painter.setPen(theme.textHi);
    const int room = cell.width() - QFontMetrics(rulerFont()).horizontalAdvance(plus) - 8;
    painter.drawText(cell, Qt::AlignLeft | Qt::AlignVCenter, elided(start, painter.font(), room));
}

void TimeRuler::paintTicks(QPainter& painter, const std::vector<QRect>& taken)
{
    const Theme& theme = m_settings.theme();
    const Trace& trace = m_scene.trace();
    painter.setFont(rulerFont());
    for (const TimeTick& tick : timeTicks(scale(), trace.origin(), GeometryRules::kTickLabels, trace.timeBase())) {
        const int x = m_scene.headerWidth + static_cast<int>(std::floor(tick.x));
        const int length = tick.label.empty() ? 4 : 8;
        painter.fillRect(QRect(x, height() - 1 - length, 1, length), tick.label.empty() ? theme.line : theme.lineStrong);
        if (tick.label.empty()) continue;
        const QString text = displayText(tick.label);
        const QRect box(x + 5, 2, QFontMetrics(rulerFont()).horizontalAdvance(text), height() - 6);
        const bool covered = std::any_of(taken.begin(), taken.end(), [&](const QRect& r) { return r.adjusted(-4, 0, 4, 0).intersects(box); });
        if (covered || box.right() > width() - m_scene.rightMargin) continue;
        painter.setPen(theme.textDim);
        painter.drawText(box, Qt::AlignLeft | Qt::AlignVCenter, text);
    }
}

void TimeRuler::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    const Theme& theme = m_settings.theme();
    painter.fillRect(rect(), theme.panel);
    painter.fillRect(QRect(0, height() - 1, width(), 1), theme.line);
    if (!m_scene.ready()) return paintFirstCell(painter);

    painter.setClipRect(m_scene.headerWidth, 0, canvasWidth(), height());
    painter.setFont(rulerFont());
    const Trace& trace = m_scene.trace();
    std::vector<QRect> taken;
    QString bubble;
    const auto& range = m_document.selection().range;
    if (range) {
        const auto length = static_cast<Nanos>(std::min<std::uint64_t>(range->length(), std::numeric_limits<Nanos>::max()));
        bubble = trace.timeBase() == TimeBase::NodeOrder ? tr("%1 nodes").arg(displayText(formatCount(length))) : displayText(formatDuration(length));
        taken.push_back(boxAround((xOf(range->start) + xOf(range->end)) / 2, bubble));
        for (const Nanos edge : {range->start, range->end}) taken.push_back(QRect(xOf(edge) - 3, 7, 7, 12));
    }
    QString cursor;
    if (m_cursorX && *m_cursorX >= m_scene.headerWidth) {
        const auto resolution = std::max<Nanos>(1, static_cast<Nanos>(std::min(scale().nsPerPx(), 9e18)));
        cursor = displayText(axisLabel(timeAt(*m_cursorX), trace.origin(), resolution, trace.timeBase()));
        const QRect box = boxAround(*m_cursorX, cursor);
        if (taken.empty() || !taken.front().intersects(box)) taken.push_back(box);
        else cursor.clear();
    }
    paintTicks(painter, taken);
    painter.setFont(rulerFont());
    if (range) {
        const int left = xOf(range->start);
        const int right = xOf(range->end);
        painter.fillRect(QRect(left, height() - 3, right - left, 2), theme.accent);
        for (const int x : {left, right}) painter.fillRect(QRect(x - 3, 7, 7, 12), theme.accent);
        paintBubble(painter, taken.front(), bubble, theme.accentFill, theme.onAccent);
    }
    if (!cursor.isEmpty()) paintBubble(painter, taken.back(), cursor, theme.textHi, theme.panel);
    painter.setClipping(false);
    paintFirstCell(painter);
}

int TimeRuler::handleAt(int x) const
{
    const auto& range = m_document.selection().range;
    if (!range) return -1;
    if (std::abs(xOf(range->end) - x) <= 5) return 1;
    return std::abs(xOf(range->start) - x) <= 5 ? 0 : -1;
}

void TimeRuler::mousePressEvent(QMouseEvent* event)
{
    const int x = event->position().toPoint().x();
    if (event->button() != Qt::LeftButton || !m_scene.ready() || x < m_scene.headerWidth) return;
    const int handle = handleAt(x);
    const auto& range = m_document.selection().range;
    m_anchor = handle == 0 ? range->end : handle == 1 ? range->start : timeAt(x);
}

void TimeRuler::mouseMoveEvent(QMouseEvent* event)
{
    const int x = event->position().toPoint().x();
    if (!m_anchor) {
        setCursor(handleAt(x) >= 0 ? Qt::SizeHorCursor : Qt::ArrowCursor);
        return;
    }
    const Nanos t = timeAt(std::clamp(x, m_scene.headerWidth, m_scene.headerWidth + canvasWidth()));
    if (t != *m_anchor) m_document.selectRange(TimeRange{std::min(t, *m_anchor), std::max(t, *m_anchor)});
}

void TimeRuler::mouseReleaseEvent(QMouseEvent*) { m_anchor.reset(); }

} // namespace opscope
