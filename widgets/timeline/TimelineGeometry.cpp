#include "widgets/timeline/TimelineGeometry.h"

#include "widgets/timeline/TimeTicks.h"

#include <algorithm>
#include <cmath>

namespace opscope {
namespace {

// Draws one lane: takes slices and pyramid blocks from left to right, folds what is too narrow, emits rects.
//
//     atoms   |.||..|    ███████████    |...|||.||..|...
//     rects    run ×5    slice           run  run (other hue) ...
class LaneDrawer
{
public:
    LaneDrawer(const GeometryInput& input, DrawList& list)
        : m_model(input.model), m_slices(input.model.trace->slices()), m_trace(*input.model.trace), m_colors(input.colors), m_scale(input.scale),
          m_matches(input.matches), m_list(list), m_ratio(input.pixelRatio), m_minWidth(std::lround(GeometryRules::kMinWidth * m_ratio)),
          m_foldBelow(GeometryRules::kFoldBelow * m_ratio), m_foldGap(GeometryRules::kFoldGap * m_ratio),
          m_gapFrom(GeometryRules::kGapFrom * m_ratio), m_labelFrom(GeometryRules::kLabelFrom * m_ratio),
          m_gap(std::max(1L, std::lround(m_ratio))), m_grain(m_scale.lengthOf(GeometryRules::kMinWidth * m_ratio)),
          m_cellNs(m_scale.lengthOf(GeometryRules::kHueCell * m_ratio))
    {
    }

    void draw(std::uint32_t lane)
    {
        const LanePyramid& pyramid = m_model.lanes[lane].pyramid;
        m_words = !m_model.lanes[lane].states;
        m_laneMatches = m_matches ? &m_matches->lanes[lane] : nullptr;
        m_lastRight = std::numeric_limits<std::int32_t>::min();
        m_runOpen = m_pendingOpen = false;
        pyramid.walk(m_slices, m_scale.range(), m_grain, [this](const LanePyramid::Atom& atom) {
            take(atom);
            return true;
        });
        closeCell();
        closeRun();
    }

private:
    struct Run
    {
        double x0 = 0, x1 = 0;
        std::uint32_t slice = 0;
        std::uint32_t count = 0;
        float duration = 0;
        LaneMatches::Best match;        // the longest in it that stays bright
        bool bright = true;
        const SliceColors::Style* style = nullptr;
    };
    LaneMatches::Best matchOf(const LanePyramid::Atom& atom) const
    {
        return m_laneMatches ? m_laneMatches->of(atom, m_matches->rows->slices) : LaneMatches::Best();
    }

    void take(const LanePyramid::Atom& atom)
    {
        // What its style needs is two cache misses away; by the time its cell closes it will be here.
        __builtin_prefetch(m_slices.names().data() + atom.slice);
        __builtin_prefetch(m_slices.categories().data() + atom.slice);
        const double x0 = m_scale.x(atom.start);
        const double x1 = m_scale.x(atom.end);
        if (atom.count == 1 && x1 - x0 >= m_foldBelow) {
            closeCell();
            closeRun();
            emit(x0, x1, SliceId(atom.slice), 1, !m_laneMatches || matchOf(atom).any());
            return;
        }
        // A cell is a stretch of a few pixels at a fixed place in time, so that panning does not make hues flicker.
        if (m_runOpen && (x0 - m_cell.x1 >= m_foldGap || atom.start >= m_cellEnd)) closeCell();
        if (!m_runOpen) {
            m_cell = {x0, x1, atom.slice, atom.count, atom.duration, matchOf(atom), true, nullptr};
            m_runOpen = true;
            const Wide cell = TimeScale::floorDiv(Wide(atom.start), Wide(m_cellNs)) + 1;
            m_cellEnd = TimeScale::saturated(cell * Wide(m_cellNs));
            return;
        }
        m_cell.x1 = std::max(m_cell.x1, x1);
        m_cell.count += atom.count;
        if (atom.duration > m_cell.duration) {
            m_cell.duration = atom.duration;
            m_cell.slice = atom.slice;
        }
        if (const LaneMatches::Best match = matchOf(atom); match.any() && (!m_cell.match.any() || match.duration > m_cell.match.duration))
            m_cell.match = match;
    }

    // Neighbouring cells of the same hue are one run.
    void closeCell()
    {
        if (!m_runOpen) return;
        m_runOpen = false;
        if (m_laneMatches) {
            m_cell.bright = m_cell.match.any();
            if (m_cell.bright) { // what is bright in it gives the hue, however short
                m_cell.slice = m_cell.match.slice;
                m_cell.duration = m_cell.match.duration;
            }
        }
        m_cell.style = &m_colors.style(SliceId(m_cell.slice), m_trace);
        if (m_pendingOpen && m_cell.style == m_pending.style && m_cell.bright == m_pending.bright && m_cell.x0 - m_pending.x1 < m_foldGap) {
            m_pending.x1 = m_cell.x1;
            m_pending.count += m_cell.count;
            if (m_cell.duration > m_pending.duration) {
                m_pending.duration = m_cell.duration;
                m_pending.slice = m_cell.slice;
            }
            return;
        }
        closeRun();
        m_pending = m_cell;
        m_pendingOpen = true;
    }

    void closeRun()
    {
        if (!m_pendingOpen) return;
        m_pendingOpen = false;
        emit(m_pending.x0, m_pending.x1, SliceId(m_pending.slice), m_pending.count, m_pending.bright);
    }

    std::int32_t pixel(double x) const
    {
        // just outside the view is as good as far outside, and fits
        return static_cast<std::int32_t>(std::floor(std::clamp(x, -8.0 * m_ratio, m_scale.width() + 8.0 * m_ratio) + 0.5));
    }

    void emit(double x0, double x1, SliceId slice, std::uint32_t count, bool bright)
    {
        DrawRect rect;
        rect.left = std::min(pixel(x0), std::max(0, m_scale.width() - static_cast<std::int32_t>(m_minWidth))); // begins in view, so shows
        rect.right = pixel(x1);
        if (x1 - x0 >= m_gapFrom) rect.right -= static_cast<std::int32_t>(m_gap);
        rect.right = std::max(rect.right, rect.left + static_cast<std::int32_t>(m_minWidth));
        if (rect.right <= 0) return;
        if (rect.right <= m_lastRight) { // the minimum width of the one before covers it: then that one stands for both
            DrawRect& before = m_list.rects.back();
            before.count += count;
            before.label = {};
            if (bright && (before.marks & DrawRect::kDimmed)) {
                before.slice = slice;
                before.marks = 0;
                color(before);
            }
            return;
        }
        rect.left = std::max(rect.left, m_lastRight);
        m_lastRight = rect.right;
        rect.slice = slice;
        rect.count = count;
        color(rect);
        if (count == 1) {
            const std::uint8_t flags = m_slices.flags(slice);
            if (flags & (kUnclosed | kUnfinished)) rect.marks |= DrawRect::kCutOff;
            if (flags & (kNoDuration | kRepaired)) rect.marks |= DrawRect::kRepaired;
            const int visible = std::min(rect.right, m_scale.width()) - std::max(rect.left, 0);
            if (m_words && visible >= m_labelFrom) rect.label = m_slices.name(slice);
        }
        if (!bright) rect.marks |= DrawRect::kDimmed;
        m_list.rects.push_back(rect);
    }

    void color(DrawRect& rect) const
    {
        const SliceColors::Style& style = m_colors.style(rect.slice, m_trace);
        rect.fill = style.fill;
        rect.text = style.text;
        rect.kind = style.kind;
    }

    const TimelineModel& m_model;
    const SliceTable& m_slices;
    const Trace& m_trace;
    const SliceColors& m_colors;
    const TimeScale m_scale;
    const TimelineMatches* m_matches;
    const LaneMatches* m_laneMatches = nullptr;
    DrawList& m_list;
    const double m_ratio;
    const long m_minWidth;
    const double m_foldBelow, m_foldGap, m_gapFrom, m_labelFrom;
    const long m_gap;
    const std::uint64_t m_grain, m_cellNs;

    Run m_cell, m_pending;
    bool m_runOpen = false, m_pendingOpen = false;
    bool m_words = true;
    Nanos m_cellEnd = 0;
    std::int32_t m_lastRight = 0;
};

class Builder
{
public:
    Builder(const GeometryInput& input, DrawList& list)
        : m_in(input), m_list(list), m_trace(*input.model.trace), m_bottom(input.scrollY + input.viewHeight), m_lane(input, list)
    {
    }

    void run()
    {
        m_list.clear();
        m_list.width = m_in.scale.width();
        m_list.height = device(m_in.viewHeight);
        for (const TimeTick& tick : timeTicks(m_in.scale, m_trace.origin(), GeometryRules::kTickLabels * m_in.pixelRatio, m_trace.timeBase()))
            if (!tick.label.empty()) m_list.gridLines.push_back(static_cast<std::int32_t>(std::floor(tick.x)));
        const auto& bands = m_in.layout.bands;
        for (std::size_t i = m_in.layout.firstBandBelow(m_in.scrollY); i < bands.size() && bands[i].y < m_bottom; ++i) addBand(bands[i]);
    }

private:
    int device(int logical) const { return static_cast<int>(std::lround(logical * m_in.pixelRatio)); }

    void addBand(const BandBox& box)
    {
        const Band& band = m_in.model.bands[box.band];
        if (band.kind == BandKind::Counter) {
            addCurves(box, m_trace.track(band.track));
            return;
        }
        for (std::uint32_t row = box.firstRow; row < box.firstRow + box.rowCount; ++row) addRow(row);
        if (!band.instants.empty()) addInstants(box, band.instants);
    }

    void addRow(std::uint32_t index)
    {
        const LaneRow& row = m_in.layout.rows[index];
        if (row.y + row.height <= m_in.scrollY || row.y >= m_bottom) return;
        DrawLane lane;
        lane.top = device(row.y + 1 - m_in.scrollY);
        lane.height = device(row.y + row.height - 1 - m_in.scrollY) - lane.top;
        lane.row = index;
        lane.firstRect = static_cast<std::uint32_t>(m_list.rects.size());
        m_lane.draw(row.lane);
        lane.rectCount = static_cast<std::uint32_t>(m_list.rects.size()) - lane.firstRect;
        m_list.lanes.push_back(lane);
    }

    void addInstants(const BandBox& box, const std::vector<std::uint32_t>& rows)
    {
        const auto times = m_trace.instants().times();
        const auto behind = [times](Nanos t) { return [times, t](std::uint32_t row) { return times[row] < t; }; };
        const double merge = GeometryRules::kInstantsMerge * m_in.pixelRatio;
        const Nanos from = m_in.scale.timeAt(-8);
        const int y = device(box.instantsY + 1 - m_in.scrollY);
        auto it = std::partition_point(rows.begin(), rows.end(), behind(from));
        while (it != rows.end() && times[*it] <= m_in.scale.range().end) {
            const double x = m_in.scale.x(times[*it]);
            // leap over everything that merges into this one
            const Nanos until = m_in.scale.timeAt(static_cast<std::int64_t>(std::ceil(x + merge)));
            const auto next = std::max(it + 1, std::partition_point(it, rows.end(), behind(until)));
            const bool dimmed = m_in.matches && !m_in.matches->anyInstant(box.band, static_cast<std::size_t>(it - rows.begin()),
                                                                          static_cast<std::size_t>(next - rows.begin()));
            m_list.instants.push_back({static_cast<std::int32_t>(std::floor(x)), y, static_cast<std::uint32_t>(next - it), InstantId(*it), dimmed});
            it = next;
        }
    }

    void addCurves(const BandBox& box, const Track& track)
    {
        const auto series = m_trace.counters().series().subspan(track.firstSeries, track.seriesCount);
        double low = 0;
        double high = 0;
        for (const CounterSeries& s : series) {
            if (std::isfinite(s.min)) low = std::min(low, s.min);
            if (std::isfinite(s.max)) high = std::max(high, s.max);
        }
        constexpr std::size_t kMostCurves = 8; // more cannot be told apart
        for (std::size_t i = 0; i < std::min(series.size(), kMostCurves); ++i) {
            addCurve(box, SeriesId(track.firstSeries + i), low, high);
            if (!m_list.curves.empty()) m_list.curves.back().number = static_cast<std::uint32_t>(i);
        }
    }

    void addCurve(const BandBox& box, SeriesId id, double low, double high)
    {
        const CounterSeries& series = m_trace.counters().series(id);
        const auto times = m_trace.counters().times(series);
        const auto values = m_trace.counters().values(series);
        if (times.empty()) return;
        DrawCurve curve;
        curve.top = device(box.y + 8 - m_in.scrollY);
        curve.bottom = device(box.bottom() - 5 - m_in.scrollY);
        curve.firstStep = static_cast<std::uint32_t>(m_list.steps.size());
        curve.series = id;
        curve.band = box.band;
        curve.isBytes = series.isBytes;
        curve.dimmed = m_in.matches && !m_in.matches->series[id.index()];
        const double span = high > low ? high - low : 1;
        const auto y = [&](double value) {
            if (!std::isfinite(value)) value = low;
            return static_cast<std::int32_t>(std::lround(curve.bottom - (value - low) / span * (curve.bottom - curve.top)));
        };
        const CounterPyramid& pyramid = m_in.model.counters[id.index()];
        std::size_t i = static_cast<std::size_t>(std::upper_bound(times.begin(), times.end(), m_in.scale.range().start) - times.begin());
        if (i > 0) --i;
        bool any = false;
        while (i < times.size() && times[i] < m_in.scale.range().end) {
            // everything that begins within the same pixel is one step with its extremes
            const auto left = static_cast<std::int32_t>(std::floor(std::max(m_in.scale.x(times[i]), 0.0)));
            const Nanos behind = m_in.scale.timeAt(left + 1);
            auto next = static_cast<std::size_t>(std::lower_bound(times.begin() + static_cast<std::ptrdiff_t>(i), times.end(), behind) - times.begin());
            next = std::max(next, i + 1);
            const CounterPyramid::Extremes seen = pyramid.between(i, next);
            curve.maxInView = any ? std::max(curve.maxInView, seen.high) : seen.high;
            any = true;
            m_list.steps.push_back({left, left + 1, y(seen.high), y(seen.low)});
            const double xNext = next < times.size() ? m_in.scale.x(times[next]) : m_in.scale.width();
            const auto right = static_cast<std::int32_t>(std::floor(std::clamp(xNext, 0.0, static_cast<double>(m_in.scale.width()))));
            const std::int32_t last = y(values[next - 1]);
            if (right > left + 1) m_list.steps.push_back({left + 1, right, last, last});
            i = next;
        }
        curve.stepCount = static_cast<std::uint32_t>(m_list.steps.size()) - curve.firstStep;
        m_list.curves.push_back(curve);
    }

    const GeometryInput& m_in;
    DrawList& m_list;
    const Trace& m_trace;
    const int m_bottom;
    LaneDrawer m_lane;
};

} // namespace

void buildDrawList(const GeometryInput& input, DrawList& list) { Builder(input, list).run(); }

DrawList buildDrawList(const GeometryInput& input)
{
    DrawList list;
    buildDrawList(input, list);
    return list;
}

} // namespace opscope
