#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace opscope::test {

/// What a sampled recording says, by thread: read with FxtText, so without our own reader.
struct FxtProfile
{
    struct Slice
    {
        std::int64_t start, end;
        std::string name;
    };
    struct Line
    {
        std::string name;
        std::vector<Slice> slices;
        std::map<std::string, std::int64_t> time;   ///< ns by function, with what it called
        std::int64_t covered = 0;                   ///< ns with any function
        std::map<std::string, std::string> callers; ///< of the first slice of a function: root first, with " > "
        std::vector<std::pair<std::int64_t, std::string>> open; ///< begun and not ended
        std::string problem;                        ///< slices that do not nest
    };
    std::map<std::string, std::string> processes; ///< name by pid
    std::map<std::string, Line> threads;          ///< by "pid/tid"
    std::map<std::string, int> switches;          ///< how often, by "TID out blocked", "TID out running", "TID in"
    std::string began, ended, error;              ///< lines of the instants about the recording; what FxtText found wrong

    const Line* named(const std::string& name) const;
    const Line* with(const std::string& function) const;
    std::string threadId(const Line* line) const;
};
/// Of an .fxt or .fxt.gz.
FxtProfile fxtProfile(const std::string& path);

} // namespace opscope::test
