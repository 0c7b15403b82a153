#include "core/format/fxt/FxtStager.h"

#include <algorithm>

// Records that are no events: tables, names, context switches, texts and blobs.
namespace opscope::fxt {

namespace {

constexpr std::string_view kLog = "log", kScheduling = "scheduling";

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

void FxtStager::addOther(RecordType type, RecordReader& record)
{
    switch (type) {
    case RecordType::Event: break; // add()
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

// ---------------------------------------------------------------- records with a time

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
    m_first = std::min(m_first, m_head.time);
    m_last = std::max(m_last, m_head.time);
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
