#include <QtTest>

#include "core/format/EventReader.h"
#include "core/format/JsonReader.h"
#include "core/format/fxt/FxtEventText.h"
#include "core/format/fxt/RealIds.h"
#include "core/io/Loader.h"
#include "tests/support/CheckFormat.h"
#include "tests/support/EtFolder.h"
#include "tests/support/FxtWords.h"
#include "tests/support/Golden.h"
#include "tests/support/Gzip.h"
#include "tests/support/Json.h"
#include "tests/support/TraceFixture.h"

#include <QTemporaryDir>

#include <cmath>

using namespace opscope;
using namespace opscope::test;

namespace {

/// A file of these records behind the magic number, opened from disk, so that it can be read back.
class Opened
{
public:
    explicit Opened(const FxtWords& words)
    {
        const std::string path = m_folder.filePath(QStringLiteral("a.fxt")).toStdString();
        if (!writeFile(path, words.bytes())) qFatal("cannot write");
        auto trace = loadTrace(std::span(&path, 1));
        if (!trace) qFatal("%s", trace.error().text().c_str());
        m_trace = *trace;
    }
    const Trace* operator->() const { return m_trace.get(); }
    const Trace& operator*() const { return *m_trace; }
    SliceId slice(std::string_view name) const { return sliceNamed(*m_trace, name); }
    std::string told(std::string_view name) const
    {
        const auto text = readEvent(*m_trace, slice(name));
        return text ? text->json : "error: " + text.error().text();
    }
    std::string defects() const
    {
        std::string all;
        for (const std::string& one : defectsOf(*m_trace)) all += (all.empty() ? "" : "; ") + one;
        return all;
    }
    /// "name start+duration" of a track, in order.
    std::string rows(std::string_view track) const
    {
        std::string all;
        for (std::size_t t = 0; t < m_trace->tracks().size(); ++t) {
            if (label(t) != track) continue;
            const Track& row = m_trace->tracks()[t];
            for (std::uint32_t i = row.firstSlice; i < row.firstSlice + row.sliceCount; ++i) {
                const SliceId s(i);
                all += (all.empty() ? "" : ", ") + std::string(m_trace->name(s)) + " " + std::to_string(m_trace->slices().start(s)) + "+" +
                       std::to_string(m_trace->slices().duration(s)) + (m_trace->slices().flags(s) & kUnclosed ? "..." : "");
            }
        }
        return all;
    }
    std::string tracks() const
    {
        std::string all;
        for (std::size_t t = 0; t < m_trace->tracks().size(); ++t) all += (t ? "; " : "") + label(t);
        return all;
    }

private:
    std::string label(std::size_t t) const
    {
        static constexpr const char* kKinds[] = {"", "stream ", "async ", "counter ", "", "", ""};
        const Track& row = m_trace->tracks()[t];
        return m_trace->processName(row.process) + " / " + kKinds[static_cast<std::size_t>(row.kind)] + m_trace->trackName(TrackId(t));
    }
    QTemporaryDir m_folder;
    TracePtr m_trace;
};

QString text(const std::string& s) { return QString::fromStdString(s); }

#define COMPARE(a, b) QCOMPARE(text(a), QStringLiteral(b))

} // namespace

/// fxt.md, row by row: what is in a file, what of it is shown, what is counted.
class tst_FxtImporter : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void theTestVectorIsOneSliceOfOneThread()
    {
        FxtWords w;
        w.words({0x00c0000000010030, 0x6172745f656e616a, 0x00000000676e6963, 0x0000000000020010});
        w.words({0x0000000700010022, 0x00737365636f7270, 0x0000000000000041, 0x000000003b9aca00, 0, 0});
        w.words({0x0000000c00780032, 0x69705b206f6d6564, 0x000000005d373d64, 0x0000000078010027, 0x0000000000000001});
        w.words({0x0000000400790022, 0x000000006e69616d, 0x0000010079020047, 0x0000000000000002, 0x0000000000010028, 0x0000000000000001});
        w.words({0x0000000000010033, 0x0000000000000001, 0x0000000000000002, 0x00000007007a0022, 0x0073736572646461});
        w.words({0x00000000007b0012, 0x00000001007c0022, 0x0000000000000066, 0x007c007b01120044, 0x000000000000000a, 0x00000000007a0027});
        w.words({0x0000000000401000, 0x007c007b01030024, 0x0000000000000019});
        QCOMPARE(w.bytes().size(), std::size_t{288});
        const Opened t(w);
        COMPARE(t.tracks(), "demo, process 7 / main");
        COMPARE(t.rows("demo, process 7 / main"), "f 10+15");
        COMPARE(t.defects(), "");
        COMPARE(t.told("f"), "{\"ph\":\"B\",\"cat\":\"\",\"name\":\"f\",\"pid\":7,\"tid\":7,\"ts\":0.01,\"dur\":0.015,\"args\":{\"address\":\"0x401000\"}}");
    }

    void everyArgumentTypeIsRead()
    {
        FxtWords w;
        w.thread(1, 10, 11).kernelObject(1, 77, "the job");
        w.event(4, 1, "c", "all", 5, {FxtWords::arg("null", 0), FxtWords::arg32("i32", 1, -5), FxtWords::arg32("u32", 2, -1),
            FxtWords::arg64("i64", 3, static_cast<std::uint64_t>(INT64_MIN)), FxtWords::arg64("u64", 4, UINT64_MAX), FxtWords::argReal("real", 0.1),
            FxtWords::argText("text", "h\"\xC3\xA9"), FxtWords::arg64("pointer", 7, 0xDEADBEEF), FxtWords::arg64("koid", 8, 77),
            FxtWords::arg32("yes", 9, 1), FxtWords::argBlob("blob", "12345"), FxtWords::arg64("odd", 13, 1),
            FxtWords::argReal("nan", std::nan("")), FxtWords::arg64("other", 8, 78), FxtWords::argText("", "")}, 9);
        const Opened t(w);
        COMPARE(t.defects(), "unknown-argument 1: type 13");
        COMPARE(t.told("all"), "{\"ph\":\"X\",\"cat\":\"c\",\"name\":\"all\",\"pid\":10,\"tid\":11,\"ts\":0.005,\"dur\":0.004,\"args\":{\"null\":null,\"i32\":-5,"
            "\"u32\":4294967295,\"i64\":-9223372036854775808,\"u64\":18446744073709551615,\"real\":0.1,\"text\":\"h\\\"\u00E9\",\"pointer\":\"0xdeadbeef\","
            "\"koid\":\"the job (77)\",\"yes\":true,\"blob\":\"5 bytes\",\"odd\":\"unknown type 13\",\"nan\":\"NaN\",\"other\":78,\"\":\"\"}}");
    }

    void theArgumentsOfAnEndGoToItsSlice()
    {
        FxtWords w;
        w.thread(1, 10, 11).event(2, 1, "c", "f", 10, {FxtWords::arg32("a", 1, 1)}).event(3, 1, "c", "f", 20, {FxtWords::arg32("b", 1, 2)});
        const Opened t(w);
        COMPARE(t.told("f"), "{\"ph\":\"B\",\"cat\":\"c\",\"name\":\"f\",\"pid\":10,\"tid\":11,\"ts\":0.01,\"dur\":0.01,\"args\":{\"a\":1,\"b\":2}}");
        const ExtraElement* end = t->elements().endOf(t.slice("f"));
        QVERIFY(end);
        const auto there = readPlace(*t, SourceId(0), end->offset, 100);
        QVERIFY(there.ok());
        COMPARE(there->json, "{\"ph\":\"E\",\"cat\":\"c\",\"name\":\"f\",\"pid\":10,\"tid\":11,\"ts\":0.02,\"args\":{\"b\":2}}");
    }

    void beginsWithEarlierTimesMayStandBehindTheirEnds()
    {
        FxtWords w; // magic-trace writes inferred begins late
        w.thread(1, 1, 2).event(3, 1, "", "inner", 30).event(3, 1, "", "outer", 40).event(2, 1, "", "outer", 0).event(2, 1, "", "inner", 0);
        const Opened t(w);
        COMPARE(t.rows("process 1 / thread 2"), "outer 0+40, inner 0+30");
        COMPARE(t.defects(), "");
    }

    void endsWithoutBeginAndBeginsWithoutEndAreCounted()
    {
        FxtWords w;
        w.thread(1, 1, 2).event(3, 1, "", "never", 5).event(2, 1, "", "a", 10).event(2, 1, "", "b", 12).event(3, 1, "", "other", 14).event(0, 1, "", "i", 20);
        const Opened t(w);
        COMPARE(t.rows("process 1 / thread 2"), "a 10+10..., b 12+2");
        COMPARE(t.defects(), "end-without-begin 1: never; begin-without-end 1: a; end-name-differs 1: other");
    }

    void asyncEventsBelongToTheirProcessNameAndId()
    {
        FxtWords w;
        w.thread(1, 1, 2).thread(2, 1, 3).thread(3, 5, 6);
        w.event(5, 1, "c", "read", 10, {}, 7).event(5, 1, "c", "write", 11, {}, 7).event(5, 3, "c", "read", 12, {}, 7);
        w.event(7, 2, "other", "read", 20, {FxtWords::arg32("n", 1, 3)}, 7).event(7, 1, "c", "write", 30, {}, 7).event(6, 1, "c", "read", 15, {}, 7);
        w.event(7, 3, "c", "read", 40, {}, 7);
        const Opened t(w);
        COMPARE(t.rows("process 1 / async c"), "read 10+10, write 11+19");
        COMPARE(t.rows("process 5 / async c"), "read 12+28");
        COMPARE(t.defects(), "");
        COMPARE(t.told("read"), "{\"ph\":\"b\",\"cat\":\"c\",\"name\":\"read\",\"pid\":1,\"tid\":2,\"ts\":0.01,\"id\":7,\"dur\":0.01,\"args\":{\"n\":3}}");
    }

    void flowsLeadFromTheSliceAroundTheirStartToTheOneAroundTheirEnd()
    {
        FxtWords w;
        w.thread(1, 1, 2).thread(2, 1, 3).event(4, 1, "c", "from", 0, {}, 100).event(4, 2, "c", "to", 150, {}, 300);
        w.event(4, 2, "c", "later", 400, {}, 500).event(8, 1, "c", "flow", 50, {}, 9).event(10, 2, "c", "flow", 200, {}, 9);
        const Opened t(w);
        QCOMPARE(t->links().all().size(), std::size_t{1});
        QCOMPARE(t->links().all()[0].from, t.slice("from"));
        QCOMPARE(t->links().all()[0].to, t.slice("to"));
    }

    void countersAreOneSeriesAnArgumentAndId()
    {
        FxtWords w;
        w.thread(1, 1, 2);
        w.event(1, 1, "c", "heap", 10, {FxtWords::arg32("used", 1, 5), FxtWords::argReal("free", 1.5), FxtWords::argText("who", "me")}, 1);
        w.event(1, 1, "c", "heap", 20, {FxtWords::arg64("used", 4, 6)}, 1);
        w.event(1, 1, "c", "disk", 20, {FxtWords::arg32("x", 1, 1)}, 1).event(1, 1, "c", "disk", 20, {FxtWords::arg32("x", 1, 2)}, 2);
        const Opened t(w);
        COMPARE(t.tracks(), "process 1 / thread 2; process 1 / counter disk 1; process 1 / counter disk 2; process 1 / counter heap");
        COMPARE(t.defects(), "counter-not-numeric 1: who");
        const CounterSeries& used = t->counters().series().back().name == t->strings().find("used") ? t->counters().series().back()
                                                                                                   : t->counters().series()[t->counters().series().size() - 2];
        QCOMPARE(used.count, 2u);
        QCOMPARE(used.max, 6.0);
    }

    void ticksBecomeNanosecondsExactly_data()
    {
        QTest::addColumn<quint64>("rate");
        QTest::addColumn<quint64>("ticks");
        QTest::addColumn<qint64>("ns");
        QTest::newRow("1 GHz") << quint64(1'000'000'000) << quint64(123) << qint64(123);
        QTest::newRow("19.2 MHz, a year") << quint64(19'200'000) << quint64(605'491'200'000'001) << qint64(31'536'000'000'000'052);
        QTest::newRow("3 Hz") << quint64(3) << quint64(2) << qint64(666'666'666);
        QTest::newRow("a rate of 64 bits") << quint64(UINT64_MAX) << quint64(INT64_MAX) << qint64(499'999'999);
        QTest::newRow("zero is read as nanoseconds") << quint64(0) << quint64(77) << qint64(77);
    }

    void ticksBecomeNanosecondsExactly()
    {
        QFETCH(quint64, rate);
        QFETCH(quint64, ticks);
        FxtWords w;
        w.clock(rate).thread(1, 1, 2).event(4, 1, "", "x", ticks, {}, ticks);
        const Opened t(w);
        QTEST(qint64(t->slices().start(t.slice("x"))), "ns");
    }

    void timesOutOfRangeAreCounted()
    {
        FxtWords w;
        w.clock(1).thread(1, 1, 2).event(0, 1, "", "too late", 1ull << 40).event(0, 1, "", "negative", UINT64_MAX).event(4, 1, "", "end", 5, {}, UINT64_MAX);
        w.event(4, 1, "", "backwards", 9, {}, 8).event(0, 1, "", "fine", 9);
        const Opened t(w);
        QCOMPARE(t->instants().size(), std::size_t{1});
        QCOMPARE(t->slices().size(), std::size_t{0});
        QCOMPARE(t->diagnostics().count(Defect::TimeOutOfRange), std::uint64_t{3});
        QCOMPARE(t->diagnostics().count(Defect::EndBeforeStart), std::uint64_t{1});
    }

    void baseTimesBringProvidersTogether()
    {
        FxtWords w; // tick 1000 of the first and tick 0 of the second are the same moment
        w.provider(1, "a").clock(1'000'000'000, 1000, 5'000'000'000).thread(1, 1, 2).event(4, 1, "", "first", 1000, {}, 1100);
        w.provider(2, "b").clock(1'000'000'000, 0, 5'000'000'000).thread(1, 3, 4).event(4, 1, "", "second", 0, {}, 50);
        const Opened t(w);
        QCOMPARE(t->baseTime(), std::int64_t{4'999'999'000});
        QCOMPARE(t->slices().start(t.slice("first")), Nanos{1000});
        QCOMPARE(t->slices().start(t.slice("second")), Nanos{1000});
        COMPARE(t.told("second"), "{\"ph\":\"X\",\"cat\":\"\",\"name\":\"second\",\"pid\":3,\"tid\":4,\"ts\":1,\"dur\":0.05,\"args\":{}}");
    }

    void tablesAreThoseOfTheCurrentProviderAndReplacedInPlace()
    {
        FxtWords w;
        w.provider(1, "a").string(5, "one").thread(1, 1, 2).indexed(0, 1, 0, 5, 10);
        w.provider(2, "b").string(5, "two").thread(1, 3, 4).indexed(0, 1, 0, 5, 20);
        w.section(1).indexed(0, 1, 0, 5, 30).string(5, "three").thread(1, 1, 9).indexed(0, 1, 0, 5, 40);
        w.magic().indexed(0, 1, 0, 5, 50);         // a second magic number changes nothing
        w.provider(1, "a").indexed(0, 1, 0, 5, 60); // but a second info record empties the tables
        const Opened t(w);
        std::string names;
        for (std::size_t i = 0; i < t->instants().size(); ++i) {
            const auto told = readEvent(*t, InstantId(i));
            names += std::string(t->text(t->instants().name(InstantId(i)))) + "@" + t->keyText(t->track(t->trackOf(InstantId(i))).tid) + " ";
            QVERIFY(told.ok());
            QVERIFY2(told->json.find("\"name\":\"" + std::string(t->text(t->instants().name(InstantId(i)))) + "\"") != std::string::npos, told->json.c_str());
        }
        COMPARE(names, "one@2 one@2 three@9 three@9 two@4 <string 5>@index 1 of provider 1 ");
        COMPARE(t.defects(), "unknown-string-index 1: text 5; unknown-thread-index 1: thread 1");
    }

    void anUnknownSectionIsAProviderWithoutAName()
    {
        FxtWords w;
        w.section(44).thread(1, 1, 2).event(0, 1, "", "i", 1).words({0x0000000000030010 | std::uint64_t{44} << 20}).words({0x00000000000f0010});
        const Opened t(w);
        COMPARE(t.defects(), "unknown-provider 1: provider 44; provider-buffer-full 1: provider 44; unknown-record 1: metadata of type 15");
    }

    void namesOfObjectsMayStandAnywhereAndTheLastOneWins()
    {
        FxtWords w;
        w.thread(1, 1, 2).event(4, 1, "", "x", 1, {}, 2).kernelObject(1, 1, "old").kernelObject(1, 1, "server").kernelObject(2, 2, "main", {FxtWords::arg64("process", 8, 1)});
        w.kernelObject(2, 2, "of another", {FxtWords::arg64("process", 8, 9)});
        const Opened t(w);
        COMPARE(t.tracks(), "server, process 1 / main");
        QCOMPARE(t->diagnostics().count(Defect::RenamedTrack), std::uint64_t{1});
    }

    void aNameThatSaysWhichItFollowsIsNoDefect()
    {
        FxtWords w;
        w.thread(1, 1, 2).event(4, 1, "", "x", 1, {}, 2).kernelObject(1, 1, "sh").kernelObject(2, 2, "sh", {FxtWords::arg64("process", 8, 1)});
        w.kernelObject(1, 1, "python3", {FxtWords::argText("renamed_from", "sh")});
        w.kernelObject(2, 2, "python3", {FxtWords::arg64("process", 8, 1), FxtWords::argText("renamed_from", "sh")});
        const Opened t(w);
        COMPARE(t.tracks(), "python3, process 1 / python3");
        COMPARE(t.defects(), "");
    }

    void userspaceObjectsLabelPointers()
    {
        FxtWords w;
        w.thread(1, 1, 2).userObject(1, 0x1234, "the cache").event(4, 1, "", "x", 1, {FxtWords::arg64("p", 7, 0x1234)}, 2);
        w.event(4, 1, "", "y", 3, {FxtWords::arg64("p", 7, 0x1235)}, 4);
        const Opened t(w);
        QVERIFY2(t.told("x").find("\"p\":\"0x1234 (the cache)\"") != std::string::npos, t.told("x").c_str());
        QVERIFY2(t.told("y").find("\"p\":\"0x1235\"") != std::string::npos, t.told("y").c_str());
    }

    void switchesAreStatesOfThreadsAndWhatCpusRan()
    {
        FxtWords w;
        w.kernelObject(1, 1, "server").kernelObject(2, 2, "main", {FxtWords::arg64("process", 8, 1)}).kernelObject(2, 3, "worker", {FxtWords::arg64("process", 8, 1)});
        w.contextSwitch(0, 100, 0, 0, 2).contextSwitch(0, 200, 2, 3, 3).wakeup(1, 250, 2).contextSwitch(0, 300, 3, 1, 2).contextSwitch(0, 400, 2, 5, 0);
        w.contextSwitch(1, 450, 0, 0, 3).contextSwitch(1, 500, 3, 2, 0);
        const Opened t(w);
        COMPARE(t.tracks(), "server, process 1 / main, states; server, process 1 / worker, states; CPUs / CPU 0; CPUs / CPU 1");
        COMPARE(t.rows("server, process 1 / main, states"), "Running 100+100, Blocked 200+50, Waiting for a CPU 250+50, Running 300+100");
        COMPARE(t.rows("server, process 1 / worker, states"), "Running 200+100, Waiting for a CPU 300+150, Running 450+50, Suspended 500+0...");
        COMPARE(t.rows("CPUs / CPU 0"), "main 100+100, worker 200+100, main 300+100");
        COMPARE(t.rows("CPUs / CPU 1"), "worker 450+50");
        COMPARE(t.told("Blocked"), "{\"ph\":\"X\",\"cat\":\"scheduling\",\"name\":\"Blocked\",\"ts\":0.2,\"dur\":0.05,\"args\":{\"record\":\"context switch\",\"cpu\":0,"
            "\"outgoing\":\"main (2)\",\"outgoing_state\":\"blocked\",\"incoming\":\"worker (3)\",\"ended_by\":{\"cpu\":1,\"thread\":\"main (2)\"}}}");
        const ExtraElement* end = t->elements().endOf(t.slice("Blocked"));
        QVERIFY(end);
        QCOMPARE(fxtNotes(*t, SourceId(0))->counts().records[8], std::uint64_t{7});
    }

    void legacySwitchesNameTheirThreadsThemselves()
    {
        FxtWords w;
        w.thread(1, 1, 2).thread(2, 0, 77);
        w.words({std::uint64_t{4} << 4 | 8 | std::uint64_t{5} << 16 | std::uint64_t{3} << 24 | std::uint64_t{1} << 28 | std::uint64_t{7} << 44, 100, 8, 9});
        w.words({std::uint64_t{2} << 4 | 8 | std::uint64_t{5} << 16 | std::uint64_t{3} << 24 | std::uint64_t{1} << 28 | std::uint64_t{2} << 36, 200});
        const Opened t(w); // 1 -> (8, 9), later 1 -> idle
        COMPARE(t.tracks(), "process 1 / thread 2, states; process 8 / thread 9, states; CPUs / CPU 5");
        COMPARE(t.rows("CPUs / CPU 5"), "thread 9 100+100");
        COMPARE(t.rows("process 1 / thread 2, states"), "Blocked 100+100, Blocked 200+0...");
    }

    void logsBlobsAndLargeRecordsAreKept()
    {
        FxtWords w;
        w.thread(1, 1, 2).log(1, 10, "hello\nworld").blob("pic", 1, "12345").blob("pic", 1, "678").largeBlob("c", "core", 1, 20, std::string(40'000, 'x'));
        w.words({std::uint64_t{1} << 4 | 10}).words({std::uint64_t{1} << 4 | 12}).event(0, 1, "", "after", 30);
        const Opened t(w);
        QCOMPARE(t->instants().size(), std::size_t{3});
        COMPARE(std::string(t->text(t->instants().name(InstantId(0)))), "hello\nworld");
        const auto large = readEvent(*t, InstantId(1));
        QVERIFY(large.ok());
        COMPARE(large->json, "{\"ph\":\"i\",\"cat\":\"c\",\"name\":\"core\",\"pid\":1,\"tid\":2,\"ts\":0.02,\"args\":{\"payload\":\"40000 bytes\"}}");
        const FxtNotes* notes = fxtNotes(*t, SourceId(0));
        QCOMPARE(notes->blobs().size(), std::size_t{2});
        QCOMPARE(notes->blobs()[0].bytes, std::uint64_t{8});
        QCOMPARE(notes->blobs()[0].chunks, std::uint64_t{2});
        QCOMPARE(notes->blobs()[1].bytes, std::uint64_t{40'000});
        COMPARE(t.defects(), "unknown-record 1: type 12");
    }

    void magicTraceHidesRealIdsInNames()
    {
        FxtWords w;
        w.provider(0, "jane_tracing");
        w.kernelObject(1, 1, "python a.py [pid=41]").kernelObject(2, 2, "main", {FxtWords::arg64("process", 8, 1)});
        w.kernelObject(1, 3, "python a.py [pid=41] [tid=57]").kernelObject(2, 4, "main", {FxtWords::arg64("process", 8, 3)});
        w.kernelObject(2, 5, "cache-misses", {FxtWords::arg64("process", 8, 3)}).kernelObject(1, 6, "Snapshot symbol hits").kernelObject(2, 7, "hits", {FxtWords::arg64("process", 8, 6)});
        w.thread(1, 1, 2).thread(2, 3, 4).thread(3, 3, 5).thread(4, 6, 7);
        w.event(2, 1, "", "user", 10, {FxtWords::arg64("address", 7, 0x401000)}).event(2, 1, "", "sys", 12, {FxtWords::arg64("address", 7, 0xFFFFFFFF81000000)});
        w.event(3, 1, "", "sys", 14).event(3, 1, "", "user", 20).event(4, 2, "", "[decode error: x]", 5, {}, 5).event(4, 3, "", "miss", 6, {}, 6).event(4, 4, "", "hit f", 7, {}, 7);
        const Opened t(w);
        COMPARE(t.tracks(), "python a.py, process 41 / main; python a.py, process 41 / thread 57; python a.py, process 41 / cache-misses; Snapshot symbol hits / hits");
        COMPARE(std::string(t->category(t->slices().category(t.slice("sys"))).name), "kernel code");
        COMPARE(std::string(t->category(t->slices().category(t.slice("user"))).name), "");
        COMPARE(t.told("[decode error: x]"), "{\"ph\":\"X\",\"cat\":\"\",\"name\":\"[decode error: x]\",\"pid\":41,\"tid\":57,\"ts\":0.005,\"dur\":0,\"args\":{}}");
        COMPARE(t.defects(), "");
    }

    void idsInNamesAreRecognised_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QString>("expected");
        QTest::newRow("both") << "a b [pid=1] [tid=2]" << "a b|1|2";
        QTest::newRow("pid") << "a [pid=1]" << "a|1|";
        QTest::newRow("alone") << "[pid=1]" << "|1|";
        QTest::newRow("unknown") << "a [pid=?]" << "no";
        QTest::newRow("in the middle") << "a [pid=1] b" << "no";
        QTest::newRow("not a number") << "a [pid=-1]" << "no";
        QTest::newRow("too long") << "a [pid=99999999999999999999]" << "no";
        QTest::newRow("2022") << "41/57" << "|41|57";
        QTest::newRow("a path") << "usr/57" << "no";
        QTest::newRow("nothing") << "" << "no";
    }

    void idsInNamesAreRecognised()
    {
        QFETCH(QString, name);
        const std::string given = name.toStdString();
        const auto ids = fxt::idsInName(given, true);
        const std::string got = !ids ? "no" : std::string(ids->name) + "|" + std::to_string(ids->pid) + "|" + (ids->tid ? std::to_string(*ids->tid) : "");
        QTEST(text(got), "expected");
    }

    void sampledThreadsSayTheirRate()
    {
        FxtWords w;
        w.kernelObject(2, 2, "main", {FxtWords::arg64("process", 8, 1), FxtWords::arg32("sampled_hz", 1, 999)}).thread(1, 1, 2).event(2, 1, "libc.so", "f", 1).event(3, 1, "libc.so", "f", 2);
        const Opened t(w);
        QCOMPARE(t->tracks()[0].sampledHz, 999u);
    }

    void whatIsMalformedCostsItselfOnly_data()
    {
        QTest::addColumn<QByteArray>("damage");
        QTest::addColumn<QString>("defects");
        QTest::addColumn<int>("instants"); // of two around the damage
        const auto row = [](const char* name, const FxtWords& damage, const char* defects, int instants = 2) {
            QTest::newRow(name) << QByteArray::fromStdString(damage.bytes().substr(8)) << defects << instants;
        };
        const auto words = [](std::initializer_list<std::uint64_t> all) {
            FxtWords w;
            w.words(all);
            return w;
        };
        row("nothing", FxtWords(), "");
        row("size zero", words({0x4}), "record-of-size-zero 1", 1);
        row("beyond the end", words({0x4 | 4000u << 4}), "file-cut-off 1: the file ends in the middle of a record", 1);
        row("unknown record type", words({13 | 2u << 4, 7}), "unknown-record 1: type 13");
        row("unknown event type", words({4 | 2u << 4 | 12u << 16 | 1u << 24, 7}), "unknown-phase 1: event type 12", 3);
        row("a name beyond its record", words({4 | 2u << 4 | 1u << 24 | std::uint64_t{0x8020} << 48, 7}), "damaged-record 1: an event");
        row("no time", words({4 | 1u << 4 | 1u << 24}), "damaged-record 1: an event");
        row("no thread", words({4 | 3u << 4, 7, 1}), "damaged-record 1: an event");
        row("no tail", words({4 | 2u << 4 | 4u << 16 | 1u << 24, 7}), "damaged-record 1: an event without its last word");
        row("argument of size zero", words({4 | 4u << 4 | 1u << 20 | 1u << 24, 7, 0x1, 0}), "damaged-argument 1", 3);
        row("argument beyond its record", words({4 | 3u << 4 | 1u << 20 | 1u << 24, 7, 0x3 | 9u << 4}), "damaged-argument 1", 3);
        row("more words than needed", words({4 | 4u << 4 | 1u << 24, 7, 99, 99}), "", 3);
        row("unknown thread", words({4 | 2u << 4 | 9u << 24, 7}), "unknown-thread-index 1: thread 9", 3);
        row("unknown name", words({4 | 2u << 4 | 1u << 24 | std::uint64_t{400} << 48, 7}), "unknown-string-index 1: text 400", 3);
        row("a string beyond its record", words({2 | 1u << 4 | 7u << 16 | std::uint64_t{50} << 32}), "damaged-record 1: a text");
        row("string of index 0", words({2 | 2u << 4 | std::uint64_t{1} << 32, 'x'}), "");
        row("a thread of one word", words({3 | 1u << 4 | 7u << 16}), "damaged-record 1: a thread");
        row("initialization without a rate", words({1 | 1u << 4}), "damaged-record 1: an initialization without a rate");
        row("a switch without threads", words({8 | 2u << 4 | std::uint64_t{1} << 60, 7}), "damaged-record 1: a context switch");
        row("unknown scheduling", words({8 | 1u << 4 | std::uint64_t{9} << 60}), "unknown-record 1: scheduling of type 9");
        row("a log of nothing", words({9 | 1u << 4}), "damaged-record 1: a log message");
        row("a large record that claims 32 GiB", words({15 | std::uint64_t{0xFFFFFFFF} << 4, 0}), "file-cut-off 1: the file ends in the middle of a record", 1);
        row("an unknown large record", words({15 | 3u << 4 | std::uint64_t{5} << 36, 0, 0}), "unknown-record 1: a large record");
        row("a blob longer than its record", words({5 | 2u << 4 | std::uint64_t{99} << 32, 0}), "damaged-record 1: a blob");
        FxtWords bad;
        bad.event(0, 1, "", "a\xFF" "b", 7);
        row("no UTF-8", bad, "invalid-utf8 1", 3);
    }

    void whatIsMalformedCostsItselfOnly()
    {
        QFETCH(QByteArray, damage);
        QFETCH(int, instants);
        FxtWords w;
        w.thread(1, 1, 2).event(0, 1, "", "before", 1).raw(damage.toStdString()).event(0, 1, "", "after", 100);
        const Opened t(w);
        QTEST(text(t.defects()), "defects");
        QCOMPARE(int(t->instants().size()), instants);
        for (std::size_t i = 0; i < t->instants().size(); ++i) QVERIFY(readEvent(*t, InstantId(i)).ok());
    }

    void aFewBytesBehindTheLastRecordAreCounted()
    {
        FxtWords w;
        w.thread(1, 1, 2).event(0, 1, "", "i", 1).raw("abc");
        const Opened t(w);
        COMPARE(t.defects(), "trailing-bytes 3");
    }

    void manyStringsThreadsAndWordsFit()
    {
        FxtWords w;
        for (std::uint32_t i = 1; i <= 32767; ++i) w.string(i, "text " + std::to_string(i));
        for (std::uint32_t i = 0; i < 600; ++i) w.thread(static_cast<std::uint8_t>(1 + i % 255), 1, 1000 + i).indexed(0, static_cast<std::uint8_t>(1 + i % 255), 0, static_cast<std::uint16_t>(32767 - i), i);
        w.event(0, 1, "", std::string(32'000, 'n'), 700);
        const Opened t(w);
        QCOMPARE(t->instants().size(), std::size_t{601});
        QCOMPARE(t->tracks().size(), std::size_t{600});
        COMPARE(t.defects(), "");
        for (std::size_t i = 0; i < t->instants().size(); ++i) {
            const auto told = readEvent(*t, InstantId(i));
            QVERIFY(told.ok());
            const auto json = JsonDocument::parse(told->json);
            QVERIFY(json.ok());
            QCOMPARE(json->root().member("name").string(), t->text(t->instants().name(InstantId(i))));
        }
    }

    void placesOfTablesTellWhatStandsThere()
    {
        FxtWords w;
        const auto before = w.bytes().size();
        w.string(5, "five").thread(1, 1, 2).event(0, 1, "", "i", 1);
        const Opened t(w);
        const auto there = readPlace(*t, SourceId(0), before, 100);
        QVERIFY(there.ok());
        COMPARE(there->json, "{\"ph\":\"M\",\"name\":\"string\",\"args\":{\"index\":5,\"text\":\"five\",\"bytes\":16}}");
    }

    void goldens_data()
    {
        QTest::addColumn<QString>("name");
        for (const char* name : {"fxt/everything.fxt", "fxt/scheduling.fxt", "fxt/magic.fxt"}) QTest::newRow(name) << name;
    }
    void goldens()
    {
        QFETCH(QString, name);
        checkFormat(name.toStdString(), CutBetweenLines::DoesNotShow);
    }
};

QTEST_GUILESS_MAIN(tst_FxtImporter)
#include "tst_FxtImporter.moc"
