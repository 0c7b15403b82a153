#include "tests/support/TraceFixture.h"

#include "tests/support/Golden.h"

#include <QtGlobal>

namespace opscope::test {

namespace {

TracePtr orDie(Result<TracePtr> trace)
{
    if (!trace) qFatal("no trace: %s", trace.error().text().c_str());
    return *trace;
}

} // namespace

TraceFixture::TraceFixture()
{
    SourceFile source;
    source.path = "by hand";
    source.format = "kineto";
    m_builder.addSource(std::move(source));
}

TrackId TraceFixture::thread(std::int64_t pid, std::int64_t tid, std::string_view name, std::string_view process)
{
    return m_builder.addTrack(pid, tid, name, process);
}

TraceFixture& TraceFixture::slice(TrackId track, Nanos start, Nanos duration, std::string_view name, std::string_view category,
                                  Args args)
{
    TraceBuilder::Slice slice;
    slice.track = track;
    slice.start = start;
    slice.duration = duration;
    slice.name = m_builder.intern(name);
    slice.category = category;
    slice.args = std::move(args);
    m_builder.add(slice);
    return *this;
}

TraceFixture& TraceFixture::draw(TrackId track, std::initializer_list<std::string_view> lanes, Nanos unit,
                                 std::string_view category)
{
    for (const std::string_view lane : lanes) {
        for (std::size_t begin = 0; begin < lane.size();) {
            std::size_t end = begin + 1;
            while (end < lane.size() && lane[end] == lane[begin]) ++end;
            if (lane[begin] != ' ') {
                slice(track, static_cast<Nanos>(begin) * unit, static_cast<Nanos>(end - begin) * unit, lane.substr(begin, 1),
                      category);
            }
            begin = end;
        }
    }
    return *this;
}

TraceFixture& TraceFixture::instant(TrackId track, Nanos time, std::string_view name, std::string_view category)
{
    m_builder.addInstant(track, time, m_builder.intern(name), category);
    return *this;
}

TraceFixture& TraceFixture::counter(std::int64_t pid, std::string_view counter, std::string_view series, Nanos time, double value)
{
    m_builder.addCounter(pid, counter, series, time, value);
    return *this;
}

TracePtr TraceFixture::finish()
{
    return orDie(std::move(m_builder).finish());
}

TracePtr traceFromText(std::string_view text, const ImportOptions& options)
{
    return orDie(loadTraceFromMemory(text, "text", {}, options));
}

TracePtr traceFromFile(const std::string& name)
{
    const std::string path = name.starts_with('/') ? name : dataPath(name);
    return orDie(loadTrace(std::span(&path, 1)));
}

SliceId sliceNamed(const Trace& trace, std::string_view name)
{
    const StringId id = trace.strings().find(name);
    if (!id) return {};
    const std::span names = trace.slices().names();
    for (std::size_t row = 0; row < names.size(); ++row) {
        if (names[row] == id) return SliceId(row);
    }
    return {};
}

} // namespace opscope::test
