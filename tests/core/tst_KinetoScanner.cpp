#ifndef Q_MOC_RUN // it does not get through all that these include
#include "core/format/kineto/DamagedEvent.h"
#include "core/format/kineto/EventLook.h"
#include "core/format/kineto/JsonBytes.h"
#include "core/format/text/TextDump.h"
#include "core/io/Loader.h"
#include "tests/support/Json.h"
#include "tests/support/KinetoText.h"
#endif

#include <QTest>
#include <algorithm>
#include <sstream>

using namespace opscope;
using namespace opscope::test;

namespace {

std::string dump(const Trace& trace)
{
    std::ostringstream out;
    if (!writeDump(trace, out))
        qFatal("no dump");
    return out.str();
}

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
    // phases
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
    row("trailing comma", kinetoDocument(makeEvent(1) + ",\n"), 1, defect(Defect::TrailingCommas));
    row("doubled comma", kinetoDocument(makeEvent(1) + ",," + makeEvent(2)), 2, defect(Defect::TrailingCommas));
    row("comma in args", kinetoDocument(makeEvent(1, ",'args':{'a':1,,'b':2,}")), 1, defect(Defect::TrailingCommas));
    row("comma missing", kinetoDocument(makeEvent(1) + makeEvent(2)), 2, defect(Defect::JsonSyntax));
    row("comments", "// by a tool\n{/* a */" + json("'traceEvents':[// b\n") + makeEvent(1) + "/* c */]}", 1, defect(Defect::CommentsInJson));
    row("comment in an event", kinetoDocument(json("{'ph':'X',/* x */'name':'a','pid':1,'tid':1,'ts':1,'dur':1}")), 1, defect(Defect::DamagedEvent));
    row("two arrays", json("{'traceEvents':[") + makeEvent(1) + json("],'traceEvents':[") + makeEvent(2) + "]}", 2, defect(Defect::DuplicateTopLevelKey));
    row("something behind", kinetoDocument(makeEvent(1)) + "x", 1, defect(Defect::TrailingBytes));
    row("another document behind", kinetoDocument(makeEvent(1)) + kinetoDocument(makeEvent(2)), 1, defect(Defect::SecondDocument));
    row("zeros behind", kinetoDocument(makeEvent(1)) + std::string(5, '\0'), 1, -1);
    row("no brace behind", json("{'traceEvents':[") + makeEvent(1) + "]", 1, defect(Defect::FileCutOff));
    row("empty", kinetoDocument(""), 0, defect(Defect::NoEvents));
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
    const auto trace = loadKineto(text.toStdString());
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
    const std::string text = kinetoDocument(makeEvent(1) + ",\n" + json(damaged.toStdString()) + ",\n" + makeEvent(3) + ",\n" + makeEvent(4));
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
        const TracePtr trace = mustLoad(kinetoDocument(events), window);
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
    const std::string text = kinetoDocument(events);
    const std::string expected = dump(*mustLoad(text));
    for (unsigned threads : {1u, 2u, 3u}) {
        const auto trace = loadKineto(text, static_cast<std::size_t>(window), threads);
        QVERIFY(trace.ok());
        QCOMPARE(dump(**trace), expected);
    }
}

void tst_KinetoScanner::listsThatLookLikeEventsAreNoEvents()
{
    std::string items;
    for (int i = 0; i < 3000; ++i)
        items += json(i ? ",{'name':2,'ph':'X'}" : "{'id':1}");
    const std::string text = kinetoDocument(makeEvent(1) + "," + makeEvent(2, ",'args':{'items':[" + items + "]}") + "," + makeEvent(3));
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
    const std::string text = kinetoDocument(makeEvent(1) + "," + makeEvent(2, ",'args':{'items':[" + items + "]}") + "," + makeEvent(3));
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
    const std::string text = kinetoDocument(makeEvent(1) + "," + makeEvent(2, ",'args':{'text':'" + big + "'}") + "," +
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
        const TracePtr trace = mustLoad(kinetoDocument(makeEvent(1) + "," + makeEvent(2, ",'args':{'a':" + nested + ",'stream':3}") + "," + makeEvent(3)));
        QCOMPARE(trace->slices().size(), 3u);
        QCOMPARE(trace->slices().arg(SliceId(1), ArgField::Stream), std::int64_t(3));
        QCOMPARE(trace->diagnostics().count(Defect::DeepArguments), 1u);
    }
    // The forgiving reader as well: a quote too many.
    const std::string broken = json("{'ph':'X','name':'a'b','pid':1,'tid':2,'ts':1,'dur':1,'args':{'a':") + std::string(200'000, '[') + std::string(200'000, ']') + "}}";
    QCOMPARE(mustLoad(kinetoDocument(broken + "," + makeEvent(3)))->slices().size(), 2u);
}

void tst_KinetoScanner::cancelledItGivesNothing()
{
    std::string events = makeEvent(0);
    for (int i = 1; i < 5000; ++i)
        events += ",\n" + makeEvent(i);
    std::stop_source stop;
    stop.request_stop();
    const auto trace = loadTraceFromMemory(kinetoDocument(events), "test.json", JobControl{nullptr, stop.get_token()});
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
