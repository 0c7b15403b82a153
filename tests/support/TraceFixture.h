#pragma once

#include "core/io/Loader.h"
#include "core/trace/TraceBuilder.h"

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace opscope::test {

/// Traces by hand, in as few words as a test needs. Times in nanoseconds. A trace that cannot be made ends the test program.
///
///     TraceFixture f;
///     const TrackId main = f.thread(1, 10, "main");
///     f.slice(main, 0, 100, "outer").slice(main, 10, 20, "inner", "cpu_op", {{ArgField::Correlation, 81}});
///     const TracePtr trace = f.finish();
class TraceFixture
{
public:
    using Args = std::vector<std::pair<ArgField, std::int64_t>>;

    TraceFixture();
    TrackId thread(std::int64_t pid, std::int64_t tid, std::string_view name = {}, std::string_view process = {});
    TraceFixture& slice(TrackId track, Nanos start, Nanos duration, std::string_view name, std::string_view category = "cpu_op",
                        Args args = {});
    /// One line a depth, one letter a slice, `unit` nanoseconds a column:    draw(main, {"aaaaaaaa",
    /// Neighbours of one letter are one slice; a blank is nothing.                       " bbb cc "}, 10)
    TraceFixture& draw(TrackId track, std::initializer_list<std::string_view> lanes, Nanos unit = 1,
                       std::string_view category = "cpu_op");
    TraceFixture& instant(TrackId track, Nanos time, std::string_view name, std::string_view category = "cpu_instant_event");
    TraceFixture& counter(std::int64_t pid, std::string_view counter, std::string_view series, Nanos time, double value);
    TraceBuilder& builder() { return m_builder; }
    /// Once.
    TracePtr finish();

private:
    TraceBuilder m_builder;
};

/// A trace from the text of a file, which must load. No file stands behind it: nothing can be read back.
TracePtr traceFromText(std::string_view text, const ImportOptions& options = {});
/// tests/data/<name> or a path, which must load.
TracePtr traceFromFile(const std::string& name);

/// First slice of this name; invalid when there is none.
SliceId sliceNamed(const Trace& trace, std::string_view name);

} // namespace opscope::test
