#include "core/trace/BlockColumn.h"

#include <QtTest>

#include <random>

using namespace opscope;

namespace {

constexpr std::int64_t kNone = BlockColumn::kNone;

BlockColumn columnOf(const std::vector<std::int64_t>& values)
{
    BlockColumn column(values.size());
    for (std::size_t b = 0; b * BlockColumn::kBlockRows < values.size(); ++b) {
        const std::size_t first = b * BlockColumn::kBlockRows;
        column.setBlock(b, values.data() + first, std::min(BlockColumn::kBlockRows, values.size() - first));
    }
    return column;
}

bool same(const BlockColumn& column, const std::vector<std::int64_t>& values)
{
    for (std::size_t i = 0; i < values.size(); ++i)
        if (column[i] != values[i] || column.has(i) != (values[i] != kNone)) return false;
    return column.size() == values.size();
}

} // namespace

class tst_BlockColumn : public QObject
{
    Q_OBJECT

private slots:
    void aColumnThatWasNeverSetIsAbsent()
    {
        const BlockColumn column(5000);
        QCOMPARE(column[0], kNone);
        QCOMPARE(column[4999], kNone);
        QVERIFY(column.blockAbsent(0));
        QVERIFY(!column.has(77));
    }

    void everyWidthReadsBack_data()
    {
        QTest::addColumn<qlonglong>("low");
        QTest::addColumn<qulonglong>("spread");
        QTest::addColumn<int>("bytes");
        QTest::newRow("constant") << 77ll << 0ull << 0;
        QTest::newRow("254: one byte") << -100ll << 254ull << 1;
        QTest::newRow("255: the mark for none does not fit") << -100ll << 255ull << 2;
        QTest::newRow("65534: two bytes") << 1'000'000'000'000ll << 65'534ull << 2;
        QTest::newRow("65535") << 0ll << 65'535ull << 4;
        QTest::newRow("2^32 - 2: four bytes") << -5ll << 4'294'967'294ull << 4;
        QTest::newRow("2^32 - 1") << -5ll << 4'294'967'295ull << 8;
        QTest::newRow("all of int64") << static_cast<qlonglong>(kNone + 1) << 18'446'744'073'709'551'614ull << 8;
    }
    void everyWidthReadsBack()
    {
        QFETCH(qlonglong, low);
        QFETCH(qulonglong, spread);
        QFETCH(int, bytes);
        std::mt19937_64 random(3);
        std::vector<std::int64_t> values(BlockColumn::kBlockRows);
        for (auto& v : values)
            v = static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + (spread + 1 ? random() % (spread + 1) : random()));
        values[0] = low;
        values[1] = static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + spread);
        const BlockColumn full = columnOf(values);
        QVERIFY(same(full, values));
        const std::size_t empty = BlockColumn(BlockColumn::kBlockRows).bytes();
        QCOMPARE(full.bytes() - empty, static_cast<std::size_t>(bytes) * BlockColumn::kBlockRows);
        for (std::size_t i = 2; i < values.size(); i += 3) values[i] = kNone;
        QVERIFY(same(columnOf(values), values));
    }

    void blocksChooseTheirWidthsOneByOne()
    {
        std::vector<std::int64_t> values;
        for (int i = 0; i < 3 * 4096 + 17; ++i) values.push_back(i < 4096 ? kNone : i < 8192 ? 5 : i * 1'000'000'000ll);
        const BlockColumn column = columnOf(values);
        QVERIFY(same(column, values));
        QVERIFY(column.blockAbsent(4095));
        QVERIFY(!column.blockAbsent(4096));
    }

    void aBlockCanBeSetAgain()
    {
        std::vector<std::int64_t> values(10, 3);
        BlockColumn column = columnOf(values);
        values.assign(10, kNone);
        column.setBlock(0, values.data(), values.size());
        QVERIFY(same(column, values));
    }
};

QTEST_GUILESS_MAIN(tst_BlockColumn)
#include "tst_BlockColumn.moc"
