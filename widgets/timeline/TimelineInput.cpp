#include "widgets/timeline/TimelineInput.h"

#include "widgets/document/TraceDocument.h"
#include "widgets/timeline/TimelineView.h"
#include "widgets/timeline/TimelineWalk.h"

#include <QContextMenuEvent>
#include <QGuiApplication>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QNativeGestureEvent>
#include <QWheelEvent>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace opscope {
namespace {

constexpr double kZoomStep = 1.3, kZoomFast = 2.0;
constexpr double kPanStep = 0.1, kPanFast = 0.5; // of the view
constexpr int kWheelScroll = 57;                 // px a notch: three rows

bool isBracket(int key) { return key == Qt::Key_BracketLeft || key == Qt::Key_BracketRight; }

} // namespace

TimelineInput::TimelineInput(TimelineView& view, TimelineCanvas& canvas, TraceDocument& document)
    : QObject(&canvas), m_view(view), m_canvas(canvas), m_document(document)
{
    canvas.installEventFilter(this);
    m_cardTimer.setSingleShot(true);
    m_cardTimer.setInterval(kCardDelayMs);
    connect(&m_cardTimer, &QTimer::timeout, this, [this] {
        if (m_pointer) Q_EMIT cardWanted(m_canvas.hover(), *m_pointer);
    });
}

bool TimelineInput::eventFilter(QObject* object, QEvent* event)
{
    switch (event->type()) {
    case QEvent::ShortcutOverride: {
        // Single letters are ours while the timeline has the focus, whatever a menu would do with them.
        auto* key = static_cast<QKeyEvent*>(event);
        if (isOurs(*key)) key->accept();
        return key->isAccepted();
    }
    case QEvent::KeyPress: return keyPressed(*static_cast<QKeyEvent*>(event));
    case QEvent::MouseButtonPress: pressed(*static_cast<QMouseEvent*>(event)); return true;
    case QEvent::MouseMove: moved(*static_cast<QMouseEvent*>(event)); return true;
    case QEvent::MouseButtonRelease: released(*static_cast<QMouseEvent*>(event)); return true;
    case QEvent::MouseButtonDblClick: doubleClicked(*static_cast<QMouseEvent*>(event)); return true;
    case QEvent::ContextMenu: contextMenu(*static_cast<QContextMenuEvent*>(event)); return true;
    case QEvent::Wheel: wheel(*static_cast<QWheelEvent*>(event)); return true;
    case QEvent::NativeGesture: {
        auto* gesture = static_cast<QNativeGestureEvent*>(event);
        if (gesture->gestureType() != Qt::ZoomNativeGesture) return false;
        m_view.zoomAt(gesture->position().toPoint().x(), 1 / (1 + std::clamp(gesture->value(), -0.5, 0.5)));
        return true;
    }
    case QEvent::Leave: leave(); return false;
    default: return QObject::eventFilter(object, event);
    }
}

// Keyboards of other countries have other letters in the place of W A S D. X11 and Wayland number keys by place (evdev + 8);
// elsewhere, and for synthesised events, the letter has to do.
TimelineInput::Letter TimelineInput::letterAt(const QKeyEvent& event)
{
    static const bool byPlace = QGuiApplication::platformName() == QLatin1String("xcb")
        || QGuiApplication::platformName().startsWith(QLatin1String("wayland"));
    if (byPlace && event.nativeScanCode() > 0) {
        switch (event.nativeScanCode()) {
        case 25: return Letter::W;
        case 38: return Letter::A;
        case 39: return Letter::S;
        case 40: return Letter::D;
        default: return Letter::None;
        }
    }
    switch (event.key()) {
    case Qt::Key_W: return Letter::W;
    case Qt::Key_A: return Letter::A;
    case Qt::Key_S: return Letter::S;
    case Qt::Key_D: return Letter::D;
    default: return Letter::None;
    }
}

bool TimelineInput::isOurs(const QKeyEvent& event) const
{
    if (isBracket(event.key())) return true; // some keyboards need AltGr for it, which comes as who knows which modifiers
    if (event.modifiers() & (Qt::ControlModifier | Qt::AltModifier | Qt::MetaModifier)) return false;
    if (letterAt(event) != Letter::None) return true;
    constexpr std::array kKeys{Qt::Key_F, Qt::Key_0, Qt::Key_Comma, Qt::Key_Period, Qt::Key_Escape,
                               Qt::Key_Left, Qt::Key_Right, Qt::Key_Up, Qt::Key_Down};
    return std::find(kKeys.begin(), kKeys.end(), event.key()) != kKeys.end();
}

bool TimelineInput::keyPressed(QKeyEvent& event)
{
    if (!m_view.scene().ready() || !isOurs(event)) return false;
    const bool wasFramed = std::exchange(m_framed, false);
    m_cardTimer.stop();
    Q_EMIT cardWanted({}, {}); // what it spoke of may move away
    const bool fast = event.modifiers() & Qt::ShiftModifier;
    if (isBracket(event.key())) return bracketPressed(event);
    if (const Letter letter = letterAt(event); letter != Letter::None) return letterPressed(letter, fast);
    switch (event.key()) {
    case Qt::Key_F: m_framed = wasFramed; frameKey(); return true;
    case Qt::Key_0: m_document.showAll(); return true;
    case Qt::Key_Escape: escapeKey(); return true;
    case Qt::Key_Comma:
    case Qt::Key_Period: {
        const SliceId from = m_document.selection().slice;
        if (from && m_view.scene().model->shows(from)) walkTo(walk(*m_view.scene().model, m_view.scene().layout, from, event.key() == Qt::Key_Period ? Step::Later : Step::Earlier));
        else walkTo(firstIn(*m_view.scene().model, m_view.scene().layout, m_document.visibleRange()));
        return true;
    }
    default: return arrowPressed(event.key());
    }
}

bool TimelineInput::letterPressed(Letter letter, bool fast)
{
    const double zoom = fast ? kZoomFast : kZoomStep;
    const double pan = fast ? kPanFast : kPanStep;
    const int x = m_pointer && m_pointer->x() > m_view.scene().headerWidth
        ? m_pointer->x() : m_view.scene().headerWidth + m_canvas.canvasWidth() / 2;
    switch (letter) {
    case Letter::W: m_view.zoomAt(x, 1 / zoom); break;
    case Letter::S: m_view.zoomAt(x, zoom); break;
    case Letter::A: m_view.panPixels(-pan * m_canvas.canvasWidth()); break;
    case Letter::D: m_view.panPixels(pan * m_canvas.canvasWidth()); break;
    case Letter::None: return false;
    }
    return true;
}

bool TimelineInput::arrowPressed(int key)
{
    const TimelineScene& scene = m_view.scene();
    const SliceId from = m_document.selection().slice;
    if (!from || !scene.model->shows(from)) {
        walkTo(firstIn(*scene.model, scene.layout, m_document.visibleRange()));
        return true;
    }
    const Step step = key == Qt::Key_Left ? Step::Left : key == Qt::Key_Right ? Step::Right : key == Qt::Key_Up ? Step::Up : Step::Down;
    walkTo(walk(*scene.model, scene.layout, from, step));
    return true;
}

bool TimelineInput::bracketPressed(const QKeyEvent& event)
{
    const Trace& trace = m_view.scene().trace();
    const SliceId from = m_document.selection().slice;
    if (!from) {
        Q_EMIT m_document.announced(tr("Nothing is selected: choose a slice to follow its links"));
        return true;
    }
    const bool forward = event.key() == Qt::Key_BracketRight;
    const bool altGr = event.modifiers() & Qt::AltModifier; // Windows says Ctrl+Alt
    const bool choosing = (event.modifiers() & Qt::ControlModifier) && !altGr;
    const auto thing = choosing ? m_steps.choose(trace, from, forward ? 1 : -1)
                                : m_steps.step(trace, from, forward ? LinkSteps::Way::Effect : LinkSteps::Way::Cause);
    if (!thing) {
        Q_EMIT m_document.announced(forward ? tr("No link leads on from here") : tr("No link leads here"));
        return true;
    }
    m_document.reveal(thing->slice);
    m_view.announce(*thing, m_steps.number(), m_steps.count());
    return true;
}

void TimelineInput::followLabel(const CanvasHit& hit)
{
    if (hit.node) return m_document.reveal(hit.node);
    walkTo(hit.slice);
}

void TimelineInput::walkTo(SliceId slice)
{
    if (!slice) return;
    m_document.reveal(slice);
    m_view.announce(slice);
}

void TimelineInput::frameKey()
{
    if (m_framed || !m_view.frameSelection()) {
        m_document.showAll();
        m_framed = false;
    } else {
        m_framed = true;
    }
}

void TimelineInput::escapeKey()
{
    Selection next = m_document.selection();
    if (next.slice || next.instant || next.node) {
        const auto range = next.range;
        next = {};
        next.range = range;
    } else {
        next.range.reset();
    }
    m_document.setSelection(next);
}

void TimelineInput::pressed(QMouseEvent& event)
{
    m_framed = false;
    m_canvas.setFocus(Qt::MouseFocusReason);
    Q_EMIT cardWanted({}, {});
    m_cardTimer.stop();
    const QPoint at = event.position().toPoint();
    m_pressAt = m_lastAt = at;
    m_button = event.button();
    if (!m_view.scene().ready()) return;
    if (m_canvas.hitAt(at).kind == CanvasHit::Splitter && m_button == Qt::LeftButton) {
        m_drag = Drag::Splitter;
        return;
    }
    const bool onCanvas = at.x() >= m_view.scene().headerWidth;
    const bool panning = m_button == Qt::MiddleButton || (m_button == Qt::LeftButton && (event.modifiers() & Qt::ShiftModifier));
    if (panning && onCanvas) {
        m_drag = Drag::Pan;
        m_canvas.setCursor(Qt::ClosedHandCursor);
    } else if (m_button == Qt::LeftButton) {
        m_drag = Drag::Pending;
        if (onCanvas) m_anchor = timeAt(at, !(event.modifiers() & Qt::AltModifier));
    }
}

void TimelineInput::moved(QMouseEvent& event)
{
    const QPoint at = event.position().toPoint();
    m_pointer = at;
    const bool snap = !(event.modifiers() & Qt::AltModifier);
    switch (m_drag) {
    case Drag::None: hover(at); break;
    case Drag::Splitter: m_view.setHeaderWidth(at.x()); break;
    case Drag::Pan:
        m_view.panPixels(m_lastAt.x() - at.x());
        m_view.scrollTo(m_view.scene().scrollY + m_lastAt.y() - at.y());
        break;
    case Drag::Pending:
        if (m_pressAt.x() < m_view.scene().headerWidth || std::abs(at.x() - m_pressAt.x()) < kDragPx) break;
        if (m_canvas.hitAt(m_pressAt).kind == CanvasHit::Header) break; // a group row
        m_drag = Drag::Range;
        m_canvas.setHover({});
        dragRange(at, snap);
        break;
    case Drag::Range: dragRange(at, snap); break;
    }
    m_lastAt = at;
}

void TimelineInput::dragRange(QPoint at, bool snap)
{
    m_view.setCursorX(at.x());
    at.setX(std::clamp(at.x(), m_view.scene().headerWidth, m_canvas.width()));
    const Nanos t = timeAt(at, snap);
    if (t != m_anchor) m_document.selectRange(TimeRange{std::min(t, m_anchor), std::max(t, m_anchor)});
}

Nanos TimelineInput::timeAt(QPoint at, bool snap)
{
    if (snap)
        if (const auto edge = m_canvas.edgeNear(at, kSnapPx)) return *edge;
    return m_canvas.timeAt(at.x());
}

void TimelineInput::released(QMouseEvent& event)
{
    const Drag drag = std::exchange(m_drag, Drag::None);
    if (drag == Drag::Pan) m_canvas.unsetCursor();
    const QPoint at = event.position().toPoint();
    if (drag == Drag::Pending && event.button() == Qt::LeftButton) clicked(at);
    if (m_canvas.rect().contains(at)) hover(at);
}

void TimelineInput::clicked(QPoint at)
{
    const CanvasHit hit = m_canvas.hitAt(at);
    switch (hit.kind) {
    case CanvasHit::Slice: m_document.selectSlice(hit.slice); break;
    case CanvasHit::Run: m_document.frame(hit.range); break;
    case CanvasHit::Instant: m_document.selectInstant(hit.instant); break;
    case CanvasHit::Header: m_view.headerClicked(hit.header); break;
    case CanvasHit::Link: followLabel(hit); break;
    case CanvasHit::Curve:
    case CanvasHit::Splitter: break;
    case CanvasHit::Nothing: m_document.selectSlice({}); break;
    }
}

void TimelineInput::doubleClicked(QMouseEvent& event)
{
    if (event.button() != Qt::LeftButton || !m_view.scene().ready()) return;
    const CanvasHit hit = m_canvas.hitAt(event.position().toPoint());
    if (hit.kind == CanvasHit::Slice) m_document.frame(m_document.trace()->slices().range(hit.slice));
    if (hit.kind == CanvasHit::Header && hit.header.part != HeaderHit::Name) m_view.headerClicked(hit.header); // two quick clicks
}

/// By the mouse for what lies there, by the key for what is selected.
void TimelineInput::contextMenu(QContextMenuEvent& event)
{
    if (!m_view.scene().ready()) return;
    Q_EMIT cardWanted({}, {});
    m_cardTimer.stop();
    CanvasHit hit;
    QPoint at = event.pos();
    if (event.reason() == QContextMenuEvent::Mouse) {
        hit = m_canvas.hitAt(at);
    } else if (const SliceId slice = m_document.selection().slice) {
        hit.kind = CanvasHit::Slice;
        hit.slice = slice;
        if (const QRect rect = m_canvas.rectOf(slice); !rect.isNull()) at = rect.bottomLeft();
    }
    m_view.showMenu(hit, m_canvas.mapToGlobal(at));
}

void TimelineInput::wheel(QWheelEvent& event)
{
    if (!m_view.scene().ready()) return;
    m_framed = false;
    Q_EMIT cardWanted({}, {});
    const QPoint pixels = event.pixelDelta();
    const QPoint angle = event.angleDelta();
    const int vertical = angle.y() != 0 ? angle.y() : 0;
    if (event.modifiers() & Qt::ControlModifier) {
        m_view.zoomAt(event.position().toPoint().x(), std::pow(kZoomStep, -vertical / 120.0));
    } else if (event.modifiers() & Qt::ShiftModifier) {
        const int turned = vertical != 0 ? vertical : angle.x();
        m_view.panPixels(-turned / 120.0 * 0.12 * m_canvas.canvasWidth());
    } else {
        if (angle.x() != 0) m_view.panPixels(pixels.isNull() ? -angle.x() / 120.0 * kWheelScroll : -pixels.x());
        if (!pixels.isNull()) {
            m_view.scrollTo(m_view.scene().scrollY - pixels.y());
        } else {
            m_wheelRest += vertical * kWheelScroll; // fine wheels send less than a notch
            m_view.scrollTo(m_view.scene().scrollY - m_wheelRest / 120);
            m_wheelRest %= 120;
        }
    }
    hover(event.position().toPoint());
    event.accept();
}

void TimelineInput::hover(QPoint at)
{
    m_pointer = at;
    const CanvasHit hit = m_canvas.hitAt(at);
    m_view.setCursorX(at.x() >= m_view.scene().headerWidth ? std::optional(at.x()) : std::nullopt);
    m_canvas.setCursor(hit.kind == CanvasHit::Splitter ? Qt::SplitHCursor
                       : hit.kind == CanvasHit::Link ? Qt::PointingHandCursor
                       : hit.kind == CanvasHit::Header && hit.header.part != HeaderHit::Name ? Qt::PointingHandCursor : Qt::ArrowCursor);
    if (hit == m_canvas.hover() && hit.kind != CanvasHit::Curve) return;
    m_canvas.setHover(hit);
    Q_EMIT hoverChanged(hit);
    Q_EMIT cardWanted({}, {});
    m_cardTimer.start();
}

void TimelineInput::leave()
{
    m_pointer.reset();
    m_cardTimer.stop();
    m_view.setCursorX({});
    m_canvas.setHover({});
    Q_EMIT hoverChanged({});
    Q_EMIT cardWanted({}, {});
}

} // namespace opscope
