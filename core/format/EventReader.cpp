#include "core/format/EventReader.h"

#include "core/format/Format.h"
#include "core/io/ByteSource.h"

#include <algorithm>

namespace opscope {

namespace {

constexpr std::size_t kFirstStep = 4096;
constexpr std::uint32_t kLongestNoted = 65535; // the length column has 16 bits; this value means "longer or not known"

/// Finds where the JSON value at the front of a growing text ends. Quotes hide brackets; a bracket of the other kind closes too,
/// as damaged files have them.
class ValueEnd
{
public:
    /// Looks at what `text` has more than the last time. 0: not there yet.
    std::size_t find(std::string_view text)
    {
        for (; m_at < text.size(); ++m_at) {
            const char c = text[m_at];
            if (m_inString) {
                if (c == '\\') ++m_at;
                else if (c == '"') m_inString = false;
                continue;
            }
            if (c == '"') m_inString = true;
            if (c == '{' || c == '[') ++m_depth;
            if ((c == '}' || c == ']') && (m_depth == 0 || --m_depth == 0)) return m_at + 1;
        }
        return 0;
    }

private:
    std::size_t m_at = 0, m_depth = 0;
    bool m_inString = false;
};

/// The object at `offset`, whose length nobody noted: read more each time until its end is there.
Result<EventText> scanEvent(const SourceFile& source, std::uint64_t offset)
{
    ValueEnd end;
    for (std::size_t step = kFirstStep;; step *= 8) {
        auto text = readAgain(source, offset, std::min(step, EventText::kMaxBytes));
        if (!text) return text.error();
        if (text->empty() || (text->front() != '{' && text->front() != '[')) {
            return Error{ErrorCode::CannotRead, "the file has no event there any more", offset};
        }
        if (const std::size_t length = end.find(*text)) {
            text->resize(length);
            return EventText{std::move(*text), false};
        }
        const bool fileEnds = text->size() < std::min(step, EventText::kMaxBytes);
        if (fileEnds || step >= EventText::kMaxBytes) return EventText{std::move(*text), true};
    }
}

Result<EventText> readKnown(const SourceFile& source, std::uint64_t offset, std::uint64_t length)
{
    const bool cut = length > EventText::kMaxBytes;
    auto text = readAgain(source, offset, cut ? EventText::kMaxBytes : length);
    if (!text) return text.error();
    const bool fileEnds = !cut && text->size() < length;
    return EventText{std::move(*text), cut || fileEnds};
}

Result<EventText> readFrom(const Trace& trace, SourceId source, std::uint64_t offset, std::uint64_t length)
{
    if (source.index() >= trace.sources().size()) {
        return Error{ErrorCode::CannotRead, "this was made while reading; no file has a text for it", {}};
    }
    const SourceFile& file = trace.sources()[source.index()];
    return length == 0 ? scanEvent(file, offset) : readKnown(file, offset, length);
}

/// Of formats whose events do not stand as JSON in the file; none: they do.
std::optional<Result<EventText>> readByFormat(const Trace& trace, const EventPlace& place)
{
    if (place.source.index() >= trace.sources().size()) return {};
    const Format* format = formatById(trace.sources()[place.source.index()].format);
    if (!format || !format->eventText) return {};
    auto json = format->eventText(trace, place);
    if (!json) return Result<EventText>(json.error());
    const bool cut = json->size() > EventText::kMaxBytes;
    if (cut) json->resize(EventText::kMaxBytes);
    return Result<EventText>(EventText{std::move(*json), cut});
}

SourceId sourceOf(const Trace& trace, TrackId track)
{
    return trace.process(trace.track(track).process).source;
}

} // namespace

Result<EventText> readEvent(const Trace& trace, SliceId slice)
{
    // Rows made of nodes have no text of their own; an event that a node is linked to has.
    if (const NodeId node = trace.nodeOf(slice); node && trace.timeBase() == TimeBase::NodeOrder) return readNode(trace, node);
    const EventPlace place{sourceOf(trace, trace.trackOf(slice)), trace.slices().sourceOffset(slice), slice, {}};
    if (auto told = readByFormat(trace, place)) return *std::move(told);
    const std::uint32_t length = trace.slices().sourceLength(slice);
    return readFrom(trace, sourceOf(trace, trace.trackOf(slice)), trace.slices().sourceOffset(slice),
                    length == kLongestNoted ? 0 : length);
}

Result<EventText> readEvent(const Trace& trace, InstantId instant)
{
    const EventPlace place{sourceOf(trace, trace.trackOf(instant)), trace.instants().sourceOffset(instant), {}, {}};
    if (auto told = readByFormat(trace, place)) return *std::move(told);
    return readFrom(trace, sourceOf(trace, trace.trackOf(instant)), trace.instants().sourceOffset(instant), 0);
}

Result<EventText> readNode(const Trace& trace, NodeId node)
{
    const ExecutionTrace* et = trace.executionTrace();
    if (!et || node.index() >= et->nodes().size()) return Error{ErrorCode::Usage, "there is no such node", {}};
    const EtNode& row = et->node(node);
    if (row.synthetic || row.sourceLength == 0) {
        return Error{ErrorCode::CannotRead, "this node was made while reading; the file has no text for it", {}};
    }
    return readFrom(trace, et->fileOf(node).source, row.sourceOffset, row.sourceLength);
}

Result<EventText> readPlace(const Trace& trace, SourceId source, std::uint64_t offset, std::size_t length)
{
    if (source.index() >= trace.sources().size()) return Error{ErrorCode::Usage, "there is no such file", {}};
    if (auto told = readByFormat(trace, {source, offset, {}, {}})) return *std::move(told);
    const SourceFile& file = trace.sources()[source.index()];
    auto text = readAgain(file, offset, std::min(length, EventText::kMaxBytes));
    if (!text) return text.error();
    if (!text->empty() && text->front() == '{') return scanEvent(file, offset);
    return EventText{std::move(*text), true};
}

} // namespace opscope
