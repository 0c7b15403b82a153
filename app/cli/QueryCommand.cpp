#include "app/cli/Answer.h"
#include "app/cli/Commands.h"
#include "app/cli/FilterOption.h"
#include "app/cli/LoadJob.h"
#include "app/cli/QueryText.h"
#include "app/cli/TextTable.h"
#include "core/query/Query.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>
#include <ostream>

namespace opscope {
namespace {

constexpr std::int64_t kRowsOnScreen = 50; // of a table, unless --limit says otherwise

struct Options
{
    std::vector<std::string> files;
    std::string filter, population = "all", out;
    std::optional<std::string> range, by, sort, histogram;
    std::optional<std::int64_t> limit;
    bool json = false, csv = false, rows = false, fields = false;
};

/// The options, understood.
struct Wish
{
    Filter filter;
    std::optional<TimeRange> range;           ///< as filters count
    AggregateQuery query;
    AggregateSort sort = AggregateSort::Total;
    std::optional<TableFormat> format;        ///< none: text for people
};

void complain(Console& console, const std::string& sentence) { console.complain("opscope query: " + sentence); }

std::optional<TableFormat> formatOf(const Options& options)
{
    std::string_view name = options.out;
    if (name.ends_with(".gz")) name.remove_suffix(3);
    if (options.json) return TableFormat::Json;
    if (options.csv) return TableFormat::Csv;
    if (name.ends_with(".json")) return TableFormat::Json;
    if (name.ends_with(".csv")) return TableFormat::Csv;
    return std::nullopt;
}

/// "name,shapes"; a sentence when it is no such list.
Result<std::vector<GroupBy>> readKeys(std::string_view text)
{
    std::vector<GroupBy> keys;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find(',', begin), text.size());
        const std::string word(text.substr(begin, end - begin));
        const auto key = groupById(word);
        if (!key)
            return Error{ErrorCode::Usage, "--by knows name, short, shapes, cat, family, track, process, device, stream and rank, not \"" + word + "\"", {}};
        if (std::ranges::count(keys, *key)) return Error{ErrorCode::Usage, "--by names " + word + " twice", {}};
        keys.push_back(*key);
        begin = end + 1;
    }
    return keys;
}

/// What does not go together.
const char* contradiction(const Options& options)
{
    if (options.limit.value_or(0) < 0) return "--limit is a number of rows, or 0 for all";
    if (options.json && options.csv) return "--json and --csv are two answers; choose one";
    if (options.rows && options.histogram) return "--rows and --histogram are two answers; choose one";
    if ((options.rows || options.histogram) && (options.by || options.sort)) return "--by and --sort are for the table, not for --rows and --histogram";
    if (options.histogram && options.limit) return "--limit is for the table and for --rows, not for --histogram";
    return nullptr;
}

std::optional<Wish> understand(Console& console, const Options& options)
{
    const auto refuse = [&](const std::string& sentence) {
        complain(console, sentence);
        return std::nullopt;
    };
    Wish wish;
    if (const char* why = contradiction(options)) return refuse(why);
    wish.format = formatOf(options);
    if (options.range) {
        wish.range = readRange(console, "query", *options.range);
        if (!wish.range) return std::nullopt;
    }
    if (options.by) {
        auto keys = readKeys(*options.by);
        if (!keys) return refuse(keys.error().message);
        wish.query.by = std::move(*keys);
    }
    const auto population = populationById(options.population);
    if (!population) return refuse("--population is one of all, kernels, device_ops, operators, runtime, memory, annotations, python");
    wish.query.population = *population;
    if (options.sort) {
        const auto sort = aggregateSortById(*options.sort);
        if (!sort) return refuse("--sort is one of total, self, count, mean, median, p99, min, max, device, name");
        wish.sort = *sort;
    }
    auto filter = readFilter(console, "query", options.filter);
    if (!filter) return std::nullopt;
    wish.filter = std::move(*filter);
    return wish;
}

/// One query over one trace.
class Querying
{
public:
    Querying(Console& console, const Options& options, Wish wish, LoadJob& job) : m_console(console), m_options(options), m_wish(std::move(wish)), m_job(job) {}

    ExitStatus run()
    {
        const Result<TracePtr> trace = m_job.load(std::span(m_options.files));
        if (!trace) return failed(trace.error());
        m_trace = *trace;
        auto answer = Answer::open(m_console, m_options.out, *m_trace);
        if (!answer) return failed(answer.error());
        m_answer = &*answer;
        if (const Status chosen = choose(); !chosen) return failed(chosen.error());
        const Status told = m_options.rows ? tellRows() : m_options.histogram ? tellHistogram() : tellTable();
        if (!told) return failed(told.error());
        if (const Status finished = answer->finish(); !finished) return failed(finished.error());
        if (m_job.cancelled() || (answer->isFile() && !m_job.commit())) return ExitStatus::Cancelled;
        const Status closed = answer->close();
        return closed ? ExitStatus::Ok : failed(closed.error());
    }

private:
    ExitStatus failed(const Error& error)
    {
        if (error.code == ErrorCode::Cancelled || m_job.cancelled()) return ExitStatus::Cancelled;
        if (m_trace) complain(m_console, error.text());
        else m_console.complain(error);
        return ExitStatus::Cannot;
    }

    /// Range and filter in terms of the trace.
    Status choose()
    {
        AggregateQuery& query = m_wish.query;
        if (m_wish.range) {
            query.range = m_scope.range = fromFilterTimes(*m_trace, *m_wish.range);
            const TimeRange extent = m_trace->extent();
            if (!query.range->overlaps(extent) && !query.range->contains(extent.start))
                complain(m_console, "the range lies outside of the trace, whose events take " + formatDuration(static_cast<Nanos>(extent.length())));
        }
        m_scope.filter = m_wish.filter.text();
        m_scope.population = query.population;
        if (m_wish.filter.empty()) return Done{};
        auto matches = runQuery(*m_trace, m_wish.filter, m_job.control());
        if (!matches) return matches.error();
        m_matches = std::move(*matches);
        query.matches = &m_matches.slices;
        return Done{};
    }

    /// The same words on stderr whatever the answer's form: nothing is said by silence.
    void sayEmpty(std::uint64_t slices)
    {
        if (slices) return;
        const std::size_t others = m_wish.filter.empty() ? 0 : m_matches.count() - m_matches.slices.count();
        complain(m_console, "no slice matches" + (others ? "; " + formatCount(static_cast<std::int64_t>(others)) + " instants, counter values or nodes do, which have no duration"
                                                         : std::string()));
    }
    bool write(std::string_view text) { return !m_job.cancelled() && m_answer->write(text); }
    void writeLines(const std::vector<std::string>& lines)
    {
        for (const std::string& line : lines)
            if (!write(line + "\n")) return;
    }
    TextSink sink()
    {
        return [this](std::string_view piece) { return write(piece); };
    }

    /// How many of `rows` are shown; 0 is all.
    std::size_t limited(std::size_t rows, std::int64_t unlessTold) const
    {
        const auto limit = static_cast<std::size_t>(m_options.limit.value_or(unlessTold));
        return limit ? std::min(limit, rows) : rows;
    }

    Status tellTable()
    {
        auto table = aggregate(*m_trace, m_wish.query, m_job.control());
        if (!table) return table.error();
        sayEmpty(table->slices);
        if (table->saturated) complain(m_console, "some sums do not fit 64 bits; they are shown as the largest number that does");
        sortRows(table->rows, m_wish.sort);
        const std::span<const AggregateRow> rows = std::span(table->rows).first(limited(table->rows.size(), m_wish.format || m_answer->isFile() ? 0 : kRowsOnScreen));
        if (m_wish.format) writeAggregates(*m_trace, *table, rows, m_scope, *m_wish.format, sink());
        else if (table->slices) writeLines(aggregatesText(*m_trace, *table, rows, m_console));
        return Done{};
    }

    Status tellRows()
    {
        const auto slices = slicesOf(*m_trace, m_wish.query, m_job.control());
        if (!slices) return slices.error();
        sayEmpty(slices->size());
        const std::span<const SliceId> rows = std::span(*slices).first(limited(slices->size(), 0));
        if (m_wish.format) {
            writeSlices(*m_trace, rows, m_scope, *m_wish.format, sink());
            return Done{};
        }
        for (const SliceId slice : rows)
            if (!write(sliceText(*m_trace, slice) + "\n")) break;
        return Done{};
    }

    Status tellHistogram()
    {
        auto slices = slicesOf(*m_trace, m_wish.query, m_job.control());
        if (!slices) return slices.error();
        std::erase_if(*slices, [&](SliceId slice) { return m_trace->name(slice) != *m_options.histogram; });
        sayEmpty(slices->size());
        const DurationHistogram histogram = durationHistogram(*m_trace, *slices);
        if (m_wish.format) writeHistogram(*m_trace, histogram, m_scope, *m_wish.format, sink());
        else writeLines(histogramText(*m_trace, histogram, m_console));
        return Done{};
    }

    Console& m_console;
    const Options& m_options;
    Wish m_wish;
    LoadJob& m_job;
    TracePtr m_trace;
    Matches m_matches;
    TableScope m_scope;
    Answer* m_answer = nullptr;
};

/// The language on one screen, for whoever has the program and not its source.
ExitStatus tellFields(Console& console)
{
    using Align = TextTable::Align;
    TextTable table({Align::Left, Align::Left, Align::Left, Align::Left});
    for (const FilterField& field : filterFields()) table.add({field.name, field.type, field.help, field.example});
    for (const std::string& line : table.lines()) console.out() << line << '\n';
    return console.delivered() ? ExitStatus::Ok : ExitStatus::Cannot;
}

ExitStatus query(Console& console, const Options& options)
{
    if (options.fields) return tellFields(console);
    if (options.files.empty()) {
        complain(console, "no trace is named; see opscope query --help");
        return ExitStatus::Usage;
    }
    auto wish = understand(console, options);
    if (!wish) return ExitStatus::Usage;
    LoadJob job(console);
    return Querying(console, options, std::move(*wish), job).run();
}

Run declare(CLI::App& app)
{
    const auto options = std::make_shared<Options>();
    app.add_option("files", options->files, "Traces; several that belong together make one")->type_name("FILE");
    app.add_option("--filter", options->filter, "Which slices: name ~ \"gemm\" and dur > 50us")->type_name("E");
    app.add_option("--range", options->range, "What overlaps this stretch, counted from the first event: 10ms..12.5ms")->type_name("A..B");
    app.add_option("--by", options->by, "What makes a row: one or more of name, short, shapes, cat, family, track, process, device, stream, rank (name)")->type_name("KEYS");
    app.add_option("--population", options->population, "all, kernels, device_ops, operators, runtime, memory, annotations or python (all)")->type_name("P");
    app.add_option("--sort", options->sort, "total, self, count, mean, median, p99, min, max, device, largest first, or name (total)")->type_name("S");
    app.add_option("--limit", options->limit, "At most so many rows, 0 for all (50 as text, else all)")->type_name("N");
    app.add_flag("--rows", options->rows, "The slices themselves in order of time, one a line");
    app.add_option("--histogram", options->histogram, "Durations of the slices of exactly this name, and the slowest of them")->type_name("NAME");
    app.add_flag("--fields", options->fields, "What filters can ask for: each field and function with an example; needs no FILE");
    app.add_flag("--json", options->json, "Exact numbers for programs: {\"rows\":[...], ...}");
    app.add_flag("--csv", options->csv, "Exact numbers for spreadsheets");
    app.add_option("-o,--out", options->out, "Write to a file, there as a whole or not at all; its ending chooses .csv or .json, .gz packs it")->type_name("OUT");
    return [options](Console& console) { return query(console, *options); };
}

} // namespace

Command queryCommand()
{
    return {"query", "Find slices and measure them: a table by name, shapes, kernel, category, track",
            "[--filter E] [--range A..B] [--by KEYS] [--json|--csv] [-o OUT] FILE...",
            "opscope query --fields lists what filters can ask for; FILTER.md (core/query) is the whole language. Times of filters, ranges and rows count from the first event.\n"
            "\n"
            "Columns, in ns in CSV and JSON:\n"
            "  count, total, share   slices, the sum of their durations, its part of the sum of all rows. What is nested counts in\n"
            "                        the total of what is around it too\n"
            "  self                  the same without what is nested in them on their track\n"
            "  mean, median, p99, min, max   of durations; median and p99 by nearest rank\n"
            "  device                device ops (kernels, copies, sets) that these slices and what is inside them launched, each\n"
            "                        once a row; of device ops their own durations\n"
            "JSON says beside the rows what they cover: by, population, filter, range_start_ns, range_end_ns, files, groups,\n"
            "slices, total_ns, self_ns, beyond_range (slices that stick out of the range and count whole).\n"
            "In CSV a text that begins with = + - @ gets an apostrophe in front, so that no spreadsheet takes it for a formula, and\n"
            "control characters but line ends are shown as pictures; JSON has every text as it is.\n"
            "An execution trace alone knows no time: its columns count nodes (total_nodes).\n"
            "\n"
            "Examples:\n"
            "  opscope query trace.json.gz\n"
            "  opscope query trace.json.gz --population kernels --by short --range 336ms..356ms\n"
            "  opscope query trace.json.gz --filter 'cat == cpu_op and dur > 1ms' --by name,shapes --csv -o ops.csv\n"
            "  opscope query trace.json.gz --by cat --json | jq -r '.rows[] | [.cat, .total_ns] | @tsv'\n"
            "  opscope query trace.json.gz --filter 'stream == 7' --rows --limit 20\n"
            "  opscope query trace.json.gz --histogram aten::copy_",
            declare};
}

} // namespace opscope
