#include "app/gui/RecordSurvey.h"

#include "app/gui/RecordText.h"
#include "widgets/common/Text.h"

#include <algorithm>

namespace opscope {

namespace {

bool sameJob(const torch::TorchProcess& a, const torch::TorchProcess& b)
{
    if (!a.rank || !b.rank || a.worker || b.worker)
        return false;
    return a.job == b.job && a.worldSize == b.worldSize;
}

} // namespace

std::vector<const RecordProcess*> ranksOf(const RecordProcess& one, const std::vector<RecordProcess>& all)
{
    std::vector<const RecordProcess*> ranks;
    if (!one.torch)
        return ranks;
    for (const RecordProcess& other : all) {
        // Without a job's name what was started alike is one.
        const bool alike = other.torch && (!one.torch->job.empty() || other.info.command == one.info.command) && other.info.user == one.info.user;
        if (alike && sameJob(*one.torch, *other.torch))
            ranks.push_back(&other);
    }
    std::ranges::stable_sort(ranks, {}, [](const RecordProcess* process) { return *process->torch->rank; });
    return ranks;
}

RecordProcess describeProcess(ProcessInfo info, std::vector<Readiness> ready, std::optional<torch::TorchProcess> torch)
{
    const QChar line = QLatin1Char('\n');
    QString about = QString::number(info.pid) + line + displayText(info.name) + line + displayText(info.userName) + line + displayText(info.command);
    if (torch) {
        about += line + QStringLiteral("pytorch ") + displayText(torch->torchVersion);
        if (torch->rank)
            about += line + QStringLiteral("rank %1").arg(*torch->rank);
        if (!torch->job.empty())
            about += line + displayText(torch->job);
    }
    QString command = commandText(info);
    return {std::move(info), std::move(ready), std::move(torch), std::move(command), std::move(about)};
}

std::vector<Readiness> askBackends(std::span<const RecorderBackend> backends, const RecordTarget& target, const std::vector<OptionValues>& options)
{
    std::vector<Readiness> answers;
    answers.reserve(backends.size());
    for (std::size_t i = 0; i < backends.size(); ++i) {
        if (target.command.empty() && backends[i].onlyCommands)
            answers.push_back({Readiness::State::NotPossible, "Needs a new start", "Start the program from here, as a new command."});
        else if (!target.command.empty() && !backends[i].startsCommands)
            answers.push_back({Readiness::State::NotPossible, "Only processes that run", "Start the command, then choose its process."});
        else
            answers.push_back(backends[i].check(target, i < options.size() ? options[i] : OptionValues()));
    }
    return answers;
}

std::vector<RecordProcess> RecordSurvey::look(Answers answers, const std::stop_token& stop)
{
    if (answers == Answers::Forget)
        m_answers.clear();
    std::vector<ProcessInfo> processes = m_scan();
    // A pid may be another process by now, and the answers for those that ended must not pile up.
    std::unordered_map<pid_t, std::uint64_t> alive;
    for (const ProcessInfo& process : processes)
        alive.emplace(process.pid, process.startTicks);
    std::erase_if(m_answers, [&](const auto& entry) {
        const auto found = alive.find(entry.first);
        return found == alive.end() || found->second != entry.second.startTicks;
    });
    std::unordered_map<pid_t, torch::TorchProcess> withTorch;
    for (torch::TorchProcess& process : m_torchScan(processes))
        withTorch.emplace(process.pid, std::move(process));
    ask(processes, stop);
    std::vector<RecordProcess> rows;
    rows.reserve(processes.size());
    for (ProcessInfo& process : processes) {
        const auto found = m_answers.find(process.pid);
        std::vector<Readiness> ready = found == m_answers.end() ? std::vector<Readiness>() : found->second.ready;
        const auto torch = withTorch.find(process.pid);
        const bool has = torch != withTorch.end() && torch->second.startTicks == process.startTicks;
        rows.push_back(describeProcess(std::move(process), std::move(ready), has ? std::optional(std::move(torch->second)) : std::nullopt));
    }
    return rows;
}

void RecordSurvey::ask(const std::vector<ProcessInfo>& processes, const std::stop_token& stop)
{
    const Clock::time_point begin = Clock::now();
    std::vector<const ProcessInfo*> fresh, old;
    for (const ProcessInfo& process : processes) {
        const auto found = m_answers.find(process.pid);
        if (found == m_answers.end())
            fresh.push_back(&process);
        else if (begin - found->second.asked > kOld)
            old.push_back(&process);
    }
    // What is shown first is asked for first: programs before threads of the kernel, then whoever waited longest.
    std::ranges::stable_partition(fresh, [](const ProcessInfo* process) { return !process->kernelThread; });
    std::ranges::sort(old, {}, [this](const ProcessInfo* process) { return m_answers[process->pid].asked; });
    const auto askAll = [&](const std::vector<const ProcessInfo*>& some, std::chrono::milliseconds patience) {
        for (const ProcessInfo* process : some) {
            if (stop.stop_requested() || Clock::now() - begin > patience)
                return;
            m_answers[process->pid] = {process->startTicks, Clock::now(), askBackends(m_backends, {.pid = process->pid, .startTicks = process->startTicks}, {})};
        }
    };
    askAll(fresh, kPatience);
    askAll(old, kAgain);
}

} // namespace opscope
