#pragma once

#include "core/base/JobControl.h"
#include "core/base/Time.h"
#include "core/query/RowSet.h"
#include "widgets/common/SliceColors.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace opscope {

struct TimelineModel;

/// The whole trace in a thousand columns: how busy each kind of track is and with what. Once per trace, on a worker.
struct OverviewData
{
    static constexpr std::size_t kColumns = 1024;
    enum StripKind : std::uint8_t { Modules, Host, Device, Communication, kStrips };
    struct Cell
    {
        float share = 0;                 ///< of the column's time, 0 to 1
        Family family = Family::Other;   ///< that took most of it
    };
    struct Strip
    {
        bool used = false;
        std::array<Cell, kColumns> cells{};
    };
    struct Step
    {
        TimeRange range;
        std::string name;                ///< "ProfilerStep#4"
    };
    TimeRange range{0, 1};
    std::array<Strip, kStrips> strips;
    std::vector<Step> steps;             ///< by time, without those inside one another; at most kColumns

    /// `only`: just these slices; steps are all of the model's.
    static OverviewData build(const TimelineModel& model, const JobControl& job, const SliceSet* only = nullptr);
};

} // namespace opscope
