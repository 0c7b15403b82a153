#pragma once

#include "core/query/Aggregates.h"
#include "widgets/table/AggregateColumns.h"

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace opscope {

inline constexpr std::array kPopulations{Population::Kernels, Population::Operators, Population::Runtime, Population::Memory,
                                         Population::DeviceOps, Population::Annotations, Population::Python, Population::All};
inline constexpr std::size_t kPopulationCount = kPopulations.size();

/// What the panel wants to know.
struct AggregateAsk
{
    TracePtr trace;
    Population population = Population::All;
    std::vector<GroupBy> by{GroupBy::Name};
    MatchesPtr matches;                    ///< null: no filter
    std::string filter;                    ///< its text, for whoever saves the table
    std::optional<TimeRange> range;
    TableOrder sort;
};

/// How much of a population there is in the range and behind the filter.
struct PopulationCount
{
    std::uint64_t slices = 0;
    std::uint64_t names = 0;               ///< different ones
};

/// The answer, frozen. Whatever is shown of it is looked up in here by row number.
struct AggregateAnswer
{
    TracePtr trace;
    std::shared_ptr<const Aggregates> table;             ///< null: see error
    std::vector<std::uint32_t> order;                    ///< rows of the table, as asked
    TableOrder sort;
    std::unordered_map<std::uint32_t, std::string> tails; ///< row -> what tells it from others of its short name
    std::array<PopulationCount, kPopulationCount> counts{}; ///< by Population
    std::array<bool, kPopulationCount> exists{};         ///< by Population: anywhere in the trace
    std::optional<std::uint64_t> idle;                   ///< ns; the devices did nothing at all in the range, filter or not
    std::size_t devices = 0;                             ///< processes that devices have
    bool cancelled = false;
    std::string error;                                   ///< one sentence
};

/// Synchronous: a worker's work from some ten thousand slices on.
AggregateAnswer answer(const AggregateAsk& ask, const JobControl& job = {});

} // namespace opscope
