#include "widgets/table/AggregateSave.h"

#include "core/base/Time.h"
#include "core/io/ByteSink.h"

namespace opscope {

namespace {

void write(const AggregateAsk& asked, const AggregateAnswer& answer, const std::vector<std::uint32_t>& order, TableFormat format,
           const TextSink& sink)
{
    std::vector<AggregateRow> rows;
    rows.reserve(order.size());
    for (const std::uint32_t row : order) rows.push_back(answer.table->rows[row]);
    TableScope scope;
    scope.filter = asked.filter;
    scope.range = asked.range;
    scope.population = asked.population;
    writeAggregates(*answer.trace, *answer.table, rows, scope, format, sink);
}

} // namespace

std::string tableText(const AggregateAsk& asked, const AggregateAnswer& answer, const std::vector<std::uint32_t>& order, TableFormat format)
{
    std::string text;
    write(asked, answer, order, format, [&](std::string_view piece) {
        text += piece;
        return true;
    });
    return text;
}

Status saveTable(const AggregateAsk& asked, const AggregateAnswer& answer, const std::vector<std::uint32_t>& order, TableFormat format,
                 const std::string& path)
{
    auto file = ByteSink::createFile(path, ByteSink::Packing::Plain);
    if (!file) return file.error();
    write(asked, answer, order, format, [&](std::string_view piece) {
        (*file)->write(piece);
        return (*file)->good();
    });
    return (*file)->close();
}

std::string rowText(const AggregateAnswer& answer, const AggregateRow& row)
{
    std::string text;
    for (const std::string& key : row.keys) text += (text.empty() ? "" : "\t") + withoutControls(key);
    text += "\t" + std::to_string(row.count) + (row.count == 1 ? " call" : " calls");
    if (answer.trace->timeBase() == TimeBase::NodeOrder) return text;
    const std::pair<const char*, std::int64_t> figures[] = {{"total", row.total}, {"self", row.self}, {"mean", meanOf(row)},
                                                            {"median", row.median}, {"p99", row.p99}, {"min", row.min}, {"max", row.max}};
    for (const auto& [word, value] : figures) text += std::string("\t") + word + " " + formatPlain(value);
    if (row.device.ops) text += "\tdevice " + formatPlain(row.device.time);
    return text;
}

} // namespace opscope
