#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QSignalSpy>
#include <QTest>

#include "widgets/tensor/ValueGrid.h"

#include <QScrollBar>

using namespace opscope;

namespace {

ValueLayout::Starts starts(std::vector<std::uint64_t> offsets)
{
    return std::make_shared<const std::vector<std::uint64_t>>(std::move(offsets));
}

/// "0: 0 1 2 | 1: | 2: 3 4": lines with the number of their segment where one opens.
QString drawn(const ValueLayout& layout)
{
    QStringList lines;
    for (std::uint64_t i = 0; i < layout.lines(); ++i) {
        const ValueLayout::Line line = layout.line(i);
        QString text = line.opens ? QStringLiteral("%1:").arg(line.segment) : QStringLiteral("..");
        for (std::uint64_t value = line.first; value < line.first + line.count; ++value) text += QStringLiteral(" %1").arg(value);
        lines += text;
    }
    return lines.join(QStringLiteral(" | "));
}

/// Value i is 10 * i.
GridValues tens(std::uint64_t count, std::vector<std::int64_t> shape = {}, ValueLayout::Starts bags = {})
{
    GridValues values;
    values.count = count;
    values.shape = std::move(shape);
    values.at = [](std::uint64_t i) { return std::optional(static_cast<std::int64_t>(i * 10)); };
    values.text = [](std::int64_t value) { return std::to_string(value); };
    values.size = [](std::int64_t value) { return static_cast<double>(value); };
    values.bags = std::move(bags);
    return values;
}

struct Shown
{
    explicit Shown(GridValues values, int width = 300, int height = 120)
    {
        grid.resize(width, height);
        grid.setExtremes(4, 1000);
        grid.setValues(std::move(values));
        grid.show();
    }
    ValueGrid grid;
};

} // namespace

class tst_ValueGrid : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aLongRowIsBrokenWhereTheColumnsEnd()
    {
        QCOMPARE(drawn(ValueLayout(7, std::uint64_t(0), 3)), QStringLiteral("0: 0 1 2 | .. 3 4 5 | .. 6"));
        QCOMPARE(drawn(ValueLayout(0, std::uint64_t(0), 3)), QString());
    }

    void rowsOfTheLastDimensionBeginNewLines()
    {
        QCOMPARE(drawn(ValueLayout(6, std::uint64_t(3), 2)), QStringLiteral("0: 0 1 | .. 2 | 1: 3 4 | .. 5"));
        QCOMPARE(drawn(ValueLayout(5, std::uint64_t(3), 4)), QStringLiteral("0: 0 1 2 | 1: 3 4"));
    }

    void bagsBeginNewLinesAndEmptyOnesAreSeen()
    {
        const ValueLayout layout(8, starts({0, 3, 3}), 4);
        QCOMPARE(drawn(layout), QStringLiteral("0: 0 1 2 | 1: | 2: 3 4 5 6 | .. 7"));
        QCOMPARE(layout.segmentOf(3), std::uint64_t(2));
        QCOMPARE(layout.segments(), std::uint64_t(3));
    }

    void everyValueStandsInItsLine()
    {
        const ValueLayout layouts[] = {ValueLayout(1000, std::uint64_t(7), 3), ValueLayout(1000, std::uint64_t(0), 64),
                                       ValueLayout(1000, starts({0, 0, 1, 500, 500, 999, 1000}), 9)};
        for (const ValueLayout& layout : layouts) {
            for (std::uint64_t value = 0; value < 1000; ++value) {
                const ValueLayout::Line line = layout.line(layout.lineOf(value));
                QVERIFY(value >= line.first && value < line.first + line.count);
                QCOMPARE(line.segment, layout.segmentOf(value));
            }
        }
    }

    void lineNumbersGoBeyond32Bits()
    {
        const std::uint64_t count = std::uint64_t(1) << 40;
        const ValueLayout layout(count, std::uint64_t(0), 2);
        QCOMPARE(layout.lines(), count / 2);
        QCOMPARE(layout.lineOf(count - 1), count / 2 - 1);
        Shown shown(tens(count));
        shown.grid.setCurrent(count - 1);
        QVERIFY(shown.grid.top() + 10 > shown.grid.layout().lines());
        QCOMPARE(shown.grid.verticalScrollBar()->value(), shown.grid.verticalScrollBar()->maximum());
        shown.grid.verticalScrollBar()->setValue(0);
        QCOMPARE(shown.grid.top(), std::uint64_t(0));
        QVERIFY(!shown.grid.grab().isNull());
    }

    void onlyWhatIsInSightIsRead()
    {
        std::uint64_t reads = 0;
        GridValues values = tens(std::uint64_t(1) << 30);
        values.at = [&reads](std::uint64_t i) {
            ++reads;
            return std::optional(static_cast<std::int64_t>(i));
        };
        Shown shown(std::move(values));
        QVERIFY(!shown.grid.grab().isNull());
        QVERIFY2(reads > 0 && reads < 1000, qPrintable(QString::number(reads)));
    }

    void keysWalkAndShiftSelects()
    {
        Shown shown(tens(100));
        ValueGrid& grid = shown.grid;
        const std::uint64_t columns = grid.layout().columns();
        QVERIFY(columns > 2);
        QTest::keyClick(&grid, Qt::Key_Right);
        QTest::keyClick(&grid, Qt::Key_Down);
        QCOMPARE(grid.current(), 1 + columns);
        QTest::keyClick(&grid, Qt::Key_Right, Qt::ShiftModifier);
        QCOMPARE(grid.selected(), std::pair(1 + columns, 3 + columns));
        QTest::keyClick(&grid, Qt::Key_C, Qt::ControlModifier);
        QCOMPARE(QApplication::clipboard()->text(), QStringLiteral("%1\t%2").arg(10 * (1 + columns)).arg(10 * (2 + columns)));
        QTest::keyClick(&grid, Qt::Key_End, Qt::ControlModifier);
        QCOMPARE(grid.current(), std::uint64_t(99));
        QTest::keyClick(&grid, Qt::Key_Right);
        QCOMPARE(grid.current(), std::uint64_t(99));
        QTest::keyClick(&grid, Qt::Key_Home, Qt::ControlModifier);
        QCOMPARE(grid.current(), std::uint64_t(0));
        QCOMPARE(grid.accessibleDescription(), QStringLiteral("[0] = 0"));
    }

    void downStepsOverEmptyBags()
    {
        Shown shown(tens(6, {}, starts({0, 2, 2, 2})));
        shown.grid.setCurrent(1);
        QTest::keyClick(&shown.grid, Qt::Key_Down);
        QCOMPARE(shown.grid.current(), std::uint64_t(3));
        QCOMPARE(shown.grid.sentence(3), QStringLiteral("[3] = 30, bag 3, 2 of 4"));
        QTest::keyClick(&shown.grid, Qt::Key_Up);
        QCOMPARE(shown.grid.current(), std::uint64_t(1));
    }

    void aCopyHasTheLinesOfTheGrid()
    {
        Shown shown(tens(4, {2, 2}));
        shown.grid.selectAll();
        QCOMPARE(shown.grid.selectedText(), QStringLiteral("0\t10\n20\t30"));
    }

    void aPlaceIsFoundByIndexIndicesAndBag()
    {
        Shown shown(tens(24, {2, 3, 4}));
        QCOMPARE(shown.grid.goTo(QStringLiteral("17")), QStringLiteral("[1, 1, 1] = 170"));
        QCOMPARE(shown.grid.goTo(QStringLiteral("[1, 2, 3]")), QStringLiteral("[1, 2, 3] = 230"));
        QCOMPARE(shown.grid.current(), std::uint64_t(23));
        for (const char* wrong : {"24", "[1, 3, 0]", "1 2", "bag 0", "-1", "x", "99999999999999999999999"})
            QVERIFY2(shown.grid.goTo(QString::fromLatin1(wrong)).startsWith(QStringLiteral("There is no")), wrong);
        QCOMPARE(shown.grid.current(), std::uint64_t(23));
        Shown bags(tens(6, {}, starts({0, 2})));
        QCOMPARE(bags.grid.goTo(QStringLiteral("bag 1")), QStringLiteral("[2] = 20, bag 1, 1 of 4"));
    }

    void valuesThatTheFileLacksAreNotZero()
    {
        GridValues values = tens(4);
        values.at = [](std::uint64_t i) { return i < 2 ? std::optional<std::int64_t>(7) : std::nullopt; };
        Shown shown(std::move(values));
        QCOMPARE(shown.grid.sentence(3), QStringLiteral("[3] = – (the file ends before it)"));
        shown.grid.selectAll();
        QCOMPARE(shown.grid.selectedText().count(QLatin1Char('7')), 2);
        QVERIFY(!shown.grid.selectedText().contains(QLatin1Char('0')));
    }

    void tooManyToCopyIsSaid()
    {
        Shown shown(tens(ValueGrid::kMaxCopied + 10));
        QSignalSpy said(&shown.grid, &ValueGrid::said);
        shown.grid.selectAll();
        QTest::keyClick(&shown.grid, Qt::Key_C, Qt::ControlModifier);
        QCOMPARE(said.size(), 1);
        QVERIFY2(said[0][0].toString().startsWith(QStringLiteral("Copied the first 500,000 of 500,010 values")), qPrintable(said[0][0].toString()));
    }

    void nothingToShowIsNoFault()
    {
        Shown shown(tens(0));
        for (const int key : {Qt::Key_Right, Qt::Key_Down, Qt::Key_End, Qt::Key_PageUp}) QTest::keyClick(&shown.grid, Qt::Key(key));
        QTest::mouseClick(shown.grid.viewport(), Qt::LeftButton, {}, QPoint(60, 10));
        QCOMPARE(shown.grid.selectedText(), QString());
        QVERIFY(!shown.grid.grab().isNull());
    }
};

QTEST_MAIN(tst_ValueGrid)
#include "tst_ValueGrid.moc"
