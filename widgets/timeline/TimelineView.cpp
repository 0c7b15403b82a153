#include "widgets/timeline/TimelineView.h"

#include "widgets/common/Text.h"
#include "widgets/timeline/HoverCard.h"
#include "widgets/timeline/Overview.h"
#include "widgets/timeline/TimelineInput.h"
#include "widgets/timeline/TimelineMenu.h"
#include "widgets/timeline/TimeRuler.h"

#include <QEvent>
#include <QGridLayout>
#include <QLocale>
#include <QMenu>
#include <QScrollBar>

#include <algorithm>
#include <cmath>
#include <initializer_list>

namespace opscope {

TimelineView::TimelineView(TraceDocument& document, ViewSettings& settings, QWidget* parent)
    : QWidget(parent), m_document(document), m_settings(settings), m_overview(new Overview(m_scene, settings, document, this)),
      m_ruler(new TimeRuler(m_scene, settings, document, this)), m_canvas(new TimelineCanvas(m_scene, settings, this)),
      m_scrollBar(new QScrollBar(Qt::Vertical, this)), m_card(new HoverCard(this)),
      m_input(new TimelineInput(*this, *m_canvas, document))
{
    setObjectName(QStringLiteral("timeline"));
    setFocusProxy(m_canvas);
    auto* grid = new QGridLayout(this);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setSpacing(0);
    grid->addWidget(m_overview, 0, 0, 1, 2);
    grid->addWidget(m_ruler, 1, 0, 1, 2);
    grid->addWidget(m_canvas, 2, 0);
    grid->addWidget(m_scrollBar, 2, 1);
    grid->setRowStretch(2, 1);
    grid->setColumnStretch(0, 1);
    m_scrollBar->setFocusPolicy(Qt::NoFocus);

    connect(&document, &TraceDocument::traceChanged, this, &TimelineView::traceChanged);
    connect(&document, &TraceDocument::visibleRangeChanged, this, &TimelineView::visibleRangeChanged);
    connect(&document, &TraceDocument::selectionChanged, this, [this] {
        m_canvas->setSelection(m_document.selection());
        m_overview->update();
    });
    connect(&document, &TraceDocument::revealRequested, this, &TimelineView::reveal);
    connect(&document, &TraceDocument::matchesChanged, this, &TimelineView::follow);
    connect(&document, &TraceDocument::filterChanged, this, [this] { // its text follows with its matches
        if (m_document.matches() && (m_document.filterMode() == FilterMode::Hide) != (m_scene.model && m_scene.model->only)) follow();
    });
    connect(&settings, &ViewSettings::changed, this, &TimelineView::settingsChanged);
    connect(m_scrollBar, &QScrollBar::valueChanged, this, [this](int y) {
        m_scene.scrollY = y;
        m_canvas->invalidate();
    });
    connect(m_input, &TimelineInput::hoverChanged, this, [this](const CanvasHit& hit) { Q_EMIT hoverText(describe(hit)); });
    connect(m_input, &TimelineInput::cardWanted, this, &TimelineView::showCard);
    traceChanged();
}

TimelineView::~TimelineView()
{
    m_job.cancel();
    m_lookJob.cancel();
}

void TimelineView::traceChanged()
{
    m_job.cancel();
    m_card->hide();
    m_lookJob.cancel();
    m_full.reset();
    m_found.reset();
    m_memory.clear();
    m_scene.model.reset();
    m_scene.colors.reset();
    m_scene.layout = {};
    m_scene.matches.reset();
    m_scene.found.clear();
    m_revealWhenReady = false;
    m_scrollBar->setValue(0);
    const TracePtr trace = m_document.trace();
    if (trace && trace->slices().size() <= kBuiltAtOnce) {
        adopt(TimelineModel::build(trace));
    } else if (trace) {
        m_job.run([trace](const JobControl& control) { return TimelineModel::build(trace, control); },
                  [this, trace](TimelineModelPtr model) {
                      if (model && m_document.trace() == trace) adopt(std::move(model));
                  });
    }
    m_overview->invalidate();
    m_ruler->update();
    m_canvas->layoutChanged();
}

void TimelineView::adopt(TimelineModelPtr model)
{
    m_full = std::move(model);
    m_scene.model = m_full;
    m_scene.state = TimelineState(*m_full);
    m_scene.visible = m_document.visibleRange();
    m_scene.full = m_document.fullRange();
    settingsChanged();
    m_canvas->setSelection(m_document.selection());
    follow();
    if (m_revealWhenReady) reveal();
}

std::function<TimelineView::Look(const JobControl&)> TimelineView::lookMaker() const
{
    const MatchesPtr filter = m_document.matches();
    const bool hide = filter && m_document.filterMode() == FilterMode::Hide;
    const TimelineModelPtr there = hide && m_scene.model && m_scene.model->only == filter ? m_scene.model : nullptr;
    return [full = m_full, there, hide, filter, found = m_found](const JobControl& job) -> Look {
        Look look{full, nullptr};
        if (hide) look.model = there ? there : TimelineModel::matching(*full, filter, job);
        MatchesPtr bright = hide ? found : filter;
        if (!hide && filter && found) {
            Matches common = *filter;
            common.slices &= found->slices;
            common.instants &= found->instants;
            bright = std::make_shared<const Matches>(std::move(common));
        }
        if (look.model && bright) look.matches = TimelineMatches::build(*look.model, bright, job);
        if (job.cancelled()) look.model.reset();
        return look;
    };
}

/// Filter, mode or search changed. What was shown stays until the new look is ready.
void TimelineView::follow()
{
    if (!m_full) return;
    const auto make = lookMaker();
    const bool isQuick = m_full->trace->slices().size() <= kBuiltAtOnce || (!m_document.matches() && !m_found);
    if (!isQuick) return m_lookJob.run(make, [this](const Look& look) { present(look); });
    m_lookJob.cancel();
    present(make(JobControl{}));
}

void TimelineView::present(const Look& look)
{
    if (!look.model) return; // cancelled
    m_scene.matches = nullptr;  // never of another model
    if (look.model != m_scene.model) exchangeModel(look.model);
    m_scene.matches = look.matches;
    m_canvas->invalidate();
    m_canvas->setSelection(m_document.selection());
    m_overview->invalidate();
}

void TimelineView::exchangeModel(const TimelineModelPtr& model)
{
    const TimelineModelPtr old = m_scene.model;
    const TimelineLayout oldLayout = m_scene.layout;
    const int scroll = m_scene.scrollY;
    m_card->hide();
    m_memory.keep(*old, m_scene.state);
    m_scene.model = model;
    m_scene.state = m_memory.stateFor(*model);
    relayout();
    if (!old->only) m_fullScroll = scroll;
    const bool untouched = !model->only && scroll == m_hiddenScroll;
    scrollTo(untouched ? m_fullScroll : anchoredScroll({*old, oldLayout}, scroll, {*model, m_scene.layout}));
    if (model->only) m_hiddenScroll = m_scene.scrollY;
}

void TimelineView::renderNow()
{
    const TracePtr trace = m_document.trace();
    if (trace && !m_scene.ready()) {
        m_job.cancel();
        adopt(TimelineModel::build(trace));
    }
    if (m_lookJob.running()) {
        m_lookJob.cancel();
        present(lookMaker()(JobControl{}));
    }
    applyRightMargin();
    updateScrollBar();
    m_canvas->wantComplete();
    m_canvas->invalidate();
}

// The rows first: what they draw beyond their edges is covered by ruler and overview, for writers of SVG do not clip.
void TimelineView::paintTo(QPainter& painter)
{
    const auto flags = QWidget::RenderFlags();
    for (QWidget* part : std::initializer_list<QWidget*>{m_canvas, m_ruler, m_overview}) part->render(&painter, part->mapTo(this, QPoint()), QRegion(), flags);
}

void TimelineView::settingsChanged()
{
    if (m_scene.model) m_scene.colors = std::make_unique<const SliceColors>(m_scene.trace(), m_settings.theme(), m_settings.colorBy());
    m_overview->invalidate();
    m_ruler->update();
    relayout();
}

void TimelineView::relayout()
{
    if (m_scene.model) m_scene.layout = TimelineLayout::make(*m_scene.model, m_scene.state, m_settings.density());
    updateScrollBar();
    m_canvas->layoutChanged();
}

void TimelineView::updateScrollBar()
{
    const int rest = m_scene.layout.height + 12 - m_canvas->height();
    m_scrollBar->setRange(0, std::max(0, rest));
    m_scrollBar->setPageStep(std::max(1, m_canvas->height()));
    m_scrollBar->setSingleStep(TimelineLayout::rowHeight(m_settings.density()));
}

void TimelineView::applyRightMargin()
{
    m_scene.rightMargin = m_scrollBar->sizeHint().width();
    const bool compact = window()->width() < 1360;
    m_scene.headerWidth = m_wishedHeaderWidth.value_or(compact ? TimelineScene::kHeaderCompact : TimelineScene::kHeaderNormal);
}

void TimelineView::visibleRangeChanged()
{
    m_scene.visible = m_document.visibleRange();
    m_scene.full = m_document.fullRange();
    m_canvas->invalidate();
    m_ruler->update();
    m_overview->update();
}

void TimelineView::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    applyRightMargin();
    updateScrollBar();
    m_canvas->invalidate();
    m_overview->invalidate();
    m_ruler->update();
}

bool TimelineView::event(QEvent* event)
{
    if (event->type() == QEvent::LayoutRequest || event->type() == QEvent::Show) updateScrollBar();
    return QWidget::event(event);
}

void TimelineView::zoomIn() { zoomAt(m_canvas->cursorX().value_or(m_scene.headerWidth + m_canvas->canvasWidth() / 2), 1 / 1.5); }
void TimelineView::zoomOut() { zoomAt(m_canvas->cursorX().value_or(m_scene.headerWidth + m_canvas->canvasWidth() / 2), 1.5); }
void TimelineView::fit() { m_document.showAll(); }

bool TimelineView::frameSelection()
{
    const Selection& selection = m_document.selection();
    if (!m_document.trace()) return false;
    if (selection.slice) {
        m_document.frame(m_document.trace()->slices().range(selection.slice));
        if (m_scene.ready()) revealSlice(selection.slice);
        return true;
    }
    if (selection.range) m_document.frame(*selection.range);
    return selection.range.has_value();
}

void TimelineView::zoomAt(int x, double factor)
{
    m_document.setVisibleRange(zoomed(m_document.visibleRange(), m_canvas->timeAt(x), factor));
}

void TimelineView::panPixels(double px)
{
    const double ns = std::round(px * m_canvas->scale().nsPerPx());
    Wide by = static_cast<Wide>(std::clamp(ns, -1.8e19, 1.8e19));
    if (by == 0 && px != 0) by = px > 0 ? 1 : -1; // a key must move something even where a pixel is less than a nanosecond
    m_document.setVisibleRange(panned(m_document.visibleRange(), by));
}

void TimelineView::scrollTo(int y) { m_scrollBar->setValue(y); }

void TimelineView::setCursorX(std::optional<int> x)
{
    m_canvas->setCursorX(x);
    m_ruler->setCursorX(x);
}

void TimelineView::setHeaderWidth(int width)
{
    m_wishedHeaderWidth = std::clamp(width, TimelineScene::kHeaderMin, TimelineScene::kHeaderMax);
    applyRightMargin();
    m_canvas->invalidate();
    m_overview->invalidate();
    m_ruler->update();
}

void TimelineView::headerClicked(const HeaderHit& hit)
{
    if (hit.part == HeaderHit::Group) m_scene.state.closedGroups[hit.index] = !m_scene.state.closedGroups[hit.index];
    if (hit.part == HeaderHit::Chevron || hit.part == HeaderHit::Name) {
        TrackState& state = m_scene.state.bands[hit.index];
        state.collapsed = !state.collapsed;
    }
    if (hit.part == HeaderHit::FoldNote) {
        TrackState& state = m_scene.state.bands[hit.index];
        state.unfolded = !state.unfolded;
    }
    relayout();
}

void TimelineView::showMenu(const CanvasHit& hit, QPoint globalPos)
{
    if (!m_scene.ready()) return;
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    fillTimelineMenu(*menu, m_document, *m_scene.model, hit);
    if (menu->isEmpty()) return delete menu;
    menu->popup(globalPos);
}

void TimelineView::setFound(std::vector<SliceId> slices, const std::vector<InstantId>& instants)
{
    const TracePtr trace = m_document.trace();
    const bool none = !trace || (slices.empty() && instants.empty());
    if (none && !m_found) return;
    m_found.reset();
    if (!none) {
        Matches rows{SliceSet(trace->slices().size()), InstantSet(trace->instants().size()), SampleSet(trace->counters().size(), true), {}};
        for (const SliceId slice : slices) rows.slices.insert(slice);
        for (const InstantId instant : instants) rows.instants.insert(instant);
        m_found = std::make_shared<const Matches>(std::move(rows));
    }
    std::sort(slices.begin(), slices.end());
    m_scene.found = std::move(slices);
    m_overview->invalidate();
    follow();
}

void TimelineView::reveal()
{
    const Selection& selection = m_document.selection();
    m_revealWhenReady = !m_scene.ready();
    if (m_revealWhenReady) return;
    if (selection.slice) revealSlice(selection.slice);
    if (selection.instant) {
        const Nanos t = m_scene.trace().instants().time(selection.instant);
        revealTime({t, t < INT64_MAX ? t + 1 : t});
        for (const std::uint32_t band : m_scene.model->bandsOf(selection.track))
            if (const BandBox* box = m_scene.layout.boxOf(band); box && !m_scene.model->bands[band].instants.empty())
                if (box->y < m_scene.scrollY + TimelineLayout::kGroupHeight || box->bottom() > m_scene.scrollY + m_canvas->height())
                    scrollTo(box->y - TimelineLayout::kGroupHeight);
    }
}

void TimelineView::revealSlice(SliceId slice)
{
    const TimelineModel::Place place = m_scene.model->placeOf(slice);
    if (!place.valid()) {
        if (m_scene.model->only) Q_EMIT m_document.announced(tr("%1 is hidden by the filter").arg(shortName(slice)));
        return;
    }
    revealTime(m_scene.trace().slices().range(slice));
    // open what hides it
    bool opened = false;
    for (std::uint32_t i = 0; i < m_scene.model->groups.size(); ++i) {
        const BandGroup& group = m_scene.model->groups[i];
        if (place.band < group.firstBand || place.band >= group.firstBand + group.bandCount || !m_scene.state.closedGroups[i]) continue;
        m_scene.state.closedGroups[i] = false;
        opened = true;
    }
    TrackState& state = m_scene.state.bands[place.band];
    if (opened) relayout();
    if (m_canvas->rectOf(slice).isNull()) {
        state.collapsed = false;
        if (place.needsFull) state.unfolded = true;
        relayout();
    }
    const QRect rect = m_canvas->rectOf(slice);
    if (rect.isNull()) return;
    const int top = TimelineLayout::kGroupHeight + 4; // the sticky header covers that much
    if (rect.top() < top) scrollTo(m_scene.scrollY + rect.top() - top);
    else if (rect.bottom() > m_canvas->height() - 8) scrollTo(m_scene.scrollY + rect.bottom() - m_canvas->height() + 8);
    m_canvas->setSelection(m_document.selection());
}

void TimelineView::revealTime(TimeRange range)
{
    const TimeRange view = m_document.visibleRange();
    const Wide length = view.length();
    const Wide margin = length / 20;
    if (range.start >= view.start && range.end <= view.end) return;
    if (Wide(range.length()) > length - 2 * margin) { // does not fit: its start is what is looked for, unless we are inside
        if (range.overlaps(view)) return;
        m_document.setVisibleRange(panned(view, Wide(range.start) - margin - view.start));
    } else if (range.start < view.start) {
        m_document.setVisibleRange(panned(view, Wide(range.start) - margin - view.start));
    } else {
        m_document.setVisibleRange(panned(view, Wide(range.end) + margin - view.end));
    }
}

QString TimelineView::timeText(Nanos t) const
{
    const Trace& trace = m_scene.trace();
    if (trace.timeBase() == TimeBase::NodeOrder) return tr("node %1").arg(displayText(formatCount(t)));
    return displayText(formatExact(TimeScale::saturated(Wide(t) - trace.origin())));
}

QString TimelineView::lengthText(Nanos length) const
{
    if (m_scene.trace().timeBase() == TimeBase::NodeOrder) return tr("%1 nodes").arg(displayText(formatCount(length)));
    return displayText(formatExact(length));
}

QString TimelineView::describe(const CanvasHit& hit) const
{
    if (!m_scene.ready()) return {};
    const Trace& trace = m_scene.trace();
    switch (hit.kind) {
    case CanvasHit::Slice:
        return tr("%1, %2, from %3").arg(m_scene.colors->label(trace.slices().name(hit.slice)), lengthText(trace.slices().duration(hit.slice)),
                                         timeText(trace.slices().start(hit.slice)));
    case CanvasHit::Run:
        return tr("%1 slices, the longest %2, %3").arg(QLocale(QLocale::English).toString(hit.count), m_scene.colors->label(trace.slices().name(hit.slice)),
                                                       lengthText(trace.slices().duration(hit.slice)));
    case CanvasHit::Link:
        return hit.slice ? tr("Click to go to %1").arg(shortName(hit.slice)) : tr("Click to see the node");
    case CanvasHit::Instant: return tr("%1 at %2").arg(displayText(trace.text(trace.instants().name(hit.instant))), timeText(trace.instants().time(hit.instant)));
    default: return {};
    }
}

void TimelineView::announce(SliceId slice)
{
    CanvasHit hit;
    hit.kind = CanvasHit::Slice;
    hit.slice = slice;
    Q_EMIT m_document.announced(describe(hit));
}

void TimelineView::announce(const LinkedThing& thing, std::size_t number, std::size_t count)
{
    const QString text = linkText(m_scene.trace(), thing, [this](SliceId s) { return shortName(s); });
    const QLocale english(QLocale::English);
    Q_EMIT m_document.announced(count == 1 ? text : tr("%1 (%2 of %3)").arg(text, english.toString(static_cast<qulonglong>(number)),
                                                                            english.toString(static_cast<qulonglong>(count))));
}

QString TimelineView::shortName(SliceId slice) const { return m_scene.colors->label(m_scene.trace().slices().name(slice)); }

void TimelineView::showCard(const CanvasHit& hit, QPoint at)
{
    if (!m_scene.ready() || (hit.kind != CanvasHit::Slice && hit.kind != CanvasHit::Run && hit.kind != CanvasHit::Instant)) {
        m_card->hide();
        return;
    }
    const Trace& trace = m_scene.trace();
    HoverCard::Content content;
    if (hit.kind == CanvasHit::Instant) {
        content.name = displayText(trace.text(trace.instants().name(hit.instant)));
        content.notes << tr("at %1").arg(timeText(trace.instants().time(hit.instant)));
        if (hit.count > 1) content.notes << tr("and %1 more within a few pixels").arg(hit.count - 1);
    } else {
        content.name = displayText(trace.name(hit.slice));
        content.duration = lengthText(trace.slices().duration(hit.slice));
        content.start = timeText(trace.slices().start(hit.slice));
        if (hit.kind == CanvasHit::Run)
            content.notes << tr("the longest of %1 slices; click to zoom in").arg(QLocale(QLocale::English).toString(hit.count));
        const std::string_view category = trace.category(trace.slices().category(hit.slice)).name;
        QString what = displayText(title(trace.kindOf(hit.slice)));
        if (trace.kindOf(hit.slice) == CategoryClass::Other) what = displayText(category);
        const Family family = m_scene.colors->family(hit.slice, trace);
        if (family != Family::Other && familyTitle(family).compare(what, Qt::CaseInsensitive) != 0)
            what = what.isEmpty() ? familyTitle(family) : tr("%1, %2").arg(what, familyTitle(family).toLower());
        if (const Track& track = trace.track(trace.trackOf(hit.slice)); track.kind == TrackKind::State)
            what = tr("what %1 was doing").arg(displayText(trace.text(track.name).empty() ? "thread " + trace.keyText(track.tid) : std::string(trace.text(track.name))));
        if (!what.isEmpty()) content.notes << what;
        if (hit.kind == CanvasHit::Slice) content.notes << causeLines(trace, hit.slice, [this](SliceId s) { return shortName(s); });
    }
    if (content.name.isEmpty()) content.name = tr("(no name)");
    const QPoint offset = m_canvas->pos();
    m_card->showAt(content, m_settings.theme(), at + offset, hit.rect.translated(offset));
}

} // namespace opscope
