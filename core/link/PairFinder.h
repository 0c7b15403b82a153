#pragma once

#include "core/base/JobControl.h"
#include "core/trace/Trace.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace opscope {

enum class PartnerKind : std::uint8_t {
    ExecutionTrace,   ///< the nodes of what is open
    TimedTrace,       ///< the times of the execution trace that is open
    OtherRank         ///< the same kind of file of another rank of the run
};
std::string_view title(PartnerKind kind); ///< "execution trace", "timeline", "another rank"

enum class PartnerConfidence : std::uint8_t {
    Likely,     ///< the files say so themselves: equal process numbers, ranks of one world and equal times
    Possible    ///< only names or places speak for it
};

/// A file on disk that seems to belong to what is open. An offer: nothing is linked before a person says so (linking.md 4.1).
struct Partner
{
    std::string path;
    PartnerKind kind = PartnerKind::ExecutionTrace;
    PartnerConfidence confidence = PartnerConfidence::Possible;
    std::string why;                        ///< for people: "Same process number 2910249, and a name alike"
    std::string partnerOf;                  ///< path of the open file that it goes with
    bool samePid = false;
    std::optional<std::int64_t> pid, rank;  ///< as its head and its name say
    bool rankIsGuess = false;               ///< the rank was read from the name
    std::uint64_t bytes = 0;                ///< on disk
    friend bool operator==(const Partner&, const Partner&) = default;
};

/// Likely partners in the folders of the open files, the likeliest first; what is open already is no partner. Lists at most
/// kMostEntries names a folder, reads at most kHeadBytes of at most kMostHeads of them, follows no folder further down.
/// Blocks on the disk: for a worker thread. Stops early when cancelled, with what it has.
std::vector<Partner> findPartners(const Trace& trace, const JobControl& job = {});
/// The same for files about to be opened.
std::vector<Partner> findPartners(std::span<const std::string> paths, const JobControl& job = {});

namespace partner_limits {
inline constexpr std::size_t kMostEntries = 10'000;   ///< names of a folder
inline constexpr std::size_t kMostHeads = 64;         ///< files whose beginning is read
inline constexpr std::size_t kHeadBytes = 256 << 10;  ///< unpacked
inline constexpr std::size_t kMostPartners = 256;
} // namespace partner_limits

} // namespace opscope
