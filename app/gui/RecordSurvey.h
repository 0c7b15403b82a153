#pragma once

#include <QString>

#include "core/record/ProcessList.h"
#include "core/record/RecorderBackend.h"
#include "core/record/torch/TorchProcess.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <unordered_map>
#include <vector>

namespace opscope {

/// Tells processes of one pid apart.
struct ProcessKey
{
    pid_t pid = 0;
    std::uint64_t startTicks = 0;
    friend bool operator==(const ProcessKey&, const ProcessKey&) = default;
};

/// One line of the list: a process, and what each backend says of it.
struct RecordProcess
{
    ProcessInfo info;
    std::vector<Readiness> ready = {}; ///< by backend, in the order of the list; empty: not asked yet
    std::optional<torch::TorchProcess> torch = {}; ///< what PyTorch it has; nothing: none
    QString command = {};              ///< commandText()
    QString about = {};                ///< what a search looks through
    ProcessKey key() const { return {info.pid, info.startTicks}; }
};

/// With the texts made: on a worker, so that showing and searching do not have to.
RecordProcess describeProcess(ProcessInfo info, std::vector<Readiness> ready, std::optional<torch::TorchProcess> torch = {});
/// Those of `all` that run the same job as `one`: by job, or by command line and number of ranks. By rank, with `one` itself; fewer than two: it is alone.
std::vector<const RecordProcess*> ranksOf(const RecordProcess& one, const std::vector<RecordProcess>& all);

/// Looks for processes and asks every backend about each of them, on a worker: one thread at a time. Answers are kept, since rights and
/// hardware change rarely; old ones are asked for again, a few a look. A look takes about kPatience at most, and what it did not come to
/// is asked for in the next one.
class RecordSurvey
{
public:
    using Scan = std::function<std::vector<ProcessInfo>()>;
    using TorchScan = std::function<std::vector<torch::TorchProcess>(const std::vector<ProcessInfo>&)>;
    static constexpr std::chrono::milliseconds kPatience{300}; ///< for those that were never asked for
    static constexpr std::chrono::milliseconds kAgain{30};     ///< for those whose answer is old
    static constexpr std::chrono::seconds kOld{10};

    RecordSurvey(std::span<const RecorderBackend> backends, Scan scan, TorchScan torchScan)
        : m_backends(backends), m_scan(std::move(scan)), m_torchScan(std::move(torchScan))
    {
    }
    enum class Answers : std::uint8_t { Keep, Forget };
    /// Stopped, it ends with the process at hand; what it says then is of no use.
    std::vector<RecordProcess> look(Answers answers = Answers::Keep, const std::stop_token& stop = {});

private:
    using Clock = std::chrono::steady_clock;
    struct Answer
    {
        std::uint64_t startTicks = 0;
        Clock::time_point asked;
        std::vector<Readiness> ready;
    };
    void ask(const std::vector<ProcessInfo>& processes, const std::stop_token& stop);

    std::span<const RecorderBackend> m_backends;
    Scan m_scan;
    TorchScan m_torchScan;
    std::unordered_map<pid_t, Answer> m_answers;
};

/// What each backend says of one target, with the settings it would be recorded with.
std::vector<Readiness> askBackends(std::span<const RecorderBackend> backends, const RecordTarget& target, const std::vector<OptionValues>& options);

} // namespace opscope
