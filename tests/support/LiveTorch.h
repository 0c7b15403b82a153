#pragma once

#include <QDir>
#include <QFile>
#include <QProcess>
#include <QTemporaryDir>

#include "tests/support/Golden.h"
#include "tests/support/TorchPython.h"

#include <string>
#include <utility>
#include <vector>

namespace opscope::test {

struct LiveTorchHow
{
    std::vector<std::pair<QString, QString>> environment = {};
    QString before = {};        ///< lines of Python in front of the loop
    bool worker = false;        ///< forks a process that does nothing, as data loaders do
    QString python = {};        ///< empty: OPSCOPE_PYTHON
    QStringList under = {};     ///< words of a command that starts it, as another user or where /tmp is another one
};

/// A training loop in a Python with PyTorch (OPSCOPE_PYTHON), with an embedding whose indices are known, that runs until its input ends or this goes.
/// It knows nothing of being recorded, unless `before` is code that does. Prints "ready" behind its first step, then what `after` prints.
class LiveTorch
{
public:
    using How = LiveTorchHow;

    static QString python() { return torchPython(); }
    /// Also for `opscope record -- python SCRIPT`; with "steps" N it ends after so many.
    static QString script(const QTemporaryDir& dir, const How& how = {})
    {
        const QString path = dir.filePath(QStringLiteral("train.py"));
        const std::string fork = how.worker ? "pid = os.fork()\nwhile pid == 0:\n    time.sleep(0.1)\n    if os.getppid() != main: os._exit(0)\n" : "";
        writeFile(path.toStdString(), how.before.toStdString() + "\nimport os, select, sys, time, torch\ntorch.set_num_threads(1)\nmain = os.getpid()\n" + fork +
                                          "model = torch.nn.Sequential(torch.nn.Embedding(10, 8), torch.nn.Linear(8, 8))\n"
                                          "optimizer = torch.optim.SGD(model.parameters(), 0.1)\n"
                                          "data = torch.tensor([7, 0, 9, 3])\n"
                                          "limit = int(sys.argv[1]) if len(sys.argv) > 1 else 0\n"
                                          "step = 0\n"
                                          "while not limit or step < limit:\n"
                                          "    optimizer.zero_grad()\n"
                                          "    model(data).sum().backward()\n"
                                          "    optimizer.step()\n"
                                          "    step += 1\n"
                                          "    if step == 1: print('ready', flush=True)\n"
                                          "    time.sleep(0.002)\n"
                                          "    if not limit and select.select([sys.stdin], [], [], 0)[0]: break\n"
                                          "print('steps', step, flush=True)\n");
        return path;
    }

    explicit LiveTorch(const How& how = {}) : m_dir(how.under.isEmpty() ? QDir::tempPath() + QStringLiteral("/opscope-XXXXXX") : QStringLiteral("/var/tmp/opscope-XXXXXX"))
    {
        QFile::setPermissions(m_dir.path(), QFile::permissions(m_dir.path()) | QFile::ReadOther | QFile::ExeOther);
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        for (const char* name : {"KINETO_USE_DAEMON", "KINETO_IPC_SOCKET_DIR", "RANK", "WORLD_SIZE", "SLURM_JOB_ID"}) environment.remove(QString::fromLatin1(name));
        for (const auto& [name, value] : how.environment) environment.insert(name, value);
        m_process.setProcessEnvironment(environment);
        m_process.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        QStringList words = how.under;
        words << (how.python.isEmpty() ? python() : how.python) << script(m_dir, how);
        m_process.start(words.takeFirst(), words);
    }
    ~LiveTorch()
    {
        m_process.closeWriteChannel();
        if (!m_process.waitForFinished(30'000)) m_process.kill();
        m_process.waitForFinished();
    }
    /// Its first step is done.
    bool isReady()
    {
        while (!m_printed.contains("ready\n") && m_process.waitForReadyRead(120'000)) m_printed += m_process.readAllStandardOutput();
        return m_printed.contains("ready\n");
    }
    pid_t pid() const { return static_cast<pid_t>(m_process.processId()); }
    /// Where it was started by a command that waits for it, as unshare -f does. 0: it has no child.
    pid_t childPid() const
    {
        QFile children(QStringLiteral("/proc/%1/task/%1/children").arg(pid()));
        return children.open(QIODevice::ReadOnly) ? children.readAll().split(' ').value(0).toInt() : 0;
    }
    QString pidText() const { return QString::number(pid()); }
    /// Ends it: the exit status, -1 if it was killed. It trained to its end if this is 0 and it says how many steps.
    int end()
    {
        m_process.closeWriteChannel();
        if (!m_process.waitForFinished(60'000) || m_process.exitStatus() != QProcess::NormalExit) return -1;
        m_printed += m_process.readAllStandardOutput();
        return m_printed.contains("steps ") ? m_process.exitCode() : -2;
    }

private:
    QTemporaryDir m_dir;
    QProcess m_process;
    QByteArray m_printed;
};

} // namespace opscope::test
