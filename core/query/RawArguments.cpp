#include "core/query/RawArguments.h"

#include "core/base/Parallel.h"
#include "core/base/Path.h"
#include "core/format/EventReader.h"
#include "core/format/Format.h"
#include "core/format/JsonNumber.h"
#include "core/format/JsonReader.h"
#include "core/io/ByteSource.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <mutex>
#include <thread>

namespace opscope {

namespace {

using Ref = JsonDocument::Ref;

/// JSON without the blanks between its values.
std::string compact(std::string_view json)
{
    std::string out;
    bool inText = false;
    for (std::size_t i = 0; i < json.size(); ++i) {
        const char c = json[i];
        if (!inText && (c == ' ' || c == '\t' || c == '\n' || c == '\r')) continue;
        out += c;
        if (inText && c == '\\' && i + 1 < json.size()) out += json[++i];
        else if (c == '"') inText = !inText;
    }
    return out;
}

/// The comparison with its lists and objects written as compact() writes those of files.
FilterNode compacted(FilterNode comparison)
{
    for (FilterItem& item : comparison.items) {
        const std::string& text = item.from.text;
        if (item.from.kind == FilterValue::Kind::Text && (text.starts_with('[') || text.starts_with('{'))) item.from.text = compact(text);
    }
    return comparison;
}

/// Arguments of an event stand in "args", those of a node in "attrs" by name, of old ones at the top.
Ref argument(Ref root, const std::string& key)
{
    if (const Ref args = root.member("args"); args.valid()) return args.member(key);
    if (const Ref attrs = root.member("attrs"); attrs.isArray()) {
        for (Ref attr = attrs.first(); attr.valid(); attr = attrs.after(attr))
            if (attr.member("name").string() == key) return attr.member("value");
    }
    return root.member(key);
}

Ref below(Ref value, const std::string& key)
{
    if (!value.isArray()) return value.member(key);
    std::uint32_t index = 0;
    const char* end = key.data() + key.size();
    if (std::from_chars(key.data(), end, index).ptr != end || index >= value.size()) return {};
    Ref element = value.first();
    for (std::uint32_t i = 0; i < index && element.valid(); ++i) element = value.after(element);
    return element;
}

enum class Table : std::uint8_t { Slices, Instants, Samples, Nodes };

/// An event to be read.
struct Place
{
    std::uint64_t offset : 40;
    std::uint64_t source : 16;
    std::uint64_t table : 8;
    std::uint32_t row;
    std::uint32_t length;      ///< 0: not known
};
static_assert(sizeof(Place) == 16);

constexpr std::uint32_t kLongestNoted = 65535; ///< of the length column: that long or longer
constexpr std::uint64_t kUnknownLength = 16 << 10;

std::uint64_t endOf(const Place& place) { return place.offset + (place.length ? place.length : kUnknownLength); }

template <class RowId, class Visit>
void forEachIn(const RowSet<RowId>& set, std::uint32_t first, std::uint32_t count, Visit&& visit)
{
    for (RowId row = set.next(RowId(first)); row && row.value < first + count; row = set.next(RowId(row.value + 1))) visit(row);
}

std::vector<Place> placesOf(const Trace& trace, const Matches& rows)
{
    std::vector<Place> places;
    const bool events = trace.timeBase() == TimeBase::Nanoseconds; // slices made of nodes have no text of their own
    for (const Track& track : trace.tracks()) {
        const SourceId source = trace.process(track.process).source;
        if (!events || source.index() >= trace.sources().size()) continue;
        const auto add = [&](std::uint64_t offset, Table table, std::uint32_t row, std::uint32_t length) {
            places.push_back({offset, source.value & 0xFFFFu, static_cast<std::uint64_t>(table), row, length});
        };
        forEachIn(rows.slices, track.firstSlice, track.sliceCount, [&](SliceId row) {
            const std::uint32_t length = trace.slices().sourceLength(row);
            add(trace.slices().sourceOffset(row), Table::Slices, row.value, length == kLongestNoted ? 0 : length);
        });
        forEachIn(rows.instants, track.firstInstant, track.instantCount,
                  [&](InstantId row) { add(trace.instants().sourceOffset(row), Table::Instants, row.value, 0); });
        for (const CounterSeries& series : trace.counters().series().subspan(track.firstSeries, track.seriesCount)) {
            const std::span<const std::uint64_t> offsets = trace.counters().offsets(series);
            forEachIn(rows.samples, series.first, series.count,
                      [&](SampleId row) { add(offsets[row.value - series.first], Table::Samples, row.value, 0); });
        }
    }
    if (const ExecutionTrace* et = trace.executionTrace()) {
        for (const EtFile& file : et->files()) {
            forEachIn(rows.nodes, file.firstNode.value, file.nodeCount, [&](NodeId row) {
                const EtNode& node = et->node(row);
                if (node.synthetic || node.sourceLength == 0 || file.source.index() >= trace.sources().size()) return;
                places.push_back({node.sourceOffset, file.source.value & 0xFFFFu,
                                  static_cast<std::uint64_t>(Table::Nodes), row.value, node.sourceLength});
            });
        }
    }
    std::ranges::sort(places, {}, [](const Place& p) { return std::pair<std::uint64_t, std::uint64_t>(p.source, p.offset); });
    return places;
}

/// Places that are read with one call.
struct Piece
{
    std::size_t first = 0, count = 0;
    std::uint64_t begin = 0, end = 0;
};

std::vector<Piece> piecesOf(const Trace& trace, const std::vector<Place>& places)
{
    constexpr std::uint64_t kPlain = 8 << 20, kPacked = 32 << 20, kGap = 256 << 10; // entering a .gz costs up to 8 MiB
    std::vector<Piece> pieces;
    for (std::size_t i = 0; i < places.size(); ++i) {
        const std::uint64_t limit = trace.sources()[places[i].source].gzip ? kPacked : kPlain;
        const bool same = !pieces.empty() && places[i - 1].source == places[i].source && places[i].offset <= pieces.back().end + kGap &&
                          endOf(places[i]) - pieces.back().begin <= limit;
        if (!same) pieces.push_back({i, 0, places[i].offset, 0});
        ++pieces.back().count;
        pieces.back().end = std::max(pieces.back().end, endOf(places[i]));
    }
    return pieces;
}

Result<EventText> readOne(const Trace& trace, const Place& place)
{
    switch (static_cast<Table>(place.table)) {
    case Table::Slices: return readEvent(trace, SliceId(place.row));
    case Table::Instants: return readEvent(trace, InstantId(place.row));
    case Table::Nodes: return readNode(trace, NodeId(place.row));
    case Table::Samples: break;
    }
    constexpr std::size_t kLongest = 1 << 20;
    return readPlace(trace, SourceId(static_cast<std::uint32_t>(place.source)), place.offset, kLongest);
}

void insert(Matches& rows, const Place& place)
{
    switch (static_cast<Table>(place.table)) {
    case Table::Slices: return rows.slices.insert(SliceId(place.row));
    case Table::Instants: return rows.instants.insert(InstantId(place.row));
    case Table::Samples: return rows.samples.insert(SampleId(place.row));
    case Table::Nodes: return rows.nodes.insert(NodeId(place.row));
    }
}

} // namespace

RawArgumentTest::RawArgumentTest(const Trace& trace, const FilterNode& comparison)
    : RowTest(trace, Cost::File), m_path(comparison.field.path), m_text(comparison), m_compactText(compacted(comparison)), m_real(comparison),
      m_number(comparison), m_present(comparison.op == FilterOp::Present), m_differs(comparison.op == FilterOp::NotEqual),
      m_passed(Matches::none(trace))
{
    for (const std::string& key : m_path) m_needles.push_back(key);
    for (const FilterItem& item : comparison.items) {
        for (const FilterValue* value : {&item.from, &item.to}) {
            m_texts |= value->kind == FilterValue::Kind::Text;
            m_numbers |= value->kind == FilterValue::Kind::Number;
            m_exact &= value->exact;
        }
    }
}

bool RawArgumentTest::passes(const JsonDocument& event) const
{
    if (!event.root().isObject()) return false;
    Ref value = argument(event.root(), m_path.front());
    for (std::size_t i = 1; i < m_path.size() && value.valid(); ++i) value = below(value, m_path[i]);
    return value.valid() && (m_present || compare(value.raw(), value.isString(), value.string()));
}

bool RawArgumentTest::mayPass(std::string_view json) const
{
    // a key may be written with escapes, which only the reader understands
    return std::ranges::all_of(m_needles, [&](const std::string& key) { return json.find(key) != std::string_view::npos; }) ||
           json.find('\\') != std::string_view::npos;
}

bool RawArgumentTest::compare(std::string_view raw, bool isString, std::string_view text) const
{
    if (m_numbers) {
        const std::string word(isString ? text : raw);
        const bool number = numeralOf(word) != Numeral::None;
        if (!number && m_differs) return true;
        std::int64_t whole = 0;
        // beyond int64 the reader gives bits, not the number
        const bool isWhole = number && m_exact && wholeNumber(word, whole) && (whole >= 0 || word.front() == '-');
        if (number && (isWhole ? m_number(whole) : m_real(std::strtod(word.c_str(), nullptr)))) return true;
    }
    if (!m_texts) return false;
    if (isString) return m_text(text);
    const std::string shorter = compact(raw);
    return m_differs ? m_text(shorter) && m_compactText(shorter) : m_text(shorter) || m_compactText(shorter);
}

Status readRawArguments(const Trace& trace, const Matches& rows, std::span<RawArgumentTest* const> tests, const JobControl& job)
{
    const std::vector<Place> places = placesOf(trace, rows);
    const std::vector<Piece> pieces = piecesOf(trace, places);
    if (job.progress) {
        std::uint64_t bytes = 0;
        for (const Piece& piece : pieces) bytes += piece.end - piece.begin;
        job.progress->done = 0;
        job.progress->total = bytes;
        job.progress->step = "Reading arguments";
    }
    std::mutex lock;
    std::optional<Error> failure;
    std::atomic<bool> stop = false;
    const auto fail = [&](const Error& error, const Place& place) {
        const std::lock_guard guard(lock);
        if (!failure) failure = error.in(fileName(trace.sources()[place.source].path));
        stop = true;
    };
    const auto read = [&](const Piece& piece) {
        const auto bytes = readAgain(trace.sources()[places[piece.first].source], piece.begin, piece.end - piece.begin);
        if (!bytes) return fail(bytes.error(), places[piece.first]);
        std::vector<std::vector<const Place*>> passed(tests.size());
        const SourceId source(static_cast<std::uint32_t>(places[piece.first].source));
        const Format* format = formatById(trace.sources()[source.index()].format);
        const auto ask = [&](const JsonDocument& document, const Place& place) {
            for (std::size_t t = 0; t < tests.size(); ++t)
                if (tests[t]->passes(document)) passed[t].push_back(&place);
        };
        for (std::size_t i = piece.first; i < piece.first + piece.count; ++i) {
            if (i % 256 == 0 && (stop || job.cancelled())) return;
            const Place& place = places[i];
            const std::string_view tail = std::string_view(*bytes).substr(std::min<std::size_t>(place.offset - piece.begin, bytes->size()));
            if (format && format->eventText) {
                const SliceId slice = static_cast<Table>(place.table) == Table::Slices ? SliceId(place.row) : SliceId();
                const auto told = format->eventText(trace, {source, place.offset, slice, tail});
                if (!told) return fail(told.error(), place);
                if (const auto document = JsonDocument::parse(*told)) ask(*document, place);
                continue;
            }
            const std::string_view json = tail.substr(0, place.length ? place.length : kUnknownLength);
            if (place.length && std::ranges::none_of(tests, [&](const RawArgumentTest* test) { return test->mayPass(json); })) continue;
            auto document = JsonDocument::parse(json);
            std::string own; // of an event that is longer than what was read here
            if (!place.length && (!document || (document->forgiven() & JsonDocument::kCut))) {
                auto one = readOne(trace, place);
                if (!one) return fail(one.error(), place);
                own = std::move(one->json);
                document = JsonDocument::parse(own);
            }
            if (document) ask(*document, place);
        }
        const std::lock_guard guard(lock);
        for (std::size_t t = 0; t < tests.size(); ++t)
            for (const Place* place : passed[t]) insert(tests[t]->m_passed, *place);
    };
    parallelFor(pieces.size(), std::clamp(std::thread::hardware_concurrency(), 1u, 2u), [&](std::size_t i) {
        if (stop || job.cancelled()) return;
        read(pieces[i]);
        if (job.progress) job.progress->done += pieces[i].end - pieces[i].begin;
    });
    if (job.cancelled()) return Error{ErrorCode::Cancelled, "cancelled", {}};
    if (failure) return *failure;
    for (RawArgumentTest* test : tests) test->m_ready = true;
    return Done{};
}

} // namespace opscope
