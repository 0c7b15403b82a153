#pragma once

#include "widgets/document/Job.h"
#include "widgets/document/TraceDocument.h"
#include "widgets/document/ViewSettings.h"
#include "widgets/timeline/TimelineCanvas.h"
#include "widgets/timeline/TimelineMemory.h"
#include "widgets/timeline/TimelineScene.h"

#include <QWidget>

#include <functional>
#include <optional>
#include <vector>

class QPainter;
class QScrollBar;

namespace opscope {

class HoverCard;
class Overview;
class TimelineInput;
class TimeRuler;

/// The timeline: overview, ruler, and the rows with their headers. Follows the document and the settings; everything that a
/// user does here goes to the document and comes back from it.
class TimelineView : public QWidget
{
    Q_OBJECT

public:
    TimelineView(TraceDocument& document, ViewSettings& settings, QWidget* parent = nullptr);
    ~TimelineView() override;

    void zoomIn();                           ///< at the pointer, else in the middle
    void zoomOut();
    void fit();                              ///< everything
    /// Fills the view with the selected range or slice. Says whether there was one.
    bool frameSelection();
    /// What a search found: slices are ticks in the overview, everything else is dimmed. Nothing ends the search.
    void setFound(std::vector<SliceId> slices, const std::vector<InstantId>& instants = {});
    /// Waits for what is prepared in the background, so that the next paint is complete: for rendering to a file.
    void renderNow();
    /// Overview, ruler and rows with their top left corner at the painter's origin; also into what is no pixels.
    void paintTo(QPainter& painter);

    // For TimelineInput and tests
    const TimelineScene& scene() const { return m_scene; }
    TimelineCanvas& canvas() { return *m_canvas; }
    void zoomAt(int x, double factor);       ///< canvas pixels; below 1 zooms in
    void panPixels(double px);
    void scrollTo(int y);
    void setCursorX(std::optional<int> x);
    void setHeaderWidth(int width);
    void headerClicked(const HeaderHit& hit);
    void showMenu(const CanvasHit& hit, QPoint globalPos);
    void announce(SliceId slice);            ///< name, duration, start, for screen readers and the status bar
    /// What a step along a link led to; the `number`th of `count` that it could have led to.
    void announce(const LinkedThing& thing, std::size_t number, std::size_t count);

Q_SIGNALS:
    void hoverText(const QString& text);     ///< what the pointer is over, in one line; "" for nothing

protected:
    void resizeEvent(QResizeEvent* event) override;
    bool event(QEvent* event) override;

private:
    /// What the document's filter and the search leave: rows, and what is bright of them.
    struct Look
    {
        TimelineModelPtr model;
        TimelineMatchesPtr matches;
    };
    void traceChanged();
    void adopt(TimelineModelPtr model);
    void follow();
    std::function<Look(const JobControl&)> lookMaker() const;
    void present(const Look& look);
    void exchangeModel(const TimelineModelPtr& model);
    void settingsChanged();
    void visibleRangeChanged();
    void reveal();
    void revealSlice(SliceId slice);
    void revealTime(TimeRange range);
    void relayout();
    void applyRightMargin();
    void updateScrollBar();
    void showCard(const CanvasHit& hit, QPoint at);
    QString describe(const CanvasHit& hit) const;
    QString shortName(SliceId slice) const;
    QString timeText(Nanos t) const;
    QString lengthText(Nanos length) const;

    static constexpr std::size_t kBuiltAtOnce = 150'000; ///< slices; more are prepared on a worker

    TraceDocument& m_document;
    ViewSettings& m_settings;
    TimelineScene m_scene;
    Overview* m_overview;
    TimeRuler* m_ruler;
    TimelineCanvas* m_canvas;
    QScrollBar* m_scrollBar;
    HoverCard* m_card;
    TimelineInput* m_input;
    TimelineModelPtr m_full;                 ///< of all rows; the scene's is this or that of a filter
    MatchesPtr m_found;                      ///< of the search; null: none
    TimelineMemory m_memory;
    int m_fullScroll = 0, m_hiddenScroll = 0;///< where the full model stood when rows were hidden, and where that left off
    Job m_job;
    Job m_lookJob;
    std::optional<int> m_wishedHeaderWidth;  ///< the user dragged it
    bool m_revealWhenReady = false;
};

} // namespace opscope
