#ifndef Q_MOC_RUN // it does not get through all that these include
#include "core/base/StringPool.h"
#include "tests/support/Json.h"
#include "tests/support/KinetoText.h"
#endif

#include <QTest>
#include <algorithm>

using namespace opscope;
using namespace opscope::test;

/// What becomes of one event of a Kineto trace.
class tst_KinetoEvents : public QObject
{
    Q_OBJECT

private slots:
    void timesAreReadFromTheirDigits_data();
    void timesAreReadFromTheirDigits();
    void whatIsNoTimeIsCountedAndNotShown_data();
    void whatIsNoTimeIsCountedAndNotShown();
    void anEndBeyondAllTimesIsMovedIn();
    void keysMayComeInAnyOrderAndSpacing();
    void theLastOfTwoEqualKeysWins();
    void argsBecomeColumns();
    void argsThatAreNoObjectsDoNotHideThoseThatAre();
    void idsBeyond32BitsAndNegativeOnesKeepAllBits();
    void pidsOfDifferentTypesAreDifferentProcesses();
    void escapesAndBadBytesBecomeValidText();
    void longNamesAreCutBetweenCharacters();
    void rawControlCharactersAreTaken();
    void everyPhaseIsCountedAndHasItsPlace();
    void countersAreSeriesByKey();
    void memoryInstantsDrawTheirTotals();
    void metadataIsKeptOncePerRun();
};

void tst_KinetoEvents::timesAreReadFromTheirDigits_data()
{
    QTest::addColumn<QString>("ts");
    QTest::addColumn<qint64>("ns");
    QTest::newRow("whole") << "12" << qint64(12000);
    QTest::newRow("three decimals") << "3603029046213.755" << qint64(3603029046213755);
    QTest::newRow("one decimal") << "0.5" << qint64(500);
    QTest::newRow("sixteen digits") << "1695835585940062" << qint64(1695835585940062000);
    QTest::newRow("sixteen digits and three decimals") << "1695835585940062.125" << qint64(1695835585940062125);
    QTest::newRow("more than three decimals are truncated") << "1.0009" << qint64(1000);
    QTest::newRow("negative") << "-2.5" << qint64(-2500);
    QTest::newRow("exponent") << "1.5e3" << qint64(1500000);
    QTest::newRow("in quotes") << "'12.5'" << qint64(12500);
    QTest::newRow("leading zeros") << "0012" << qint64(12000);
}

void tst_KinetoEvents::timesAreReadFromTheirDigits()
{
    QFETCH(QString, ts);
    QFETCH(qint64, ns);
    const OneSlice one("'ph':'X','name':'a'," + kPlace + "'ts':" + ts.toStdString() + ",'dur':1.001");
    QCOMPARE(one.trace->slices().size(), 1u);
    QCOMPARE(one.trace->slices().start(SliceId(0)), Nanos(ns));
    QCOMPARE(one.trace->slices().duration(SliceId(0)), Nanos(1001));
    QCOMPARE(one.count(Defect::NumberInString), ts.startsWith('\'') ? 1u : 0u);
    QCOMPARE(one.trace->stats().malformedEvents, ts.startsWith('\'') ? 1u : 0u);
}

void tst_KinetoEvents::whatIsNoTimeIsCountedAndNotShown_data()
{
    QTest::addColumn<QString>("members");
    QTest::addColumn<QString>("reason");
    QTest::addColumn<int>("slices");
    QTest::newRow("no ts") << "'dur':1" << "no_ts" << 0;
    QTest::newRow("null") << "'ts':null,'dur':1" << "bad_ts" << 0;
    QTest::newRow("true") << "'ts':true,'dur':1" << "bad_ts" << 0;
    QTest::newRow("words") << "'ts':'soon','dur':1" << "bad_ts" << 0;
    QTest::newRow("NaN") << "'ts':NaN,'dur':1" << "bad_ts" << 0;
    QTest::newRow("-Infinity") << "'ts':-Infinity,'dur':1" << "bad_ts" << 0;
    QTest::newRow("beyond 64 bits") << "'ts':9223372036854775808,'dur':1" << "bad_ts" << 0;
    QTest::newRow("far beyond") << "'ts':1e300,'dur':1" << "bad_ts" << 0;
    QTest::newRow("no dur") << "'ts':1" << "no_dur" << 1;
    QTest::newRow("dur NaN") << "'ts':1,'dur':nan" << "bad_dur" << 0;
    QTest::newRow("negative dur") << "'ts':1,'dur':-5" << "negative_dur" << 1;
}

void tst_KinetoEvents::whatIsNoTimeIsCountedAndNotShown()
{
    QFETCH(QString, members);
    QFETCH(QString, reason);
    QFETCH(int, slices);
    const OneSlice one("'ph':'X','name':'a'," + kPlace + members.toStdString());
    const TraceStats& stats = one.trace->stats();
    QCOMPARE(stats.elements, 1u);
    QCOMPARE(stats.byPhase.at("X"), 1u);
    QCOMPARE(stats.malformedEvents, 1u);
    QCOMPARE(stats.malformedByReason.at(reason.toStdString()), 1u);
    QCOMPARE(int(one.trace->slices().size()), slices);
    if (slices) {
        QCOMPARE(one.trace->slices().duration(SliceId(0)), Nanos(0));
        QVERIFY(one.trace->slices().flags(SliceId(0)) & kNoDuration);
    }
}

void tst_KinetoEvents::anEndBeyondAllTimesIsMovedIn()
{
    const OneSlice one("'ph':'X','name':'a'," + kPlace + "'ts':9000000000000000,'dur':9000000000000000");
    QCOMPARE(one.trace->slices().size(), 1u);
    QVERIFY(one.trace->slices().end(SliceId(0)) > one.trace->slices().start(SliceId(0)));
    QCOMPARE(one.count(Defect::TimeOutOfRange), 1u);
}

void tst_KinetoEvents::keysMayComeInAnyOrderAndSpacing()
{
    const OneSlice one("\n\t'args' : { 'zz' : [1,{'a':2}] ,\r\n 'stream':  7 } , 'dur':2,'tid'   :2,'cname':'x','pid':1, 'ts': 1 ,'name'\n:\n'a' ,'ph':'X' ");
    QCOMPARE(one.name(), std::string("a"));
    QCOMPARE(one.trace->slices().arg(SliceId(0), ArgField::Stream), std::int64_t(7));
    QVERIFY(one.trace->diagnostics().empty());
}

void tst_KinetoEvents::theLastOfTwoEqualKeysWins()
{
    const OneSlice one("'ph':'X','name':'first'," + kPlace + "'ts':1,'dur':2,'args':{'stream':1},'name':'last','args':{'device':3}");
    QCOMPARE(one.name(), std::string("last"));
    QCOMPARE(one.trace->slices().arg(SliceId(0), ArgField::Device), std::int64_t(3));
    QCOMPARE(one.trace->slices().arg(SliceId(0), ArgField::Stream), BlockColumn::kNone);
    QCOMPARE(one.count(Defect::DuplicateKey), 1u);
}

void tst_KinetoEvents::argsBecomeColumns()
{
    const OneSlice one("'ph':'X','cat':'cpu_op','name':'a'," + kPlace +
                  "'ts':1,'dur':2,'args':{'correlation':5,'external id':6,'Record function id':'7','Sequence number':8.0,"
                  "'Fwd thread id':9,'Profiler Event Index':10,'device':11,'stream':'0x0','bytes':13,"
                  "'Input dims':[[2, 3]],'Input type':['float'],'finished':false}");
    const SliceTable& slices = one.trace->slices();
    const std::int64_t expected[] = {5, 6, 7, 8, 9, 10, 11, BlockColumn::kNone, 13};
    for (std::size_t field = 0; field < std::size(expected); ++field)
        QCOMPARE(slices.arg(SliceId(0), static_cast<ArgField>(field)), expected[field]);
    const Signature& signature = one.trace->signatures()[SignatureId(static_cast<int>(slices.arg(SliceId(0), ArgField::Signature)))];
    QCOMPARE(std::string(one.trace->text(signature.dims)), std::string("[[2, 3]]"));
    QCOMPARE(std::string(one.trace->text(signature.types)), json("['float']"));
    QVERIFY(!signature.strides.valid());
    QVERIFY(slices.flags(SliceId(0)) & kUnfinished);
}

void tst_KinetoEvents::argsThatAreNoObjectsDoNotHideThoseThatAre()
{
    std::string events;
    for (const char* args : {"null", "{'stream':1}", "[1]", "{'stream':2}", "'text'", "{'stream':3}"})
        events += (events.empty() ? "" : ",") + makeEvent(int(events.size()), json(std::string(",'args':") + args));
    const TracePtr trace = mustLoad(kinetoDocument(events));
    const std::int64_t expected[] = {BlockColumn::kNone, 1, BlockColumn::kNone, 2, BlockColumn::kNone, 3};
    for (std::size_t i = 0; i < std::size(expected); ++i)
        QCOMPARE(trace->slices().arg(SliceId(i), ArgField::Stream), expected[i]);
}

void tst_KinetoEvents::idsBeyond32BitsAndNegativeOnesKeepAllBits()
{
    const OneSlice one("'ph':'X','name':'a'," + kPlace + "'ts':1,'dur':2,'args':{'correlation':9007199254740993,'stream':-1,'Bytes':4294967295}");
    const SliceTable& slices = one.trace->slices();
    QCOMPARE(slices.arg(SliceId(0), ArgField::Correlation), std::int64_t(9007199254740993));
    QCOMPARE(slices.arg(SliceId(0), ArgField::Stream), std::int64_t(-1));
    QCOMPARE(slices.arg(SliceId(0), ArgField::Bytes), std::int64_t(4294967295));
}

void tst_KinetoEvents::pidsOfDifferentTypesAreDifferentProcesses()
{
    std::string events;
    for (const char* pid : {"7", "'7'", "7.0", "null", "7.5", "18446744073709551615", "9007199254740993", "9007199254740992", "true"})
        events += (events.empty() ? "" : ",") + json(std::string("{'ph':'X','name':'a','pid':") + pid + ",'tid':1,'ts':1,'dur':1}");
    QCOMPARE(mustLoad(kinetoDocument(events))->stats().pidTidPairs, 8u); // 7 and 7.0 are one
}

void tst_KinetoEvents::escapesAndBadBytesBecomeValidText()
{
    const auto named = [](const std::string& text) { return OneSlice("'ph':'X','name':'" + text + "'," + kPlace + "'ts':1,'dur':2").name(); };
    QCOMPARE(named("a\\nb\\u00e9\\ud83d\\ude00\\/"), std::string("a\nb\u00e9\U0001F600/"));
    QCOMPARE(named("lone \\ud83d!"), std::string("lone \uFFFD!"));
    QCOMPARE(named("C:\\cxx\\q"), std::string("C:\\cxx\\q")); // no escapes that JSON knows
    QVERIFY(named("caf\xE9\xFF").starts_with("caf\uFFFD"));
    QCOMPARE(named("nul\\u0000x"), std::string("nul\0x", 5));
}

void tst_KinetoEvents::longNamesAreCutBetweenCharacters()
{
    std::string text = "x";
    for (int i = 0; i < 5000; ++i)
        text += "\u00e9";
    const OneSlice one("'ph':'X','name':'" + text + "'," + kPlace + "'ts':1,'dur':2");
    QVERIFY(one.name().size() < 4200);
    QVERIFY(isValidUtf8(one.name()));
    QVERIFY(one.name().ends_with("\u2026"));
    QCOMPARE(one.count(Defect::LongText), 1u);
}

void tst_KinetoEvents::rawControlCharactersAreTaken()
{
    const OneSlice one("'ph':'X','name':'two\nlines\x01'," + kPlace + "'ts':1,'dur':2");
    QCOMPARE(one.name(), std::string("two\nlines\x01"));
    QCOMPARE(one.count(Defect::ControlCharacter), 1u);
}

void tst_KinetoEvents::everyPhaseIsCountedAndHasItsPlace()
{
    std::string events;
    const std::string phases = "XBEiIRPcvVstfbneSTFpNODCZ";
    for (char ph : phases)
        events += json(std::string("{'ph':'") + ph + "','cat':'c','name':'n','id':'0x1','pid':1,'tid':2,'ts':5,'dur':1,'args':{'v':1.5}},");
    events += json("{'ph':'M','name':'process_name','pid':1,'args':{'name':'p'}},{'ph':'XX','pid':1,'tid':2,'ts':5},{'ts':5},7");
    const TracePtr trace = mustLoad(kinetoDocument(events));
    const TraceStats& stats = trace->stats();
    QCOMPARE(stats.elements, phases.size() + 4);
    for (char ph : phases)
        QCOMPARE(stats.byPhase.at(std::string(1, ph)), 1u);
    QCOMPARE(stats.byPhase.at("XX"), 1u);
    QCOMPARE(stats.byPhase.at(""), 1u);
    QCOMPARE(stats.malformedByReason.at("not_an_object"), 1u);
    QCOMPARE(trace->diagnostics().count(Defect::UnknownPhase), 2u);
    QCOMPARE(trace->flows().points().size(), 3u);
    QCOMPARE(trace->counters().size(), 1u);
    std::string instants;
    for (std::size_t i = 0; i < trace->instants().size(); ++i)
        instants += trace->instants().phase(InstantId(i));
    for (char ph : std::string("iIRPcvVZNOD"))
        QVERIFY2(instants.find(ph) != std::string::npos, std::string(1, ph).c_str());
}

void tst_KinetoEvents::countersAreSeriesByKey()
{
    const std::string head = "'ph':'C','name':'mem','pid':1,'tid':2,";
    const TracePtr trace = mustLoad(kinetoDocument(json("{" + head + "'ts':1,'args':{'a':1,'b':2.5,'c':'text'}},{'args':{'a':3},'ts':2,'id':9,'name':'mem','ph':'C','pid':1}")));
    QCOMPARE(trace->counters().series().size(), 3u);
    QCOMPARE(trace->counters().size(), 3u);
    std::vector<std::string> tracks;
    for (const CounterSeries& s : trace->counters().series())
        tracks.push_back(trace->trackName(s.track) + "/" + std::string(trace->text(s.name)));
    std::sort(tracks.begin(), tracks.end());
    QCOMPARE(tracks, (std::vector<std::string>{"mem 9/a", "mem/a", "mem/b"}));
}

void tst_KinetoEvents::memoryInstantsDrawTheirTotals()
{
    const std::string head = "{'ph':'i','name':'[memory]','cat':'cpu_instant_event','s':'t','pid':1,'tid':2,";
    const TracePtr trace = mustLoad(kinetoDocument(
        json(head + "'ts':1,'args':{'Device Type':1,'Device Id':0,'Bytes':512,'Total Allocated':1024}}," + head +
             "'ts':2,'args':{'Device Type':0,'Device Id':-1,'Bytes':100}}," + head + "'ts':3,'args':{'Device Type':0,'Device Id':-1,'Bytes':-40}}")));
    QCOMPARE(trace->instants().size(), 3u);
    QCOMPARE(trace->stats().memoryEvents, 3u);
    for (const CounterSeries& s : trace->counters().series()) {
        QVERIFY(s.isBytes);
        const auto values = trace->counters().values(s);
        if (trace->text(s.name) == "CUDA 0")
            QCOMPARE(values[0], 1024.0);
        else
            QCOMPARE(values[1], 60.0); // no totals in the file: they are summed
    }
    QCOMPARE(trace->counters().series().size(), 2u);
}

void tst_KinetoEvents::metadataIsKeptOncePerRun()
{
    std::string events = makeEvent(1);
    for (int i = 0; i < 2000; ++i)
        for (const char* name : {"one", "two"})
            events += json(std::string(",{'ph':'M','name':'process_name','pid':1,'args':{'name':'") + name + "'}},{'ph':'M','name':'thread_name','pid':1,'tid':2,'args':{'name':'t'}}");
    const TracePtr trace = mustLoad(kinetoDocument(events), 4096);
    QCOMPARE(trace->stats().byPhase.at("M"), 8000u);
    QCOMPARE(std::string(trace->text(trace->processes()[0].name)), std::string("two"));
    QCOMPARE(trace->trackName(TrackId(0)), std::string("t"));
}

QTEST_GUILESS_MAIN(tst_KinetoEvents)
#include "tst_KinetoEvents.moc"
