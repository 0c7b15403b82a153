#include "core/format/fxt/FxtWriter.h"

#include "core/format/fxt/CutText.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace opscope {

using namespace fxt;

namespace {

static_assert(std::endian::native == std::endian::little, "words are written as they lie in memory");

constexpr std::uint32_t kMaxValueIndex = 0x5FFF;      ///< a quarter of the indexes is kept for names
constexpr std::size_t kMaxRegisteredBytes = 64 << 20;
constexpr std::size_t kMaxProviderName = 255;
constexpr std::size_t kMaxInlineCategory = 64;        ///< words; the name needs the room
constexpr std::uint16_t kMaxLegacyCpu = 255;          ///< of the older form of a context switch
constexpr std::size_t kLeftOutWords = 5;              ///< of the argument that counts the others, with an inline name
constexpr std::string_view kLeftOut = "arguments left out";

std::uint64_t tick(Nanos time) { return static_cast<std::uint64_t>(std::max<Nanos>(time, 0)); }

template <class Type>
std::uint64_t header(Type type, std::uint64_t words) { return static_cast<std::uint64_t>(type) | words << 4; }

struct Number
{
    ArgumentType type;
    std::uint64_t value; ///< 32-bit types: in the header's upper half, else a word
    bool inHeader = false;
};

Number smallest(std::int64_t value)
{
    if (value >= INT32_MIN && value <= INT32_MAX) return {ArgumentType::Int32, static_cast<std::uint32_t>(value), true};
    if (value >= 0 && value <= UINT32_MAX) return {ArgumentType::Uint32, static_cast<std::uint32_t>(value), true};
    return {ArgumentType::Int64, static_cast<std::uint64_t>(value)};
}

struct NumberOf
{
    Number operator()(std::monostate) const { return {ArgumentType::Null, 0, true}; }
    Number operator()(bool value) const { return {ArgumentType::Bool, value, true}; }
    Number operator()(std::int64_t value) const { return smallest(value); }
    Number operator()(std::uint64_t value) const
    {
        return value > INT64_MAX ? Number{ArgumentType::Uint64, value} : smallest(static_cast<std::int64_t>(value));
    }
    Number operator()(double value) const { return {ArgumentType::Double, std::bit_cast<std::uint64_t>(value)}; }
    Number operator()(std::string_view) const { return {ArgumentType::String, 0, true}; }
    Number operator()(FxtWriter::Pointer value) const { return {ArgumentType::Pointer, value.value}; }
    Number operator()(FxtWriter::Koid value) const { return {ArgumentType::Koid, value.value}; }
};

Number numberOf(const FxtWriter::Argument& argument) { return std::visit(NumberOf(), argument.value); }

} // namespace

/// The words of one record, at the end of the buffer.
class FxtWriter::Record
{
public:
    Record(std::string& out, std::size_t words)
    {
        const std::size_t at = out.size();
        out.resize(at + words * kWord); // zeros: what pads texts is there already
        m_next = out.data() + at;
    }
    void word(std::uint64_t value)
    {
        std::memcpy(m_next, &value, kWord);
        m_next += kWord;
    }
    void text(std::string_view text)
    {
        if (text.empty()) return;
        std::memcpy(m_next, text.data(), text.size());
        m_next += wordsOf(text.size()) * kWord;
    }
    void argument(const Prepared& prepared)
    {
        Number number = numberOf(*prepared.argument);
        if (number.type == ArgumentType::String) number.value = prepared.value.reference;
        word(header(number.type, prepared.words) | std::uint64_t{prepared.name.reference} << 16 | (number.inHeader ? number.value << 32 : 0));
        text(prepared.name.inlined);
        text(prepared.value.inlined);
        if (!number.inHeader) word(number.value);
    }

private:
    char* m_next;
};

FxtWriter::FxtWriter(std::string& buffer, const Start& start) : m_out(buffer)
{
    std::string name;
    sanitizeUtf8(start.provider, name);
    name.resize(cutText(name, kMaxProviderName).size());
    const auto metadata = [](MetadataType type, std::uint64_t words) {
        return header(RecordType::Metadata, words) | static_cast<std::uint64_t>(type) << 16 | std::uint64_t{kProvider} << 20;
    };
    const std::size_t infoWords = 1 + wordsOf(name.size()), initWords = start.wallClockNs ? 4 : 2;
    Record record(m_out, 1 + infoWords + 1 + initWords);
    record.word(kMagic);
    record.word(metadata(MetadataType::ProviderInfo, infoWords) | std::uint64_t{name.size()} << 52);
    record.text(name);
    record.word(metadata(MetadataType::ProviderSection, 1));
    record.word(header(RecordType::Initialization, initWords));
    record.word(1'000'000'000);
    if (!start.wallClockNs) return;
    record.word(0);
    record.word(static_cast<std::uint64_t>(*start.wallClockNs));
}

// ---------------------------------------------------------------- texts, arguments, threads

void FxtWriter::startRecord(std::size_t fixedWords)
{
    m_room = kMaxRecordWords - fixedWords;
    m_argumentCount = 0;
    m_leftOut = 0;
    m_repaired.clear();
}

/// Words that a text may take, so that what else must come has its place.
std::size_t FxtWriter::roomForText(std::size_t most) const
{
    return m_room <= kLeftOutWords ? 0 : std::min(m_room - kLeftOutWords, most);
}

FxtWriter::Text FxtWriter::text(std::string_view text, TextUse use, std::size_t mostWords)
{
    text = cutText(text, kMaxWrittenString);
    if (const StringId known = m_strings.find(text); known) return {static_cast<std::uint16_t>(known.value), {}};
    if (const std::uint16_t index = registered(text, use)) return {index, {}};
    return inlined(text, roomForText(mostWords));
}

/// 0 where there is no room for another.
std::uint16_t FxtWriter::registered(std::string_view text, TextUse use)
{
    const std::size_t index = m_strings.size();
    if (index > (use == TextUse::Value ? kMaxValueIndex : kMaxStringIndex)) return 0;
    if (m_strings.bytes() + text.size() > kMaxRegisteredBytes) return 0;
    std::string repaired;
    std::string_view written = text;
    if (!isValidUtf8(text)) {
        sanitizeUtf8(text, repaired);
        written = cutText(repaired, kMaxWrittenString);
    }
    m_strings.intern(text); // as it came: that is how it will come again
    const std::size_t words = 1 + wordsOf(written.size());
    Record record(m_out, words);
    record.word(header(RecordType::String, words) | std::uint64_t{index} << 16 | std::uint64_t{written.size()} << 32);
    record.text(written);
    return static_cast<std::uint16_t>(index);
}

FxtWriter::Text FxtWriter::inlined(std::string_view text, std::size_t mostWords)
{
    if (!isValidUtf8(text)) {
        sanitizeUtf8(text, m_repaired.emplace_back());
        text = m_repaired.back();
    }
    text = cutText(text, kMaxWrittenString);
    m_cutForRoom |= wordsOf(text.size()) > mostWords;
    text = cutText(text, mostWords * kWord);
    if (text.empty()) return {0, {}};
    m_room -= wordsOf(text.size());
    return {static_cast<std::uint16_t>(kInlineString | text.size()), text};
}

void FxtWriter::prepare(Arguments arguments)
{
    for (const Argument& argument : arguments)
        if (m_leftOut || !prepare(argument)) ++m_leftOut;
}

/// False: there is no room for the whole of it.
bool FxtWriter::prepare(const Argument& argument)
{
    const std::size_t fixed = numberOf(argument).inHeader ? 1 : 2;
    if (m_argumentCount == kMaxArguments || m_room < fixed + kLeftOutWords) return false;
    const std::size_t before = m_room;
    m_room -= fixed;
    m_cutForRoom = false;
    Prepared& prepared = m_arguments[m_argumentCount];
    prepared.argument = &argument;
    prepared.name = text(argument.name, TextUse::Name);
    const auto* value = std::get_if<std::string_view>(&argument.value);
    prepared.value = value ? text(*value, TextUse::Value) : Text{0, {}};
    prepared.words = before - m_room;
    if (m_cutForRoom) m_room = before;
    else ++m_argumentCount;
    return !m_cutForRoom;
}

/// The last argument makes room for the count where there are fifteen already.
void FxtWriter::countLeftOut()
{
    if (!m_leftOut) return;
    if (m_argumentCount == kMaxArguments) {
        m_room += m_arguments[--m_argumentCount].words;
        ++m_leftOut;
    }
    m_leftOutArgument = {kLeftOut, m_leftOut};
    Prepared& prepared = m_arguments[m_argumentCount++];
    const std::size_t before = m_room--;
    prepared = {&m_leftOutArgument, text(kLeftOut, TextUse::Name), {0, {}}, 0};
    if (prepared.name.reference == 0) prepared.name = inlined(kLeftOut, m_room);
    prepared.words = before - m_room;
}

std::uint8_t FxtWriter::threadIndex(Thread thread)
{
    if (thread == m_lastThread && m_lastIndex) return m_lastIndex;
    const auto found = m_threads.find(thread);
    if (found == m_threads.end() && m_threads.size() == kMaxThreadIndex) return 0;
    m_lastThread = thread;
    if (found != m_threads.end()) return m_lastIndex = found->second;
    m_lastIndex = static_cast<std::uint8_t>(m_threads.size() + 1);
    m_threads.emplace(thread, m_lastIndex);
    Record record(m_out, 3);
    record.word(header(RecordType::Thread, 3) | std::uint64_t{m_lastIndex} << 16);
    record.word(thread.process);
    record.word(thread.thread);
    return m_lastIndex;
}

// ---------------------------------------------------------------- records

void FxtWriter::event(const Head& head)
{
    const std::uint8_t thread = threadIndex(head.thread);
    startRecord(2 + (thread ? 0 : 2) + (head.tail ? 1 : 0));
    const Text category = text(head.category, TextUse::Name, kMaxInlineCategory);
    const Text name = text(head.name, TextUse::Name);
    prepare(head.arguments);
    countLeftOut();

    Record record(m_out, takenWords());
    record.word(header(RecordType::Event, takenWords()) | static_cast<std::uint64_t>(head.type) << 16 | std::uint64_t{m_argumentCount} << 20 |
                std::uint64_t{thread} << 24 | std::uint64_t{category.reference} << 32 | std::uint64_t{name.reference} << 48);
    record.word(tick(head.time));
    if (!thread) {
        record.word(head.thread.process);
        record.word(head.thread.thread);
    }
    record.text(category.inlined);
    record.text(name.inlined);
    for (std::size_t i = 0; i < m_argumentCount; ++i) record.argument(m_arguments[i]);
    if (head.tail) record.word(*head.tail);
}

void FxtWriter::kernelObject(ObjectType type, std::uint64_t koid, std::string_view name, Arguments own, Arguments more)
{
    startRecord(2);
    const Text nameText = text(name, TextUse::Name);
    prepare(own);
    prepare(more);
    countLeftOut();
    Record record(m_out, takenWords());
    record.word(header(RecordType::KernelObject, takenWords()) | static_cast<std::uint64_t>(type) << 16 | std::uint64_t{nameText.reference} << 24 |
                std::uint64_t{m_argumentCount} << 40);
    record.word(koid);
    record.text(nameText.inlined);
    for (std::size_t i = 0; i < m_argumentCount; ++i) record.argument(m_arguments[i]);
}

void FxtWriter::scheduling(SchedulingType type, std::uint64_t fields, std::span<const std::uint64_t> words, Arguments own, Arguments more)
{
    startRecord(1 + words.size());
    prepare(own);
    prepare(more);
    countLeftOut();
    Record record(m_out, takenWords());
    record.word(header(RecordType::Scheduling, takenWords()) | std::uint64_t{m_argumentCount} << 16 | fields | static_cast<std::uint64_t>(type) << 60);
    for (const std::uint64_t word : words) record.word(word);
    for (std::size_t i = 0; i < m_argumentCount; ++i) record.argument(m_arguments[i]);
}

void FxtWriter::processName(std::uint64_t process, std::string_view name, Arguments more)
{
    kernelObject(ObjectType::Process, process, name, {}, more);
}

void FxtWriter::threadName(Thread thread, std::string_view name, Arguments more)
{
    const Argument process{"process", Koid{thread.process}};
    kernelObject(ObjectType::Thread, thread.thread, name, {&process, 1}, more);
}

void FxtWriter::slice(Thread thread, Nanos start, Nanos end, std::string_view category, std::string_view name, Arguments arguments)
{
    event({EventType::DurationComplete, thread, start, category, name, arguments, tick(std::max(start, end))});
}

void FxtWriter::begin(Thread thread, Nanos time, std::string_view category, std::string_view name, Arguments arguments)
{
    event({EventType::DurationBegin, thread, time, category, name, arguments});
}

void FxtWriter::end(Thread thread, Nanos time, std::string_view category, std::string_view name, Arguments arguments)
{
    event({EventType::DurationEnd, thread, time, category, name, arguments});
}

void FxtWriter::instant(Thread thread, Nanos time, std::string_view category, std::string_view name, Arguments arguments)
{
    event({EventType::Instant, thread, time, category, name, arguments});
}

void FxtWriter::counter(Thread thread, Nanos time, std::string_view category, std::string_view name, std::uint64_t id, Arguments series)
{
    event({EventType::Counter, thread, time, category, name, series, id});
}

void FxtWriter::linked(EventType type, Thread thread, Nanos time, std::string_view category, std::string_view name, std::uint64_t id,
                       Arguments arguments)
{
    event({type, thread, time, category, name, arguments, id});
}

void FxtWriter::contextSwitch(std::uint16_t cpu, Nanos time, std::uint64_t outgoing, ThreadState state, std::uint64_t incoming,
                              Arguments arguments)
{
    std::array<Argument, 2> idle;
    std::size_t count = 0;
    if (!incoming) idle[count++] = {"incoming_weight", std::int64_t{kIdleWeight}};
    if (!outgoing) idle[count++] = {"outgoing_weight", std::int64_t{kIdleWeight}};
    const std::uint64_t words[] = {tick(time), outgoing, incoming};
    scheduling(SchedulingType::Switch, std::uint64_t{cpu} << 20 | static_cast<std::uint64_t>(state) << 36, words, Arguments(idle).first(count), arguments);
}

void FxtWriter::contextSwitch(std::uint16_t cpu, Nanos time, Thread outgoing, ThreadState state, Thread incoming)
{
    constexpr Thread kNobody;
    constexpr std::uint64_t kPriority = 1; // without one, and of process 0, it is idle
    const std::uint64_t out = threadIndex(outgoing), in = threadIndex(incoming);
    if (cpu > kMaxLegacyCpu || (!out && !in)) return contextSwitch(cpu, time, outgoing.thread, state, incoming.thread);
    const std::uint64_t words = 2 + (out ? 0 : 2) + (in ? 0 : 2);
    Record record(m_out, words);
    record.word(header(RecordType::Scheduling, words) | std::uint64_t{cpu} << 16 | static_cast<std::uint64_t>(state) << 24 | out << 28 | in << 36 |
                (outgoing == kNobody ? 0 : kPriority << 44) | (incoming == kNobody ? 0 : kPriority << 52) |
                static_cast<std::uint64_t>(SchedulingType::LegacySwitch) << 60);
    record.word(tick(time));
    for (const auto& [index, thread] : {std::pair(out, outgoing), std::pair(in, incoming)}) {
        if (index) continue;
        record.word(thread.process);
        record.word(thread.thread);
    }
}

void FxtWriter::wakeup(std::uint16_t cpu, Nanos time, std::uint64_t thread, Arguments arguments)
{
    const std::uint64_t words[] = {tick(time), thread};
    scheduling(SchedulingType::Wakeup, std::uint64_t{cpu} << 20, words, {}, arguments);
}

void FxtWriter::log(Thread thread, Nanos time, std::string_view message)
{
    const std::uint8_t index = threadIndex(thread);
    startRecord(2 + (index ? 0 : 2));
    const Text text = inlined(message, m_room); // a message never has an index
    Record record(m_out, takenWords());
    record.word(header(RecordType::Log, takenWords()) | std::uint64_t{text.inlined.size()} << 16 | std::uint64_t{index} << 32);
    record.word(tick(time));
    if (!index) {
        record.word(thread.process);
        record.word(thread.thread);
    }
    record.text(text.inlined);
}

void FxtWriter::bufferFilledUp()
{
    Record record(m_out, 1);
    record.word(header(RecordType::Metadata, 1) | static_cast<std::uint64_t>(MetadataType::ProviderEvent) << 16 | std::uint64_t{kProvider} << 20);
}

} // namespace opscope
