#include <QTest>

#include "core/record/daemon/DaemonReadiness.h"

#include <unistd.h>

using namespace opscope;
using namespace opscope::daemon;

/// What is known of a process before it is asked.
class tst_DaemonReadiness : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void readinessHasAReasonForEverything_data()
    {
        QTest::addColumn<QString>("reason");
        QTest::addColumn<int>("which");
        int row = 0;
        for (const char* reason : {"", "No PyTorch in it", "A data loader's worker", "Built without Kineto", "In another network namespace", "Not started with KINETO_USE_DAEMON",
                                   "Registers from PyTorch 2.3 on", "Not registered with the daemon", "Its socket folder is in a container", "Another Kineto daemon is running",
                                   "PyTorch 1.13.1 has no daemon protocol"})
            QTest::newRow(*reason ? reason : "ready") << QString::fromLatin1(reason) << row++;
    }
    void readinessHasAReasonForEverything()
    {
        QFETCH(QString, reason);
        QFETCH(int, which);
        torch::TorchProcess process;
        process.torchVersion = "2.13.0+cpu";
        process.daemonAsked = true;
        process.kinetoClient = "dynoconfigclient049c1639-60ee-4fb3-97a3-8bb86ed43e52";
        DaemonFacts facts{.process = process};
        torch::TorchProcess& its = *facts.process;
        if (which == 1) facts.process.reset();
        if (which == 2) its.worker = true;
        if (which == 3) its.kinetoBuild = false;
        if (which == 4) facts.ownSockets = true;
        if (which >= 5 && which <= 7) its.kinetoClient.clear();
        if (which == 5) its.daemonAsked = false;
        if (which == 6) its.torchVersion = "2.1.2";
        if (which == 8) {
            facts.ownFiles = true;
            its.kinetoClient = "/run/k/" + its.kinetoClient;
        }
        if (which == 9) facts.otherDaemon = true;
        if (which == 10) {
            its.kinetoClient.clear();
            its.torchVersion = "1.13.1";
        }
        const Readiness readiness = readinessOf(facts);
        QCOMPARE(QString::fromStdString(readiness.reason), reason);
        QCOMPARE(readiness.state == Readiness::State::Ready, reason.isEmpty());
        QCOMPARE(readiness.advice.empty(), reason.isEmpty());
    }

    void whatTheProtocolCannotDoIsNotPossible()
    {
        QCOMPARE(daemon::readiness({.pid = ::getpid()}, {{"memory", "on"}}).reason, std::string("No memory events over the daemon"));
        const Readiness readiness = daemon::readiness({.pid = ::getpid()}, {{"et", "on"}});
        QCOMPARE(readiness.reason, std::string("No execution trace over the daemon"));
        QCOMPARE(daemon::readiness({.command = {"true"}}, {}).reason, std::string("Only for processes that run"));
        QCOMPARE(daemon::readiness({.pid = ::getpid()}, {}).reason, std::string("No PyTorch in it"));
    }
};

QTEST_GUILESS_MAIN(tst_DaemonReadiness)
#include "tst_DaemonReadiness.moc"
