#pragma once

#include <QSignalSpy>
#include <QTest>
#include <QWheelEvent>

#include "tests/support/TraceFixture.h"
#include "widgets/timeline/TimelineView.h"

namespace opscope::test {

/// main: [outer 0..1000 [inner 100..300][inner2 400..600 [leaf 450..500]]]   other: [alone 700..900]   far away: a hundred tiny ones
inline TracePtr small()
{
    TraceFixture f;
    const TrackId main = f.thread(1, 1, "main", "python");
    const TrackId other = f.thread(1, 2, "other");
    f.slice(main, 0, 1'000, "outer").slice(main, 100, 200, "inner").slice(main, 400, 200, "inner2").slice(main, 450, 50, "leaf");
    f.slice(other, 700, 200, "alone");
    for (int i = 0; i < 100; ++i) f.slice(other, 100 + i * 2, 1, "tiny");
    f.instant(main, 650, "mark");
    return f.finish();
}

/// A timeline over a document of its own, and what a person does to it. For tests that link widgets; inline, because test_support does not.
struct TimelineWindow
{
    TraceDocument document;
    ViewSettings settings;
    TimelineView view{document, settings};

    explicit TimelineWindow(TracePtr trace, QSize size = {1'000, 400})
    {
        view.resize(size);
        view.show();
        document.setTrace(std::move(trace));
        view.renderNow();
        QCoreApplication::processEvents();
    }
    const Trace& trace() const { return *document.trace(); }
    SliceId slice(const char* name) const { return sliceNamed(trace(), name); }
    TimelineCanvas& canvas() { return view.canvas(); }
    QPoint middle(const char* name) { return canvas().rectOf(slice(name)).center(); }
    QPoint at(Nanos t, int y) { return {canvas().xOf(t), y}; }
    void key(int k, Qt::KeyboardModifiers m = Qt::NoModifier) { QTest::keyClick(&canvas(), static_cast<Qt::Key>(k), m); }
    void move(QPoint p) // not by the cursor, which the platform would follow with events of its own
    {
        QMouseEvent event(QEvent::MouseMove, p, canvas().mapToGlobal(p), Qt::NoButton, Qt::NoButton, Qt::NoModifier);
        QCoreApplication::sendEvent(&canvas(), &event);
    }
    void drag(QPoint from, QPoint to, Qt::MouseButton button = Qt::LeftButton, Qt::KeyboardModifiers m = Qt::NoModifier)
    {
        const auto send = [&](QEvent::Type type, QPoint p, Qt::MouseButton b, Qt::MouseButtons held) {
            QMouseEvent event(type, p, canvas().mapToGlobal(p), b, held, m);
            QCoreApplication::sendEvent(&canvas(), &event);
        };
        send(QEvent::MouseButtonPress, from, button, button);
        for (int i = 1; i <= 4; ++i) send(QEvent::MouseMove, from + (to - from) * i / 4, Qt::NoButton, button);
        send(QEvent::MouseButtonRelease, to, button, Qt::NoButton);
    }
    void wheel(QPoint p, int delta, Qt::KeyboardModifiers m = Qt::NoModifier)
    {
        QWheelEvent event(p, canvas().mapToGlobal(p), {}, {0, delta}, Qt::NoButton, m, Qt::NoScrollPhase, false);
        QCoreApplication::sendEvent(&canvas(), &event);
    }
    TimeRange range() const { return document.visibleRange(); }
    void filter(const std::string& text)
    {
        QSignalSpy answered(&document, &TraceDocument::matchesChanged);
        document.setFilter(std::get<Filter>(Filter::parse(text)));
        if (answered.isEmpty()) answered.wait();
    }
    std::string selected() const
    {
        const SliceId s = document.selection().slice;
        return s ? std::string(trace().name(s)) : std::string();
    }
};

} // namespace opscope::test
