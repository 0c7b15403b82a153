#include <QAbstractItemModelTester>
#include <QtTest>

#include "tests/support/TraceFixture.h"
#include "widgets/table/AggregateFilters.h"
#include "widgets/table/AggregateSave.h"
#include "widgets/table/AggregatesModel.h"
#include "widgets/table/AggregateWords.h"
#include "widgets/table/RowLabels.h"

using namespace opscope;
using Column = AggregateColumn;

namespace {

constexpr const char* kMul = "void at::native::vectorized_elementwise_kernel<4, at::native::BinaryFunctor<float, at::native::MulFunctor<float>>>(int)";
constexpr const char* kAdd = "void at::native::vectorized_elementwise_kernel<4, at::native::CUDAFunctor_add<float>>(int)";

/// Three gemms of 10, 20 and 60 µs, one of another kind, two elementwise kernels of one short name, a call on the host.
TracePtr kernels()
{
    test::TraceFixture f;
    const TrackId host = f.thread(1, 1, "main");
    const TrackId stream = f.thread(0, 7, "stream 7", "GPU 0");
    f.slice(host, 0, 5'000, "cudaLaunchKernel", "cuda_runtime");
    f.slice(stream, 0, 10'000, "gemm", "kernel").slice(stream, 20'000, 20'000, "gemm", "kernel").slice(stream, 50'000, 60'000, "gemm", "kernel");
    f.slice(stream, 120'000, 5'000, "softmax", "kernel").slice(stream, 130'000, 3'000, kMul, "kernel").slice(stream, 140'000, 1'000, kAdd, "kernel");
    return f.finish();
}

AggregateAsk asking(const TracePtr& trace, Population population, std::vector<GroupBy> by = {GroupBy::Name})
{
    AggregateAsk ask;
    ask.trace = trace;
    ask.population = population;
    ask.by = std::move(by);
    return ask;
}

std::shared_ptr<const AggregateAnswer> answerTo(const AggregateAsk& ask) { return std::make_shared<const AggregateAnswer>(answer(ask)); }

QString cell(const AggregatesModel& model, int row, Column column) { return model.index(row, static_cast<int>(column)).data().toString(); }

} // namespace

class tst_AggregatesModel : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void eachRowHasItsFigures();
    void aChosenRowStaysChosenWhenTheOrderChanges();
    void kernelsOfOneShortNameAreToldApart();
    void populationsAreCountedInTheRange();
    void anIdleDeviceIsOnlySaidWhereItIsTrue();
    void numbersSortByValueAndNamesByLetters();
    void nodesHaveNoTimes();
    void aTableOfManyRowsIsCutAndSaysSo();
    void rangesAreWrittenWithTheDigitsThatTheyNeed();
    void aRowBecomesAFilter();
    void aSavedTableHasTheOrderThatIsShown();
};

void tst_AggregatesModel::eachRowHasItsFigures()
{
    AggregatesModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::Fatal);
    model.set(answerTo(asking(kernels(), Population::Kernels)), Population::Kernels);
    QCOMPARE(model.rowCount(), 4);
    QCOMPARE(cell(model, 0, Column::Key), QStringLiteral("gemm"));
    QCOMPARE(cell(model, 0, Column::Calls), QStringLiteral("3"));
    QCOMPARE(cell(model, 0, Column::Total), QStringLiteral("90.0 µs"));
    QCOMPARE(cell(model, 0, Column::Share), QStringLiteral("90.9 %"));
    QCOMPARE(cell(model, 0, Column::Mean), QStringLiteral("30.0 µs"));
    QCOMPARE(cell(model, 0, Column::Median), QStringLiteral("20.0 µs"));
    QCOMPARE(cell(model, 0, Column::Min), QStringLiteral("10.0 µs"));
    QCOMPARE(cell(model, 0, Column::Max), QStringLiteral("60.0 µs"));
    QCOMPARE(cell(model, 1, Column::Key), QStringLiteral("softmax"));
    QCOMPARE(model.headerData(0, Qt::Horizontal).toString(), QStringLiteral("Kernel"));
    QCOMPARE(model.headerData(static_cast<int>(Column::Total), Qt::Horizontal).toString(), QStringLiteral("Total ↓"));
    QVERIFY(model.fill(0).isValid());
    QVERIFY(model.index(2, 0).data(Qt::ToolTipRole).toString().contains(QStringLiteral("BinaryFunctor")));
    model.set(nullptr, Population::All);
    QCOMPARE(model.rowCount(), 0);
}

void tst_AggregatesModel::aChosenRowStaysChosenWhenTheOrderChanges()
{
    AggregatesModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::Fatal);
    const auto answer = answerTo(asking(kernels(), Population::Kernels));
    model.set(answer, Population::Kernels);
    const QPersistentModelIndex gemm = model.index(0, 0);
    const TableOrder upwards{Column::Total, false};
    model.setOrder(sortedRows(*answer->table, upwards), upwards);
    QCOMPARE(gemm.row(), 3);
    QCOMPARE(gemm.data().toString(), QStringLiteral("gemm"));
    QCOMPARE(model.rowOf({"softmax"}), 2);
    QCOMPARE(model.rowOf({"nobody"}), -1);
}

void tst_AggregatesModel::kernelsOfOneShortNameAreToldApart()
{
    AggregatesModel model;
    model.set(answerTo(asking(kernels(), Population::Kernels)), Population::Kernels);
    QCOMPARE(model.label(2), QStringLiteral("vectorized_elementwise_kernel"));
    QCOMPARE(model.label(3), QStringLiteral("vectorized_elementwise_kernel"));
    QCOMPARE(model.tail(2), QStringLiteral("BinaryFunctor"));
    QCOMPARE(model.tail(3), QStringLiteral("CUDAFunctor_add"));
    QCOMPARE(model.tail(0), QString());
    // One word is not enough where two have it.
    const std::string_view names[] = {"void k<Op<Add, float>>()", "void k<Op<Mul, float>>()", "void k<Copy<float>>()"};
    const auto words = distinguishing(names);
    QCOMPARE(words.at(0), std::string("Op Add"));
    QCOMPARE(words.at(1), std::string("Op Mul"));
    QCOMPARE(words.at(2), std::string("Copy"));
    const std::string_view same[] = {"a::k()", "b::k()", "_ZN1k", "_ZN1k"};
    QVERIFY(distinguishing(same).empty());
}

void tst_AggregatesModel::populationsAreCountedInTheRange()
{
    const TracePtr trace = kernels();
    AggregateAsk ask = asking(trace, Population::Kernels);
    ask.range = TimeRange{45'000, 131'000};
    const AggregateAnswer found = answer(ask);
    const auto of = [&](Population population) { return found.counts[static_cast<std::size_t>(population)]; };
    QCOMPARE(of(Population::Kernels).slices, std::uint64_t{3});
    QCOMPARE(of(Population::Kernels).names, std::uint64_t{3});
    QCOMPARE(of(Population::Runtime).slices, std::uint64_t{0});
    QCOMPARE(of(Population::All).slices, std::uint64_t{3});
    QVERIFY(found.exists[static_cast<std::size_t>(Population::Runtime)]);
    QVERIFY(!found.exists[static_cast<std::size_t>(Population::Python)]);
    QCOMPARE(found.table->slices, std::uint64_t{3});
    QCOMPARE(found.table->beyondRange, std::uint64_t{1});
    // A filter takes away from all of them.
    auto matches = std::make_shared<Matches>();
    matches->slices = SliceSet(trace->slices().size());
    matches->slices.insert(test::sliceNamed(*trace, "softmax"));
    ask.matches = matches;
    const AggregateAnswer fewer = answer(ask);
    QCOMPARE(fewer.counts[static_cast<std::size_t>(Population::Kernels)].slices, std::uint64_t{1});
    QCOMPARE(fewer.table->rows.size(), std::size_t{1});
}

void tst_AggregatesModel::anIdleDeviceIsOnlySaidWhereItIsTrue()
{
    const TracePtr trace = kernels();
    AggregateAsk ask = asking(trace, Population::Kernels);
    ask.range = TimeRange{112'000, 118'000};
    QCOMPARE(emptyText(answer(ask), ask, false), QStringLiteral("No kernel in this range. The GPU was idle for 6.0 µs."));
    QCOMPARE(emptyText(answer(ask), ask, true), QStringLiteral("No kernel in view. The GPU was idle for 6.0 µs."));
    ask.range = TimeRange{112'000, 119'999};
    ask.matches = std::make_shared<Matches>(Matches{SliceSet(trace->slices().size()), {}, {}, {}});
    QCOMPARE(emptyText(answer(ask), ask, false), QStringLiteral("No kernel in this range matches the filter. The GPU was idle for 8.0 µs."));
    ask.range = TimeRange{0, 30'000}; // kernels ran; the filter hides them
    QCOMPARE(emptyText(answer(ask), ask, false), QStringLiteral("No kernel in this range matches the filter."));
    ask.population = Population::Operators;
    ask.range.reset();
    ask.matches.reset();
    QCOMPARE(emptyText(answer(ask), ask, false), QStringLiteral("No operator in this trace."));
    // Behind the end of the trace nothing is known of the device.
    ask = asking(trace, Population::Kernels);
    ask.range = TimeRange{500'000, 600'000};
    QCOMPARE(emptyText(answer(ask), ask, false), QStringLiteral("No kernel in this range."));
}

void tst_AggregatesModel::numbersSortByValueAndNamesByLetters()
{
    const auto found = answerTo(asking(kernels(), Population::Kernels));
    const auto first = [&](Column column, bool descending) {
        return found->table->rows[sortedRows(*found->table, {column, descending}).front()].keys.front();
    };
    QCOMPARE(first(Column::Key, false), std::string("gemm"));
    QCOMPARE(first(Column::Min, true), std::string("gemm"));
    QCOMPARE(first(Column::Mean, false), std::string(kAdd));
    QCOMPARE(first(Column::Calls, true), std::string("gemm"));
    AggregateRow a, b;
    a.count = 3;
    a.total = 10;
    b.count = 1;
    b.total = 3;
    QCOMPARE(meanOf(a), std::int64_t{3});
    Aggregates two;
    two.rows = {b, a};
    QCOMPARE(sortedRows(two, {Column::Mean, true}).front(), 1u); // 3.33 and 3
}

void tst_AggregatesModel::nodesHaveNoTimes()
{
    const TracePtr trace = test::traceFromFile("et/flat_1.0.0.json");
    QVERIFY(trace->timeBase() == TimeBase::NodeOrder);
    AggregatesModel model;
    const auto found = answerTo(asking(trace, Population::All));
    model.set(found, Population::All);
    QVERIFY(model.rowCount() > 0);
    QCOMPARE(cell(model, 0, Column::Total), QStringLiteral("–"));
    QCOMPARE(cell(model, 0, Column::Max), QStringLiteral("–"));
    QVERIFY(cell(model, 0, Column::Calls).toInt() > 0);
    QCOMPARE(model.headerData(0, Qt::Horizontal).toString(), QStringLiteral("Node"));
    QCOMPARE(totalText(*found, Population::All), QString());
}

void tst_AggregatesModel::aTableOfManyRowsIsCutAndSaysSo()
{
    AggregateAnswer many;
    many.trace = kernels();
    Aggregates table;
    table.by = {GroupBy::Name};
    constexpr std::size_t kRows = AggregatesModel::kMostRows + 5;
    table.firstMember.assign(kRows + 1, 0);
    for (std::size_t i = 0; i < kRows; ++i) {
        AggregateRow row;
        row.keys = {std::to_string(i)};
        row.group = static_cast<std::uint32_t>(i);
        table.rows.push_back(row);
        many.order.push_back(static_cast<std::uint32_t>(i));
    }
    many.table = std::make_shared<const Aggregates>(std::move(table));
    AggregatesModel model;
    model.set(std::make_shared<const AggregateAnswer>(many), Population::All);
    QCOMPARE(static_cast<std::size_t>(model.rowCount()), AggregatesModel::kMostRows);
    QCOMPARE(model.rows().size(), kRows);
    const QPersistentModelIndex first = model.index(0, 0), last = model.index(model.rowCount() - 1, 0);
    std::vector<std::uint32_t> back(many.order.rbegin(), many.order.rend());
    model.setOrder(back, {Column::Key, true});
    QVERIFY(!first.isValid()); // it is beyond the end of the list now
    QCOMPARE(last.row(), 5);
}

void tst_AggregatesModel::rangesAreWrittenWithTheDigitsThatTheyNeed()
{
    const TracePtr trace = kernels();
    QCOMPARE(rangeText({336'000'000, 356'000'000}, *trace).remove(QChar(0x2009)), QStringLiteral("336.000 – 356.000 ms"));
    QCOMPARE(rangeText({400, 2'400}, *trace).remove(QChar(0x2009)), QStringLiteral("400 ns – 2.400 µs"));
}

void tst_AggregatesModel::aRowBecomesAFilter()
{
    AggregateRow row;
    row.keys = {"say \"hi\""};
    QCOMPARE(QString::fromStdString(filterFor({GroupBy::Name}, row).text()), QStringLiteral("name == \"say \\\"hi\\\"\""));
    row.keys = {"aten::mm", "[[32, 512], [], [[2], [3]]]"};
    const Filter shapes = filterFor({GroupBy::Name, GroupBy::Shapes}, row);
    QVERIFY(shapes.text().find("input[0].shape == \"[32, 512]\"") != std::string::npos);
    QVERIFY(shapes.text().find("input[1].rank > 0") != std::string::npos);
    QVERIFY(shapes.text().find("input[2]") == std::string::npos);
    QVERIFY(std::holds_alternative<Filter>(Filter::parse(shapes.text())));
    row.keys = {"0", ""};
    QCOMPARE(QString::fromStdString(filterFor({GroupBy::Device, GroupBy::Stream}, row).text()), QStringLiteral("device == 0"));
    row.keys = {""};
    QVERIFY(filterFor({GroupBy::Rank}, row).empty());
}

void tst_AggregatesModel::aSavedTableHasTheOrderThatIsShown()
{
    const AggregateAsk ask = asking(kernels(), Population::Kernels);
    const AggregateAnswer found = answer(ask);
    const std::string csv = tableText(ask, found, sortedRows(*found.table, {Column::Calls, false}), TableFormat::Csv);
    const QStringList lines = QString::fromStdString(csv).split(QLatin1Char('\n'), Qt::SkipEmptyParts);
    QCOMPARE(lines.size(), 5);
    QVERIFY(lines.first().startsWith(QStringLiteral("name,count,total_ns")));
    QVERIFY(lines.last().startsWith(QStringLiteral("gemm,3,90000")));
    QVERIFY(rowText(found, found.table->rows.front()).starts_with("gemm\t3 calls\ttotal 90000 ns\tself 90000 ns"));
    QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("table.csv"));
    QVERIFY(saveTable(ask, found, found.order, TableFormat::Csv, path.toStdString()).ok());
    QVERIFY(QFile::exists(path));
    QVERIFY(!saveTable(ask, found, found.order, TableFormat::Csv, folder.filePath(QStringLiteral("no/such/table.csv")).toStdString()).ok());
}

QTEST_MAIN(tst_AggregatesModel)
#include "tst_AggregatesModel.moc"
