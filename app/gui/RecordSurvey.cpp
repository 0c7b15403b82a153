#include "app/gui/RecordSurvey.h"

#include "app/gui/RecordText.h"
#include "widgets/common/Text.h"

#include <algorithm>

namespace opscope {

RecordProcess describeProcess(ProcessInfo info, std::vector<Readiness> ready)
{
    const QChar line = QLatin1Char('\n');
    QString about = QString::number(info.pid) + line + displayText(info.name) + line + displayText(info.userName) + line + displayText(info.command);
    QString command = commandText(info);
    return {std::move(info), std::move(ready), std::move(command), std::move(about)};
}

std::vector<Readiness> askBackends(std::span<const RecorderBackend> backends, const RecordTarget& target, const std::vector<OptionValues>& options)
{
    std::vector<Readiness> answers;
    answers.reserve(backends.size());
    for (std::size_t i = 0; i < backends.size(); ++i) {
        if (!target.command.empty() && !backends[i].startsCommands)
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
    ask(processes, stop);
    std::vector<RecordProcess> rows;
    rows.reserve(processes.size());
    for (ProcessInfo& process : processes) {
        const auto found = m_answers.find(process.pid);
        std::vector<Readiness> ready = found == m_answers.end() ? std::vector<Readiness>() : found->second.ready;
        rows.push_back(describeProcess(std::move(process), std::move(ready)));
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
