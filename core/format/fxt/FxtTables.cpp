#include "core/format/fxt/FxtTables.h"

#include <algorithm>
#include <limits>

namespace opscope::fxt {

namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::size_t kMostCategories = 65'000; // rows hold 16 bits

std::uint64_t keyOf(std::uint32_t provider, std::uint32_t index) { return std::uint64_t{provider} << 32 | index; }

/// floor(ticks * 1e9 / rate), in 128 bits where 64 do not hold it.
unsigned __int128 nanoseconds(std::uint64_t ticks, std::uint64_t rate)
{
    const std::uint64_t seconds = ticks / rate, rest = ticks % rate;
    if (rest <= UINT64_MAX / kSecond) return static_cast<unsigned __int128>(seconds) * kSecond + rest * kSecond / rate;
    return static_cast<unsigned __int128>(seconds) * kSecond + static_cast<unsigned __int128>(rest) * kSecond / rate;
}

} // namespace

FxtTables::FxtTables(StagingTables& staged, FxtNotesBuilder& notes, Diagnostics& diagnostics)
    : m_staged(staged), m_notes(notes), m_diagnostics(diagnostics)
{
    m_empty = makeText("", 0);
    m_lifeOf[0] = 0;
    enter(0);
}

void FxtTables::enter(std::uint32_t life)
{
    while (m_lives.size() <= life) m_lives.push_back(std::make_unique<Life>());
    m_life = life;
    m_texts = &m_lives[life]->texts;
    m_threads = &m_lives[life]->threads;
    m_clock = &m_lives[life]->clock;
}

void FxtTables::providerInfo(std::uint32_t id, std::string_view name, std::uint64_t offset)
{
    const std::uint32_t life = m_notes.addProvider(id, noteText(name, offset), offset);
    if (const auto [before, isNew] = m_lifeOf.try_emplace(id, life); !isNew) {
        *m_lives[before->second] = {}; // nobody gets there again
        before->second = life;
    }
    m_told[id] = true;
    m_notes.beginSection(offset, life);
    enter(life);
}

void FxtTables::providerSection(std::uint32_t id, std::uint64_t offset)
{
    m_told[id] = true;
    const auto known = m_lifeOf.find(id);
    std::uint32_t life = known == m_lifeOf.end() ? 0 : known->second;
    if (known == m_lifeOf.end()) {
        m_diagnostics.note(Defect::UnknownProvider, offset, "provider " + std::to_string(id));
        life = m_notes.addProvider(id, m_notes.text(""), {});
        m_lifeOf[id] = life;
    }
    m_notes.beginSection(offset, life);
    enter(life);
}

void FxtTables::setClock(std::uint64_t ticksPerSecond, std::uint64_t offset, std::optional<std::pair<std::uint64_t, std::int64_t>> base)
{
    m_rates[m_notes.provider(m_life).id] = ticksPerSecond;
    Clock& clock = *m_clock;
    if (!ticksPerSecond) m_diagnostics.note(Defect::ZeroTickRate, offset);
    clock.ticksPerSecond = ticksPerSecond ? ticksPerSecond : kSecond;
    clock.shift = 0;
    if (base) { // time 0 of this clock
        const auto zero = static_cast<__int128>(base->second) - static_cast<__int128>(nanoseconds(base->first, clock.ticksPerSecond));
        constexpr __int128 kMin = std::numeric_limits<std::int64_t>::min(), kMax = std::numeric_limits<std::int64_t>::max();
        if (zero >= kMin && zero <= kMax && !m_baseTime) m_baseTime = static_cast<std::int64_t>(zero);
        const __int128 shift = m_baseTime ? zero - *m_baseTime : 0;
        if (shift >= kMin && shift <= kMax) clock.shift = static_cast<Nanos>(shift);
        else m_diagnostics.note(Defect::TimeOutOfRange, offset, "the base time");
    }
    clock.plain = clock.ticksPerSecond == kSecond && clock.shift == 0;
    m_notes.add(FxtNotes::Clock{offset, m_life, clock.ticksPerSecond, clock.shift});
}

bool FxtTables::convert(const Clock& clock, std::uint64_t ticks, Nanos& out)
{
    if (ticks >> 63) return false;
    const unsigned __int128 ns = nanoseconds(ticks, clock.ticksPerSecond);
    if (ns > static_cast<unsigned __int128>(std::numeric_limits<Nanos>::max())) return false;
    return !__builtin_add_overflow(static_cast<Nanos>(ns), clock.shift, &out);
}

std::string_view FxtTables::repaired(std::string_view bytes, std::uint64_t offset)
{
    if (isValidUtf8(bytes)) [[likely]] return bytes;
    m_diagnostics.note(Defect::InvalidUtf8, offset);
    sanitizeUtf8(bytes, m_scratch);
    return m_scratch;
}

StringId FxtTables::noteText(std::string_view bytes, std::uint64_t offset) { return m_notes.text(repaired(bytes, offset)); }
StringId FxtTables::stagedText(std::string_view bytes, std::uint64_t offset) { return m_staged.strings.intern(repaired(bytes, offset)); }

FxtTables::Text FxtTables::makeText(std::string_view bytes, std::uint64_t offset)
{
    Text text;
    text.note = noteText(bytes, offset);
    const std::string_view name = m_notes.view(text.note);
    text.argument = kineto::argKey(name);
    text.isAddress = name == "address";
    text.defined = true;
    return text;
}

void FxtTables::defineString(std::uint32_t index, std::string_view bytes, std::uint64_t offset)
{
    if (index == 0) { // must be ignored
        m_stringsSeen[keyOf(m_notes.provider(m_life).id, index)] = true;
        return;
    }
    Text& text = slotOf(index);
    if (!text.defined) {
        m_stringsSeen[keyOf(m_notes.provider(m_life).id, index)] = true;
        ++m_lives[m_life]->defined;
    } else if (m_notes.view(text.note) == bytes) { // says the same again
        return;
    }
    text = makeText(bytes, offset);
    m_notes.add(FxtNotes::String{offset, index, m_life, text.note});
}

/// An array by index; but no file makes us take a big one for a single text of each of a million providers.
FxtTables::Text& FxtTables::slotOf(std::uint32_t index)
{
    Life& life = *m_lives[m_life];
    const std::size_t most = m_lives.size() <= kFewLives ? std::size_t{kMaxStringIndex} + 1 : 2 * life.defined + 16;
    if (index >= life.texts.size() && index >= most) return life.sparse[index];
    if (index >= life.texts.size()) life.texts.resize(std::min(most, std::max<std::size_t>(index + 1, 2 * life.texts.size())));
    if (const auto moved = life.sparse.find(index); moved != life.sparse.end()) {
        life.texts[index] = moved->second;
        life.sparse.erase(moved);
    }
    return life.texts[index];
}

void FxtTables::defineThread(std::uint32_t index, std::uint64_t process, std::uint64_t thread, std::uint64_t offset)
{
    if (index >= m_threads->size() || (*m_threads)[index] == kNoTrack) m_threadsSeen[keyOf(m_notes.provider(m_life).id, index)] = true;
    if (index == 0) return;
    if (index >= m_threads->size()) m_threads->resize(index + 1, kNoTrack);
    const std::uint32_t row = trackOf(process, thread);
    if ((*m_threads)[index] == row) return;
    (*m_threads)[index] = row;
    m_notes.add(FxtNotes::Thread{offset, index, m_life, process, thread});
}

/// Empty, inline, or never defined.
FxtTables::Text& FxtTables::otherText(std::uint16_t reference, std::string_view inlined, std::uint64_t offset)
{
    if (reference == 0 || reference == kInlineString) return m_empty;
    std::string placeholder;
    if (!(reference & kInlineString)) {
        auto& sparse = m_lives[m_life]->sparse;
        if (const auto found = sparse.find(reference); found != sparse.end()) return found->second;
        m_diagnostics.note(Defect::UnknownStringIndex, offset, "text " + std::to_string(reference));
        inlined = placeholder = "<string " + std::to_string(reference) + ">";
    }
    const StringId note = noteText(inlined, offset);
    const auto [it, isNew] = m_inlined.try_emplace(note);
    if (isNew) it->second = makeText(m_notes.view(note), offset);
    return it->second;
}

StringId FxtTables::stage(Text& text) { return text.staged = m_staged.strings.intern(m_notes.view(text.note)); }

std::uint16_t FxtTables::addCategory(Text& text) { return text.category = category(m_notes.view(text.note)); }

std::uint16_t FxtTables::category(std::string_view name)
{
    auto& all = m_staged.categories;
    const auto [it, isNew] = m_categoryOf.try_emplace(std::string(name), static_cast<std::uint16_t>(all.size()));
    if (!isNew) return it->second;
    if (all.size() >= kMostCategories) return it->second = static_cast<std::uint16_t>(all.size() - 1); // hostile
    all.push_back({std::string(name), classify(name), 0});
    m_sides.push_back(sideOf(all.back().kind));
    return it->second;
}

std::uint32_t FxtTables::unknownThread(std::uint8_t index, std::uint64_t offset)
{
    m_diagnostics.note(Defect::UnknownThreadIndex, offset, "thread " + std::to_string(index));
    const auto [it, isNew] = m_unknownOf.try_emplace({m_life, index}, static_cast<std::uint32_t>(m_tracks.size()));
    if (isNew) m_tracks.push_back({m_life, index, false});
    return it->second;
}

std::uint32_t FxtTables::trackOf(std::uint64_t process, std::uint64_t thread)
{
    const std::pair key(process, thread);
    if (m_lastRow != kNoTrack && m_lastKey == key) return m_lastRow;
    const auto [it, isNew] = m_trackOf.try_emplace(key, static_cast<std::uint32_t>(m_tracks.size()));
    if (isNew) m_tracks.push_back({process, thread});
    m_lastKey = key;
    return m_lastRow = it->second;
}

std::uint32_t FxtTables::bareThread(std::uint64_t koid)
{
    const auto [it, isNew] = m_bareOf.try_emplace(koid, static_cast<std::uint32_t>(m_bare.size()));
    if (isNew) m_bare.push_back(koid);
    return it->second;
}

/// The process of a thread: what its kernel object says, else that of a thread record or event, else none.
std::vector<std::uint32_t> FxtTables::threadRows()
{
    std::unordered_map<std::uint64_t, std::uint32_t> rowOf;
    for (std::uint32_t row = 0; row < m_tracks.size(); ++row)
        if (m_tracks[row].known) rowOf.try_emplace(m_tracks[row].thread, row);
    std::vector<std::uint32_t> rows;
    for (const std::uint64_t koid : m_bare) {
        const FxtNotes::Object* object = m_notes.notes().object(ObjectType::Thread, koid);
        const auto seen = rowOf.find(koid);
        if (object && object->process) rows.push_back(trackOf(object->process, koid));
        else rows.push_back(seen != rowOf.end() ? seen->second : trackOf(0, koid));
    }
    return rows;
}

void FxtTables::fill(FxtNotes::Counts& counts) const
{
    counts.providers = m_told.size();
    counts.strings = m_stringsSeen.size();
    counts.threadRecords = m_threadsSeen.size();
    std::array<bool, 256> unknown{}; // an index that nobody defined is one, whatever the provider
    for (const Track& track : m_tracks) {
        if (!track.hasEvents) continue;
        if (track.known) ++counts.tracks;
        else unknown[track.thread & 255] = true;
    }
    counts.tracks += static_cast<std::uint64_t>(std::count(unknown.begin(), unknown.end(), true));
    for (const auto& [id, rate] : m_rates) counts.tickRates.push_back(rate);
    std::ranges::sort(counts.tickRates);
    const auto repeated = std::ranges::unique(counts.tickRates);
    counts.tickRates.erase(repeated.begin(), repeated.end());
}

} // namespace opscope::fxt
