#include <QRegularExpression>

#include "tests/app/RecordRun.h"
#include "tests/support/Golden.h"

#include <csignal>
#include <sys/ioctl.h>

using namespace opscope::test;

/// Commands that `opscope record` starts. With the first backend that is ready; skipped where none is.
class tst_RecordStarted : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void aCommandIsRecordedFromItsStart();
    void theStatusOfTheCommandIsTold_data();
    void theStatusOfTheCommandIsTold();
    void argumentsReachTheCommandAsTheyAre();
    void interruptsFromTheTerminalAreForTheRecording();
};

void tst_RecordStarted::aCommandIsRecordedFromItsStart()
{
    NEEDS_A_BACKEND();
    RecordRun r;
    QVERIFY(r.start({"--", "sh", "-c", "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; echo from the command"}));
    const Ran ran = r.end();
    QCOMPARE(ran.status, 0);
    QVERIFY(ran.out.startsWith("from the command\n")); // its output is its own
    QVERIFY2(ran.out.endsWith("; the command ended with status 0\n"), ran.out.constData());
    QCOMPARE(r.files().size(), 1);
    QVERIFY(QRegularExpression(QStringLiteral("^sh-\\d{8}-\\d{6}\\.fxt$")).match(r.files().front()).hasMatch());
    QVERIFY(Loaded(r.at(r.files().front().toLatin1().constData())));
}

void tst_RecordStarted::theStatusOfTheCommandIsTold_data()
{
    QTest::addColumn<QString>("script");
    QTest::addColumn<QString>("said");
    QTest::addColumn<int>("status");
    QTest::addColumn<int>("signal");
    QTest::newRow("status") << "i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done; exit 7" << "the command ended with status 7" << 7 << 0;
    QTest::newRow("signal") << "i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done; kill -9 $$" << "the command was killed by signal 9 (Killed)" << 0 << 9;
}

void tst_RecordStarted::theStatusOfTheCommandIsTold()
{
    NEEDS_A_BACKEND();
    QFETCH(const QString, script);
    QFETCH(const QString, said);
    QFETCH(const int, status);
    QFETCH(const int, signal);
    RecordRun r;
    QVERIFY(r.start({"-o", "a.fxt", "--", "sh", "-c", script}));
    const Ran plain = r.end();
    QCOMPARE(plain.status, 0); // ours
    QVERIFY2(plain.out.endsWith("; " + said.toUtf8() + "\n"), plain.out.constData());
    const Json json = jsonOf(record({"--json", "--force", "-o", r.at("a.fxt"), "--", "sh", "-c", script}));
    QCOMPARE(json["ended"].get<std::string>(), std::string("target_ended"));
    QVERIFY(json["command_status"] == (signal ? Json() : Json(status)));
    QVERIFY(json["command_signal"] == (signal ? Json(signal) : Json()));
}

void tst_RecordStarted::argumentsReachTheCommandAsTheyAre()
{
    NEEDS_A_BACKEND();
    RecordRun r;
    const QStringList words{"", "-x", "--pid", "--", "[1,2]", "{}", "a b", "a,b", "'", "%s", "é", "--json=1", "-o"};
    QVERIFY(r.start(QStringList{"-o", "a.fxt", "--", "sh", "-c", "for word; do printf '<%s>' \"$word\"; done; echo", "sh"} + words));
    const Ran ran = r.end();
    QCOMPARE(QString::fromUtf8(ran.out.left(ran.out.indexOf('\n'))), QLatin1Char('<') + words.join(QStringLiteral("><")) + QLatin1Char('>'));
}

/// On a terminal, below a shell that leads its session: the command reads from it, and Ctrl+C saves and leaves the command running.
void tst_RecordStarted::interruptsFromTheTerminalAreForTheRecording()
{
    NEEDS_A_BACKEND();
    const Terminal terminal;
    RecordRun r;
    const std::string name = ::ptsname(terminal.ours);
    r.process.setChildProcessModifier([name] {
        ::setsid();
        const int slave = ::open(name.c_str(), O_RDWR);
        ::ioctl(slave, TIOCSCTTY, 0);
        for (const int channel : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(slave, channel);
    });
    const QString command = QStringLiteral("read line; echo $$ >pid; echo \"heard $line\" >heard; while [ ! -e stop ]; do i=0; while [ $i -lt 5000 ]; do i=$((i+1)); done; "
                                           "done; echo over >over");
    const QString shell = QStringLiteral("trap : INT; \"$0\" record -o a.fxt -- sh -c '%1' >said 2>&1; echo $? >status; while [ ! -e over ]; do sleep 0.02; done").arg(command);
    r.process.setWorkingDirectory(r.dir.path());
    r.process.start(QStringLiteral("sh"), {QStringLiteral("-c"), shell, QStringLiteral(OPSCOPE_BIN "/opscope")});
    const auto content = [&r](const char* file) { return QFile::exists(r.at(file)) ? QByteArray::fromStdString(readFile(r.at(file).toStdString())) : QByteArray(); };
    QTRY_VERIFY_WITH_TIMEOUT(content("said").contains("Recording "), 60'000);
    QCOMPARE(::write(terminal.ours, "hello\n", 6), 6);
    QTRY_COMPARE_WITH_TIMEOUT(content("heard"), QByteArray("heard hello\n"), 60'000);
    QTest::qWait(100); // so that there are samples; nothing depends on it
    QCOMPARE(::write(terminal.ours, "\003", 1), 1);
    QTRY_COMPARE_WITH_TIMEOUT(content("status"), QByteArray("0\n"), 60'000);
    const pid_t pid = content("pid").toInt();
    const auto kill = qScopeGuard([pid] { ::kill(pid, SIGKILL); });
    QVERIFY2(content("said").contains("; stopped; the command runs on as process " + QByteArray::number(pid) + "\n"), content("said").constData());
    QVERIFY(Loaded(r.at("a.fxt")).trace);
    QCOMPARE(::kill(pid, 0), 0);
    writeFile(r.at("stop").toStdString(), "now");
    QVERIFY(r.process.waitForFinished(60'000));
    QCOMPARE(content("over"), QByteArray("over\n"));
}

QTEST_GUILESS_MAIN(tst_RecordStarted)
#include "tst_RecordStarted.moc"
