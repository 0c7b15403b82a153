#ifndef Q_MOC_RUN // it does not get through all that these include
#include "core/base/StringPool.h"
#include "core/format/kineto/DamagedEvent.h"
#include "core/format/kineto/EventLook.h"
#include "core/format/kineto/JsonBytes.h"
#include "core/format/kineto/KinetoImporter.h"
#include "core/format/text/TextDump.h"
#include "core/io/Loader.h"
#include "tests/support/Json.h"
#include "tests/support/TraceFixture.h"
#endif

#include <QTest>
#include <algorithm>
#include <sstream>

using namespace opscope;
using namespace opscope::test;

namespace {

std::string makeEvent(int i, const std::string& more = {})
{
    return json("{'ph':'X','cat':'cpu_op','name':'op" + std::to_string(i) + "','pid':1,'tid':2,'ts':" + std::to_string(10 * i) +
                ",'dur':5" + more + "}");
}

std::string document(const std::string& events) { return json("{'traceEvents':[") + events + "]}"; }

Result<TracePtr> load(const std::string& text, std::size_t window = 2 << 20, unsigned threads = 2)
{
    ImportOptions options;
    options.windowBytes = window;
    options.threads = threads;
    return loadTraceFromMemory(text, "test.json", {}, options);
}

TracePtr mustLoad(const std::string& text, std::size_t window = 2 << 20)
{
    auto trace = load(text, window);
    if (!trace)
        qFatal("%s", trace.error().text().c_str());
    return *trace;
}

std::string dump(const Trace& trace)
{
    std::ostringstream out;
    if (!writeDump(trace, out))
        qFatal("no dump");
    return out.str();
}

/// One slice made of these event members.
struct One
{
    TracePtr trace;
    explicit One(const std::string& members) : trace(mustLoad(document(json("{" + members + "}")))) {}
    std::uint64_t count(Defect defect) const { return trace->diagnostics().count(defect); }
    std::string name() const { return std::string(trace->name(SliceId(0))); }
};
const std::string kPlace = "'pid':1,'tid':2,";

std::vector<std::string> names(const Trace& trace)
{
    std::vector<std::string> result;
    for (std::size_t i = 0; i < trace.slices().size(); ++i)
        result.emplace_back(trace.name(SliceId(i)));
    return result;
}

} // namespace

class tst_KinetoScanner : public QObject
{
    Q_OBJECT

private slots:
    // values
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
    // phases
    void everyPhaseIsCountedAndHasItsPlace();
    void countersAreSeriesByKey();
    void memoryInstantsDrawTheirTotals();
    void metadataIsKeptOncePerRun();
    // documents
    void topLevelMembersAreKeptInFrontAndBehind();
    void shapesOfDocuments_data();
    void shapesOfDocuments();
    void refusalsSayWhy_data();
    void refusalsSayWhy();
    void whatTheProducerComplainedAboutIsTold();
    // damage
    void damageStaysWithItsEvent_data();
    void damageStaysWithItsEvent();
    void aBracketThatIsMissingDoesNotSwallowTheRest();
    void cutAnywhereKeepsWholeEvents();
    // windows
    void windowsOfAnySizeGiveTheSame_data();
    void windowsOfAnySizeGiveTheSame();
    void listsThatLookLikeEventsAreNoEvents();
    void countsOfAWindowThatBeganWrongAreDropped();
    void anEventLargerThanManyWindows();
    void depthNeedsNoStack();
    void cancelledItGivesNothing();
    // parts
    void containersAreSteppedOverAtEveryLength();
    void repairWritesCleanJson_data();
    void repairWritesCleanJson();
    void looks();
};

void tst_KinetoScanner::timesAreReadFromTheirDigits_data()
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

void tst_KinetoScanner::timesAreReadFromTheirDigits()
{
    QFETCH(QString, ts);
    QFETCH(qint64, ns);
    const One one("'ph':'X','name':'a'," + kPlace + "'ts':" + ts.toStdString() + ",'dur':1.001");
    QCOMPARE(one.trace->slices().size(), 1u);
    QCOMPARE(one.trace->slices().start(SliceId(0)), Nanos(ns));
    QCOMPARE(one.trace->slices().duration(SliceId(0)), Nanos(1001));
    QCOMPARE(one.count(Defect::NumberInString), ts.startsWith('\'') ? 1u : 0u);
    QCOMPARE(one.trace->stats().malformedEvents, ts.startsWith('\'') ? 1u : 0u);
}

void tst_KinetoScanner::whatIsNoTimeIsCountedAndNotShown_data()
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

void tst_KinetoScanner::whatIsNoTimeIsCountedAndNotShown()
{
    QFETCH(QString, members);
    QFETCH(QString, reason);
    QFETCH(int, slices);
    const One one("'ph':'X','name':'a'," + kPlace + members.toStdString());
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

void tst_KinetoScanner::anEndBeyondAllTimesIsMovedIn()
{
    const One one("'ph':'X','name':'a'," + kPlace + "'ts':9000000000000000,'dur':9000000000000000");
    QCOMPARE(one.trace->slices().size(), 1u);
    QVERIFY(one.trace->slices().end(SliceId(0)) > one.trace->slices().start(SliceId(0)));
    QCOMPARE(one.count(Defect::TimeOutOfRange), 1u);
}

void tst_KinetoScanner::keysMayComeInAnyOrderAndSpacing()
{
    const One one("\n\t'args' : { 'zz' : [1,{'a':2}] ,\r\n 'stream':  7 } , 'dur':2,'tid'   :2,'cname':'x','pid':1, 'ts': 1 ,'name'\n:\n'a' ,'ph':'X' ");
    QCOMPARE(one.name(), std::string("a"));
    QCOMPARE(one.trace->slices().arg(SliceId(0), ArgField::Stream), std::int64_t(7));
    QVERIFY(one.trace->diagnostics().empty());
}

void tst_KinetoScanner::theLastOfTwoEqualKeysWins()
{
    const One one("'ph':'X','name':'first'," + kPlace + "'ts':1,'dur':2,'args':{'stream':1},'name':'last','args':{'device':3}");
    QCOMPARE(one.name(), std::string("last"));
    QCOMPARE(one.trace->slices().arg(SliceId(0), ArgField::Device), std::int64_t(3));
    QCOMPARE(one.trace->slices().arg(SliceId(0), ArgField::Stream), BlockColumn::kNone);
    QCOMPARE(one.count(Defect::DuplicateKey), 1u);
}

void tst_KinetoScanner::argsBecomeColumns()
{
    const One one("'ph':'X','cat':'cpu_op','name':'a'," + kPlace +
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

void tst_KinetoScanner::argsThatAreNoObjectsDoNotHideThoseThatAre()
{
    std::string events;
    for (const char* args : {"null", "{'stream':1}", "[1]", "{'stream':2}", "'text'", "{'stream':3}"})
        events += (events.empty() ? "" : ",") + makeEvent(int(events.size()), json(std::string(",'args':") + args));
    const TracePtr trace = mustLoad(document(events));
    const std::int64_t expected[] = {BlockColumn::kNone, 1, BlockColumn::kNone, 2, BlockColumn::kNone, 3};
    for (std::size_t i = 0; i < std::size(expected); ++i)
        QCOMPARE(trace->slices().arg(SliceId(i), ArgField::Stream), expected[i]);
}

void tst_KinetoScanner::idsBeyond32BitsAndNegativeOnesKeepAllBits()
{
    const One one("'ph':'X','name':'a'," + kPlace + "'ts':1,'dur':2,'args':{'correlation':9007199254740993,'stream':-1,'Bytes':4294967295}");
    const SliceTable& slices = one.trace->slices();
    QCOMPARE(slices.arg(SliceId(0), ArgField::Correlation), std::int64_t(9007199254740993));
    QCOMPARE(slices.arg(SliceId(0), ArgField::Stream), std::int64_t(-1));
    QCOMPARE(slices.arg(SliceId(0), ArgField::Bytes), std::int64_t(4294967295));
}

void tst_KinetoScanner::pidsOfDifferentTypesAreDifferentProcesses()
{
    std::string events;
    for (const char* pid : {"7", "'7'", "7.0", "null", "7.5", "18446744073709551615", "9007199254740993", "9007199254740992", "true"})
        events += (events.empty() ? "" : ",") + json(std::string("{'ph':'X','name':'a','pid':") + pid + ",'tid':1,'ts':1,'dur':1}");
    QCOMPARE(mustLoad(document(events))->stats().pidTidPairs, 8u); // 7 and 7.0 are one
}

void tst_KinetoScanner::escapesAndBadBytesBecomeValidText()
{
    const auto named = [](const std::string& text) { return One("'ph':'X','name':'" + text + "'," + kPlace + "'ts':1,'dur':2").name(); };
    QCOMPARE(named("a\\nb\\u00e9\\ud83d\\ude00\\/"), std::string("a\nb\u00e9\U0001F600/"));
    QCOMPARE(named("lone \\ud83d!"), std::string("lone \uFFFD!"));
    QCOMPARE(named("C:\\cxx\\q"), std::string("C:\\cxx\\q")); // no escapes that JSON knows
    QVERIFY(named("caf\xE9\xFF").starts_with("caf\uFFFD"));
    QCOMPARE(named("nul\\u0000x"), std::string("nul\0x", 5));
}

void tst_KinetoScanner::longNamesAreCutBetweenCharacters()
{
    std::string text = "x";
    for (int i = 0; i < 5000; ++i)
        text += "\u00e9";
    const One one("'ph':'X','name':'" + text + "'," + kPlace + "'ts':1,'dur':2");
    QVERIFY(one.name().size() < 4200);
    QVERIFY(isValidUtf8(one.name()));
    QVERIFY(one.name().ends_with("\u2026"));
    QCOMPARE(one.count(Defect::LongText), 1u);
}

void tst_KinetoScanner::rawControlCharactersAreTaken()
{
    const One one("'ph':'X','name':'two\nlines\x01'," + kPlace + "'ts':1,'dur':2");
    QCOMPARE(one.name(), std::string("two\nlines\x01"));
    QCOMPARE(one.count(Defect::ControlCharacter), 1u);
}

void tst_KinetoScanner::everyPhaseIsCountedAndHasItsPlace()
{
    std::string events;
    const std::string phases = "XBEiIRPcvVstfbneSTFpNODCZ";
    for (char ph : phases)
        events += json(std::string("{'ph':'") + ph + "','cat':'c','name':'n','id':'0x1','pid':1,'tid':2,'ts':5,'dur':1,'args':{'v':1.5}},");
    events += json("{'ph':'M','name':'process_name','pid':1,'args':{'name':'p'}},{'ph':'XX','pid':1,'tid':2,'ts':5},{'ts':5},7");
    const TracePtr trace = mustLoad(document(events));
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

void tst_KinetoScanner::countersAreSeriesByKey()
{
    const std::string head = "'ph':'C','name':'mem','pid':1,'tid':2,";
    const TracePtr trace = mustLoad(document(json("{" + head + "'ts':1,'args':{'a':1,'b':2.5,'c':'text'}},{'args':{'a':3},'ts':2,'id':9,'name':'mem','ph':'C','pid':1}")));
    QCOMPARE(trace->counters().series().size(), 3u);
    QCOMPARE(trace->counters().size(), 3u);
    std::vector<std::string> tracks;
    for (const CounterSeries& s : trace->counters().series())
        tracks.push_back(trace->trackName(s.track) + "/" + std::string(trace->text(s.name)));
    std::sort(tracks.begin(), tracks.end());
    QCOMPARE(tracks, (std::vector<std::string>{"mem 9/a", "mem/a", "mem/b"}));
}

void tst_KinetoScanner::memoryInstantsDrawTheirTotals()
{
    const std::string head = "{'ph':'i','name':'[memory]','cat':'cpu_instant_event','s':'t','pid':1,'tid':2,";
    const TracePtr trace = mustLoad(document(
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

void tst_KinetoScanner::metadataIsKeptOncePerRun()
{
    std::string events = makeEvent(1);
    for (int i = 0; i < 2000; ++i)
        for (const char* name : {"one", "two"})
            events += json(std::string(",{'ph':'M','name':'process_name','pid':1,'args':{'name':'") + name + "'}},{'ph':'M','name':'thread_name','pid':1,'tid':2,'args':{'name':'t'}}");
    const TracePtr trace = mustLoad(document(events), 4096);
    QCOMPARE(trace->stats().byPhase.at("M"), 8000u);
    QCOMPARE(std::string(trace->text(trace->processes()[0].name)), std::string("two"));
    QCOMPARE(trace->trackName(TrackId(0)), std::string("t"));
}

void tst_KinetoScanner::topLevelMembersAreKeptInFrontAndBehind()
{
    const std::string text = json("\xEF\xBB\xBF{'a':{'b':[1,'}']},'traceEvents':[") + makeEvent(1) + json("],'baseTimeNanoseconds':1719853884000000001,'s':'x','n':-1.5}\n");
    for (std::size_t window : {64, 1 << 20}) {
        const TracePtr trace = mustLoad(text, window);
        QCOMPARE(trace->baseTime(), std::int64_t(1719853884000000001));
        std::vector<std::string> kept;
        for (const TopLevelEntry& entry : trace->topLevel())
            kept.push_back(entry.key + "=" + entry.json);
        QCOMPARE(kept, (std::vector<std::string>{json("a={'b':[1,'}']}"), "baseTimeNanoseconds=1719853884000000001", json("s='x'"), "n=-1.5"}));
        for (const TopLevelEntry& entry : trace->topLevel())
            QCOMPARE(text.substr(entry.offset, entry.length), entry.json);
        QVERIFY(trace->diagnostics().empty());
    }
}

void tst_KinetoScanner::shapesOfDocuments_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<int>("slices");
    QTest::addColumn<int>("defect"); // -1: none
    const auto row = [](const char* name, const std::string& text, int slices, int defect) {
        QTest::newRow(name) << QByteArray::fromStdString(text) << slices << defect;
    };
    const auto defect = [](Defect d) { return static_cast<int>(d); };
    row("array", "[" + makeEvent(1) + ",\n" + makeEvent(2) + "]", 2, -1);
    row("unclosed array", "[" + makeEvent(1) + ",\n" + makeEvent(2) + ",", 2, defect(Defect::ArrayNotClosed));
    row("lines", makeEvent(1) + "\n" + makeEvent(2) + "\r\n\n" + makeEvent(3) + "\n", 3, -1);
    row("trailing comma", document(makeEvent(1) + ",\n"), 1, defect(Defect::TrailingCommas));
    row("doubled comma", document(makeEvent(1) + ",," + makeEvent(2)), 2, defect(Defect::TrailingCommas));
    row("comma in args", document(makeEvent(1, ",'args':{'a':1,,'b':2,}")), 1, defect(Defect::TrailingCommas));
    row("comma missing", document(makeEvent(1) + makeEvent(2)), 2, defect(Defect::JsonSyntax));
    row("comments", "// by a tool\n{/* a */" + json("'traceEvents':[// b\n") + makeEvent(1) + "/* c */]}", 1, defect(Defect::CommentsInJson));
    row("comment in an event", document(json("{'ph':'X',/* x */'name':'a','pid':1,'tid':1,'ts':1,'dur':1}")), 1, defect(Defect::DamagedEvent));
    row("two arrays", json("{'traceEvents':[") + makeEvent(1) + json("],'traceEvents':[") + makeEvent(2) + "]}", 2, defect(Defect::DuplicateTopLevelKey));
    row("something behind", document(makeEvent(1)) + "x", 1, defect(Defect::TrailingBytes));
    row("another document behind", document(makeEvent(1)) + document(makeEvent(2)), 1, defect(Defect::SecondDocument));
    row("zeros behind", document(makeEvent(1)) + std::string(5, '\0'), 1, -1);
    row("no brace behind", json("{'traceEvents':[") + makeEvent(1) + "]", 1, defect(Defect::FileCutOff));
    row("empty", document(""), 0, defect(Defect::NoEvents));
}

void tst_KinetoScanner::shapesOfDocuments()
{
    QFETCH(QByteArray, text);
    QFETCH(int, slices);
    QFETCH(int, defect);
    for (std::size_t window : {64, 300, 1 << 20}) {
        const TracePtr trace = mustLoad(text.toStdString(), window);
        QCOMPARE(int(trace->slices().size()), slices);
        QCOMPARE(trace->diagnostics().empty(), defect < 0);
        if (defect >= 0)
            QVERIFY(trace->diagnostics().count(static_cast<Defect>(defect)) > 0);
    }
}

void tst_KinetoScanner::refusalsSayWhy_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("sentence");
    QTest::newRow("object instead of array") << QString::fromStdString(json("{'traceEvents':{}}")) << "traceEvents is not an array";
    QTest::newRow("single quotes") << "[\n {'ph': 'X'}]" << "line 2";
    QTest::newRow("no key") << QString::fromStdString(json("{'schemaVersion':1,\n 7}")) << "line 2";
    QTest::newRow("no events") << QString::fromStdString(json("{'schemaVersion':1}")) << "no traceEvents";
}

void tst_KinetoScanner::refusalsSayWhy()
{
    QFETCH(QString, text);
    QFETCH(QString, sentence);
    const auto trace = load(text.toStdString());
    QVERIFY(!trace);
    QVERIFY2(QString::fromStdString(trace.error().text()).contains(sentence), trace.error().text().c_str());
}

void tst_KinetoScanner::whatTheProducerComplainedAboutIsTold()
{
    const TracePtr trace = mustLoad(json("{'ERROR':['out of\\nbuffers', 'x'],'WARNING':[],'traceEvents':[") + makeEvent(1) + "]}");
    QCOMPARE(trace->diagnostics().count(Defect::ProducerMessage), 2u);
    QCOMPARE(trace->diagnostics().places(Defect::ProducerMessage)[0].detail, std::string("ERROR: out of\nbuffers"));
}

void tst_KinetoScanner::damageStaysWithItsEvent_data()
{
    QTest::addColumn<QString>("damaged");
    QTest::addColumn<QString>("name"); // "": lost
    const auto row = [](const char* title, const char* text, const char* name) { QTest::newRow(title) << text << name; };
    row("quotes in a name", "{'ph':'X','name':'<frame 'a' of 'b'>','pid':1,'tid':2,'ts':20,'dur':5}", "<frame \"a\" of \"b\">");
    row("one quote in a name", "{'ph':'X','name':'5' wide','pid':1,'tid':2,'ts':20,'dur':5}", "5\" wide");
    row("closing quote missing", "{'ph':'X','name':'open,'pid':1,'tid':2,'ts':20,'dur':5}", "open");
    row("last quote missing", "{'ph':'X','pid':1,'tid':2,'ts':20,'dur':5,'name':'open}", "open");
    row("backslash at the end of a name", "{'ph':'X','name':'C:\\dir\\','pid':1,'tid':2,'ts':20,'dur':5}", "C:\\dir\\");
    row("comma missing", "{'ph':'X','name':'a' 'pid':1,'tid':2,'ts':20,'dur':5}", "a");
    row("value missing", "{'ph':'X','name':'a','pid':1,'tid':2,'ts':20,'dur':5,'args':{'x':,'y':1}}", "a");
    row("word", "{'ph':'X','name':'a','pid':1,'tid':2,'ts':20,'dur':5,'args':{'x':undefined}}", "a");
    row("brace missing", "{'ph':'X','name':'a','pid':1,'tid':2,'ts':20,'dur':5,'args':{'x':1}", "a");
    row("list not closed", "{'ph':'X','name':'a','pid':1,'tid':2,'ts':20,'dur':5,'args':{'x':[1,2}}", "a");
    row("nothing left", "{'}", "");
    row("garbage", "{\x01\x02 blah blah}", "");
}

void tst_KinetoScanner::damageStaysWithItsEvent()
{
    QFETCH(QString, damaged);
    QFETCH(QString, name);
    const std::string text = document(makeEvent(1) + ",\n" + json(damaged.toStdString()) + ",\n" + makeEvent(3) + ",\n" + makeEvent(4));
    for (std::size_t window : {64, 200, 1 << 20}) {
        const TracePtr trace = mustLoad(text, window);
        std::vector<std::string> expected{"op1"};
        if (!name.isEmpty())
            expected.push_back(name.toStdString());
        expected.insert(expected.end(), {"op3", "op4"});
        QCOMPARE(names(*trace), expected);
        QCOMPARE(trace->stats().elements, 4u);
        QCOMPARE(trace->diagnostics().count(Defect::DamagedEvent), 1u);
        QCOMPARE(trace->diagnostics().places(Defect::DamagedEvent)[0].offset, text.find('\n') + 1);
    }
}

void tst_KinetoScanner::aBracketThatIsMissingDoesNotSwallowTheRest()
{
    std::string events = json("{'ph':'X','name':'a','pid':1,'tid':2,'ts':0,'dur':5,'args':{'x':[1,2,");
    for (int i = 1; i <= 20000; ++i)
        events += (i > 1 ? ",\n" : "\n") + makeEvent(i);
    for (std::size_t window : {4096, 2 << 20}) {
        const TracePtr trace = mustLoad(document(events), window);
        QVERIFY(trace->slices().size() >= 19999);
        QVERIFY(trace->diagnostics().count(Defect::DamagedEvent) >= 1);
    }
}

void tst_KinetoScanner::cutAnywhereKeepsWholeEvents()
{
    std::string text = "{\n" + json("'schemaVersion':1,'traceEvents':[");
    std::vector<std::size_t> ends;
    for (int i = 0; i < 12; ++i) {
        text += (i ? ",\n " : "\n ") + makeEvent(i, ",'args':{'a':[1,{'b':'}'}],'stream':7}");
        ends.push_back(text.size());
    }
    const std::size_t eventsEnd = text.size();
    text += json("],'traceName':'x'}");
    for (std::size_t cut = text.find('[') + 1; cut < text.size(); ++cut) {
        const TracePtr trace = mustLoad(text.substr(0, cut), cut % 3 ? 2 << 20 : 100);
        const auto whole = static_cast<std::size_t>(std::count_if(ends.begin(), ends.end(), [cut](std::size_t e) { return e <= cut; }));
        QCOMPARE(trace->slices().size(), whole);
        QCOMPARE(trace->stats().elements, whole);
        QVERIFY(cut > eventsEnd || !trace->diagnostics().empty());
    }
}

void tst_KinetoScanner::windowsOfAnySizeGiveTheSame_data()
{
    QTest::addColumn<int>("window");
    for (int window : {64, 65, 97, 128, 200, 511, 1000, 4096, 65536})
        QTest::addRow("%d", window) << window;
}

void tst_KinetoScanner::windowsOfAnySizeGiveTheSame()
{
    QFETCH(int, window);
    std::string events;
    for (int i = 0; i < 400; ++i) {
        events += (i ? ",\n  " : "\n  ") + makeEvent(i % 50, ",'args':{'correlation':" + std::to_string(i) + ",'items':[{'id':1},{'name':2},{'ph':'X'}]}");
        if (i % 40 == 7)
            events += json(",{'ph':'i','name':'[memory]','pid':1,'tid':2,'ts':3,'args':{'Device Type':0,'Device Id':-1,'Bytes':4}},{'ph':'s','id':") + std::to_string(i) + json(",'name':'f','cat':'ac2g','pid':1,'tid':2,'ts':4},null,{'ph':'X','name':'b'a'd','pid':1,'tid':3,'ts':1,'dur':1}");
    }
    const std::string text = document(events);
    const std::string expected = dump(*mustLoad(text));
    for (unsigned threads : {1u, 2u, 3u}) {
        const auto trace = load(text, static_cast<std::size_t>(window), threads);
        QVERIFY(trace.ok());
        QCOMPARE(dump(**trace), expected);
    }
}

void tst_KinetoScanner::listsThatLookLikeEventsAreNoEvents()
{
    std::string items;
    for (int i = 0; i < 3000; ++i)
        items += json(i ? ",{'name':2,'ph':'X'}" : "{'id':1}");
    const std::string text = document(makeEvent(1) + "," + makeEvent(2, ",'args':{'items':[" + items + "]}") + "," + makeEvent(3));
    for (std::size_t window : {64, 256, 1024, 65536}) {
        const TracePtr trace = mustLoad(text, window);
        QCOMPARE(names(*trace), (std::vector<std::string>{"op1", "op2", "op3"}));
        QCOMPARE(trace->stats().elements, 3u);
        QVERIFY(trace->diagnostics().empty());
    }
}

void tst_KinetoScanner::countsOfAWindowThatBeganWrongAreDropped()
{
    // Whole events within an argument: a window that began there would find them all.
    std::string items;
    for (int i = 0; i < 200; ++i)
        items += (i ? "," : "") + json("{'ph':'X','cat':'wrong','name':'wrong','pid':77,'tid':78,'ts':1,'dur':1}");
    const std::string text = document(makeEvent(1) + "," + makeEvent(2, ",'args':{'items':[" + items + "]}") + "," + makeEvent(3));
    for (std::size_t window : {100, 300, 1000}) {
        const TracePtr trace = mustLoad(text, window);
        QCOMPARE(trace->stats().byPhase.at("X"), 3u);
        QCOMPARE(trace->stats().pidTidPairs, 1u);
        for (const Category& category : trace->categories())
            QVERIFY(category.name != "wrong" || category.events == 0);
    }
}

void tst_KinetoScanner::anEventLargerThanManyWindows()
{
    const std::string big(3 << 20, 'x');
    const std::string text = document(makeEvent(1) + "," + makeEvent(2, ",'args':{'text':'" + big + "'}") + "," +
                                      std::string(2 << 20, ' ') + makeEvent(3, ",'args':{'stream':7}"));
    for (std::size_t window : {4096, 1 << 20}) {
        const TracePtr trace = mustLoad(text, window);
        QCOMPARE(trace->slices().size(), 3u);
        QCOMPARE(trace->slices().arg(SliceId(2), ArgField::Stream), std::int64_t(7));
        QCOMPARE(trace->slices().sourceOffset(SliceId(2)), text.rfind(json("{'ph'")));
        QVERIFY(trace->diagnostics().empty());
    }
}

void tst_KinetoScanner::depthNeedsNoStack()
{
    for (std::size_t depth : {10'000, 1'000'000}) {
        const std::string nested = std::string(depth, '[') + std::string(depth, ']');
        const TracePtr trace = mustLoad(document(makeEvent(1) + "," + makeEvent(2, ",'args':{'a':" + nested + ",'stream':3}") + "," + makeEvent(3)));
        QCOMPARE(trace->slices().size(), 3u);
        QCOMPARE(trace->slices().arg(SliceId(1), ArgField::Stream), std::int64_t(3));
        QCOMPARE(trace->diagnostics().count(Defect::DeepArguments), 1u);
    }
    // The forgiving reader as well: a quote too many.
    const std::string broken = json("{'ph':'X','name':'a'b','pid':1,'tid':2,'ts':1,'dur':1,'args':{'a':") + std::string(200'000, '[') + std::string(200'000, ']') + "}}";
    QCOMPARE(mustLoad(document(broken + "," + makeEvent(3)))->slices().size(), 2u);
}

void tst_KinetoScanner::cancelledItGivesNothing()
{
    std::string events = makeEvent(0);
    for (int i = 1; i < 5000; ++i)
        events += ",\n" + makeEvent(i);
    std::stop_source stop;
    stop.request_stop();
    const auto trace = loadTraceFromMemory(document(events), "test.json", JobControl{nullptr, stop.get_token()});
    QVERIFY(!trace);
    QVERIFY(trace.error().code == ErrorCode::Cancelled);
}

void tst_KinetoScanner::containersAreSteppedOverAtEveryLength()
{
    using namespace opscope::kineto;
    for (std::size_t front = 0; front < 140; ++front) {
        for (const std::string tail : {"]", "[\"]\\\"[\"]]", "{\"a\\\\\":[]}]", "\"{[\"]"}) {
            std::string text = "[" + std::string(front, ' ') + tail;
            const std::size_t size = text.size();
            text += "]]}}" + std::string(kPadding, '\0');
            std::uint64_t deepest = 0;
            QCOMPARE(skipContainer(text.data(), text.data() + size + 4, deepest) - text.data(), std::ptrdiff_t(size));
            QVERIFY(skipContainer(text.data(), text.data() + size - 1, deepest) == nullptr);
        }
        std::string wrong = "[" + std::string(front, '1') + "}" + std::string(kPadding, '\0');
        std::uint64_t deepest = 0;
        QVERIFY(skipContainer(wrong.data(), wrong.data() + front + 2, deepest) == wrong.data());
    }
}

void tst_KinetoScanner::repairWritesCleanJson_data()
{
    QTest::addColumn<QString>("damaged");
    QTest::addColumn<QString>("clean");
    QTest::newRow("inner quotes") << "{'a':'x 'y' z','b':1} , more" << "{'a':'x \\'y\\' z','b':1}";
    QTest::newRow("commas") << "{'a':1,,'b':[1,2,],}" << "{'a':1,'b':[1,2]}";
    QTest::newRow("wrong closer") << "{'a':[1,2}" << "{'a':[1,2]}";
    QTest::newRow("comment") << "{'a':1,/*x*/'b':2}" << "{'a':1,'b':2}";
}

void tst_KinetoScanner::repairWritesCleanJson()
{
    QFETCH(QString, damaged);
    QFETCH(QString, clean);
    std::string got = kineto::repairEvent(json(damaged.toStdString())).json;
    QCOMPARE(got, json(clean.toStdString()));
}

void tst_KinetoScanner::looks()
{
    using namespace opscope::kineto;
    const std::string text = json("{'ph':'X'} , {'name' : 'a','ph':'i'},{'other':1}");
    const std::size_t second = text.find('{', 5);
    QCOMPARE(lastEventStart(text), second); // {"other"} has no key of events
    QCOMPARE(nextSureEventStart(text, 1), second);
    QCOMPARE(lastEventStart(json("[{'ph':'X'}")), std::string_view::npos); // not behind another one
    QCOMPARE(lastEventStart("}, {\\\"ph\\\":1}"), std::string_view::npos); // in a string
}

QTEST_GUILESS_MAIN(tst_KinetoScanner)
#include "tst_KinetoScanner.moc"
