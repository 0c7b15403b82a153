#pragma once

#include <QString>

#include <cstdint>
#include <string>
#include <vector>

namespace opscope::test {

/// The two halves of one recorded run, small and by hand: operators of one thread, one after the other, with record function ids.
struct SmallRun
{
    std::int64_t pid = 7;
    std::vector<std::string> names = {"aten::linear", "aten::relu", "aten::linear", "aten::softmax", "aten::mul"};
    std::uint64_t firstRfId = 1;
    std::uint64_t firstSequence = 0;      ///< the k-th operator has firstSequence + k
    std::int64_t rank = -1;               ///< -1: not distributed
    std::int64_t worldSize = 2;
};

std::string kinetoText(const SmallRun& run);
std::string etText(const SmallRun& run);
/// Ends the test program when it cannot be written.
void writeFile(const QString& path, const std::string& text);

} // namespace opscope::test
