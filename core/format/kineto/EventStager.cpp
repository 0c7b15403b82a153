#include "core/format/kineto/EventStager.h"

#include "core/format/kineto/JsonText.h"

#include <bit>
#include <limits>

namespace opscope::kineto {
namespace {

constexpr std::uint64_t kAttoPerNs = 1'000'000'000'000'000'000;

ExactTime sum(ExactTime a, ExactTime b)
{
    ExactTime total{a.ns + b.ns, a.atto + b.atto};
    if (total.atto >= kAttoPerNs) {
        total.atto -= kAttoPerNs;
        ++total.ns;
    }
    return total;
}

} // namespace

EventStager::EventStager(StagingTables& tables) : m_tables(tables), m_categories(tables.categories), m_tracks(tables.tracks)
{
    m_memory = tables.strings.intern("[memory]");
    m_allocated = tables.strings.intern("Allocated");
}

void EventStager::begin(StagedPart& part, WindowCounts& counts)
{
    m_part = &part;
    m_counts = &counts;
    m_metaSeen.clear();
}

void EventStager::end() { m_counts->tracks = m_tracks.takeCounts(); }

// ---------------------------------------------------------------- one event

void EventStager::add(const RawEvent& event)
{
    m_event = &event;
    m_malformed = false;
    ++m_counts->elements;
    tellTroubles();
    const char ph = phase();
    m_category = category();
    const StringId named = name();
    if (!event.isString(Key::Name) && ph != 'E' && ph != 0) {
        malformed(Reason::NoName);
        note(Defect::MissingName);
    }
    if (ph == 'M') {
        stageMeta(named);
    } else {
        const Times when = times(ph);
        m_counts->memoryEvents += named == m_memory;
        if (when.usable && ph) {
            const TrackKey pid = key(Key::Pid), tid = key(Key::Tid);
            m_track = m_tracks.rowOf(pid, tid);
            countTime(when);
            m_tracks.count(m_track, m_categories.side(m_category));
            switch (phaseKind(ph)) {
            case PhaseKind::WithId: stageWithId(ph, when, named); break;
            case PhaseKind::Counter: stageCounter(when, named); break;
            case PhaseKind::Unknown: note(Defect::UnknownPhase, std::string_view(&ph, 1)); [[fallthrough]];
            default: if (when.drawable) stageSlice(ph, when, named); break;
            }
        }
    }
    m_counts->malformedEvents += m_malformed;
}

void EventStager::addNotAnObject(std::uint64_t offset)
{
    ++m_counts->elements;
    ++m_counts->malformedEvents;
    ++m_counts->reasons[static_cast<std::size_t>(Reason::NotAnObject)];
    m_part->diagnostics.note(Defect::NotAnObject, offset);
}

void EventStager::addLost(std::uint64_t offset, std::string_view why)
{
    ++m_counts->elements;
    ++m_counts->malformedEvents;
    ++m_counts->reasons[static_cast<std::size_t>(Reason::Damaged)];
    m_part->diagnostics.note(Defect::DamagedEvent, offset, why);
}

void EventStager::tellTroubles()
{
    const RawEvent& e = *m_event;
    if (!(e.duplicateKey | e.commas | e.control | e.nonFinite | e.unfinished) && e.deepest <= 64) [[likely]]
        return;
    if (e.duplicateKey)
        note(Defect::DuplicateKey);
    if (e.commas)
        note(Defect::TrailingCommas);
    if (e.control)
        note(Defect::ControlCharacter);
    if (e.nonFinite)
        note(Defect::NonFiniteNumber);
    const bool slice = e.isString(Key::Ph) && e[Key::Ph].view() == "X"; // newer writers say it of every [memory] instant
    if (e.unfinished && slice)
        note(Defect::UnfinishedScope);
    if (e.deepest > 64)
        note(Defect::DeepArguments);
}

// 0 when there is none that can be used.
char EventStager::phase()
{
    const RawEvent& e = *m_event;
    if (!e.isString(Key::Ph) || e[Key::Ph].length == 0) {
        ++m_counts->byPhase[0];
        malformed(Reason::NoPhase);
        note(Defect::MissingPhase);
        return 0;
    }
    const Scalar& ph = e[Key::Ph];
    if (ph.length == 1 && ph.flags == 0) [[likely]] {
        ++m_counts->byPhase[static_cast<unsigned char>(*ph.begin)];
        return *ph.begin;
    }
    std::string whole;
    unescape(ph.view(), whole);
    if (whole.size() > kLongestText)
        whole.resize(0);
    ++m_counts->oddPhases[whole];
    return whole.size() == 1 ? whole[0] : '?';
}

// ---------------------------------------------------------------- times

bool EventStager::time(Key key, ExactTime& out)
{
    const Scalar& value = (*m_event)[key];
    if (value.form == Form::Time) [[likely]] {
        out = {value.number, 0};
        return true;
    }
    const bool isText = value.form == Form::String;
    if (!isText && value.form != Form::Integer && value.form != Form::Number)
        return false;
    const auto parsed = parseMicroseconds(value.view());
    if (parsed) {
        out = *parsed;
        if (isText) {
            malformed(Reason::StringNumber);
            note(Defect::NumberInString);
        }
    } else if (!isText) {
        note(Defect::TimeOutOfRange, value.view().substr(0, 40));
    }
    return parsed.has_value();
}

EventStager::Times EventStager::times(char phase)
{
    Times result;
    if (m_event->has(Key::Ts)) {
        result.usable = time(Key::Ts, result.start);
        if (!result.usable) {
            malformed(Reason::BadTime);
            note(Defect::BadTime);
        }
    } else {
        malformed(Reason::NoTime);
        note(Defect::MissingTime);
    }
    if (phase == 'X')
        duration(result);
    return result;
}

void EventStager::duration(Times& times)
{
    times.flags = kNoDuration;
    if (!m_event->has(Key::Dur)) {
        malformed(Reason::NoDuration);
        note(Defect::MissingDuration);
        return;
    }
    ExactTime length;
    if (!time(Key::Dur, length)) {
        times.drawable = false; // a length is claimed that nobody can know: 0 would be a guess that looks like a fact
        malformed(Reason::BadDuration);
        note(Defect::BadDuration);
    } else if (length.ns < 0) {
        malformed(Reason::NegativeDuration);
        note(Defect::NegativeDuration);
    } else {
        times.flags = 0;
        times.duration = length;
        constexpr Nanos kLast = std::numeric_limits<Nanos>::max();
        if (times.usable && times.start.ns > 0 && length.ns >= kLast - times.start.ns) {
            note(Defect::TimeOutOfRange, "the end");
            times.duration = {kLast - times.start.ns - 1, 0};
        }
    }
}

void EventStager::countTime(const Times& when)
{
    const ExactTime finish = sum(when.start, when.duration);
    if (!m_counts->minTime || when.start < *m_counts->minTime)
        m_counts->minTime = when.start;
    if (!m_counts->maxEnd || finish > *m_counts->maxEnd)
        m_counts->maxEnd = finish;
}

// ---------------------------------------------------------------- rows

// What rows of every kind know of their event.
template <class Row>
void EventStager::place(Row& row, char phase, StringId named)
{
    const RawEvent& e = *m_event;
    row.offset = e.offset;
    row.length = e.length < (1u << 24) ? e.length : 0;
    row.name = named;
    row.track = m_track;
    row.category = m_category;
    row.phase = phase;
}

void EventStager::stageSlice(char phase, const Times& when, StringId named)
{
    const RawEvent& e = *m_event;
    const auto index = static_cast<std::uint32_t>(m_part->events.size());
    StagedEvent& row = m_part->events.append();
    row.start = when.start.ns;
    row.duration = when.duration.ns;
    place(row, phase, named);
    row.flags = static_cast<std::uint8_t>(when.flags | (e.unfinished && phase == 'X' ? kUnfinished : 0) | (e.repaired ? kRepaired : 0));
    fillArgs(row, index);
    if (when.start.atto | when.duration.atto)
        m_part->fine.push_back({index, when.start.atto, when.duration.atto});
    if (e.collective && phase == 'X' && !e.args.empty()) {
        row.flags |= kCollective;
        m_part->collectives.push_back({index, rawText(e.args, kLongestSignature)});
    }
    if (named == m_memory && phase != 'X' && !e.args.empty())
        stageMemory(when);
}

void EventStager::fillArgs(StagedEvent& row, std::uint32_t index)
{
    const RawEvent& e = *m_event;
    const bool isSigned = e.dims.data() || e.types.data() || e.strides.data();
    if (!e.argsSeen && !isSigned)
        return;
    StagedArgs& args = m_part->addArgs(row);
    for (std::uint32_t seen = e.argsSeen; seen; seen &= seen - 1) {
        const auto field = static_cast<ArgField>(std::countr_zero(seen));
        const std::int64_t value = e.fields[static_cast<std::size_t>(field)];
        if (static_cast<std::uint64_t>(value) < kArgWide) {
            args[field] = static_cast<std::uint32_t>(value);
        } else {
            args[field] = kArgWide;
            m_part->wide.push_back({index, field, value});
        }
    }
    if (!isSigned)
        return;
    Signature signature;
    if (e.dims.data())
        signature.dims = rawText(e.dims, kLongestSignature);
    if (e.types.data())
        signature.types = rawText(e.types, kLongestSignature);
    if (e.strides.data())
        signature.strides = rawText(e.strides, kLongestSignature);
    args[ArgField::Signature] = m_tables.signatures.intern(signature).value;
}

void EventStager::stageWithId(char phase, const Times& when, StringId named)
{
    const RawEvent& e = *m_event;
    StagedIdEvent& row = m_part->idEvents.append();
    row.time = when.start.ns;
    place(row, phase, named);
    row.bindsEnclosing = e.isString(Key::BindPoint) && e[Key::BindPoint].view() == "e";
    if (e.isString(Key::Scope))
        row.scope = text(e[Key::Scope]);
    fillId(row);
    if (row.idKind == static_cast<unsigned>(TrackKey::Kind::None) && (phase == 's' || phase == 't' || phase == 'f'))
        note(Defect::FlowWithoutId);
}

void EventStager::fillId(StagedIdEvent& row)
{
    const RawEvent& e = *m_event;
    if (e.has(Key::Id)) {
        setId(row, e[Key::Id]);
    } else if (e.has(Key::Id2) && e[Key::Id2].form == Form::Container) {
        forEachMember(e[Key::Id2].view(), [&](const Scalar& which, const Scalar& value) {
            if (which.view() != "local" && which.view() != "global")
                return;
            setId(row, value);
            row.idIsLocal = which.view() == "local";
        });
    }
}

void EventStager::setId(StagedIdEvent& row, const Scalar& value)
{
    TrackKey::Kind kind = TrackKey::Kind::Other;
    if (value.form == Form::Null) {
        kind = TrackKey::Kind::None;
    } else if (value.form == Form::Integer) {
        kind = TrackKey::Kind::Number;
        row.id = static_cast<std::uint64_t>(value.number);
    } else if (value.form == Form::String) {
        kind = TrackKey::Kind::Text;
        row.id = text(value).value;
    } else {
        row.id = rawText(value.view(), kLongestText).value;
    }
    row.idKind = static_cast<std::uint8_t>(kind) & 15;
}

// ---------------------------------------------------------------- texts

StringId EventStager::longText(std::string_view whole, std::size_t longest)
{
    if (whole.size() <= longest)
        return m_tables.strings.intern(whole);
    note(Defect::LongText);
    std::size_t cut = longest;
    while (cut > longest - 4 && (static_cast<unsigned char>(whole[cut]) & 0xC0) == 0x80)
        --cut; // not within a character
    std::string shorter(whole.substr(0, cut));
    shorter += "\u2026";
    return m_tables.strings.intern(shorter);
}

StringId EventStager::text(const Scalar& value)
{
    const std::string_view raw = value.view();
    if (value.flags == 0 && raw.size() <= kLongestText) [[likely]]
        return m_tables.strings.intern(raw);
    // Six bytes of an escape are one character at least: what lies behind this can not be part of the cut text.
    const TextTrouble trouble = unescape(raw.substr(0, kLongestText * 6 + 16), m_scratch);
    if (trouble.unknownEscape)
        note(Defect::JsonSyntax, "unknown escape");
    if (trouble.badUtf8)
        note(Defect::InvalidUtf8);
    return longText(m_scratch, kLongestText);
}

StringId EventStager::rawText(std::string_view raw, std::size_t longest)
{
    if (raw.size() <= longest && isValidUtf8(raw)) [[likely]]
        return m_tables.strings.intern(raw);
    std::string clean;
    if (sanitizeUtf8(raw.substr(0, longest + 16), clean))
        note(Defect::InvalidUtf8);
    return longText(clean, longest);
}

StringId EventStager::name()
{
    const RawEvent& e = *m_event;
    if (!e.has(Key::Name) || e[Key::Name].form == Form::Null)
        return StringId(0);
    const Scalar& value = e[Key::Name];
    return value.form == Form::String ? text(value) : rawText(value.view(), kLongestText);
}

// ---------------------------------------------------------------- categories and tracks

std::uint16_t EventStager::category()
{
    const Scalar& value = (*m_event)[Key::Cat];
    const std::string_view raw = m_event->isString(Key::Cat) ? value.view() : std::string_view();
    const std::uint16_t row = m_categories.rowOf(raw, [&] { return raw.empty() ? std::string() : std::string(m_tables.strings.view(text(value))); });
    if (m_counts->categories.size() <= row)
        m_counts->categories.resize(m_tables.categories.size());
    ++m_counts->categories[row];
    return row;
}

TrackKey EventStager::key(Key which)
{
    TrackKey result;
    if (!m_event->has(which))
        return result;
    const Scalar& value = (*m_event)[which];
    switch (value.form) {
    case Form::Null:
        return result;
    case Form::Integer:
        result.kind = TrackKey::Kind::Number;
        result.number = value.number;
        return result;
    case Form::String:
        result.kind = TrackKey::Kind::Text;
        result.text = text(value);
        return result;
    case Form::Number: // 7.0 is 7; what does not fit int64 stays a text, for it must not become another number
        if (value.view().find('.') != std::string_view::npos && wholeNumber(value, result.number)) {
            result.kind = TrackKey::Kind::Number;
            return result;
        }
        [[fallthrough]];
    default:
        result.kind = TrackKey::Kind::Other;
        result.text = rawText(value.view(), kLongestText);
        return result;
    }
}

} // namespace opscope::kineto
