// bench_ranks [ROUNDS [PYTHON]]: two processes that run operators all the time are recorded by one press, again and again, through Kineto's daemon
// protocol and by our script. Prints how far apart their first recorded operators are, and how long it took from the press to the folder.

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QFile>
#include <QFloat16> // nlohmann_json asks what it is
#include <QProcess>
#include <QTemporaryDir>

#include "core/record/RecordProduct.h"
#include "core/record/Recorder.h"
#include "core/record/daemon/DaemonBackend.h"
#include "core/record/inject/InjectBackend.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <vector>

using namespace opscope;
using Json = nlohmann::json;

namespace {

constexpr int kPatienceMs = 60'000;

/// Nanoseconds since the Unix epoch; 0: there is none.
std::int64_t firstOperator(const std::string& path)
{
    std::ifstream file(path);
    const Json trace = Json::parse(file, nullptr, false);
    if (!trace.is_object() || !trace.contains("baseTimeNanoseconds")) return 0;
    double first = -1; // microseconds, with three decimals
    for (const Json& event : trace["traceEvents"])
        if (event.value("cat", "") == "cpu_op" && (first < 0 || event["ts"] < first)) first = event["ts"];
    return first < 0 ? 0 : trace["baseTimeNanoseconds"].get<std::int64_t>() + std::llround(first * 1000);
}

struct Round
{
    std::int64_t apartNs = -1; ///< negative: it failed
    std::int64_t tookMs = 0;
};

Round press(const RecorderBackend& backend, pid_t first, pid_t second)
{
    const QTemporaryDir folder;
    RecordRequest request;
    request.target.pid = first;
    request.others.push_back({.pid = second});
    request.path = folder.filePath(QStringLiteral("run")).toStdString();
    request.duration = std::chrono::milliseconds(200);
    Recorder recorder;
    QElapsedTimer timer;
    timer.start();
    recorder.start(backend, request);
    while (recorder.running() && timer.elapsed() < kPatienceMs) QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents | QEventLoop::AllEvents, 100);
    const auto traces = tracesIn(recorder.path().toStdString());
    if (recorder.state() != Recorder::State::Done || traces.size() != 2) {
        std::printf("    failed: %s\n", recorder.failure().message.c_str());
        return {};
    }
    const std::int64_t took = timer.elapsed(), one = firstOperator(traces[0]), other = firstOperator(traces[1]);
    return one && other ? Round{std::abs(one - other), took} : Round{};
}

bool measure(const char* name, const RecorderBackend& backend, pid_t first, pid_t second, int rounds)
{
    std::vector<std::int64_t> apart, took;
    for (int i = 0; i < rounds; ++i)
        if (const Round round = press(backend, first, second); round.apartNs >= 0) apart.push_back(round.apartNs), took.push_back(round.tookMs);
    std::sort(apart.begin(), apart.end());
    std::sort(took.begin(), took.end());
    std::printf("%s: %zu of %d recorded\n", name, apart.size(), rounds);
    if (apart.empty()) return false;
    const auto ms = [](std::int64_t ns) { return static_cast<double>(ns) / 1e6; };
    std::printf("    first operators apart  median %8.2f ms   max %8.2f ms\n", ms(apart[apart.size() / 2]), ms(apart.back()));
    std::printf("    press to folder        median %8lld ms   max %8lld ms\n", static_cast<long long>(took[took.size() / 2]), static_cast<long long>(took.back()));
    return apart.size() == static_cast<std::size_t>(rounds);
}

} // namespace

int main(int count, char** words)
{
    const QCoreApplication application(count, words);
    const int rounds = count > 1 ? std::max(1, std::atoi(words[1])) : 10;
    const QString python = count > 2 ? QString::fromLocal8Bit(words[2]) : qEnvironmentVariable("OPSCOPE_PYTHON", QStringLiteral("python3"));
    qputenv("OPSCOPE_INJECT", OPSCOPE_BIN "/opscope-inject");
    const QTemporaryDir sockets;
    std::ofstream(sockets.filePath(QStringLiteral("kineto.conf")).toStdString()) << "ON_DEMAND_CONFIG_UPDATE_INTERVAL_SECS=1\n";
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(QStringLiteral("KINETO_USE_DAEMON"), QStringLiteral("1"));
    environment.insert(QStringLiteral("KINETO_IPC_SOCKET_DIR"), sockets.path());
    environment.insert(QStringLiteral("KINETO_CONFIG"), sockets.filePath(QStringLiteral("kineto.conf")));
    environment.insert(QStringLiteral("WORLD_SIZE"), QStringLiteral("2"));
    QProcess ranks[2];
    bool good = true;
    for (int rank = 0; rank < 2; ++rank) {
        environment.insert(QStringLiteral("RANK"), QString::number(rank));
        ranks[rank].setProcessEnvironment(environment);
        ranks[rank].setStandardErrorFile(QProcess::nullDevice());
        ranks[rank].start(python, {QStringLiteral(OPSCOPE_INJECT_LOAD), QStringLiteral("operators")});
    }
    for (QProcess& rank : ranks) good = rank.waitForReadyRead(kPatienceMs) && good;
    const auto pid = [&](int rank) { return static_cast<pid_t>(ranks[rank].processId()); };
    if (!good) std::printf("the programs do not run: has this Python PyTorch?\n");
    else for (const auto& [name, backend] : {std::pair("daemon", daemonBackend()), std::pair("inject", injectBackend())}) good = measure(name, backend, pid(0), pid(1), rounds) && good;
    for (QProcess& rank : ranks) {
        rank.closeWriteChannel();
        const bool whole = rank.waitForFinished(kPatienceMs) && rank.exitStatus() == QProcess::NormalExit && rank.exitCode() == 0;
        if (!whole) rank.kill();
        rank.waitForFinished();
        good = good && whole;
    }
    return good ? 0 : 1;
}
