#pragma once

#include "widgets/timeline/TimelineCanvas.h"
#include "widgets/timeline/LinkSteps.h"

#include <QObject>
#include <QPoint>
#include <QTimer>

#include <optional>

class QContextMenuEvent;
class QKeyEvent;
class QMouseEvent;
class QWheelEvent;

namespace opscope {

class TimelineView;
class TraceDocument;

/// Mouse, wheel and keys of the canvas -> wishes to the view and the document. The whole table is here:
///
///     W S A D      zoom, pan by key position (Shift: faster)     Ctrl+wheel         zoom at the pointer
///     arrows       walk (left, right, parent, child)             wheel              scroll
///     , .          earlier, later on the track                   Shift+wheel        pan
///     F, F again   frame the selection, then everything          Shift+drag, middle pan
///     0            everything                                    drag               choose a range (Alt: no snapping)
///     Esc          clears the selection, then the range          double click       frame
///     right click  filters of what lies there
///     ] [          along links: to an effect, to a cause         click on the label of a link: goes there
///     Ctrl+] [     the next, the previous of the links that the step could have taken
class TimelineInput : public QObject
{
    Q_OBJECT

public:
    TimelineInput(TimelineView& view, TimelineCanvas& canvas, TraceDocument& document);

    static constexpr int kSnapPx = 6;
    static constexpr int kDragPx = 4;        ///< a press that moves less is a click
    static constexpr int kCardDelayMs = 250;

Q_SIGNALS:
    void hoverChanged(const CanvasHit& hit); ///< at once
    void cardWanted(const CanvasHit& hit, QPoint at); ///< after the delay; a hit of nothing hides the card

protected:
    bool eventFilter(QObject* object, QEvent* event) override;

private:
    enum class Drag : std::uint8_t { None, Pending, Range, Pan, Splitter };
    enum class Letter : std::uint8_t { None, W, A, S, D };
    static Letter letterAt(const QKeyEvent& event);
    bool isOurs(const QKeyEvent& event) const;
    bool keyPressed(QKeyEvent& event);
    bool letterPressed(Letter letter, bool fast);
    bool arrowPressed(int key);
    bool bracketPressed(const QKeyEvent& event);
    void followLabel(const CanvasHit& hit);
    void frameKey();
    void escapeKey();
    void walkTo(SliceId slice);
    void pressed(QMouseEvent& event);
    void moved(QMouseEvent& event);
    void released(QMouseEvent& event);
    void doubleClicked(QMouseEvent& event);
    void clicked(QPoint at);
    void dragRange(QPoint at, bool snap);
    void wheel(QWheelEvent& event);
    void contextMenu(QContextMenuEvent& event);
    void hover(QPoint at);
    void leave();
    Nanos timeAt(QPoint at, bool snap);

    TimelineView& m_view;
    TimelineCanvas& m_canvas;
    TraceDocument& m_document;
    Drag m_drag = Drag::None;
    QPoint m_pressAt, m_lastAt;
    Nanos m_anchor = 0;
    Qt::MouseButton m_button = Qt::NoButton;
    int m_wheelRest = 0;
    bool m_framed = false;                  ///< F was the last thing pressed, and something is framed
    LinkSteps m_steps;
    QTimer m_cardTimer;
    std::optional<QPoint> m_pointer;        ///< over the canvas
};

} // namespace opscope
