#include <QTest>

#include "core/query/Filter.h"
#include "tests/support/TraceFixture.h"

#include <random>

using namespace opscope;
using namespace opscope::test;

namespace {

TracePtr small()
{
    TraceFixture f;
    const TrackId main = f.thread(1, 10, "main", "python");
    const TrackId stream = f.thread(0, 7, "stream 7");
    f.slice(main, 0, 100, "aten::mm").slice(main, 100, 50, "aten::addmm").slice(main, 200, 50, "aten::addmm");
    f.slice(stream, 30, 40, "sgemm \"x\"", "kernel");
    return f.finish();
}

/// "from..to: first | second | third", at most three; `^` in the text is the cursor.
std::string completed(std::string text, const Trace* trace)
{
    const std::size_t cursor = text.find('^');
    text.erase(cursor, 1);
    const Completions found = completeFilter(text, cursor, trace);
    std::string out = std::to_string(found.from) + ".." + std::to_string(found.to) + ':';
    for (std::size_t i = 0; i < std::min<std::size_t>(found.choices.size(), 3); ++i) out += (i ? " | " : " ") + found.choices[i].text;
    return out;
}

} // namespace

class tst_FilterCompletion : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void whatMayStandAtTheCursor_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("choices");
        const auto row = [](const char* text, const char* choices) { QTest::newRow(text) << QString::fromUtf8(text) << QString::fromUtf8(choices); };
        row("^", "0..0: name | short | cat");
        row("du^", "0..2: dur | name ~ \"du\"");
        row("d^ur > 5us", "0..3: dur | depth | device");
        row("dur > 5us and str^", "14..17: stream | name ~ \"str\"");
        row("not (laun^", "5..9: launched_by( | launched_in( | launches(");
        row("dur ^", "4..4: ==  | !=  | > ");
        row("name l^", "5..6: like ");
        row("dur > 5^", "7..7: us | ms | s");
        row("dur > 5m^", "7..8: ms");
        row("bytes > 5M^", "9..10: MiB | MB");
        row("dur in 5us..7^", "13..13: us | ms | s");
        row("dur > 5us ^", "10..10: and  | or ");
        row("family == mat^", "10..13: matmul");
        row("cat == ^", "7..7: cpu_op | kernel");
        row("cat in (kernel, c^", "16..17: cpu_op");
        row("name ~ \"ad^", "7..10: \"aten::addmm\"");
        row("name ~ \"mm^\" and", "7..11: \"aten::addmm\" | \"aten::mm\" | \"sgemm \\\"x\\\"\"");
        row("track == ^", "9..9: \"main\" | \"stream 7\"");
        row("stream == ^", "10..10: 7");
        row("input[0].^", "9..9: dtype | shape | rank");
        row("input[0].dim[-1] ^", "17..17: ==  | !=  | > ");
        row("External id ^", "12..12: ==  | !=  | > ");
        row("args.^", "5..5:");
        row("args.grid ^", "10..10: ==  | !=  | ~ ");
        row("cat == kernel ^", "14..14: and  | or ");
        row("launched_by(^", "12..12: name | short | cat");
        row("dur > 5us \xE2\x82\xAC^", "13..13:");
    }
    void whatMayStandAtTheCursor()
    {
        QFETCH(QString, text);
        QFETCH(QString, choices);
        const TracePtr trace = small();
        QCOMPARE(QString::fromStdString(completed(text.toStdString(), trace.get())), choices);
    }

    void detailsSayHowMany()
    {
        const TracePtr trace = small();
        const Completions names = completeFilter("name == \"addmm", 13, trace.get());
        QCOMPARE(names.choices.front().detail, std::string("2 events"));
    }

    void aChosenValueMakesAValidFilter()
    {
        const TracePtr trace = small();
        for (const std::string start : {"name == ", "short == ", "cat == ", "track == ", "process == ", "pid == ", "tid == ", "stream == ", "family == ", "type == "}) {
            const Completions found = completeFilter(start, start.size(), trace.get());
            QVERIFY2(!found.choices.empty(), start.c_str());
            for (const Completion& choice : found.choices) QVERIFY2(std::holds_alternative<Filter>(Filter::parse(start + choice.text)), choice.text.c_str());
        }
    }

    void anyTextAndCursorAreTaken()
    {
        const TracePtr trace = small();
        std::mt19937 random(5);
        const std::string letters = "dur name\"'()[].,..-*<>=!~&|#5us\xC3\xA4\\ in and args input has";
        for (int i = 0; i < 20'000; ++i) {
            std::string text;
            for (std::size_t n = random() % 24; n > 0; --n) text += letters.substr(random() % letters.size(), 1 + random() % 4);
            const std::size_t cursor = random() % (text.size() + 2);
            const Completions found = completeFilter(text, cursor, i % 2 ? trace.get() : nullptr);
            QVERIFY(found.from <= found.to && found.to <= text.size());
            QVERIFY(found.choices.size() <= 50);
        }
    }
};

QTEST_GUILESS_MAIN(tst_FilterCompletion)
#include "tst_FilterCompletion.moc"
