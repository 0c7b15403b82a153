#pragma once

#include <cstdint>
#include <string>

namespace opscope::bench {

/// What a big file should be made of.
struct Scale
{
    std::string input;          ///< a Kineto trace, .json or .json.gz
    std::uint64_t bytes = 0;    ///< at least so many ...
    std::uint64_t events = 0;   ///< ... and at least so many events
};

/// Writes `input` again and again: the first copy as it stands, each further one with its times moved behind the copy before
/// and its identifiers (correlation, External id, Ev Idx, flow ids ...) moved by one stride, so that what was equal within
/// a copy stays equal and nothing is between two. Metadata stands once. Spacing and order of keys are the input's own, so
/// bytes per event are those of a real file. Returns the number of events; throws std::runtime_error.
std::uint64_t writeScaled(const Scale& scale, const std::string& output);
/// The same bytes as gzip.
void compress(const std::string& input, const std::string& output);

/// main() of benches of one big file: `[FILE] [--runs N] [--events N]`, FILE or `sample` scaled to so many events (5 M) in a file
/// that is removed afterwards. The exit status is what `measure(path, runs)` says.
int benchScaled(int count, char** args, const char* sample, int (*measure)(const std::string& path, int runs));

} // namespace opscope::bench
