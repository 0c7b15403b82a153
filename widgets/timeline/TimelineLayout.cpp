#include "widgets/timeline/TimelineLayout.h"

#include <algorithm>

namespace opscope {
namespace {

class LayoutMaker
{
public:
    LayoutMaker(const TimelineModel& model, const TimelineState& state, Density density)
        : m_model(model), m_state(state), m_rowHeight(TimelineLayout::rowHeight(density))
    {
    }

    TimelineLayout run()
    {
        for (std::uint32_t i = 0; i < m_model.groups.size(); ++i) addGroup(i);
        m_layout.height = m_y;
        return std::move(m_layout);
    }

private:
    void addGroup(std::uint32_t index)
    {
        const BandGroup& group = m_model.groups[index];
        GroupBox box{index, m_y, 0, static_cast<std::uint32_t>(m_layout.bands.size()), 0, m_state.closedGroups[index]};
        m_y += TimelineLayout::kGroupHeight;
        if (!box.closed)
            for (std::uint32_t band = group.firstBand; band < group.firstBand + group.bandCount; ++band) addBand(band);
        box.bottom = m_y;
        box.boxCount = static_cast<std::uint32_t>(m_layout.bands.size()) - box.firstBox;
        m_layout.groups.push_back(box);
    }

    void addBand(std::uint32_t index)
    {
        const Band& band = m_model.bands[index];
        const TrackState& state = m_state.bands[index];
        BandBox box{index, m_y, 0, m_y + TimelineLayout::kPadding, static_cast<std::uint32_t>(m_layout.rows.size()), 0};
        if (band.kind == BandKind::Counter) {
            m_y += state.collapsed ? m_rowHeight + 2 * TimelineLayout::kPadding : TimelineLayout::kCounterHeight;
        } else {
            m_y += TimelineLayout::kPadding;
            addStates(band, index);
            box.instantsY = m_y;
            if (state.collapsed) {
                const LaneSpan& span = band.folded.count ? band.folded : band.common;
                addRows(index, {span.first, std::min(span.count, 1u)});
            } else {
                addRows(index, band.common);
                addRows(index, state.unfolded ? band.full : band.folded);
            }
            m_y = std::max(m_y, (band.instants.empty() ? box.y + TimelineLayout::kPadding : box.instantsY) + m_rowHeight); // still a row
            m_y += TimelineLayout::kPadding;
        }
        m_y += 1; // the line between bands
        box.height = m_y - box.y;
        box.rowCount = static_cast<std::uint32_t>(m_layout.rows.size()) - box.firstRow;
        m_layout.bands.push_back(box);
    }

    // With nothing else in the band the strip stands in the middle, beside the name.
    void addStates(const Band& band, std::uint32_t index)
    {
        const bool alone = band.instants.empty() && band.common.count == 0 && band.folded.count == 0;
        const int from = m_y;
        if (alone && band.states.count == 1) m_y += (m_rowHeight - TimelineLayout::kStateRow) / 2;
        addRows(index, band.states);
        if (alone && m_y > from) m_y = std::max(m_y, from + m_rowHeight);
    }

    void addRows(std::uint32_t band, LaneSpan span)
    {
        for (std::uint32_t lane = span.first; lane < span.first + span.count; ++lane) {
            const ModelLane& row = m_model.lanes[lane];
            const int height = row.states ? TimelineLayout::kStateRow : row.python ? TimelineLayout::kPythonRow : m_rowHeight;
            m_layout.rows.push_back({m_y, height, lane, band});
            m_y += height;
        }
    }

    const TimelineModel& m_model;
    const TimelineState& m_state;
    const int m_rowHeight;
    TimelineLayout m_layout;
    int m_y = 0;
};

} // namespace

TimelineLayout TimelineLayout::make(const TimelineModel& model, const TimelineState& state, Density density)
{
    return LayoutMaker(model, state, density).run();
}

int TimelineLayout::groupAt(int y) const
{
    const auto it = std::partition_point(groups.begin(), groups.end(), [y](const GroupBox& g) { return g.bottom <= y; });
    return it != groups.end() && it->y <= y ? static_cast<int>(it - groups.begin()) : -1;
}

std::size_t TimelineLayout::firstBandBelow(int y) const
{
    const auto it = std::partition_point(bands.begin(), bands.end(), [y](const BandBox& b) { return b.bottom() <= y; });
    return static_cast<std::size_t>(it - bands.begin());
}

int TimelineLayout::bandAt(int y) const
{
    const std::size_t i = firstBandBelow(y);
    return i < bands.size() && bands[i].y <= y ? static_cast<int>(i) : -1;
}

int TimelineLayout::rowAt(int y) const
{
    const auto it = std::partition_point(rows.begin(), rows.end(), [y](const LaneRow& r) { return r.y + r.height <= y; });
    return it != rows.end() && it->y <= y ? static_cast<int>(it - rows.begin()) : -1;
}

const BandBox* TimelineLayout::boxOf(std::uint32_t band) const
{
    const auto it = std::partition_point(bands.begin(), bands.end(), [band](const BandBox& b) { return b.band < band; });
    return it != bands.end() && it->band == band ? &*it : nullptr;
}

const LaneRow* TimelineLayout::rowOf(std::uint32_t lane) const
{
    const auto it = std::find_if(rows.begin(), rows.end(), [lane](const LaneRow& r) { return r.lane == lane; });
    return it != rows.end() ? &*it : nullptr;
}

int TimelineLayout::stickyY(int index, int scrollY) const
{
    const GroupBox& group = groups[static_cast<std::size_t>(index)];
    const int natural = group.y - scrollY;
    if (natural >= 0) return natural;
    return std::min(0, group.bottom - kGroupHeight - scrollY);
}

} // namespace opscope
