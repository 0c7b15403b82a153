#include "widgets/document/ClickFilters.h"

#include "core/base/Path.h"

#include <algorithm>

namespace opscope {

namespace {

/// As the file has it: a number, or a text in quotes. Nothing for a missing one.
Filter keyFilter(const Trace& trace, std::string_view field, const TrackKey& key)
{
    const std::string text = trace.keyText(key);
    if (text.empty()) return {};
    if (key.kind != TrackKey::Kind::Number) return equals(field, text);
    auto parsed = Filter::parse(std::string(field) + " == " + text);
    return std::holds_alternative<Filter>(parsed) ? std::get<Filter>(std::move(parsed)) : Filter();
}

} // namespace

Filter sameName(const Trace& trace, SliceId slice) { return equals("name", trace.name(slice)); }
Filter sameName(const Trace& trace, InstantId instant) { return equals("name", trace.text(trace.instants().name(instant))); }

Filter sameCategory(const Trace& trace, SliceId slice)
{
    const std::string& name = trace.category(trace.slices().category(slice)).name;
    return name.empty() ? Filter() : equals("cat", name);
}

Filter ofProcess(const Trace& trace, ProcessId id)
{
    const std::string name = trace.processName(id);
    const Process& process = trace.process(id);
    Filter filter = equals("process", name);
    bool otherPid = false, otherFile = false;
    for (std::size_t i = 0; i < trace.processes().size(); ++i) {
        if (i == id.index() || trace.processName(ProcessId(i)) != name) continue;
        otherPid |= trace.processes()[i].pid != process.pid;
        otherFile |= trace.processes()[i].source != process.source;
    }
    if (otherPid) filter = both(filter, keyFilter(trace, "pid", process.pid));
    if (otherFile && process.source) filter = both(filter, equals("file", fileName(trace.sources()[process.source.index()].path)));
    return filter;
}

Filter onTrack(const Trace& trace, TrackId id)
{
    const std::string name = trace.trackName(id);
    const Track& track = trace.track(id);
    Filter filter = equals("track", name);
    bool elsewhere = false, otherTid = false;
    for (std::size_t i = 0; i < trace.tracks().size(); ++i) {
        const Track& other = trace.tracks()[i];
        if (i == id.index() || !other.visible() || trace.trackName(TrackId(i)) != name) continue;
        elsewhere |= other.process != track.process;
        otherTid |= other.process == track.process && other.tid != track.tid;
    }
    if (otherTid) filter = both(filter, keyFilter(trace, "tid", track.tid));
    if (elsewhere) filter = both(filter, ofProcess(trace, track.process));
    return filter;
}

} // namespace opscope
