#include "tests/app/RunOpscope.h"
#include "core/format/fxt/FxtWriter.h"
#include "tests/support/Golden.h"

#include <QDir>
#include <QtTest>

#include <nlohmann/json.hpp>

#include <csignal>

using namespace opscope;
using namespace opscope::test;
using Json = nlohmann::json;

namespace {

constexpr const char* kSmallTrace = R"({"schemaVersion": 1, "deviceProperties": [], "traceEvents": [
{"ph": "M", "name": "process_name", "pid": 7, "tid": 0, "ts": 0, "args": {"name": "python"}},
{"ph": "X", "cat": "cpu_op", "name": "aten::linear", "pid": 7, "tid": 8, "ts": 10, "dur": 20.5, "args": {"External id": 1, "Input Dims": [[2, 3]]}},
{"ph": "X", "cat": "cpu_op", "name": "aten::addmm", "pid": 7, "tid": 8, "ts": 12, "dur": 8.000001, "args": {"External id": 2}},
{"ph": "X", "cat": "cuda_runtime", "name": "cudaLaunchKernel", "pid": 7, "tid": 8, "ts": 14, "dur": 2, "args": {"correlation": 5}},
{"ph": "X", "cat": "kernel", "name": "gemm", "pid": 0, "tid": 7, "ts": 18, "dur": 30, "args": {"correlation": 5, "device": 0, "stream": 7}},
{"ph": "X", "cat": "kernel", "name": "relu", "pid": 0, "tid": 7, "ts": 50, "dur": -3, "args": {"correlation": 6, "device": 0, "stream": 7}},
{"ph": "s", "cat": "ac2g", "name": "ac2g", "id": 5, "pid": 7, "tid": 8, "ts": 14},
{"ph": "f", "cat": "ac2g", "name": "ac2g", "id": 5, "pid": 0, "tid": 7, "ts": 18, "bp": "e"}],
"host_name": "secret-host"})";

QByteArrayList linesOf(const QByteArray& text)
{
    QByteArrayList lines = text.split('\n');
    if (!lines.isEmpty() && lines.last().isEmpty()) lines.removeLast();
    return lines;
}

} // namespace

class tst_Cli : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void helpNamesEveryCommand();
    void everyCommandHasHelpWithExamples_data();
    void everyCommandHasHelpWithExamples();
    void theVersionIsPrinted();
    void wrongUsageIsOneSentenceAndStatus2_data();
    void wrongUsageIsOneSentenceAndStatus2();
    void aMissingFileIsOneSentenceThatStartsWithItsName_data();
    void aMissingFileIsOneSentenceThatStartsWithItsName();
    void withoutADisplayViewSaysWhatWorks();
    void infoSaysOnOneScreenWhatATraceIs();
    void infoOfNamesWithControlCharactersIsHarmless();
    void infoJsonHasExactNumbers();
    void infoOfAFuchsiaTraceSaysWhatIsNoEvent();
    void infoJsonKeepsNamesOfPeopleAndMachinesToItself();
    void infoJsonOfSeveralFilesIsAnArrayOfThoseThatCouldBeRead();
    void dumpIsTheSameEveryTime();
    void aFullDiskIsNoticed();
    void anInterruptEndsWithStatus130();
    void renderDrawsAPictureOfTheAskedSize();

private:
    QString path(const char* name) const { return m_folder.filePath(QString::fromLatin1(name)); }
    QString write(const char* name, const QByteArray& bytes) const
    {
        QFile file(path(name));
        return file.open(QIODevice::WriteOnly) && file.write(bytes) == bytes.size() ? file.fileName() : QString();
    }
    QTemporaryDir m_folder;
    QString m_small;
};

void tst_Cli::initTestCase()
{
    QVERIFY(m_folder.isValid());
    m_small = write("small.json", kSmallTrace);
    QVERIFY(!m_small.isEmpty());
}

void tst_Cli::helpNamesEveryCommand()
{
    const Ran ran = runOpscope({"--help"});
    QCOMPARE(ran.status, 0);
    QVERIFY(ran.err.isEmpty());
    for (const char* command : {"view", "info", "dump", "tensor", "render"}) QVERIFY2(ran.out.contains(QByteArray("\n  ") + command), command);
}

void tst_Cli::everyCommandHasHelpWithExamples_data()
{
    QTest::addColumn<QString>("command");
    for (const char* command : {"view", "info", "dump", "tensor", "render", "record"}) QTest::newRow(command) << QString::fromLatin1(command);
}

void tst_Cli::everyCommandHasHelpWithExamples()
{
    QFETCH(QString, command);
    const Ran ran = runOpscope({command, "--help"});
    QCOMPARE(ran.status, 0);
    QVERIFY(ran.err.isEmpty());
    QVERIFY(ran.out.startsWith("Usage: opscope " + command.toLatin1()));
    QVERIFY(ran.out.contains("--help"));
    QVERIFY(ran.out.contains("Examples:\n  opscope"));
}

void tst_Cli::theVersionIsPrinted()
{
    const Ran ran = runOpscope({"--version"});
    QCOMPARE(ran.status, 0);
    QVERIFY(QRegularExpression("^opscope \\d+\\.\\d+\\.\\d+\n$").match(QString::fromUtf8(ran.out)).hasMatch());
}

void tst_Cli::wrongUsageIsOneSentenceAndStatus2_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::newRow("unknown option") << QStringList{"info", "--nonsense", m_small};
    QTest::newRow("unknown option before a file") << QStringList{"--nonsense", m_small};
    QTest::newRow("slip of the pen") << QStringList{"inof", m_small};
    QTest::newRow("info without a file") << QStringList{"info"};
    QTest::newRow("dump of two") << QStringList{"dump", m_small, m_small};
    QTest::newRow("render without a picture") << QStringList{"render", m_small};
    QTest::newRow("no size") << QStringList{"render", m_small, "-o", "x.png", "--size", "huge"};
    QTest::newRow("a size of nothing") << QStringList{"render", m_small, "-o", "x.png", "--size", "0x10"};
    QTest::newRow("no range") << QStringList{"render", m_small, "-o", "x.png", "--range", "5ms"};
    QTest::newRow("a range is no filter") << QStringList{"dump", "--events", m_small, "--range", "1ns..2ns or dur > 0ns"};
    QTest::newRow("range backwards") << QStringList{"render", m_small, "-o", "x.png", "--range", "5ms..1ms"};
    QTest::newRow("no theme") << QStringList{"render", m_small, "-o", "x.png", "--theme", "pink"};
    QTest::newRow("no scale") << QStringList{"render", m_small, "-o", "x.png", "--scale", "9"};
    QTest::newRow("controls") << QStringList{"info", QString::fromUtf8("--\033[31mred\a")};
}

void tst_Cli::wrongUsageIsOneSentenceAndStatus2()
{
    QFETCH(QStringList, arguments);
    const Ran ran = runOpscope(arguments);
    QCOMPARE(ran.status, 2);
    QVERIFY(ran.out.isEmpty());
    QCOMPARE(linesOf(ran.err).size(), 1);
    QVERIFY2(ran.err.startsWith("opscope") && ran.err.contains("--help"), ran.err.constData());
    QVERIFY(!hasControls(ran.err));
}

void tst_Cli::aMissingFileIsOneSentenceThatStartsWithItsName_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QString>("name");
    const QString missing = path("missing.json"), folder = path("empty"), empty = write("empty.json", "");
    QVERIFY(QDir().mkpath(folder));
    QTest::newRow("info") << QStringList{"info", missing} << missing;
    QTest::newRow("info --json") << QStringList{"info", "--json", missing} << missing;
    QTest::newRow("dump") << QStringList{"dump", missing} << missing;
    QTest::newRow("view") << QStringList{missing} << missing;
    QTest::newRow("a folder without traces") << QStringList{"info", folder} << folder;
    QTest::newRow("empty") << QStringList{"info", empty} << empty;
    QTest::newRow("no trace") << QStringList{"info", write("number.json", "42\n")} << path("number.json");
}

void tst_Cli::aMissingFileIsOneSentenceThatStartsWithItsName()
{
    QFETCH(QStringList, arguments);
    QFETCH(QString, name);
    const Ran ran = runOpscope(arguments);
    QCOMPARE(ran.status, 1);
    QVERIFY(ran.out.isEmpty());
    QCOMPARE(linesOf(ran.err).size(), 1);
    QVERIFY2(ran.err.startsWith(QFileInfo(name).fileName().toUtf8() + ": "), ran.err.constData());
}

void tst_Cli::withoutADisplayViewSaysWhatWorks()
{
    const Ran ran = runOpscope({m_small});
    QCOMPARE(ran.status, 1);
    QVERIFY(ran.err.contains("no display") && ran.err.contains("info, dump and render"));
}

void tst_Cli::infoSaysOnOneScreenWhatATraceIs()
{
    const Ran ran = runOpscope({"info", m_small});
    QCOMPARE(ran.status, 0);
    QVERIFY(ran.err.isEmpty());
    QVERIFY(!hasControls(ran.out));
    const QByteArrayList lines = linesOf(ran.out);
    QVERIFY(lines.size() <= 24);
    for (const QByteArray& line : lines) QVERIFY2(QString::fromUtf8(line).size() <= 100, line.constData());
    QVERIFY(lines.first().contains("small.json") && lines.first().contains("Kineto"));
    QVERIFY(ran.out.contains("cpu_op") && ran.out.contains("kernel"));
    QVERIFY(ran.out.contains("Negative durations: 1"));
}

void tst_Cli::infoOfNamesWithControlCharactersIsHarmless()
{
    const QString file = write("controls.json", R"([{"ph":"X","cat":"\u001b[31mred","name":"a\u0007b","pid":"\u001bP","tid":"\u0000","ts":1,"dur":2}])");
    for (const QStringList& command : {QStringList{"info", file}, QStringList{"info", "--json", file}, QStringList{"dump", file}}) {
        const Ran ran = runOpscope(command);
        QCOMPARE(ran.status, 0);
        QVERIFY2(!hasControls(ran.out), qPrintable(command.join(' ')));
    }
}

void tst_Cli::infoOfAFuchsiaTraceSaysWhatIsNoEvent()
{
    QTemporaryDir dir;
    const auto said = [&dir](int switches) {
        std::string made;
        opscope::FxtWriter writer(made, {});
        writer.threadName({1, 2}, "main");
        writer.slice({1, 2}, 10, 30, "", "work");
        writer.instant({1, 2}, 20, "", "hit");
        for (int i = 0; i < switches; ++i) writer.contextSwitch(0, 10 + i, 0, opscope::fxt::ThreadState::Running, 2);
        QFile file(dir.filePath(QStringLiteral("a.fxt")));
        if (!file.open(QIODevice::WriteOnly) || file.write(QByteArray::fromStdString(made)) < 0) return QByteArray("not written");
        file.close();
        const QByteArray out = runOpscope({"info", file.fileName()}).out;
        const qsizetype at = out.indexOf("  events ");
        return out.mid(at, out.indexOf('\n', at) - at).simplified();
    };
    QCOMPARE(said(0), QByteArray("events 2 on 1 track of 1 process"));
    QVERIFY2(said(1).startsWith("events 2 and 1 scheduling record on "), said(1).constData());
    QVERIFY2(said(1200).startsWith("events 2 and 1,200 scheduling records on "), said(1200).constData());
    const Ran ran = runOpscope({"info", "--json", dir.filePath(QStringLiteral("a.fxt"))});
    const Json info = Json::parse(ran.out.begin(), ran.out.end());
    QCOMPARE(info["events"]["total"].get<int>(), 2);
    QCOMPARE(info["records_by_type"]["scheduling"].get<int>(), 1200);
}

void tst_Cli::infoJsonHasExactNumbers()
{
    const Ran ran = runOpscope({"info", "--json", m_small});
    QCOMPARE(ran.status, 0);
    QVERIFY(ran.err.isEmpty());
    const Json info = Json::parse(ran.out.begin(), ran.out.end());
    QCOMPARE(info["kind"].get<std::string>(), "chrome");
    QCOMPARE(info["events"]["total"].get<int>(), 8);
    QCOMPARE(info["events"]["by_ph"]["X"].get<int>(), 5);
    QCOMPARE(info["min_ts_ns"].get<std::int64_t>(), 10'000);
    QCOMPARE(info["max_end_ns"].get<std::int64_t>(), 50'000);
    QVERIFY(info["total_dur_ns_by_cat"]["cpu_op"] == "28500.001"); // finer than a nanosecond: text
    QVERIFY(info["total_dur_ns_by_cat"]["kernel"] == 30'000);      // the negative one is left out
    QVERIFY(info["kernels"] == Json({{"total", 2}, {"correlation_matches_runtime", 1}}));
    QVERIFY(info["cpu_ops"] == Json({{"total", 2}, {"with_input_dims", 1}}));
    QVERIFY(info["flow_pairs_by_cat"] == Json({{"ac2g", 1}}));
    QVERIFY(info["top_names_by_dur"][0] == Json({{"name", "gemm"}, {"dur_ns", 30'000}, {"count", 1}}));
    QVERIFY(info["malformed"]["by_reason"] == Json({{"negative_dur", 1}}));
}

void tst_Cli::infoJsonKeepsNamesOfPeopleAndMachinesToItself()
{
    QVERIFY(!runOpscope({"info", "--json", m_small}).out.contains("secret-host"));
    QVERIFY(!runOpscope({"info", m_small}).out.contains("secret-host"));
    QVERIFY(runOpscope({"info", "--json", "--all", m_small}).out.contains("secret-host"));
}

void tst_Cli::infoJsonOfSeveralFilesIsAnArrayOfThoseThatCouldBeRead()
{
    const Ran ran = runOpscope({"info", "--json", m_small, path("missing.json"), m_small});
    QCOMPARE(ran.status, 1);
    QCOMPARE(linesOf(ran.err).size(), 1);
    const Json info = Json::parse(ran.out.begin(), ran.out.end());
    QVERIFY(info.is_array() && info.size() == 2 && info[0] == info[1]);
}

void tst_Cli::dumpIsTheSameEveryTime()
{
    const Ran first = runOpscope({"dump", m_small}), second = runOpscope({"dump", m_small});
    QCOMPARE(first.status, 0);
    QVERIFY(first.out.contains("aten::addmm"));
    QCOMPARE(first.out, second.out);
}

void tst_Cli::aFullDiskIsNoticed()
{
    if (!QFile::exists("/dev/full")) QSKIP("skipped: no /dev/full here");
    for (const char* command : {"info", "dump"}) {
        QProcess process;
        process.setStandardOutputFile("/dev/full");
        process.start(QStringLiteral(OPSCOPE_BIN "/opscope"), {QString::fromLatin1(command), m_small});
        QVERIFY(process.waitForFinished());
        QCOMPARE(process.exitCode(), 1);
        QCOMPARE(linesOf(process.readAllStandardError()).size(), 1);
    }
}

void tst_Cli::anInterruptEndsWithStatus130()
{
    QByteArray big = "[";
    for (int i = 0; i < 600'000; ++i)
        big += R"({"ph":"X","cat":"cpu_op","name":"aten::add","pid":1,"tid":2,"dur":1,"ts":)" + QByteArray::number(2 * i) + "},\n";
    QProcess process; // nobody reads the answer before the signal is sent, so it cannot have ended
    process.start(QStringLiteral(OPSCOPE_BIN "/opscope"), {"dump", write("big.json", big)});
    QVERIFY(process.waitForStarted());
    QVERIFY(takesInterrupts(process));
    QCOMPARE(::kill(static_cast<pid_t>(process.processId()), SIGINT), 0);
    QVERIFY(process.waitForFinished(20'000));
    QCOMPARE(process.exitStatus(), QProcess::NormalExit);
    QCOMPARE(process.exitCode(), 130);
    QVERIFY(process.readAllStandardError().isEmpty());
}

void tst_Cli::renderDrawsAPictureOfTheAskedSize()
{
    if (!QFile::exists(QStringLiteral(OPSCOPE_BIN "/opscope-gui"))) QSKIP("skipped: built without the window");
    const QString picture = path("shot.png");
    const Ran ran = runOpscope({"render", m_small, "-o", picture, "--size", "800x600", "--theme", "dark"});
    QVERIFY2(ran.status == 0, ran.err.constData());
    QFile file(picture);
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QByteArray head = file.read(24); // signature, IHDR, width and height big-endian
    QVERIFY(head.startsWith("\x89PNG"));
    QCOMPARE(qFromBigEndian<quint32>(head.constData() + 16), 800u);
    QCOMPARE(qFromBigEndian<quint32>(head.constData() + 20), 600u);
    QVERIFY2(file.size() > 5000, "the picture is blank");

    const Ran failed = runOpscope({"render", path("missing.json"), "-o", picture});
    QCOMPARE(failed.status, 1);
    QVERIFY2(linesOf(failed.err).size() == 1 && failed.err.contains("missing.json"), failed.err.constData());
}

QTEST_GUILESS_MAIN(tst_Cli)
#include "tst_Cli.moc"
