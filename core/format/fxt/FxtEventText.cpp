#include "core/format/fxt/FxtEventText.h"

#include "core/format/fxt/JsonPieces.h"
#include "core/format/fxt/RecordReader.h"
#include "core/io/ByteSource.h"

#include <algorithm>
#include <deque>
#include <limits>
#include <string>

namespace opscope {

namespace {

using namespace fxt;

constexpr std::uint64_t kFirstStep = 512;
constexpr std::uint64_t kMostOfLarge = 20 * kMaxRecordWords * kWord; // names and arguments; nobody looks at the payload

Error gone(std::uint64_t offset) { return {ErrorCode::CannotRead, "the file has no event there any more", offset}; }

/// One record of the file; of a large one its beginning.
Result<std::string> readRecord(const SourceFile& file, std::uint64_t offset, std::string_view known)
{
    const auto wanted = [](std::string_view head) -> std::uint64_t {
        const std::uint64_t header = RecordReader(head.substr(0, kWord)).header();
        const std::uint64_t bytes = recordWords(header) * kWord;
        return recordType(header) == RecordType::Large ? std::min(bytes, kMostOfLarge) : bytes;
    };
    if (known.size() >= kWord && wanted(known) && wanted(known) <= known.size()) return std::string(known.substr(0, wanted(known)));
    auto bytes = readAgain(file, offset, kFirstStep);
    if (!bytes) return bytes.error();
    if (bytes->size() < kWord || wanted(*bytes) == 0) return gone(offset);
    const std::uint64_t size = wanted(*bytes);
    if (size > bytes->size()) {
        bytes = readAgain(file, offset, size);
        if (!bytes) return bytes.error();
    }
    if (bytes->size() < size) return gone(offset);
    bytes->resize(size);
    return bytes;
}

std::string_view stateName(std::uint64_t state)
{
    constexpr std::string_view kNames[] = {"new", "running", "suspended", "blocked", "dying", "dead"};
    return state < std::size(kNames) ? kNames[state] : "unknown";
}

/// Tells one record.
class RecordText
{
public:
    RecordText(const Trace& trace, const FxtNotes& notes, const EventPlace& place, std::string_view record)
        : m_trace(trace), m_notes(notes), m_place(place), m_record(record), m_life(notes.providerAt(place.offset))
    {
    }

    Result<std::string> tell()
    {
        const std::uint64_t header = m_record.header();
        switch (recordType(header)) {
        case RecordType::Event: event(); break;
        case RecordType::Scheduling: scheduling(); break;
        case RecordType::Log: log(); break;
        case RecordType::Large: large(); break;
        default: other(header);
        }
        if (!m_whole) m_out.raw("damaged", "true");
        return std::move(m_out).take();
    }
    /// Its arguments alone, for the slice that it ends.
    void addArguments(JsonPieces& out)
    {
        const std::uint64_t header = m_record.header();
        if (recordType(header) == RecordType::Scheduling) return schedulingArguments(out);
        readEventHead();
        arguments(out, bits(header, 20, 23));
    }

private:
    struct Ids
    {
        std::uint64_t process = 0, thread = 0;
        std::uint8_t unknown = 0; ///< an index that was never defined
    };

    std::string_view textOf(std::uint64_t reference, std::string_view inlined)
    {
        if (reference & kInlineString) return inlined;
        if (reference == 0) return {};
        const FxtNotes::String* known = m_notes.string(m_life, static_cast<std::uint32_t>(reference), m_place.offset);
        if (known) return m_notes.text(known->text);
        m_placeholders.push_back("<string " + std::to_string(reference) + ">");
        return m_placeholders.back();
    }
    std::string_view readText(std::uint64_t reference)
    {
        std::string_view inlined;
        m_whole = m_record.inlineText(reference, inlined) && m_whole;
        return textOf(reference, inlined);
    }
    std::uint64_t word()
    {
        std::uint64_t value = 0;
        m_whole = m_record.next(value) && m_whole;
        return value;
    }
    Ids ids(std::uint64_t reference)
    {
        if (reference == 0) {
            const std::uint64_t process = word();
            return {process, word(), 0};
        }
        const FxtNotes::Thread* known = m_notes.thread(m_life, static_cast<std::uint32_t>(reference), m_place.offset);
        return known ? Ids{known->process, known->thread, 0} : Ids{0, 0, static_cast<std::uint8_t>(reference)};
    }
    std::optional<Nanos> time(std::uint64_t ticks) const
    {
        const FxtNotes::Clock* clock = m_notes.clock(m_life, m_place.offset);
        const std::uint64_t rate = clock ? clock->ticksPerSecond : 1'000'000'000;
        const __int128 ns = static_cast<__int128>(ticks) * 1'000'000'000 / rate + (clock ? clock->shift : 0);
        if (ticks >> 63 || ns > std::numeric_limits<Nanos>::max() || ns < std::numeric_limits<Nanos>::min()) return {};
        return static_cast<Nanos>(ns);
    }
    void addTime(JsonPieces& out, std::uint64_t ticks)
    {
        if (const auto ns = time(ticks)) out.microseconds("ts", *ns);
        else out.number("ticks", ticks);
    }
    void addKey(std::string_view name, const TrackKey& key)
    {
        if (key.kind == TrackKey::Kind::Number) m_out.number(name, key.number);
        else m_out.text(name, m_notes.text(key.text));
    }
    void addIds(const Ids& ids)
    {
        if (ids.unknown) {
            m_out.text("tid", "index " + std::to_string(ids.unknown));
        } else if (const FxtNotes::RealIds* real = m_notes.realIds(ids.process, ids.thread)) {
            addKey("pid", real->pid);
            addKey("tid", real->tid);
        } else {
            m_out.number("pid", ids.process).number("tid", ids.thread);
        }
    }
    /// "worker (13)".
    void addKoid(JsonPieces& out, std::string_view key, std::uint64_t koid)
    {
        const std::string_view name = m_notes.nameOf(koid);
        if (name.empty()) out.number(key, koid);
        else out.text(key, std::string(name) + " (" + std::to_string(koid) + ")");
    }

    void arguments(JsonPieces& out, std::uint64_t count)
    {
        Argument argument;
        for (std::uint64_t i = 0; i < count; ++i) {
            if (!nextArgument(m_record, argument)) {
                m_whole = false;
                return;
            }
            addArgument(out, textOf(argument.name, argument.inlineName), argument);
        }
    }
    void addArgument(JsonPieces& out, std::string_view key, const Argument& argument)
    {
        switch (argument.type) {
        case ArgumentType::Null: out.raw(key, "null"); break;
        case ArgumentType::Int32:
        case ArgumentType::Uint32:
        case ArgumentType::Int64: out.number(key, argument.whole()); break;
        case ArgumentType::Uint64: out.number(key, argument.word); break;
        case ArgumentType::Double: out.real(key, argument.real()); break;
        case ArgumentType::String: out.text(key, textOf(argument.textReference(), argument.inlineText)); break;
        case ArgumentType::Pointer: out.hex(key, argument.word, m_notes.labelOf(m_ids.process, argument.word)); break;
        case ArgumentType::Koid: addKoid(out, key, argument.word); break;
        case ArgumentType::Bool: out.raw(key, argument.upper & 1 ? "true" : "false"); break;
        case ArgumentType::Blob: out.text(key, std::to_string(argument.upper) + " bytes"); break;
        default: out.text(key, "unknown type " + std::to_string(static_cast<unsigned>(argument.type)));
        }
    }

    struct EventHead
    {
        std::uint64_t ticks = 0;
        std::string_view category, name;
    };
    EventHead readEventHead()
    {
        const std::uint64_t header = m_record.header();
        EventHead head;
        head.ticks = word();
        m_ids = ids(bits(header, 24, 31));
        head.category = readText(bits(header, 32, 47));
        head.name = readText(bits(header, 48, 63));
        return head;
    }

    void event()
    {
        static constexpr std::string_view kPhases[] = {"i", "C", "B", "E", "X", "b", "n", "e", "s", "t", "f"};
        const std::uint64_t header = m_record.header();
        const auto type = static_cast<EventType>(bits(header, 16, 19));
        const auto phase = static_cast<std::size_t>(type);
        const EventHead head = readEventHead();
        m_out.text("ph", phase < std::size(kPhases) ? kPhases[phase] : "i").text("cat", head.category).text("name", head.name);
        addIds(m_ids);
        addTime(m_out, head.ticks);
        JsonPieces args;
        arguments(args, bits(header, 20, 23));
        if (phase >= std::size(kPhases)) m_out.number("event_type", phase);
        if (hasTail(type)) addTail(type, head.ticks, m_whole ? word() : m_record.last());
        if (type == EventType::DurationBegin || type == EventType::AsyncBegin) addLength();
        addEnd(args);
        m_out.raw("args", std::move(args).take());
    }
    void addTail(EventType type, std::uint64_t ticks, std::uint64_t tail)
    {
        if (type != EventType::DurationComplete) {
            m_out.number("id", tail);
            return;
        }
        const auto start = time(ticks), end = time(tail);
        if (start && end && *end >= *start) m_out.microseconds("dur", *end - *start);
        else m_out.number("end_ticks", tail);
    }
    void addLength()
    {
        if (m_place.slice && !(m_trace.slices().flags(m_place.slice) & kUnclosed)) m_out.microseconds("dur", m_trace.slices().duration(m_place.slice));
    }
    /// What the record that ended the slice says.
    void addEnd(JsonPieces& args)
    {
        const ExtraElement* end = m_place.slice ? m_trace.elements().endOf(m_place.slice) : nullptr;
        if (!end || !m_notes.endHasArguments(end->offset)) return;
        auto bytes = readRecord(m_trace.sources()[m_place.source.index()], end->offset, {});
        if (!bytes) return;
        RecordText(m_trace, m_notes, {m_place.source, end->offset, {}, {}}, *bytes).addArguments(args);
    }

    // A slice that was made of switches has its own name and length; any other place tells the record.
    void scheduling()
    {
        const auto type = static_cast<SchedulingType>(bits(m_record.header(), 60, 63));
        const RecordReader behind = m_record;
        const std::string_view what = type == SchedulingType::Wakeup ? "wakeup" : "context switch";
        m_out.text("ph", m_place.slice ? "X" : "i").text("cat", "scheduling").text("name", m_place.slice ? m_trace.name(m_place.slice) : what);
        addTime(m_out, word());
        m_record = behind;
        addLength();
        JsonPieces args;
        args.text("record", what);
        schedulingArguments(args);
        if (const ExtraElement* end = m_place.slice ? m_trace.elements().endOf(m_place.slice) : nullptr) {
            if (auto bytes = readRecord(m_trace.sources()[m_place.source.index()], end->offset, {})) {
                JsonPieces by;
                RecordText(m_trace, m_notes, {m_place.source, end->offset, {}, {}}, *bytes).addArguments(by);
                args.raw("ended_by", std::move(by).take());
            }
        }
        m_out.raw("args", std::move(args).take());
    }
    void schedulingArguments(JsonPieces& out)
    {
        const std::uint64_t header = m_record.header();
        word(); // the time
        switch (static_cast<SchedulingType>(bits(header, 60, 63))) {
        case SchedulingType::LegacySwitch: {
            const Ids outgoing = ids(bits(header, 28, 35)), incoming = ids(bits(header, 36, 43));
            out.number("cpu", bits(header, 16, 23));
            addKoid(out, "outgoing", outgoing.thread);
            out.text("outgoing_state", stateName(bits(header, 24, 27))).number("outgoing_priority", bits(header, 44, 51));
            addKoid(out, "incoming", incoming.thread);
            out.number("incoming_priority", bits(header, 52, 59));
            break;
        }
        case SchedulingType::Switch:
            out.number("cpu", bits(header, 20, 35));
            addKoid(out, "outgoing", word());
            out.text("outgoing_state", stateName(bits(header, 36, 39)));
            addKoid(out, "incoming", word());
            arguments(out, bits(header, 16, 19));
            break;
        case SchedulingType::Wakeup:
            out.number("cpu", bits(header, 20, 35));
            addKoid(out, "thread", word());
            arguments(out, bits(header, 16, 19));
            break;
        }
    }

    void log()
    {
        const std::uint64_t header = m_record.header();
        const std::uint64_t ticks = word();
        m_ids = ids(bits(header, 32, 39));
        std::string_view message;
        m_whole = m_record.text(bits(header, 16, 30), message) && m_whole;
        m_out.text("ph", "i").text("cat", "log").text("name", message);
        addIds(m_ids);
        addTime(m_out, ticks);
        m_out.raw("args", "{}");
    }

    void large()
    {
        const std::uint64_t header = m_record.header(), names = word();
        const bool timed = bits(header, 40, 43) == 0;
        const std::string_view category = readText(bits(names, 0, 15)), name = readText(bits(names, 16, 31));
        m_out.text("ph", timed ? "i" : "M").text("cat", category).text("name", name);
        JsonPieces args;
        if (timed) {
            const std::uint64_t ticks = word();
            m_ids = ids(bits(names, 36, 43));
            addIds(m_ids);
            addTime(m_out, ticks);
            arguments(args, bits(names, 32, 35));
        }
        args.text("payload", std::to_string(word()) + " bytes");
        m_out.raw("args", std::move(args).take());
    }

    /// Records without a time.
    void other(std::uint64_t header)
    {
        static constexpr std::string_view kTypes[] = {"metadata", "initialization", "string", "thread", "event", "blob", "object of a process", "kernel object"};
        const auto type = static_cast<std::size_t>(recordType(header));
        m_out.text("ph", "M").text("name", type < std::size(kTypes) ? std::string(kTypes[type]) : "record of type " + std::to_string(type));
        JsonPieces args;
        switch (recordType(header)) {
        case RecordType::Initialization: args.number("ticks_per_second", word()); break;
        case RecordType::String: {
            std::string_view text;
            m_whole = m_record.text(bits(header, 32, 46), text) && m_whole;
            args.number("index", bits(header, 16, 30)).text("text", text);
            break;
        }
        case RecordType::Thread:
            args.number("index", bits(header, 16, 23)).number("process", word());
            args.number("thread", word());
            break;
        case RecordType::KernelObject:
            args.number("type", bits(header, 16, 23)).number("koid", word());
            args.text("name", readText(bits(header, 24, 39)));
            arguments(args, bits(header, 40, 43));
            break;
        case RecordType::UserspaceObject:
            args.hex("pointer", word());
            args.number("process", ids0(bits(header, 16, 23)));
            args.text("name", readText(bits(header, 24, 39)));
            arguments(args, bits(header, 40, 43));
            break;
        case RecordType::Blob:
            args.text("name", readText(bits(header, 16, 31))).text("payload", std::to_string(bits(header, 32, 46)) + " bytes");
            break;
        default: break;
        }
        args.number("bytes", recordWords(header) * kWord);
        m_out.raw("args", std::move(args).take());
    }
    /// Objects of a process have one word only where the thread is not by number.
    std::uint64_t ids0(std::uint64_t reference) { return reference == 0 ? word() : ids(reference).process; }

    const Trace& m_trace;
    const FxtNotes& m_notes;
    const EventPlace& m_place;
    RecordReader m_record;
    std::uint32_t m_life;
    JsonPieces m_out;
    Ids m_ids;
    bool m_whole = true;
    std::deque<std::string> m_placeholders;
};

} // namespace

const FxtNotes* fxtNotes(const Trace& trace, SourceId source)
{
    if (source.index() >= trace.sources().size()) return nullptr;
    return dynamic_cast<const FxtNotes*>(trace.sources()[source.index()].notes.get());
}

Result<std::string> fxtEventText(const Trace& trace, const EventPlace& place)
{
    const FxtNotes* notes = fxtNotes(trace, place.source);
    if (!notes) return Error{ErrorCode::Usage, "this is no Fuchsia trace", {}};
    auto record = readRecord(trace.sources()[place.source.index()], place.offset, place.bytes);
    if (!record) return record.error();
    return RecordText(trace, *notes, place, *record).tell();
}

} // namespace opscope
