#include "core/record/inject/InjectCourier.h"

#include "core/record/Leftovers.h"
#include "core/record/Presentable.h"
#include "core/record/ProcessList.h"
#include "core/record/inject/InjectProgram.h"
#include "core/record/sampling/ProcFiles.h"
#include "core/record/torch/RecorderScript.h"
#include "core/record/torch/TorchProcess.h"

#include <chrono>
#include <utility>

namespace opscope::inject {

namespace {

constexpr std::chrono::milliseconds kLookEvery{500};
constexpr const char* kScriptName = "deliver.py";

bool readsScripts(pid_t pid)
{
    const auto about = torch::torchProcess(pid);
    return about && (about->pythonMajor > 3 || about->pythonMinor >= 14);
}

} // namespace

std::string whatItDoes(char state, const std::string& waitsIn)
{
    const auto in = [&](std::string_view part) { return waitsIn.find(part) != std::string::npos; };
    if (state == 'R') return "running in native code";
    if (state == 'T') return "stopped";
    if (state == 't') return "stopped by a debugger";
    if (state == 'D') return "waiting for a disk or a driver";
    if (in("nanosleep")) return "sleeping";
    if (in("futex")) return "waiting for another thread";
    if (in("pipe") || in("unix_stream") || in("tcp") || in("sk_wait")) return "waiting for another process";
    if (in("poll") || in("select")) return "waiting for files or sockets";
    if (in("wait") && !in("waitid")) return "waiting for a process that it started";
    return waitsIn.empty() || waitsIn == "0" ? "sleeping" : "sleeping in the kernel: " + waitsIn;
}

InjectCourier::InjectCourier(QObject* parent) : Courier(parent)
{
    m_looks.setInterval(kLookEvery);
    connect(&m_looks, &QTimer::timeout, this, &InjectCourier::look);
}

InjectCourier::~InjectCourier()
{
    if (!m_process) return;
    // It has seconds at most. Killing it would do the process no harm either, but this way what it began is ended.
    m_process->disconnect(this);
    m_process->setParent(nullptr);
    connect(m_process, &QProcess::finished, m_process, &QObject::deleteLater);
    deleteAtTheLatest(m_process);
}

void InjectCourier::deliver(const RecordTarget& target, const torch::Exchange& exchange)
{
    m_target = target;
    const auto about = processInfo(target.pid);
    m_label = "Process " + (about ? processLabel(*about) : std::to_string(target.pid));
    m_statement = torch::bootstrapText(exchange.forTarget());
    if (readsScripts(target.pid)) {
        if (const Status written = exchange.write(kScriptName, m_statement); !written) return refuse({written.error().message});
        m_script = exchange.forTarget() + "/" + kScriptName;
    }
    start();
}

bool InjectCourier::deliverAgain()
{
    if (m_process) return true; // at it
    start();
    return true;
}

void InjectCourier::start()
{
    const std::string program = injectProgram();
    if (program.empty()) return refuse({"The program opscope-inject is missing.", "It belongs beside opscope: install Opscope again."});
    QStringList words{QStringLiteral("--pid"), QString::number(m_target.pid), QStringLiteral("--start-ticks"), QString::number(m_target.startTicks)};
    if (!m_script.empty()) words << QStringLiteral("--script") << QString::fromStdString(m_script);
    m_process = new QProcess(this);
    m_process->setProcessChannelMode(QProcess::ForwardedErrorChannel);
    connect(m_process, &QProcess::finished, this, &InjectCourier::hear);
    connect(m_process, &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
        if (error != QProcess::FailedToStart) return;
        const std::string why = m_process->errorString().toStdString();
        std::exchange(m_process, nullptr)->deleteLater();
        refuse({"The program opscope-inject cannot be started.", "Install Opscope again.", presentable(why)});
    });
    m_process->start(QString::fromStdString(program), words);
    m_process->write(m_statement.data(), static_cast<qint64>(m_statement.size()));
    m_process->closeWriteChannel();
}

void InjectCourier::hear(int status, QProcess::ExitStatus how)
{
    const auto reply = parseReply(m_process->readAllStandardOutput());
    std::exchange(m_process, nullptr)->deleteLater();
    if (!reply) {
        const std::string end = how == QProcess::CrashExit ? "a signal" : "status " + std::to_string(status);
        return refuse({m_label + " could not be attached to: the program for it ended early.", "The process runs on as before. Try again.", "opscope-inject ended with " + end});
    }
    if (!reply->queued()) return refuse(failureOf(*reply, m_label));
    m_looks.start();
    if (!std::exchange(m_delivered, true)) Q_EMIT delivered();
}

/// The first attempt decides: what it brought in is still waiting when a second one fails.
void InjectCourier::refuse(const RecordFailure& failure)
{
    if (!m_delivered) Q_EMIT refused(failure);
}

void InjectCourier::look()
{
    const auto stat = sampling::threadStat(m_target.pid, m_target.pid);
    if (!stat || (m_target.startTicks != 0 && stat->startTicks != m_target.startTicks)) return m_looks.stop();
    const std::string waitsIn = sampling::readSmallFile("/proc/" + std::to_string(m_target.pid) + "/wchan");
    const QString what = QString::fromStdString(presentable(whatItDoes(stat->state, waitsIn)));
    if (what != m_waitsFor) Q_EMIT waitingFor(m_waitsFor = what);
}

} // namespace opscope::inject
