#include <QTest>

#include "core/record/torch/RecorderScript.h"
#include "tests/support/RecordedTraining.h"

#include <algorithm>
#include <sys/stat.h>

using namespace opscope;
using namespace opscope::torch;
using namespace opscope::test;
using Json = nlohmann::json;
using Phase = ScriptStatus::Phase;

/// How the recorder comes into a program: by its bootstrap, with a program that we start, by an import.
class tst_RecorderDelivery : public QObject, private RecordedTraining
{
    Q_OBJECT

private Q_SLOTS:
    void theBootstrapDoesNothingWithoutAFolder();
    void theBootstrapTakesAnyName();
    void theHelperIsKeptUpToDate();
    void withoutTorchItSaysSo_data();
    void withoutTorchItSaysSo();
    void thoseWhoListenAreAnnounced_data() { withoutTorchItSaysSo_data(); }
    void thoseWhoListenAreAnnounced();

    void aProgramThatWeStartIsRecordedFromTheFirstOperator();
    void blocksRecordThemselves();
    void whoListensIsRecorded();
};

void tst_RecorderDelivery::theBootstrapDoesNothingWithoutAFolder()
{
    const QString python = QStandardPaths::findExecutable(QStringLiteral("python3"));
    if (python.isEmpty()) QSKIP("skipped: no python3");
    QProcess process;
    process.start(python, {QStringLiteral("-c"), QString::fromStdString(bootstrapText("/nowhere/at/all") + "\nassert not [n for n in dir() if n[0] != '_'], dir()")});
    QVERIFY(process.waitForFinished(60'000));
    QCOMPARE(process.exitCode(), 0);
    QCOMPARE(process.readAllStandardOutput() + process.readAllStandardError(), QByteArray());
}

void tst_RecorderDelivery::theBootstrapTakesAnyName()
{
    const QString python = QStandardPaths::findExecutable(QStringLiteral("python3"));
    if (python.isEmpty()) QSKIP("skipped: no python3");
    const std::string odd = "o'd\"d \\n\n\t{0} \xc3\xa9\xff";
    const std::string text = bootstrapText(odd);
    for (const char c : text) QVERIFY(c >= 0x20 && c < 0x7f);
    QTemporaryDir folder;
    const QByteArray inside = QFile::encodeName(folder.path()) + '/' + QByteArray::fromStdString(odd);
    QCOMPARE(::mkdir(inside.constData(), 0700), 0);
    std::FILE* script = std::fopen((inside + "/opscope.py").constData(), "w");
    QVERIFY(script);
    std::fputs("import os\nprint(os.fsencode(__opscope_folder__).hex())\n", script);
    std::fclose(script);
    QProcess process;
    process.start(python, {QStringLiteral("-c"), QString::fromStdString(bootstrapText(inside.toStdString()))});
    QVERIFY(process.waitForFinished(60'000));
    QCOMPARE(process.readAllStandardOutput().trimmed(), inside.toHex());
    ::unlink((inside + "/opscope.py").constData()); // Qt does not remove what has such a name
    ::rmdir(inside.constData());
}

void tst_RecorderDelivery::theHelperIsKeptUpToDate()
{
    const QString path = QString::fromStdString(helperPath());
    QVERIFY(path.endsWith(QStringLiteral("/opscope/python/opscope.py")));
    const auto content = [&] {
        QFile file(path);
        return file.open(QIODevice::ReadOnly) ? file.readAll().toStdString() : std::string();
    };
    const auto put = [&](const QByteArray& text) {
        QFile file(path);
        return file.open(QIODevice::WriteOnly) && file.write(text) == text.size();
    };
    QCOMPARE(content(), std::string(recorderScript()));
    QVERIFY(put("VERSION = 0\n"));
    QCOMPARE(helperPath(), path.toStdString());
    QCOMPARE(content(), std::string(recorderScript()));
    QVERIFY(put("VERSION = 999\n")); // of a later Opscope
    QCOMPARE(helperPath(), path.toStdString());
    QCOMPARE(content(), std::string("VERSION = 999\n"));
    QVERIFY(QFile::remove(path));
}

void tst_RecorderDelivery::withoutTorchItSaysSo_data()
{
    QTest::addColumn<QString>("python");
    QStringList found{QStandardPaths::findExecutable(QStringLiteral("python3"))};
    const QDir versions(QDir::homePath() + QStringLiteral("/.pyenv/versions"));
    for (const QString& version : versions.entryList({QStringLiteral("3.*")}, QDir::Dirs)) {
        const int minor = version.section(QLatin1Char('.'), 1, 1).toInt();
        if (minor >= 8) found << versions.filePath(version + QStringLiteral("/bin/python3"));
    }
    for (const QString& python : found)
        if (QFile::exists(python)) QTest::newRow(qPrintable(python)) << python;
}

void tst_RecorderDelivery::withoutTorchItSaysSo()
{
    QFETCH(QString, python);
    QTemporaryDir programs;
    QFile program(programs.filePath(QStringLiteral("loop.py")));
    QVERIFY(program.open(QIODevice::WriteOnly));
    program.write("import time\nprint('1', flush=True)\ntry:\n  while True: time.sleep(0.001)\nexcept KeyboardInterrupt: pass\n");
    program.close();
    RecordedPython loop(python, RecordedPython::inDeliver(kLive, {program.fileName()}));
    QVERIFY2(loop.prints(1), loop.errors().constData());
    RecorderFolder folder(Json{{"seconds", 0.1}});
    loop.deliver(folder);
    const ScriptStatus status = folder.waitForEnd(loop.pid());
    QCOMPARE(status.phase, Phase::Error);
    QCOMPARE(status.errorCode, std::string("no-torch"));
    QVERIFY(status.python.starts_with("3."));
    QCOMPARE(loop.end(), 0);
    QCOMPARE(loop.errors(), QByteArray());
}

void tst_RecorderDelivery::thoseWhoListenAreAnnounced()
{
    QFETCH(QString, python);
    QTemporaryDir folder;
    QFile helper(folder.filePath(QStringLiteral("opscope.py")));
    QVERIFY(helper.open(QIODevice::WriteOnly));
    helper.write(recorderScript().data(), static_cast<qint64>(recorderScript().size()));
    helper.close();
    RecordedPython program(python, RecordedPython::inDeliver(kLive, {kLive + QStringLiteral("/listening.py"), helper.fileName()}));
    QVERIFY2(program.prints(1), program.errors().constData());
    QCOMPARE(program.lines().front()["listens"].get<bool>(), true);
    const QString control = QStringLiteral("/tmp/opscope-%1/%2.control").arg(::getuid()).arg(program.pid());
    QFile file(control);
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QByteArray text = file.readAll();
    const Json announced = Json::parse(text.begin(), text.end());
    QCOMPARE(announced["pid"].get<int>(), program.pid());
    QVERIFY(announced["start_ticks"].get<std::int64_t>() > 0);
    QCOMPARE(program.end(), 0);
    QVERIFY(!QFile::exists(control));
}

void tst_RecorderDelivery::aProgramThatWeStartIsRecordedFromTheFirstOperator()
{
    NEEDS_TORCH();
    RecorderFolder folder(Json{{"from", "first-op"}});
    QTemporaryDir shim, hidden;
    const auto put = [](const QString& path, std::string_view text) {
        QFile file(path);
        return file.open(QIODevice::WriteOnly) && file.write(text.data(), static_cast<qint64>(text.size())) > 0;
    };
    QVERIFY(put(shim.filePath(QStringLiteral("sitecustomize.py")), shimScript()));
    QVERIFY(put(hidden.filePath(QStringLiteral("sitecustomize.py")), "import os\nos.environ['HIDDEN'] = __name__ + __file__\n"));
    QVERIFY(put(hidden.filePath(QStringLiteral("program.py")),
                "import json, os, sys, runpy\n"
                "print(json.dumps({'argv': sys.argv, 'main': __name__, 'hidden': os.environ.get('HIDDEN'), 'path': sys.path, 'torch': 'torch' in sys.modules}))\n"
                "sys.argv[0] = sys.argv[1]; del sys.argv[1]\nif __name__ == '__main__': runpy.run_path(sys.argv[0], run_name='__main__')\n"));
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(QStringLiteral("PYTHONPATH"), shim.path() + QLatin1Char(':') + hidden.path());
    environment.insert(QStringLiteral("OPSCOPE_RECORD_FOLDER"), QString::fromStdString(folder.path()));
    const QString main = hidden.filePath(QStringLiteral("program.py"));
    RecordedPython program(torchPython(), {main, kTrain, QStringLiteral("steps=20"), QStringLiteral("spawn")}, environment);
    const pid_t pid = program.pid();
    QVERIFY2(program.prints(1), program.errors().constData());
    const Json seen = program.lines().front();
    QVERIFY(seen["argv"] == Json({main.toStdString(), kTrain.toStdString(), "steps=20", "spawn"}));
    QVERIFY(seen["main"] == Json("__main__"));
    QVERIFY(seen["torch"] == Json(false));
    QVERIFY(seen["hidden"] == Json("sitecustomize" + hidden.filePath(QStringLiteral("sitecustomize.py")).toStdString()));
    QVERIFY(std::find(seen["path"].begin(), seen["path"].end(), Json(shim.path().toStdString())) == seen["path"].end());
    while (program.process().state() != QProcess::NotRunning && !program.process().waitForFinished(200)) folder.signOfLife();
    QCOMPARE(program.waitForEnd(), 0);

    const ScriptStatus own = folder.waitForEnd(pid);
    QCOMPARE(own.errorCode, std::string("ended"));
    const TracePtr trace = load({folder.made(own, ".pt.trace.json"), folder.made(own, ".et.json")});
    int steps = 0;
    for (const EtNode& node : trace->executionTrace()->nodes()) steps += trace->text(node.name).starts_with("Optimizer.step#");
    QCOMPARE(steps, 20); // from the first
    // The child that it spawned has files of its own.
    QCOMPARE(folder.names().filter(QStringLiteral(".et.json")).size(), 2);
    QCOMPARE(folder.names().filter(QStringLiteral(".pt.trace.json")).size(), 2);
}

void tst_RecorderDelivery::blocksRecordThemselves()
{
    NEEDS_TORCH();
    QTemporaryDir into;
    RecordedPython program(torchPython(), {kLive + QStringLiteral("/listening.py"), QString::fromStdString(helperPath()), QStringLiteral("record"), into.filePath(QStringLiteral("new"))});
    QCOMPARE(program.waitForEnd(), 0);
    const Json said = program.lines().back();
    QVERIFY(said["error"] == Json());
    QCOMPARE(said["files"].size(), 2u);
    const TracePtr trace = load(said["files"].get<std::vector<std::string>>());
    int products = 0;
    for (const EtNode& node : trace->executionTrace()->nodes()) products += trace->text(node.name) == "aten::mm";
    QCOMPARE(products, 3);
    QCOMPARE(QDir(into.filePath(QStringLiteral("new"))).entryList(QDir::Files | QDir::Hidden).size(), 2);
}

void tst_RecorderDelivery::whoListensIsRecorded()
{
    NEEDS_TORCH();
    RecordedPython program(torchPython(), RecordedPython::inDeliver(kLive, {kLive + QStringLiteral("/listening.py"), QString::fromStdString(helperPath())}));
    QVERIFY2(program.prints(1), program.errors().constData());
    const QString request = QStringLiteral("/tmp/opscope-%1/%2.request").arg(::getuid()).arg(program.pid());
    for (int round = 0; round < 2; ++round) {
        RecorderFolder folder(Json{{"steps", 5}});
        QFile beside(request + QStringLiteral(".tmp"));
        QVERIFY(beside.open(QIODevice::WriteOnly));
        beside.write(QByteArray::fromStdString(Json({{"version", 1}, {"folder", folder.path()}}).dump()));
        beside.close();
        QVERIFY(beside.rename(request));
        const ScriptStatus status = folder.waitForEnd(program.pid());
        QCOMPARE(status.error, std::string());
        QVERIFY2(status.step >= 6, std::to_string(status.step).c_str()); // the one within which the request came is not recorded; they are counted on while it is written
        QCOMPARE(status.files.size(), 2u);
        QVERIFY(!QFile::exists(request));
        const TracePtr trace = load({folder.made(status, ".pt.trace.json")});
        int products = 0;
        for (std::uint32_t i = 0; i < trace->slices().size(); ++i) products += trace->name(SliceId(i)) == "aten::mm";
        QCOMPARE(products, 5);
    }
    QCOMPARE(program.end(), 0);
}

QTEST_GUILESS_MAIN(tst_RecorderDelivery)
#include "tst_RecorderDelivery.moc"
