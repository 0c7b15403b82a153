#include <QFile>
#include <QTemporaryDir>
#include <QtTest>

#include "core/record/sampling/ProcFiles.h"
#include "tests/support/Golden.h"
#include "tests/support/InjectAttempt.h"
#include "tests/support/PythonTarget.h"

using namespace opscope;
using namespace opscope::test;
using inject::Order;

/// CPython 3.14 and later, which are asked by their own interpreter.
class TstRemoteExec : public QObject
{
    Q_OBJECT

private:
    QTemporaryDir m_folder;
    QString m_python;

    QString mark() const { return m_folder.filePath(QStringLiteral("mark")); }
    Order order(const PythonTarget& target) const
    {
        const std::string script = m_folder.filePath(QStringLiteral("script.py")).toStdString();
        writeFile(script, "with open('" + mark().toStdString() + "','a') as f: f.write('x')");
        const auto stat = sampling::procStat(target.pid());
        return {.pid = target.pid(), .startTicks = stat ? stat->startTicks : 0, .statement = "pass", .script = script};
    }
    static QByteArray said(const Attempt& made) { return QByteArray::fromStdString(made.result + (made.reason.empty() ? "" : " " + made.reason)); }

private Q_SLOTS:
    void initTestCase()
    {
        const auto all = pythonsOf(14, 99);
        if (all.empty()) QSKIP("skipped: no Python 3.14");
        m_python = all.front().path;
        PythonTarget target(m_python, {QStringLiteral("loop")});
        if (target.isReady() && attempt(order(target)).reason == "not-permitted") QSKIP("skipped: this system does not let programs attach to others");
    }
    void init() { QFile::remove(mark()); }

    void whateverItDoesItRunsWhatItIsGiven_data()
    {
        QTest::addColumn<QString>("name");
        for (const char* name : {"loop", "threads", "allocations", "sleep", "read", "registers", "fork", "alarm"}) QTest::addRow("%s", name) << QString::fromLatin1(name);
    }
    void whateverItDoesItRunsWhatItIsGiven()
    {
        QFETCH(QString, name);
        PythonTarget target(m_python, {name, QStringLiteral(OPSCOPE_INJECT_LIBRARY)});
        QVERIFY(target.isReady());
        for (qint64 i = 1; i <= 5; ++i) {
            const Attempt made = attempt(order(target));
            QCOMPARE(said(made), QByteArray("queued"));
            QCOMPARE(made.stoppedUs, std::int64_t{0});
            QTRY_COMPARE_WITH_TIMEOUT(QFileInfo(mark()).size(), i, 60'000);
        }
        QCOMPARE(target.verdict(), QByteArray());
    }
    void itMayBeSwitchedOff()
    {
        PythonTarget target(m_python, {QStringLiteral("loop")}, QProcessEnvironment::systemEnvironment(), {QStringLiteral("-X"), QStringLiteral("disable-remote-debug")});
        QVERIFY(target.isReady());
        QCOMPARE(said(attempt(order(target))), QByteArray("refused remote-debug-off"));
        QCOMPARE(target.verdict(), QByteArray());
        QVERIFY(!QFile::exists(mark()));
    }
    void othersMayNot()
    {
        if (::geteuid() != 0) QSKIP("skipped: needs root, to be somebody else");
        PythonTarget target(m_python, {QStringLiteral("loop")});
        QVERIFY(target.isReady());
        const Attempt made = attempt(order(target), {}, 65534);
        QCOMPARE(said(made), QByteArray("refused not-permitted"));
        QCOMPARE(target.verdict(), QByteArray());
    }
    void withoutAScriptNothingIsTried()
    {
        PythonTarget target(m_python, {QStringLiteral("loop")});
        QVERIFY(target.isReady());
        Order none = order(target);
        none.script.clear();
        QCOMPARE(said(attempt(none)), QByteArray("refused no-script"));
        QCOMPARE(target.verdict(), QByteArray());
    }
};

QTEST_GUILESS_MAIN(TstRemoteExec)
#include "tst_RemoteExec.moc"
