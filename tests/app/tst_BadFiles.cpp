#include "tests/app/RunOpscope.h"
#include "tests/support/Golden.h"

#include <QtTest>

#include <nlohmann/json.hpp>

using namespace opscope::test;
using Json = nlohmann::json;

enum class Warns { Yes, No, MayBe };
Q_DECLARE_METATYPE(Warns)

/// What the catalogue of the shared traces says of its broken files, word for word (section "Broken files").
class tst_BadFiles : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void itOpensWithWhatIsWhole_data();
    void itOpensWithWhatIsWhole();
    void itIsRefusedInOneClearSentence_data();
    void itIsRefusedInOneClearSentence();
    void timesThatAreTextsCount();
    void pidsBeyondDoublesStayApart();
    void eventsOutsideTheClockAreCounted();
    void laterDuplicateKeysWin();
    void aNulDoesNotCutAName();
    void nodesInACycleAreCountedAndTheWalkEnds();
    void resourcesOutsideTheirFolderAreNeverShown();

private:
    static QString bad(const char* name);
};

namespace {

Json info(const QString& file)
{
    const Ran ran = runOpscope({"info", "--json", file});
    return ran.status == 0 ? Json::parse(ran.out.begin(), ran.out.end()) : Json();
}

/// Rows that reached a track: what the timeline can show.
std::uint64_t shown(const Json& info)
{
    std::uint64_t rows = 0;
    for (const Json& process : info["processes"])
        for (const Json& track : process["tracks"]) rows += track["slices"].get<std::uint64_t>() + track["instants"].get<std::uint64_t>();
    return rows;
}

bool warns(const Json& info)
{
    return std::any_of(info["diagnostics"].begin(), info["diagnostics"].end(), [](const Json& d) { return d["severity"] != "note"; });
}

} // namespace

QString tst_BadFiles::bad(const char* name)
{
    return QString::fromStdString(sharedPath(std::string("traces/bad/") + name));
}

void tst_BadFiles::itOpensWithWhatIsWhole_data()
{
    if (bad("").isEmpty()) QSKIP("skipped: the shared traces are not here");
    QTest::addColumn<int>("events"); // or nodes
    QTest::addColumn<Warns>("warning");
    const auto row = [](const char* name, int events, Warns warning) { QTest::newRow(name) << events << warning; };
    row("truncated.json.gz", 74, Warns::Yes);
    row("truncated_mid_event.json", 80, Warns::Yes);
    row("trailing_garbage.json.gz", 40, Warns::Yes);
    row("two_members.json.gz", 40, Warns::No);
    row("utf8_bom.json", 40, Warns::No);
    row("non_utf8_names.json", 4, Warns::Yes);
    row("odd_escapes.json", 4, Warns::MayBe);
    row("raw_control_characters.json", 3, Warns::Yes);
    row("gzip_named.json", 40, Warns::No);
    row("plain_named.json.gz", 40, Warns::No);
    row("trace_without_extension", 40, Warns::No);
    row("trailing_comma.json", 40, Warns::MayBe);
    row("array_top_level.json", 40, Warns::No);
    row("array_unclosed.json", 40, Warns::MayBe);
    row("json_lines.json", 40, Warns::MayBe);
    row("nan_infinity.json", 6, Warns::Yes);
    row("duplicate_keys.json", 3, Warns::MayBe);
    row("comments.json", 40, Warns::MayBe);
    row("deep_args.json", 3, Warns::MayBe);
    row("empty_array.json", 0, Warns::MayBe);
    row("mixed_elements.json", 7, Warns::Yes);
    row("missing_fields.json", 8, Warns::Yes);
    row("string_numbers.json", 6, Warns::MayBe);
    row("extreme_times.json", 7, Warns::Yes);
    row("odd_pid_tid.json", 5, Warns::MayBe);
    row("unbalanced_begin_end.json", 8, Warns::Yes);
    row("odd_flows.json", 12, Warns::MayBe);
    row("self_links.json", 4, Warns::MayBe);
    row("et_cycle.json", 31, Warns::Yes);
    row("et_missing_parents.json", 31, Warns::Yes);
    row("et_duplicate_ids.json", 31, Warns::Yes);
    row("et_out_of_order_ids.json", 31, Warns::No);
    row("et_no_root.json", 30, Warns::Yes);
    row("et_wrong_types.json", 31, Warns::Yes);
    row("et_unknown_schema.json", 31, Warns::Yes);
    row("et_truncated.json", 21, Warns::Yes);
    row("et_escape/in/et_escape.json", 12, Warns::MayBe);
}

void tst_BadFiles::itOpensWithWhatIsWhole()
{
    QFETCH(int, events);
    QFETCH(Warns, warning);
    const QString file = bad(QTest::currentDataTag());
    const Ran ran = runOpscope({"info", "--json", file});
    QVERIFY2(ran.status == 0, ran.err.constData());
    QVERIFY(ran.err.isEmpty());
    const Json said = Json::parse(ran.out.begin(), ran.out.end());
    QCOMPARE(said["kind"] == "et" ? said["nodes"].get<int>() : said["events"]["total"].get<int>(), events);
    if (warning != Warns::MayBe) QVERIFY2(warns(said) == (warning == Warns::Yes), said["diagnostics"].dump().c_str());
    for (const char* command : {"info", "dump"}) { // and everything else that reads it comes to an end
        const Ran other = runOpscope({command, file});
        QVERIFY2(other.status == 0, other.err.constData());
        QVERIFY(std::none_of(other.out.begin(), other.out.end(), [](char c) { return (c >= 0 && c < 32 && c != '\n') || c == 127; }));
    }
}

void tst_BadFiles::itIsRefusedInOneClearSentence_data()
{
    if (bad("").isEmpty()) QSKIP("skipped: the shared traces are not here");
    QTest::addColumn<QString>("reason");
    const auto row = [](const char* name, const char* reason) { QTest::newRow(name) << QString::fromLatin1(reason); };
    row("empty.json", "empty");
    row("empty_inside.json.gz", "empty");
    row("bomb_1gb.json.gz", "(?i)JSON|trace");
    row("picture.json", "PNG");
    row("page.json", "HTML");
    row("utf16.json", "UTF-16");
    row("wrong_top_level.json", "traceEvents.*array");
    row("scalar.json", "trace");
    row("single_quotes.json", "line 1|byte|quote");
}

void tst_BadFiles::itIsRefusedInOneClearSentence()
{
    QFETCH(QString, reason);
    const QString file = bad(QTest::currentDataTag());
    const Ran ran = runOpscope({"info", "--json", file});
    QCOMPARE(ran.status, 1);
    QVERIFY(ran.out.isEmpty());
    QCOMPARE(ran.err.count('\n'), 1);
    QVERIFY2(ran.err.startsWith(QFileInfo(file).fileName().toUtf8() + ": "), ran.err.constData());
    QVERIFY2(QRegularExpression(reason).match(QString::fromUtf8(ran.err)).hasMatch(), ran.err.constData());
}

void tst_BadFiles::timesThatAreTextsCount()
{
    if (bad("").isEmpty()) QSKIP("skipped: the shared traces are not here");
    const Json said = info(bad("string_numbers.json"));
    QCOMPARE(shown(said), 6u);
    QCOMPARE(said["malformed"]["by_reason"]["string_number"].get<int>(), 12);
    QCOMPARE(shown(info(bad("nan_infinity.json"))), 4u); // no usable dur and no usable ts: counted, not shown
}

void tst_BadFiles::pidsBeyondDoublesStayApart()
{
    if (bad("").isEmpty()) QSKIP("skipped: the shared traces are not here");
    QCOMPARE(info(bad("odd_pid_tid.json"))["tracks"].get<int>(), 5);
}

void tst_BadFiles::eventsOutsideTheClockAreCounted()
{
    if (bad("").isEmpty()) QSKIP("skipped: the shared traces are not here");
    const Json said = info(bad("extreme_times.json"));
    std::uint64_t told = 0;
    for (const Json& d : said["diagnostics"])
        if (d["id"] == "time-out-of-range" || d["id"] == "negative-duration") told += d["count"].get<std::uint64_t>();
    QVERIFY2(shown(said) + told >= 7, said["diagnostics"].dump().c_str());
}

void tst_BadFiles::laterDuplicateKeysWin()
{
    if (bad("").isEmpty()) QSKIP("skipped: the shared traces are not here");
    const Json sheet = Json::parse(readFile(bad("duplicate_keys.json").toStdString() + ".facts.json"));
    QCOMPARE(info(bad("duplicate_keys.json"))["top_names_by_dur"], sheet["top_names_by_dur"]); // Python's reader keeps the later one
}

void tst_BadFiles::aNulDoesNotCutAName()
{
    if (bad("").isEmpty()) QSKIP("skipped: the shared traces are not here");
    const Json said = info(bad("odd_escapes.json"));
    const auto holdsNul = [](const Json& row) {
        const std::string name = row["name"];
        const std::size_t at = name.find('\0');
        return at != std::string::npos && at + 1 < name.size();
    };
    QVERIFY(std::any_of(said["top_names_by_dur"].begin(), said["top_names_by_dur"].end(), holdsNul));
}

void tst_BadFiles::nodesInACycleAreCountedAndTheWalkEnds()
{
    if (bad("").isEmpty()) QSKIP("skipped: the shared traces are not here");
    QCOMPARE(info(bad("et_cycle.json"))["nodes_in_cycles"].get<int>(), 3);
}

void tst_BadFiles::resourcesOutsideTheirFolderAreNeverShown()
{
    if (bad("").isEmpty()) QSKIP("skipped: the shared traces are not here");
    const QString file = bad("et_escape/in/et_escape.json");
    for (const QStringList& command : {QStringList{"info", "--all", file}, QStringList{"info", "--json", "--all", file}, QStringList{"dump", file}})
        QVERIFY(!runOpscope(command).out.contains("CANARY-DO-NOT-SHOW"));
}

QTEST_GUILESS_MAIN(tst_BadFiles)
#include "tst_BadFiles.moc"
