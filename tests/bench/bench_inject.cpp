// bench_inject [ATTACHES [PYTHON [WAY...]]]: attaches again and again to programs at work, by opscope-inject as Opscope does. Ways: train (needs PyTorch),
// allocations, loop. Prints for each how many statements were run, whether the program ended as planned, and medians and maxima: how long its main thread
// was stopped, from the beginning of asking it to stop to letting it go, and how long it took from starting opscope-inject until the statement ran.

#include <QElapsedTimer>
#include <QFile>
#include <QProcess>
#include <QTemporaryDir>
#include <QThread>

#include "core/record/inject/InjectProgram.h"
#include "core/record/sampling/ProcFiles.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

using namespace opscope;

namespace {

constexpr int kPatienceMs = 60'000;

struct Figures
{
    int queued = 0, run = 0;
    std::vector<std::int64_t> stoppedUs, untilRunUs;
};

std::int64_t nowNs()
{
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void attach(const QProcess& target, std::uint64_t startTicks, const QString& mark, Figures& figures)
{
    QFile::remove(mark);
    const std::int64_t from = nowNs();
    const QByteArray statement = "import time;f=open('" + mark.toUtf8() + ".new','w');f.write(str(time.monotonic_ns()));f.close();"
                                 "import os;os.rename('" + mark.toUtf8() + ".new','" + mark.toUtf8() + "')";
    QFile script(mark + QStringLiteral(".py")); // for 3.14 and later, which read it themselves
    if (!script.open(QIODevice::WriteOnly) || script.write(statement) != statement.size()) return;
    script.close();
    QProcess program;
    program.start(QStringLiteral(OPSCOPE_BIN "/opscope-inject"), {QStringLiteral("--pid"), QString::number(target.processId()), QStringLiteral("--start-ticks"),
                                                                  QString::number(startTicks), QStringLiteral("--script"), script.fileName()});
    program.write(statement);
    program.closeWriteChannel();
    if (!program.waitForFinished(kPatienceMs)) return;
    const QByteArray said = program.readAllStandardOutput();
    const auto reply = inject::parseReply(said);
    if (!reply || !reply->queued()) return static_cast<void>(std::printf("    %s", said.constData()));
    ++figures.queued;
    figures.stoppedUs.push_back(reply->stoppedUs);
    QElapsedTimer waited;
    waited.start();
    while (!QFile::exists(mark) && waited.elapsed() < kPatienceMs && target.state() == QProcess::Running) QThread::usleep(200);
    QFile file(mark);
    if (!file.open(QIODevice::ReadOnly)) return;
    ++figures.run;
    figures.untilRunUs.push_back((file.readAll().toLongLong() - from) / 1000);
}

void print(const char* what, std::vector<std::int64_t>& all)
{
    if (all.empty()) return;
    std::sort(all.begin(), all.end());
    const auto ms = [](std::int64_t us) { return static_cast<double>(us) / 1000; };
    std::printf("    %-22s median %8.2f ms   95 %% %8.2f ms   max %8.2f ms\n", what, ms(all[all.size() / 2]), ms(all[all.size() * 95 / 100]), ms(all.back()));
}

bool measure(const QString& python, const QString& way, int attaches)
{
    QProcess target;
    target.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    target.start(python, {QStringLiteral(OPSCOPE_INJECT_LOAD), way});
    if (!target.waitForReadyRead(kPatienceMs)) {
        std::printf("%s: does not run\n", qPrintable(way));
        target.kill();
        target.waitForFinished();
        return false;
    }
    const QTemporaryDir folder;
    const auto stat = sampling::procStat(static_cast<pid_t>(target.processId()));
    Figures figures;
    for (int i = 0; i < attaches && stat && target.state() == QProcess::Running; ++i) {
        QThread::msleep(static_cast<unsigned long>(5 + i % 17)); // at no beat of the program's
        attach(target, stat->startTicks, folder.filePath(QStringLiteral("mark")), figures);
        target.waitForFinished(0);
    }
    target.closeWriteChannel();
    const bool whole = target.waitForFinished(kPatienceMs) && target.exitStatus() == QProcess::NormalExit && target.exitCode() == 0;
    if (!whole) target.kill();
    target.waitForFinished();
    std::printf("%s: %d of %d run, %d queued, the program %s\n", qPrintable(way), figures.run, attaches, figures.queued, whole ? "ended as planned" : "WAS LOST");
    print("stopped", figures.stoppedUs);
    print("until it ran", figures.untilRunUs);
    return whole && figures.run == attaches;
}

} // namespace

int main(int count, char** words)
{
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    const int attaches = count > 1 ? std::max(1, std::atoi(words[1])) : 200;
    const QString python = count > 2 ? QString::fromLocal8Bit(words[2]) : qEnvironmentVariable("OPSCOPE_PYTHON", QStringLiteral("python3"));
    QStringList ways;
    for (int i = 3; i < count; ++i) ways << QString::fromLocal8Bit(words[i]);
    if (ways.isEmpty()) ways = {QStringLiteral("train"), QStringLiteral("allocations"), QStringLiteral("loop")};
    bool good = true;
    for (const QString& way : ways) good = measure(python, way, attaches) && good;
    return good ? 0 : 1;
}
