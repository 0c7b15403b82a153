#include "core/format/fxt/FxtStager.h"

#include <algorithm>

namespace opscope::fxt {

namespace {

constexpr std::size_t kPartRows = 1u << 16;
constexpr std::uint64_t kKernelBegin = std::uint64_t{1} << 63;
constexpr std::string_view kKernelCode = "kernel code", kLog = "log", kScheduling = "scheduling";
constexpr char kPhases[] = {'i', 'C', 'B', 'E', 'X', 'b', 'n', 'e', 's', 't', 'f', 'i', 'i', 'i', 'i', 'i'}; // by event type
constexpr std::uint64_t kLongestNoted = (1u << 24) - 1;

LeftAs leftAs(std::uint64_t state)
{
    switch (static_cast<ThreadState>(state)) {
    case ThreadState::New:
    case ThreadState::Running: return LeftAs::Ready;
    case ThreadState::Suspended: return LeftAs::Suspended;
    case ThreadState::Blocked: return LeftAs::Blocked;
    case ThreadState::Dying:
    case ThreadState::Dead: break;
    }
    return LeftAs::Gone;
}

} // namespace

FxtStager::FxtStager(FxtNotesBuilder& notes, Diagnostics& diagnostics)
    : m_notes(notes), m_diagnostics(diagnostics), m_tables(m_staged, notes, diagnostics)
{
}

StagedPart& FxtStager::part()
{
    if (m_parts.empty() || m_partRows >= kPartRows) {
        m_parts.emplace_back();
        m_partRows = 0;
    }
    ++m_partRows;
    return m_parts.back();
}

void FxtStager::add(std::string_view bytes, std::uint64_t words, std::uint64_t offset)
{
    RecordReader record(bytes);
    m_head = {};
    m_head.offset = offset;
    m_head.words = words;
    const RecordType type = recordType(record.header());
    ++m_notes.counts().records[static_cast<std::size_t>(type)];
    switch (type) {
    case RecordType::Event: event(record); break;
    case RecordType::String: string(record); break;
    case RecordType::Thread: thread(record); break;
    case RecordType::Scheduling: scheduling(record); break;
    case RecordType::KernelObject: kernelObject(record); break;
    case RecordType::Metadata: metadata(record); break;
    case RecordType::Initialization: initialization(record); break;
    case RecordType::Blob: blob(record); break;
    case RecordType::UserspaceObject: userObject(record); break;
    case RecordType::Log: log(record); break;
    case RecordType::Large: large(record); break;
    case RecordType::Profiler: break; // modules and addresses of other tools: nothing to show
    default: note(Defect::UnknownRecord, "type " + std::to_string(static_cast<unsigned>(type)));
    }
}

// ---------------------------------------------------------------- tables

void FxtStager::metadata(RecordReader& record)
{
    const std::uint64_t header = record.header();
    const auto provider = static_cast<std::uint32_t>(bits(header, 20, 51));
    std::string_view name;
    switch (static_cast<MetadataType>(bits(header, 16, 19))) {
    case MetadataType::ProviderInfo:
        if (record.text(bits(header, 52, 59), name)) m_tables.providerInfo(provider, name, m_head.offset);
        else note(Defect::DamagedRecord, "the name of a provider");
        break;
    case MetadataType::ProviderSection: m_tables.providerSection(provider, m_head.offset); break;
    case MetadataType::ProviderEvent:
        if (bits(header, 52, 55) == 0) note(Defect::ProviderBufferFull, "provider " + std::to_string(provider));
        else note(Defect::UnknownRecord, "event of a provider");
        break;
    case MetadataType::TraceInfo: break; // the magic number, again where files were joined
    default: note(Defect::UnknownRecord, "metadata of type " + std::to_string(bits(header, 16, 19)));
    }
}

void FxtStager::initialization(RecordReader& record)
{
    std::uint64_t rate = 0, ticks = 0, nanoseconds = 0;
    if (!record.next(rate)) return note(Defect::DamagedRecord, "an initialization without a rate");
    if (record.next(ticks) && record.next(nanoseconds)) m_tables.setClock(rate, m_head.offset, std::pair(ticks, static_cast<std::int64_t>(nanoseconds)));
    else m_tables.setClock(rate, m_head.offset, {});
}

void FxtStager::string(RecordReader& record)
{
    std::string_view text;
    if (!record.text(bits(record.header(), 32, 46), text)) return note(Defect::DamagedRecord, "a text");
    m_tables.defineString(static_cast<std::uint32_t>(bits(record.header(), 16, 30)), text, m_head.offset);
}

void FxtStager::thread(RecordReader& record)
{
    std::uint64_t process = 0, thread = 0;
    if (!record.next(process) || !record.next(thread)) return note(Defect::DamagedRecord, "a thread");
    m_tables.defineThread(static_cast<std::uint32_t>(bits(record.header(), 16, 23)), process, thread, m_head.offset);
}

template <class Visit>
void FxtStager::eachArgument(RecordReader& record, std::size_t count, Visit&& visit)
{
    Argument argument;
    for (std::size_t i = 0; i < count; ++i) {
        if (!nextArgument(record, argument)) return note(Defect::DamagedArgument);
        visit(argument);
    }
}

void FxtStager::kernelObject(RecordReader& record)
{
    const std::uint64_t header = record.header();
    FxtNotes::Object object;
    object.type = static_cast<std::uint8_t>(bits(header, 16, 23));
    object.offset = m_head.offset;
    std::string_view name;
    const auto reference = static_cast<std::uint16_t>(bits(header, 24, 39));
    if (!record.next(object.koid) || !record.inlineText(reference, name)) return note(Defect::DamagedRecord, "a kernel object");
    object.name = m_tables.text(reference, name, m_head.offset).note;
    Said said;
    eachArgument(record, bits(header, 40, 43), [&](const Argument& argument) {
        const std::string_view key = m_notes.view(m_tables.text(argument.name, argument.inlineName, m_head.offset).note);
        if (key == "process" && argument.type == ArgumentType::Koid) object.process = argument.word;
        else if (key == "renamed_from" && argument.type == ArgumentType::String) object.renamed = true;
        else readSaid(key, argument, said);
    });
    m_notes.add(object);
    if (said.any()) m_said[{static_cast<ObjectType>(object.type), object.process, object.koid}] = said;
}

void FxtStager::readSaid(std::string_view key, const Argument& argument, Said& said)
{
    const bool isText = argument.type == ArgumentType::String;
    const auto text = [&] { return m_tables.text(argument.textReference(), argument.inlineText, m_head.offset).note; };
    if (key == "pid" || key == "tid") {
        if (argument.isWhole()) said.id = TrackKey{TrackKey::Kind::Number, argument.whole(), {}};
        else if (isText) said.id = TrackKey{TrackKey::Kind::Text, 0, text()};
        else if (argument.type == ArgumentType::Null) said.id = TrackKey{};
    } else if (key == "labels" && isText) {
        said.labels = text();
    } else if (key == "sort_index" && argument.isWhole()) {
        said.sortIndex = argument.whole();
    } else if (key == "sampled_hz" && argument.isWhole() && argument.whole() > 0) {
        said.sampledHz = static_cast<std::uint32_t>(std::min<std::int64_t>(argument.whole(), UINT32_MAX));
    }
}

void FxtStager::userObject(RecordReader& record)
{
    const std::uint64_t header = record.header();
    FxtNotes::UserObject object;
    object.offset = m_head.offset;
    std::string_view name;
    const auto reference = static_cast<std::uint16_t>(bits(header, 24, 39));
    const auto thread = static_cast<std::uint8_t>(bits(header, 16, 23));
    bool whole = record.next(object.pointer);
    if (thread == 0) whole = whole && record.next(object.process);
    if (!whole || !record.inlineText(reference, name)) return note(Defect::DamagedRecord, "an object of a process");
    if (thread != 0) {
        const FxtTables::Track& track = m_tables.tracks()[m_tables.threadAt(thread, m_head.offset)];
        object.process = track.known ? track.process : 0;
    }
    object.name = m_tables.text(reference, name, m_head.offset).note;
    m_notes.add(object);
}

void FxtStager::blob(RecordReader& record)
{
    const std::uint64_t header = record.header();
    const auto reference = static_cast<std::uint16_t>(bits(header, 16, 31));
    std::string_view name, payload;
    if (!record.inlineText(reference, name) || !record.text(bits(header, 32, 46), payload)) return note(Defect::DamagedRecord, "a blob");
    m_notes.addBlob({m_head.offset, payload.size(), m_tables.text(reference, name, m_head.offset).note, static_cast<std::uint8_t>(bits(header, 48, 55))});
}

// ---------------------------------------------------------------- events

bool FxtStager::readThread(RecordReader& record, std::uint8_t reference, std::uint32_t& track)
{
    if (reference != 0) {
        track = m_tables.threadAt(reference, m_head.offset);
        return true;
    }
    std::uint64_t process = 0, thread = 0;
    if (!record.next(process) || !record.next(thread)) return false;
    track = m_tables.trackOf(process, thread);
    return true;
}

bool FxtStager::readTime(std::uint64_t ticks)
{
    m_head.ticks = ticks;
    if (m_tables.time(ticks, m_head.time)) [[likely]] return true;
    note(Defect::TimeOutOfRange, std::to_string(ticks) + " ticks");
    return false;
}

void FxtStager::event(RecordReader& record)
{
    const std::uint64_t header = record.header();
    const auto type = static_cast<EventType>(bits(header, 16, 19));
    const std::size_t arguments = bits(header, 20, 23);
    const auto category = static_cast<std::uint16_t>(bits(header, 32, 47)), name = static_cast<std::uint16_t>(bits(header, 48, 63));
    FxtNotes::Counts& counts = m_notes.counts();
    ++counts.events[static_cast<std::size_t>(type)];
    ++m_stats.elements;
    std::uint64_t ticks = 0, tail = 0;
    std::string_view categoryText, nameText;
    if (!record.next(ticks) || !readThread(record, static_cast<std::uint8_t>(bits(header, 24, 31)), m_head.track) ||
        !record.inlineText(category, categoryText) || !record.inlineText(name, nameText))
        return note(Defect::DamagedRecord, "an event");
    m_tables.tracks()[m_head.track].hasEvents = true;
    m_fields.any = m_fields.kernel = false;
    m_values.clear();
    const bool whole = arguments == 0 || readArguments(record, arguments, type);
    if (hasTail(type)) {
        if (!whole) tail = record.last(); // where writers put it
        else if (!record.next(tail)) return note(Defect::DamagedRecord, "an event without its last word");
    }
    const std::uint64_t lastTicks = type == EventType::DurationComplete ? tail : ticks;
    if (!counts.minTicks || ticks < *counts.minTicks) counts.minTicks = ticks;
    if (!counts.maxTicks || lastTicks > *counts.maxTicks) counts.maxTicks = lastTicks;
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
        if (!nextArgument(record, argument)) {
            note(Defect::DamagedArgument);
            return false;
        }
        useArgument(argument, type);
    }
    if (type == EventType::DurationEnd || type == EventType::AsyncEnd) m_notes.addEndWithArguments(m_head.offset);
    return true;
}

void FxtStager::useArgument(const Argument& argument, EventType type)
{
    FxtTables::Text& name = m_tables.text(argument.name, argument.inlineName, m_head.offset);
    if (argument.type > ArgumentType::Blob) note(Defect::UnknownArgument, "type " + std::to_string(static_cast<unsigned>(argument.type)));
    if (argument.type == ArgumentType::String && argument.textReference() && !(argument.textReference() & kInlineString))
        m_tables.text(argument.textReference(), {}, m_head.offset); // counted when it was never defined
    if (type == EventType::Counter) {
        if (argument.isNumber()) m_values.emplace_back(m_tables.name(name), argument.real());
        else note(Defect::CounterNotNumeric, m_notes.view(name.note));
        return;
    }
    if (name.isAddress && argument.type == ArgumentType::Pointer && argument.word >= kKernelBegin) m_fields.kernel = true;
    if (name.argument >= kineto::Key::InputDims) takeField(name.argument, argument);
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

void FxtStager::count(char phase, Nanos end)
{
    ++m_phases[static_cast<unsigned char>(phase)];
    ++m_staged.categories[m_head.category].events;
    FxtTables::Track& track = m_tables.tracks()[m_head.track];
    const Side side = m_tables.side(m_head.category);
    ++track.events;
    track.hostEvents += side == Side::Host;
    track.deviceEvents += side == Side::Device;
    m_first = m_anyTime ? std::min(m_first, m_head.time) : m_head.time;
    m_last = m_anyTime ? std::max(m_last, end) : end;
    m_anyTime = true;
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

StagedEvent& FxtStager::stageRow(char phase)
{
    StagedPart& to = part();
    StagedEvent& row = to.events.append();
    row.start = m_head.time;
    row.offset = m_head.offset;
    row.length = std::min(m_head.words * kWord, kLongestNoted);
    row.name = m_head.name;
    row.track = m_head.track;
    row.category = m_head.category;
    row.phase = phase;
    if (!m_fields.any) return row;
    to.addArgs(row) = m_fields.args;
    const auto index = static_cast<std::uint32_t>(to.events.size() - 1);
    for (std::size_t f = 0; f < kArgFields; ++f)
        if (m_fields.args.values[f] == kArgWide) to.wide.push_back({index, static_cast<ArgField>(f), m_fields.wide[f]});
    return row;
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
    StagedEnd& end = part().ends.append();
    end.time = m_head.time;
    end.offset = m_head.offset;
    end.name = m_head.name;
    end.track = m_head.track;
    m_pairs.end(end, static_cast<std::uint32_t>(m_parts.size() - 1));
}

void FxtStager::stageWithId(char phase, std::uint64_t id)
{
    count(phase, m_head.time);
    StagedIdEvent& row = part().idEvents.append();
    row.time = m_head.time;
    row.id = id;
    row.offset = m_head.offset;
    row.length = std::min(m_head.words * kWord, kLongestNoted);
    row.name = m_head.name;
    row.track = m_head.track;
    row.category = m_head.category;
    row.phase = phase;
    row.idKind = static_cast<unsigned>(TrackKey::Kind::Number) & 15;
    const bool flow = phase == 's' || phase == 't' || phase == 'f';
    row.bindsEnclosing = phase == 'f';
    row.idIsLocal = row.idHasName = !flow; // an async id belongs to its process and name
}

void FxtStager::stageCounter(std::uint64_t id)
{
    count('C', m_head.time);
    const FxtTables::Track& track = m_tables.tracks()[m_head.track];
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

// ---------------------------------------------------------------- other records with a time

void FxtStager::scheduling(RecordReader& record)
{
    const std::uint64_t header = record.header();
    const auto type = static_cast<SchedulingType>(bits(header, 60, 63));
    if (type == SchedulingType::LegacySwitch) return legacySwitch(record);
    if (type != SchedulingType::Switch && type != SchedulingType::Wakeup)
        return note(Defect::UnknownRecord, "scheduling of type " + std::to_string(static_cast<unsigned>(type)));
    ++m_stats.elements;
    std::uint64_t ticks = 0, outgoing = 0, incoming = 0;
    const bool wakes = type == SchedulingType::Wakeup;
    if (!record.next(ticks) || (!wakes && !record.next(outgoing)) || !record.next(incoming)) return note(Defect::DamagedRecord, "a context switch");
    if (!readTime(ticks)) return;
    eachArgument(record, bits(header, 16, 19), [&](const Argument& argument) {
        const std::string_view key = m_notes.view(m_tables.text(argument.name, argument.inlineName, m_head.offset).note);
        if (!argument.isWhole() || argument.whole() != kIdleWeight) return;
        if (key == "incoming_weight" || (wakes && key == "weight")) incoming = 0;
        if (key == "outgoing_weight") outgoing = 0;
    });
    StagedSwitch& row = stageSwitch(bits(header, 20, 35));
    row.wakes = wakes;
    row.leftAs = static_cast<std::uint64_t>(leftAs(bits(header, 36, 39)));
    row.outgoing = outgoing ? m_tables.bareThread(outgoing) | kBare : StagedSwitch::kNobody;
    row.incoming = incoming ? m_tables.bareThread(incoming) | kBare : StagedSwitch::kNobody;
}

void FxtStager::legacySwitch(RecordReader& record)
{
    const std::uint64_t header = record.header();
    ++m_stats.elements;
    std::uint64_t ticks = 0;
    std::uint32_t outgoing = 0, incoming = 0;
    if (!record.next(ticks) || !readThread(record, static_cast<std::uint8_t>(bits(header, 28, 35)), outgoing) ||
        !readThread(record, static_cast<std::uint8_t>(bits(header, 36, 43)), incoming))
        return note(Defect::DamagedRecord, "a context switch");
    if (!readTime(ticks)) return;
    const auto isIdle = [&](std::uint32_t track, std::uint64_t priority) {
        return m_tables.tracks()[track].known && m_tables.tracks()[track].process == 0 && priority == 0;
    };
    StagedSwitch& row = stageSwitch(bits(header, 16, 23));
    row.leftAs = static_cast<std::uint64_t>(leftAs(bits(header, 24, 27)));
    row.outgoing = isIdle(outgoing, bits(header, 44, 51)) ? StagedSwitch::kNobody : outgoing;
    row.incoming = isIdle(incoming, bits(header, 52, 59)) ? StagedSwitch::kNobody : incoming;
}

StagedSwitch& FxtStager::stageSwitch(std::uint64_t cpu)
{
    if (m_scheduling == FxtTables::kNoCategory) m_scheduling = m_tables.category(kScheduling);
    ++m_staged.categories[m_scheduling].events;
    m_first = m_anyTime ? std::min(m_first, m_head.time) : m_head.time;
    m_last = m_anyTime ? std::max(m_last, m_head.time) : m_head.time;
    m_anyTime = true;
    StagedSwitch& row = part().switches.append();
    row.time = m_head.time;
    row.offset = m_head.offset;
    row.cpu = cpu & 0xFFFF;
    row.length = static_cast<std::uint16_t>(m_head.words * kWord);
    row.category = m_scheduling;
    return row;
}

void FxtStager::log(RecordReader& record)
{
    const std::uint64_t header = record.header();
    ++m_stats.elements;
    std::uint64_t ticks = 0;
    std::string_view message;
    if (!record.next(ticks) || !readThread(record, static_cast<std::uint8_t>(bits(header, 32, 39)), m_head.track) ||
        !record.text(bits(header, 16, 30), message))
        return note(Defect::DamagedRecord, "a log message");
    if (!readTime(ticks)) return;
    m_fields.any = false;
    m_head.name = m_tables.stagedText(message, m_head.offset);
    m_head.category = m_tables.category(kLog);
    count('i', m_head.time);
    stageRow('i');
}

/// A blob too big for other records. What it holds is not read; the form with a time is a mark on its thread.
void FxtStager::large(RecordReader& record)
{
    const std::uint64_t header = record.header();
    const std::uint64_t format = bits(header, 40, 43);
    if (bits(header, 36, 39) != 0 || format > 1) return note(Defect::UnknownRecord, "a large record");
    std::uint64_t names = 0, ticks = 0, bytes = 0;
    std::string_view category, name;
    bool whole = record.next(names);
    const auto categoryReference = static_cast<std::uint16_t>(bits(names, 0, 15)), nameReference = static_cast<std::uint16_t>(bits(names, 16, 31));
    whole = whole && record.inlineText(categoryReference, category) && record.inlineText(nameReference, name);
    if (format == 0) {
        whole = whole && record.next(ticks) && readThread(record, static_cast<std::uint8_t>(bits(names, 36, 43)), m_head.track);
        if (whole) eachArgument(record, bits(names, 32, 35), [](const Argument&) {});
    }
    if (!whole || !record.next(bytes) || bytes > m_head.words * kWord) return note(Defect::DamagedRecord, "a large blob");
    FxtTables::Text& text = m_tables.text(nameReference, name, m_head.offset);
    m_notes.addBlob({m_head.offset, bytes, text.note, FxtNotes::kLargeBlob});
    if (format != 0) return;
    ++m_stats.elements;
    if (!readTime(ticks)) return;
    m_fields.any = false;
    m_head.name = m_tables.name(text);
    m_head.category = m_tables.category(m_tables.text(categoryReference, category, m_head.offset));
    count('i', m_head.time);
    stageRow('i').length = 0; // its text is not its bytes
}

} // namespace opscope::fxt
