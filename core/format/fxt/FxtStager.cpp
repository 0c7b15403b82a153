#include "core/format/fxt/FxtStager.h"

#include <algorithm>

// Events: nearly all of a file.
namespace opscope::fxt {

namespace {

constexpr std::uint64_t kKernelBegin = std::uint64_t{1} << 63;
constexpr std::string_view kKernelCode = "kernel code";
constexpr char kPhases[] = {'i', 'C', 'B', 'E', 'X', 'b', 'n', 'e', 's', 't', 'f', 'i', 'i', 'i', 'i', 'i'}; // by event type

} // namespace

FxtStager::FxtStager(FxtNotesBuilder& notes, Diagnostics& diagnostics)
    : m_notes(notes), m_counts(notes.counts()), m_diagnostics(diagnostics), m_tables(m_staged, notes, diagnostics)
{
}

void FxtStager::add(std::string_view bytes, std::uint64_t words, std::uint64_t offset)
{
    RecordReader record(bytes);
    m_head.offset = offset;
    m_head.words = words;
    const RecordType type = recordType(record.header());
    ++m_counts.records[static_cast<std::size_t>(type)];
    if (type == RecordType::Event) [[likely]] event(record);
    else addOther(type, record);
}

void FxtStager::event(RecordReader& record)
{
    const std::uint64_t header = record.header();
    const auto type = static_cast<EventType>(bits(header, 16, 19));
    const std::size_t arguments = bits(header, 20, 23);
    const auto category = static_cast<std::uint16_t>(bits(header, 32, 47)), name = static_cast<std::uint16_t>(bits(header, 48, 63));
    ++m_counts.events[static_cast<std::size_t>(type)];
    ++m_stats.elements;
    std::uint64_t ticks = 0, tail = 0;
    std::string_view categoryText, nameText;
    if (!record.next(ticks) || !readThread(record, static_cast<std::uint8_t>(bits(header, 24, 31)), m_head.track) ||
        !record.inlineText(category, categoryText) || !record.inlineText(name, nameText))
        return note(Defect::DamagedRecord, "an event");
    m_tables.track(m_head.track).hasEvents = true;
    m_fields.any = m_fields.kernel = false;
    if (type == EventType::Counter) m_values.clear();
    const bool whole = arguments == 0 || readArguments(record, arguments, type);
    if (hasTail(type)) {
        if (!whole) tail = record.last(); // where writers put it
        else if (!record.next(tail)) return note(Defect::DamagedRecord, "an event without its last word");
    }
    const std::uint64_t lastTicks = type == EventType::DurationComplete ? tail : ticks;
    m_minTicks = std::min(m_minTicks, ticks);
    m_maxTicks = std::max(m_maxTicks, lastTicks);
    m_anyTicks = true;
    if (!readTime(ticks)) return;

    m_head.name = m_tables.name(m_tables.text(name, nameText, m_head.offset));
    m_head.category = m_tables.category(m_tables.text(category, categoryText, m_head.offset));
    if (m_fields.kernel && m_staged.categories[m_head.category].name.empty()) m_head.category = m_tables.category(kKernelCode);
    stage(type, tail);
}

/// False when one of them was broken.
bool FxtStager::readArguments(RecordReader& record, std::size_t count, EventType type)
{
    Argument argument;
    for (std::size_t i = 0; i < count; ++i) {
        if (!nextArgument(record, argument)) [[unlikely]] {
            note(Defect::DamagedArgument);
            return false;
        }
        FxtTables::Text& name = m_tables.text(argument.name, argument.inlineName, m_head.offset);
        if (argument.type > ArgumentType::Blob) [[unlikely]] noteUnknown(argument.type);
        if (argument.type == ArgumentType::String && argument.textReference() && !(argument.textReference() & kInlineString))
            m_tables.text(argument.textReference(), {}, m_head.offset); // counted when it was never defined
        if (type == EventType::Counter) takeValue(name, argument);
        else if (name.argument >= kineto::Key::InputDims) takeField(name.argument, argument);
        else if (name.isAddress && argument.type == ArgumentType::Pointer && argument.word >= kKernelBegin) m_fields.kernel = true;
    }
    if (type == EventType::DurationEnd || type == EventType::AsyncEnd) m_notes.addEndWithArguments(m_head.offset);
    return true;
}

void FxtStager::noteUnknown(ArgumentType type)
{
    note(Defect::UnknownArgument, "type " + std::to_string(static_cast<unsigned>(type)));
}

void FxtStager::takeValue(FxtTables::Text& name, const Argument& argument)
{
    if (argument.isNumber()) m_values.emplace_back(m_tables.name(name), argument.real());
    else note(Defect::CounterNotNumeric, m_notes.view(name.note));
}

void FxtStager::beginPart()
{
    m_part = &m_parts.emplace_back();
    m_part->events.setMemory(m_memory);
    m_part->ends.setMemory(m_memory);
    m_partRows = 0;
}

void FxtStager::stageFields(StagedPart& to, StagedEvent& row)
{
    to.addArgs(row) = m_fields.args;
    const auto index = static_cast<std::uint32_t>(to.events.size() - 1);
    for (std::size_t f = 0; f < kArgFields; ++f)
        if (m_fields.args.values[f] == kArgWide) to.wide.push_back({index, static_cast<ArgField>(f), m_fields.wide[f]});
}

/// Traces that were saved as .fxt from other formats have their ids as arguments.
void FxtStager::takeField(kineto::Key key, const Argument& argument)
{
    using kineto::Key;
    if (!m_fields.any) {
        m_fields.args = {};
        m_fields.signature = {};
    }
    if (key >= Key::FirstField) {
        if (!argument.isWhole()) return;
        const auto field = static_cast<std::size_t>(key) - static_cast<std::size_t>(Key::FirstField);
        const std::int64_t value = argument.whole();
        m_fields.any = true;
        m_fields.wide[field] = value;
        m_fields.args.values[field] = static_cast<std::uint64_t>(value) < kArgWide ? static_cast<std::uint32_t>(value) : kArgWide;
        return;
    }
    if (argument.type != ArgumentType::String || (key != Key::InputDims && key != Key::InputTypes && key != Key::InputStrides)) return;
    m_fields.any = true;
    const StringId text = m_tables.name(m_tables.text(argument.textReference(), argument.inlineText, m_head.offset));
    (key == Key::InputDims ? m_fields.signature.dims : key == Key::InputTypes ? m_fields.signature.types : m_fields.signature.strides) = text;
    m_fields.args[ArgField::Signature] = m_staged.signatures.intern(m_fields.signature).value;
}

void FxtStager::stage(EventType type, std::uint64_t tail)
{
    switch (type) {
    case EventType::DurationBegin: count('B', m_head.time); return stageBegin();
    case EventType::DurationEnd: count('E', m_head.time); return stageEnd();
    case EventType::DurationComplete: return stageComplete(tail);
    case EventType::Counter: return stageCounter(tail);
    case EventType::AsyncBegin:
    case EventType::AsyncInstant:
    case EventType::AsyncEnd:
    case EventType::FlowBegin:
    case EventType::FlowStep:
    case EventType::FlowEnd: return stageWithId(kPhases[static_cast<std::size_t>(type)], tail);
    case EventType::Instant: break;
    default: note(Defect::UnknownPhase, "event type " + std::to_string(static_cast<unsigned>(type)));
    }
    count('i', m_head.time);
    stageRow('i');
}

void FxtStager::stageComplete(std::uint64_t endTicks)
{
    Nanos end = 0;
    if (!m_tables.time(endTicks, end)) return note(Defect::TimeOutOfRange, std::to_string(endTicks) + " ticks");
    if (end < m_head.time) return note(Defect::EndBeforeStart);
    count('X', end);
    stageRow('X').duration = end - m_head.time < 0 ? 0 : end - m_head.time;
}

void FxtStager::stageBegin()
{
    StagedEvent& row = stageRow('B');
    m_pairs.begin(row, static_cast<std::uint32_t>(m_parts.size() - 1), static_cast<std::uint32_t>(m_parts.back().events.size() - 1));
}

void FxtStager::stageEnd()
{
    if (m_fields.any) { // its begin may lack what it has
        stageRow('E');
        return m_pairs.giveUp(m_head.track);
    }
    StagedPart& to = part();
    StagedEnd end;
    end.time = m_head.time;
    end.offset = m_head.offset;
    end.name = m_head.name;
    end.track = m_head.track;
    m_pairs.end(end, static_cast<std::uint32_t>(m_parts.size() - 1));
    to.pairedEnds += end.isPaired;
    to.ends.append() = end;
}

void FxtStager::stageWithId(char phase, std::uint64_t id)
{
    count(phase, m_head.time);
    StagedIdEvent& row = part().idEvents.append();
    row.time = m_head.time;
    row.id = id;
    describe(row, phase);
    row.idKind = static_cast<unsigned>(TrackKey::Kind::Number) & 15;
    const bool flow = phase == 's' || phase == 't' || phase == 'f';
    row.bindsEnclosing = phase == 'f';
    row.idIsLocal = row.idHasName = !flow; // an async id belongs to its process and name
}

void FxtStager::stageCounter(std::uint64_t id)
{
    count('C', m_head.time);
    const FxtTables::Track& track = m_tables.track(m_head.track);
    const CounterKey key{track.process, id, m_head.name};
    const auto [it, isNew] = m_counterOf.try_emplace(key, static_cast<std::uint32_t>(m_counterKeys.size()));
    if (isNew) m_counterKeys.push_back(key);
    for (const auto& [series, value] : m_values) {
        StagedCounter& row = part().counters.append();
        row.time = m_head.time;
        row.value = value;
        row.offset = m_head.offset;
        row.counter = StringId(it->second); // a number until nameCounters()
        row.series = series;
        row.track = m_head.track;
    }
}

} // namespace opscope::fxt
