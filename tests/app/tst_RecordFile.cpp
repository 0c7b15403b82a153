#include <QRegularExpression>

#include "core/base/Time.h"
#include "tests/app/RecordRun.h"
#include "tests/support/Golden.h"

using namespace opscope;
using namespace opscope::test;

/// The file, and what is said of it. With the first backend that is ready; skipped where none is.
class tst_RecordFile : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void aRecordingOfSomeTime();
    void withoutOptionsTheFileHasNameNumberAndDate();
    void aFileIsReplacedOnlyByForce();
    void aTerminalSeesProgress();
    void withoutATerminalItIsQuiet();
    void jsonSaysAllOfIt();
};

void tst_RecordFile::aRecordingOfSomeTime()
{
    NEEDS_A_BACKEND();
    const ChildProcess child = busyProgram();
    RecordRun r;
    QVERIFY(r.start({"--pid", pidText(child), "--duration", "500ms", "-o", "a.fxt"}));
    QVERIFY2(r.err.contains("for 500.000 ms") && r.err.contains("at most 1.00 GiB; Ctrl+C stops and saves"), r.err.constData());
    const Ran ran = r.end();
    QCOMPARE(ran.status, 0);
    const QRegularExpression line(QStringLiteral("^a\\.fxt: [\\d,]+ events?( and [\\d,]+ scheduling records?)? of [\\d,]+ threads? in [\\d.]+ m?s, [\\d,]+ samples?, 0 lost, .*; the time was up\n$"));
    QVERIFY2(line.match(QString::fromUtf8(ran.out)).hasMatch(), ran.out.constData());
    QCOMPARE(r.files(), QStringList{QStringLiteral("a.fxt")});
    const Loaded loaded(r.at("a.fxt"));
    QVERIFY(loaded);
    QVERIFY(loaded.threads >= 1);
    QVERIFY(!child.hasEnded());
}

void tst_RecordFile::withoutOptionsTheFileHasNameNumberAndDate()
{
    NEEDS_A_BACKEND();
    const ChildProcess child = busyProgram();
    RecordRun r;
    QVERIFY(r.start({"--pid", pidText(child), "--duration", "100ms"}));
    QCOMPARE(r.end().status, 0);
    QCOMPARE(r.files().size(), 1);
    const QRegularExpression name(QStringLiteral("^sh-%1-\\d{8}-\\d{6}\\.fxt$").arg(child.pid()));
    QVERIFY2(name.match(r.files().front()).hasMatch(), qPrintable(r.files().front()));
}

void tst_RecordFile::aFileIsReplacedOnlyByForce()
{
    NEEDS_A_BACKEND();
    const ChildProcess child = busyProgram();
    RecordRun r;
    writeFile(r.at("a.fxt").toStdString(), "precious");
    QVERIFY(!r.start({"--pid", pidText(child), "--duration", "100ms", "-o", "a.fxt"}));
    const Ran refused = r.end();
    QCOMPARE(refused.status, 1);
    QVERIFY2(refused.err.contains("opscope record: a.fxt is there already.\n  --force replaces it.\n"), refused.err.constData());
    QCOMPARE(readFile(r.at("a.fxt").toStdString()), std::string("precious"));
    r.err.clear();
    QVERIFY(r.start({"--pid", pidText(child), "--duration", "100ms", "-o", "a.fxt", "--force"}));
    QCOMPARE(r.end().status, 0);
    QVERIFY(Loaded(r.at("a.fxt")));
    QCOMPARE(record({"--pid", pidText(child), "-o", r.at("a.json")}).status, 2);
}

void tst_RecordFile::aTerminalSeesProgress()
{
    NEEDS_A_BACKEND();
    const ChildProcess child = busyProgram();
    const Terminal terminal;
    RecordRun r;
    terminal.become(r.process, {STDERR_FILENO});
    r.process.setWorkingDirectory(r.dir.path());
    r.process.start(QStringLiteral(OPSCOPE_BIN "/opscope"), {"record", "--pid", pidText(child), "--duration", "1500ms", "-o", "a.fxt"});
    QByteArray seen;
    while (!r.process.waitForFinished(50) && r.process.state() != QProcess::NotRunning) seen += terminal.read();
    seen += terminal.read();
    const QRegularExpression line(QStringLiteral("\r\033\\[K\\d\\.\\d s  [\\d,]+ samples  0 lost  [\\d.]+ [KM]?i?B  CPU \\d\\.\\d\\d"));
    QVERIFY2(line.match(QString::fromUtf8(seen)).hasMatch(), seen.constData());
    const QByteArray behind = seen.mid(seen.lastIndexOf("\r\033[K") + 4);
    QVERIFY2(!behind.contains(" samples "), behind.constData()); // nothing of it stays; a note may come behind it
}

void tst_RecordFile::withoutATerminalItIsQuiet()
{
    NEEDS_A_BACKEND();
    const ChildProcess child = busyProgram();
    RecordRun r;
    QVERIFY(r.start({"--pid", pidText(child), "--duration", "600ms", "-o", "a.fxt"}));
    const Ran ran = r.end();
    QVERIFY(!hasControls(ran.err));
    QCOMPARE(ran.err.count("Recording "), 1);
    QCOMPARE(ran.out.count('\n'), 1);
}

void tst_RecordFile::jsonSaysAllOfIt()
{
    NEEDS_A_BACKEND();
    const ChildProcess child = busyProgram();
    QTemporaryDir dir;
    const Ran ran = record({"--json", "--pid", pidText(child), "--duration", "700ms", "-o", dir.filePath(QStringLiteral("a.fxt"))});
    QCOMPARE(ran.status, 0);
    const Json json = jsonOf(ran);
    QCOMPARE(json["file"].get<std::string>(), dir.filePath(QStringLiteral("a.fxt")).toStdString());
    QCOMPARE(json["ended"].get<std::string>(), std::string("time_limit"));
    QCOMPARE(json["target"]["pid"].get<pid_t>(), child.pid());
    QVERIFY(json["target"]["command"].is_null() && json["notes"].is_array() && !json.contains("failure"));
    QVERIFY(json["elapsed_ms"] >= 700 && json["samples"] > 0 && json["lost"] == 0 && json["events"] > 0 && json["threads"] >= 1 && json["extent_ns"] > 0);
    const Loaded loaded(dir.filePath(QStringLiteral("a.fxt")));
    QVERIFY(loaded);
    QCOMPARE(json["events"].get<std::uint64_t>() + json["scheduling_records"].get<std::uint64_t>(), loaded.trace->stats().elements);
    const QString file = dir.filePath(QStringLiteral("a.fxt"));
    const Ran info = runOpscope({QStringLiteral("info"), file});
    const Json facts = jsonOf(runOpscope({QStringLiteral("info"), QStringLiteral("--json"), file}));
    QCOMPARE(json["events"], facts["events"]["total"]);
    QCOMPARE(json["scheduling_records"].get<std::uint64_t>(), facts["records_by_type"].value("scheduling", std::uint64_t{0}));
    QVERIFY2(info.out.contains("  " + QByteArray::fromStdString(formatCount(json["events"].get<std::int64_t>())) + " and ") ||
             json["scheduling_records"] == 0, info.out.constData());
    QCOMPARE(json["threads"].get<std::size_t>(), loaded.threads);
    QCOMPARE(json["bytes"].get<qint64>(), QFile(dir.filePath(QStringLiteral("a.fxt"))).size());
}

QTEST_GUILESS_MAIN(tst_RecordFile)
#include "tst_RecordFile.moc"
