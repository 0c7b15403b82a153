#include "core/format/kineto/EventStager.h"

#include "core/format/kineto/JsonText.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>

namespace opscope::kineto {
namespace {

constexpr std::uint64_t kAttoPerNs = 1'000'000'000'000'000'000;

std::uint64_t mix(std::uint64_t h, std::uint64_t v)
{
    h = (h ^ v) * 0x9E3779B97F4A7C15ull;
    return h ^ (h >> 29);
}

std::uint64_t hashOf(const TrackKey& pid, const TrackKey& tid)
{
    std::uint64_t h = mix(static_cast<std::uint64_t>(pid.kind), static_cast<std::uint64_t>(pid.number));
    h = mix(h, pid.text.value);
    h = mix(h, static_cast<std::uint64_t>(tid.kind));
    h = mix(h, static_cast<std::uint64_t>(tid.number));
    return mix(h, tid.text.value);
}

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

EventStager::EventStager(StagingTables& tables) : m_tables(tables), m_trackSlots(64)
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

void EventStager::end()
{
    m_counts->tracks.reserve(m_touched.size());
    for (std::uint32_t row : m_touched) {
        m_counts->tracks.push_back(m_trackCounts[row]);
        m_trackCounts[row] = {};
    }
    m_touched.clear();
}

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
            m_track = track();
            countTime(when);
            countTrack(m_track, m_category);
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
    row.args.fill(kArgNone);
    for (std::uint32_t seen = e.argsSeen; seen; seen &= seen - 1) {
        const int field = std::countr_zero(seen);
        const std::int64_t value = e.fields[static_cast<std::size_t>(field)];
        if (static_cast<std::uint64_t>(value) < kArgWide) {
            row.args[static_cast<std::size_t>(field)] = static_cast<std::uint32_t>(value);
        } else {
            row.args[static_cast<std::size_t>(field)] = kArgWide;
            m_part->wide.push_back({index, static_cast<ArgField>(field), value});
        }
    }
    if (!e.dims.data() && !e.types.data() && !e.strides.data())
        return;
    Signature signature;
    if (e.dims.data())
        signature.dims = rawText(e.dims, kLongestSignature);
    if (e.types.data())
        signature.types = rawText(e.types, kLongestSignature);
    if (e.strides.data())
        signature.strides = rawText(e.strides, kLongestSignature);
    row.args[static_cast<std::size_t>(ArgField::Signature)] = m_tables.signatures.intern(signature).value;
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

void EventStager::stageCounter(const Times& when, StringId named)
{
    const RawEvent& e = *m_event;
    if (e.args.empty())
        return;
    if (e.has(Key::Id) && e[Key::Id].form != Form::Null) { // counters of one name and several ids are several counters
        std::string whole(m_tables.strings.view(named));
        std::string id;
        unescape(e[Key::Id].view(), id);
        whole += ' ';
        whole += id;
        named = longText(whole, kLongestText);
    }
    forEachMember(e.args, [&](const Scalar& key, const Scalar& value) {
        const double number = numberOf(value);
        if (!std::isfinite(number))
            return;
        if (value.form == Form::String)
            note(Defect::NumberInString);
        const StringId series = text(key);
        StagedCounter& row = m_part->counters.append();
        row.time = when.start.ns;
        row.value = number;
        row.offset = e.offset;
        row.counter = named;
        row.series = series;
        row.track = m_track;
    });
}

// [memory]: a curve for each device (kineto-trace.md 7.7).
void EventStager::stageMemory(const Times& when)
{
    std::int64_t type = 0, device = -1, bytes = 0, total = 0;
    bool hasBytes = false, hasTotal = false;
    forEachMember(m_event->args, [&](const Scalar& key, const Scalar& value) {
        const std::string_view k = key.view();
        if (k == "Device Type")
            wholeNumber(value, type);
        else if (k == "Device Id")
            wholeNumber(value, device);
        else if (k == "Bytes")
            hasBytes = wholeNumber(value, bytes);
        else if (k == "Total Allocated")
            hasTotal = wholeNumber(value, total);
    });
    if (!hasBytes && !hasTotal)
        return;
    std::string name;
    switch (type) {
    case 0: name = "CPU"; break;
    case 1: name = "CUDA"; break;
    case 6: name = "HIP"; break;
    case 12: name = "XPU"; break;
    case 20: name = "PrivateUse1"; break;
    default: name = "device type " + std::to_string(type); break;
    }
    if (device >= 0)
        name += ' ' + std::to_string(device);
    StagedCounter& row = m_part->counters.append();
    row.time = when.start.ns;
    row.value = static_cast<double>(hasTotal ? total : bytes);
    row.offset = m_event->offset;
    row.counter = m_allocated;
    row.series = m_tables.strings.intern(name);
    row.track = m_track;
    row.isBytes = true;
    row.isDelta = !hasTotal;
}

// ---------------------------------------------------------------- metadata

void EventStager::stageMeta(StringId named)
{
    const RawEvent& e = *m_event;
    const std::string_view what = m_tables.strings.view(named);
    MetaKind kind = MetaKind::Other;
    std::string_view wanted;
    if (what == "process_name")
        kind = MetaKind::ProcessName, wanted = "name";
    else if (what == "thread_name")
        kind = MetaKind::ThreadName, wanted = "name";
    else if (what == "process_labels")
        kind = MetaKind::ProcessLabels, wanted = "labels";
    else if (what == "process_sort_index")
        kind = MetaKind::ProcessSortIndex, wanted = "sort_index";
    else if (what == "thread_sort_index")
        kind = MetaKind::ThreadSortIndex, wanted = "sort_index";
    StagedMeta row{key(Key::Pid), key(Key::Tid), kind, StringId(), 0, e.offset};
    bool found = false;
    if (kind != MetaKind::Other && !e.args.empty() && isAlreadyKept(row, StringPool::hash(e.args)))
        return;
    if (kind != MetaKind::Other && !e.args.empty())
        forEachMember(e.args, [&](const Scalar& name, const Scalar& scalar) {
            if (name.view() != wanted)
                return;
            found = true;
            row.text = scalar.form == Form::String ? text(scalar) : rawText(scalar.view(), kLongestText);
            wholeNumber(scalar, row.number);
        });
    if (!found) {
        row.kind = MetaKind::Other;
        row.text = named;
        row.number = static_cast<std::int64_t>(StringPool::hash(e.args));
        if (isAlreadyKept(row, 0))
            return;
    }
    m_part->meta.push_back(row);
}

/// Some writers repeat the same few lines 62,110 times: what says the same as the last one of its lane is not kept again, but moves
/// to where it stands now. `args`: hash of what an interpreted one says; of the others each text counts for itself.
bool EventStager::isAlreadyKept(const StagedMeta& meta, std::uint64_t args)
{
    std::uint64_t lane = mix(hashOf(meta.pid, meta.tid), static_cast<std::uint64_t>(meta.kind));
    if (meta.kind == MetaKind::Other)
        lane = mix(mix(lane, meta.text.value), static_cast<std::uint64_t>(meta.number));
    auto [at, isNew] = m_metaSeen.try_emplace(lane, LastMeta{args, m_part->meta.size()});
    if (!isNew && at->second.value == args) {
        m_part->meta[at->second.row].offset = meta.offset;
        return true;
    }
    at->second = {args, m_part->meta.size()};
    return false;
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
    const RawEvent& e = *m_event;
    const std::string_view raw = e.isString(Key::Cat) ? e[Key::Cat].view() : std::string_view();
    if (!m_hasLastCategory || raw != m_lastCategory) {
        m_lastCategory = raw;
        m_hasLastCategory = true;
        const auto known = m_categoryRows.find(m_lastCategory);
        m_lastCategoryRow = known != m_categoryRows.end() ? known->second : addCategory(raw, e[Key::Cat]);
    }
    if (m_counts->categories.size() <= m_lastCategoryRow)
        m_counts->categories.resize(m_tables.categories.size());
    ++m_counts->categories[m_lastCategoryRow];
    return m_lastCategoryRow;
}

std::uint16_t EventStager::addCategory(std::string_view raw, const Scalar& value)
{
    constexpr std::size_t kMost = 0xFFFF;
    std::string whole;
    if (!raw.empty())
        whole = m_tables.strings.view(text(value));
    // Two spellings of one text ("a" and "\u0061") are one category.
    const auto same = std::find_if(m_tables.categories.begin(), m_tables.categories.end(),
                                   [&whole](const Category& c) { return c.name == whole; });
    auto row = static_cast<std::size_t>(same - m_tables.categories.begin());
    if (same == m_tables.categories.end()) {
        if (row >= kMost) {
            row = kMost - 1; // a file with that many has no categories; the rest shares the last one
        } else {
            const CategoryClass kind = classify(whole);
            m_tables.categories.push_back({std::move(whole), kind, 0});
            m_sides.push_back(sideOf(kind));
        }
    }
    m_categoryRows.emplace(raw, static_cast<std::uint16_t>(row));
    return static_cast<std::uint16_t>(row);
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

std::uint32_t EventStager::track()
{
    const TrackKey pid = key(Key::Pid), tid = key(Key::Tid);
    if (m_hasLastTrack && pid == m_lastPid && tid == m_lastTid)
        return m_lastTrack;
    const std::uint64_t hash = hashOf(pid, tid);
    const std::size_t mask = m_trackSlots.size() - 1;
    std::size_t slot = hash >> 20 & mask;
    for (; m_trackSlots[slot]; slot = (slot + 1) & mask) {
        const StagedTrack& track = m_tables.tracks[m_trackSlots[slot] - 1];
        if (track.pid == pid && track.tid == tid)
            break;
    }
    m_lastTrack = m_trackSlots[slot] ? m_trackSlots[slot] - 1 : addTrack(pid, tid, hash);
    m_lastPid = pid;
    m_lastTid = tid;
    m_hasLastTrack = true;
    return m_lastTrack;
}

std::uint32_t EventStager::addTrack(const TrackKey& pid, const TrackKey& tid, std::uint64_t hash)
{
    const auto put = [this](std::uint64_t h, std::uint32_t row) {
        const std::size_t mask = m_trackSlots.size() - 1;
        std::size_t slot = h >> 20 & mask;
        while (m_trackSlots[slot])
            slot = (slot + 1) & mask;
        m_trackSlots[slot] = row + 1;
    };
    const auto row = static_cast<std::uint32_t>(m_tables.tracks.size());
    m_tables.tracks.push_back({pid, tid, 0, 0, 0});
    m_trackCounts.emplace_back();
    if (m_tables.tracks.size() * 2 > m_trackSlots.size()) {
        m_trackSlots.assign(m_trackSlots.size() * 2, 0);
        for (std::uint32_t other = 0; other < row; ++other)
            put(hashOf(m_tables.tracks[other].pid, m_tables.tracks[other].tid), other);
    }
    put(hash, row);
    return row;
}

void EventStager::countTrack(std::uint32_t row, std::uint16_t category)
{
    WindowCounts::OfTrack& count = m_trackCounts[row];
    if (count.events == 0) {
        count.row = row;
        m_touched.push_back(row);
    }
    ++count.events;
    count.hostEvents += m_sides[category] == Side::Host;
    count.deviceEvents += m_sides[category] == Side::Device;
}

} // namespace opscope::kineto
