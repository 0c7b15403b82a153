// The frame budget (issue 2 section 7): geometry and painting of 1920 x 1080 with five million slices at any zoom, hover and
// selection, and the same with a filter that dims or hides. Prints medians and 99th percentiles. With --png it renders one picture instead, for looking at.
//
//     bench_frame [FILE...] [--slices N] [--png OUT] [--light] [--size WxH] [--range A..B] [--select NAME] [--unfold]
#include "core/io/Loader.h"
#include "core/trace/TraceBuilder.h"
#include "widgets/timeline/TimelineView.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QPixmap>
#include <QScrollBar>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <random>
#include <string>
#include <vector>

using namespace opscope;

namespace {

struct Options
{
    std::vector<std::string> files;
    std::size_t slices = 5'000'000;
    std::string png, range, select;
    QSize size{1920, 1080};
    bool light = false;
    bool unfold = false;
};

// What a long training run leaves: a main thread and a backward thread nested a dozen deep, four streams, and counters.
TracePtr synthetic(std::size_t wanted)
{
    TraceBuilder builder;
    std::mt19937 random(1);
    std::vector<StringId> ops, kernels;
    for (const char* name : {"aten::mm", "aten::add_", "aten::copy_", "aten::softmax", "aten::conv2d", "aten::relu", "aten::empty", "aten::sum"})
        for (int i = 0; i < 40; ++i) ops.push_back(builder.intern(std::string(name) + (i ? "_v" + std::to_string(i) : "")));
    for (const char* name : {"ampere_sgemm_128x64_tn", "vectorized_elementwise_kernel", "softmax_warp_forward", "ncclKernel_AllReduce_RING"})
        for (int i = 0; i < 60; ++i) kernels.push_back(builder.intern(std::string(name) + std::to_string(i)));
    std::size_t made = 0;
    const std::size_t perTrack = wanted / 8;
    for (int thread = 0; thread < 4; ++thread) {
        const TrackId track = builder.addTrack(1, 10 + thread, {}, "python");
        Nanos at = 0;
        for (std::size_t n = 0; n < perTrack; at += static_cast<Nanos>(random() % 4'000)) {
            // one operator with what it calls: a random tree of up to 12 levels
            const Nanos length = 500 + static_cast<Nanos>(random() % 60'000);
            Nanos inner = length;
            Nanos start = at;
            for (int depth = 0; depth < 12 && inner > 4 && n < perTrack; ++depth) {
                const int siblings = 1 + static_cast<int>(random() % 3);
                for (int i = 0; i < siblings; ++i, ++n)
                    builder.add({.track = track, .start = start + inner / siblings * i, .duration = std::max<Nanos>(1, inner / siblings - 2), .name = ops[random() % ops.size()]});
                inner = inner / siblings - 4;
                start += 1;
                if (random() % 4 == 0) break;
            }
            at += length;
        }
        made += perTrack;
    }
    for (int stream = 0; stream < 4; ++stream) {
        const TrackId track = builder.addTrack(0, 7 + stream, "stream " + std::to_string(7 + stream), "GPU 0");
        Nanos at = 0;
        for (std::size_t n = 0; n < perTrack; ++n) {
            const auto length = static_cast<Nanos>(500 + random() % 9'000);
            builder.add({.track = track, .start = at, .duration = length, .name = kernels[random() % kernels.size()], .category = "kernel"});
            at += length + static_cast<Nanos>(random() % 1'500);
        }
        made += perTrack;
    }
    for (Nanos i = 0; i < 200'000; ++i) builder.addCounter(1, "Memory", "allocated", i * 50'000, static_cast<double>(random() % 1'000));
    auto trace = std::move(builder).finish();
    if (!trace) std::exit((std::fprintf(stderr, "%s\n", trace.error().text().c_str()), 1));
    return *trace;
}

struct Series
{
    std::vector<double> ms;
    void add(qint64 ns) { ms.push_back(static_cast<double>(ns) / 1e6); }
    void print(const char* what)
    {
        if (ms.empty()) return;
        std::sort(ms.begin(), ms.end());
        std::printf("%-34s median %6.2f ms   p99 %6.2f ms   max %6.2f ms   (%zu)\n", what, ms[ms.size() / 2], ms[ms.size() * 99 / 100], ms.back(), ms.size());
    }
};

// Time of this thread alone: other programs on the machine do not count.
qint64 threadTime()
{
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<qint64>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

// One frame as paintEvent makes it: geometry and picture anew.
qint64 frame(TimelineView& view)
{
    const qint64 start = threadTime();
    view.canvas().renderFrame();
    return threadTime() - start;
}

// A graph launch with 500 kernels on one stream, selected, while the view moves over it. The frame without the selection is
// taken off, so that what is left is what the links cost.
void benchLinks(const QSize& size, const ViewSettings& look)
{
    TraceBuilder builder;
    const TrackId main = builder.addTrack(1, 10, "main", "python"), stream = builder.addTrack(0, 7, "stream 7", "GPU 0");
    builder.add({.track = main, .start = 0, .duration = 900, .name = builder.intern("replay")});
    builder.add({.track = main, .start = 100, .duration = 700, .name = builder.intern("cudaGraphLaunch"), .category = "cuda_runtime",
                 .args = {{ArgField::Correlation, 1}}});
    const StringId kernel = builder.intern("gemm");
    for (Nanos i = 0; i < 500; ++i)
        builder.add({.track = stream, .start = 1'000 + i * 40, .duration = 35, .name = kernel, .category = "kernel", .args = {{ArgField::Correlation, 1}}});
    auto trace = std::move(builder).finish();
    if (!trace) return;
    TraceDocument document;
    ViewSettings settings;
    settings.setTheme(look.theme());
    TimelineView view(document, settings);
    view.resize(size);
    view.show();
    document.setTrace(*trace);
    view.renderNow();
    QApplication::processEvents();
    QImage target(view.size(), QImage::Format_RGB32);
    auto& canvas = view.canvas();
    Series selecting, moving, without, hovering;
    const auto timed = [](Series& series, auto&& act) {
        const qint64 start = threadTime();
        act();
        series.add(threadTime() - start);
    };
    SliceId call;
    for (std::size_t i = 0; i < (*trace)->slices().size(); ++i)
        if ((*trace)->name(SliceId(i)) == "cudaGraphLaunch") call = SliceId(i);
    for (int i = 0; i < 100; ++i) {
        document.clearSelection();
        document.setVisibleRange({i, 22'000 + i});
        timed(without, [&] { canvas.render(&target); });
        timed(selecting, [&] { document.selectSlice(call); canvas.render(&target); });
        document.setVisibleRange({i + 100, 22'100 + i});
        timed(moving, [&] { canvas.render(&target); });
        timed(hovering, [&] { canvas.render(&target, QPoint(600, 100), QRect(600, 100, 60, 30), {}); });
    }
    std::printf("selection with 500 links: %zu thin curves\n", canvas.linkScene().thin.size());
    without.print("  frame without a selection");
    selecting.print("  selecting, and the frame after it");
    moving.print("  frame while it is selected");
    hovering.print("  hover over it");
}

void sweep(TraceDocument& document, TimelineView& view)
{
    std::array<Series, 14> levels;
    Series zooms, pans, scrolls, hovers, selections, whole;
    std::mt19937_64 random(7);
    const TimeRange full = document.fullRange();
    QImage target(view.size(), QImage::Format_RGB32);
    auto* bar = view.findChild<QScrollBar*>();
    for (int round = 0; round < 12; ++round) {
        document.showAll();
        bar->setValue(bar->maximum() * round / 12);
        for (int step = 0; step < 60 && document.visibleRange().length() > 200; ++step) {
            const TimeRange at = document.visibleRange();
            document.setVisibleRange(zoomed(at, at.start + static_cast<Nanos>(random() % std::max<std::uint64_t>(1, at.length())), 0.75));
            zooms.add(frame(view));
            document.setVisibleRange(panned(document.visibleRange(), Wide(document.visibleRange().length() / 13)));
            pans.add(frame(view));
            if (step % 6 == 0) {
                QElapsedTimer timer;
                timer.start();
                view.render(&target); // everything: headers, ruler, overview, and the picture to the window
                whole.add(timer.nsecsElapsed());
            }
        }
    }
    for (int i = 0; i < 300; ++i) {
        const auto length = static_cast<Nanos>(full.length() >> (i % 14));
        const Nanos start = full.start + static_cast<Nanos>(random() % (full.length() - static_cast<std::uint64_t>(length) + 1));
        document.setVisibleRange({start, start + length});
        bar->setValue(static_cast<int>(random() % static_cast<std::uint64_t>(bar->maximum() + 1)));
        scrolls.add(frame(view));
        if (const std::size_t level = static_cast<std::size_t>(i) % 14; qEnvironmentVariableIsSet("LEVELS")) levels[level].add(static_cast<qint64>(scrolls.ms.back() * 1e6));
    }
    for (std::size_t i = 0; i < levels.size(); ++i) levels[i].print(("  level " + std::to_string(i)).c_str());
    auto& canvas = view.canvas();
    canvas.render(&target); // what is measured from here on is drawn over a finished picture
    const QRect area(view.scene().headerWidth, 0, canvas.canvasWidth(), canvas.height());
    for (int i = 0; i < 2'000; ++i) {
        QElapsedTimer timer;
        const QPoint at(area.left() + static_cast<int>(random() % static_cast<std::uint64_t>(area.width())), static_cast<int>(random() % static_cast<std::uint64_t>(area.height())));
        timer.start();
        const CanvasHit hit = canvas.hitAt(at);
        const QRect before = canvas.hover().rect;
        canvas.setHover(hit);
        for (const QRect& dirty : {before, hit.rect})
            if (!dirty.isNull()) canvas.render(&target, dirty.topLeft(), dirty.adjusted(-4, -4, 4, 4), {});
        hovers.add(timer.nsecsElapsed());
        if (!hit.slice) continue;
        timer.restart();
        document.selectSlice(hit.slice);
        canvas.render(&target, hit.rect.topLeft(), hit.rect.adjusted(-4, -4, 4, 4), {});
        selections.add(timer.nsecsElapsed());
    }
    zooms.print("zoom: geometry and painting");
    pans.print("pan: geometry and painting");
    scrolls.print("jump and scroll");
    whole.print("whole view, blit included");
    hovers.print("hover");
    selections.print("selection");
}

// Zooming, panning and jumping with a filter in force; how long its look takes to prepare beside the window is said first.
void benchFilter(TraceDocument& document, TimelineView& view, const char* text, FilterMode mode)
{
    const char* what = mode == FilterMode::Hide ? "hide" : "dim";
    document.setFilterMode(mode);
    document.setFilter(std::get<Filter>(Filter::parse(text)));
    QElapsedTimer timer;
    timer.start();
    while (document.filtering()) QApplication::processEvents(QEventLoop::WaitForMoreEvents);
    const double asked = static_cast<double>(timer.nsecsElapsed()) / 1e6;
    timer.restart();
    view.renderNow();
    std::printf("%s %s: %zu match, asked in %.0f ms, look prepared in %.0f ms\n", what, text, document.matches() ? document.matches()->count() : 0, asked,
                static_cast<double>(timer.nsecsElapsed()) / 1e6);
    Series zooms, jumps;
    std::mt19937_64 random(11);
    const TimeRange full = document.fullRange();
    auto* bar = view.findChild<QScrollBar*>();
    for (int round = 0; round < 6; ++round) {
        document.showAll();
        bar->setValue(bar->maximum() * round / 6);
        for (int step = 0; step < 60 && document.visibleRange().length() > 200; ++step) {
            const TimeRange at = document.visibleRange();
            document.setVisibleRange(zoomed(at, at.start + static_cast<Nanos>(random() % std::max<std::uint64_t>(1, at.length())), 0.75));
            zooms.add(frame(view));
        }
    }
    for (int i = 0; i < 150; ++i) {
        const auto length = static_cast<Nanos>(full.length() >> (i % 14));
        const Nanos start = full.start + static_cast<Nanos>(random() % (full.length() - static_cast<std::uint64_t>(length) + 1));
        document.setVisibleRange({start, start + length});
        jumps.add(frame(view));
    }
    zooms.print("  zoom: geometry and painting");
    jumps.print("  jump");
}

Options parse(const QStringList& arguments)
{
    Options o;
    for (int i = 1; i < arguments.size(); ++i) {
        const QString a = arguments[i];
        const auto next = [&] { return ++i < arguments.size() ? arguments[i].toStdString() : std::string(); };
        if (a == QLatin1String("--slices")) o.slices = std::stoull(next());
        else if (a == QLatin1String("--png")) o.png = next();
        else if (a == QLatin1String("--range")) o.range = next();
        else if (a == QLatin1String("--select")) o.select = next();
        else if (a == QLatin1String("--light")) o.light = true;
        else if (a == QLatin1String("--unfold")) o.unfold = true;
        else if (a == QLatin1String("--size")) {
            const QStringList parts = QString::fromStdString(next()).split(QLatin1Char('x'));
            if (parts.size() == 2) o.size = QSize(parts[0].toInt(), parts[1].toInt());
        } else o.files.push_back(a.toStdString());
    }
    return o;
}

TracePtr load(const Options& options)
{
    if (options.files.empty()) return synthetic(options.slices);
    auto trace = loadTrace(options.files);
    if (!trace) std::exit((std::fprintf(stderr, "%s\n", trace.error().text().c_str()), 1));
    return *trace;
}

void choose(const Options& options, TraceDocument& document)
{
    const Trace& trace = *document.trace();
    if (const auto range = parseTimeRange(options.range)) document.setVisibleRange({range->start + trace.origin(), range->end + trace.origin()});
    for (std::size_t i = 0; !options.select.empty() && i < trace.slices().size(); ++i) {
        const TimeRange at = trace.slices().range(SliceId(i));
        if (trace.name(SliceId(i)).find(options.select) == std::string_view::npos || !at.overlaps(document.visibleRange())) continue;
        document.reveal(SliceId(i));
        break;
    }
}

} // namespace

int main(int argc, char** argv)
{
    if (qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM")) qputenv("QT_QPA_PLATFORM", "offscreen");
    QApplication application(argc, argv);
    const Options options = parse(application.arguments());
    TraceDocument document;
    ViewSettings settings;
    settings.setTheme(options.light ? Theme::light() : Theme::dark());
    application.setPalette(settings.theme().palette());
    application.setStyleSheet(settings.theme().styleSheet());
    TimelineView view(document, settings);
    view.resize(options.size);
    QElapsedTimer timer;
    timer.start();
    document.setTrace(load(options));
    std::printf("%zu slices, loaded in %.0f ms\n", document.trace()->slices().size(), static_cast<double>(timer.nsecsElapsed()) / 1e6);
    timer.restart();
    view.show();
    view.renderNow();
    std::printf("prepared (on a worker in the program) in %.0f ms\n", static_cast<double>(timer.nsecsElapsed()) / 1e6);
    QApplication::processEvents();
    if (options.png.empty()) {
        benchLinks(options.size, settings);
        sweep(document, view);
        document.clearSelection();
        benchFilter(document, view, "name ~ \"softmax\"", FilterMode::Dim);
        benchFilter(document, view, "dur > 5us", FilterMode::Dim);
        benchFilter(document, view, "dur > 5us", FilterMode::Hide);
        return 0;
    }
    for (std::uint32_t i = 0; options.unfold && i < view.scene().model->bands.size(); ++i) view.headerClicked({HeaderHit::FoldNote, i});
    choose(options, document);
    view.renderNow();
    return view.grab().save(QString::fromStdString(options.png)) ? 0 : 1;
}
