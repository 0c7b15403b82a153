#include "app/cli/RecordRows.h"

#include "app/cli/RecordList.h"
#include "core/record/RecordChecks.h"
#include "core/record/torch/TorchOptions.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <thread>

namespace opscope {
namespace {

using Json = nlohmann::ordered_json;
using torch::TorchProcess;

constexpr std::chrono::milliseconds kBetweenScans{250}; ///< for the processor time

Result<std::vector<pid_t>> pidsOf(const RecordOptions& options)
{
    std::vector<pid_t> pids;
    for (const std::string& text : options.pids) {
        const auto pid = parsePid(text);
        if (!pid) return pid.error();
        if (const auto there = processInfo(*pid); !there) return there.error();
        pids.push_back(*pid);
    }
    return pids;
}

void findWays(ProcessRow& row, const OptionValues& values)
{
    if (!row.torch || row.torch->worker || row.refused) return;
    const RecordTarget target{.pid = row.process.pid, .startTicks = row.process.startTicks};
    for (const RecorderBackend& backend : recorderBackends())
        if (backend.family == torch::kFamily && !backend.onlyCommands) row.ways.push_back({&backend, backend.check(target, values)});
}

/// Each worker behind its parent, a worker's workers behind it; what has no parent in the list stays where it is.
std::vector<ProcessRow> folded(std::vector<ProcessRow> rows)
{
    std::map<pid_t, std::vector<std::size_t>> below;
    std::map<pid_t, bool> there;
    for (const ProcessRow& row : rows) there[row.process.pid] = true;
    std::vector<std::size_t> order, open;
    for (std::size_t i = 0; i < rows.size(); ++i)
        if (rows[i].isWorker() && there.contains(rows[i].torch->parent)) below[rows[i].torch->parent].push_back(i);
        else open.push_back(i);
    std::reverse(open.begin(), open.end());
    while (!open.empty()) {
        const std::size_t at = open.back();
        open.pop_back();
        order.push_back(at);
        const auto found = below.find(rows[at].process.pid);
        if (found == below.end()) continue;
        rows[at].workers = found->second.size();
        open.insert(open.end(), found->second.rbegin(), found->second.rend());
        below.erase(found); // once only, whatever parents say of each other
    }
    std::vector<ProcessRow> sorted;
    sorted.reserve(order.size());
    for (const std::size_t at : order) sorted.push_back(std::move(rows[at]));
    return sorted;
}

std::string pythonVersion(const TorchProcess& torch)
{
    if (!torch.python) return "C++";
    if (torch.pythonMajor == 0) return "?";
    return std::to_string(torch.pythonMajor) + "." + std::to_string(torch.pythonMinor) + (torch.freeThreaded ? "t" : "");
}

template <class T>
Json orNull(const std::optional<T>& value)
{
    return value ? Json(*value) : Json();
}

Json orNull(const std::string& text) { return text.empty() ? Json() : Json(text); }

} // namespace

Result<std::vector<ProcessRow>> processRows(const RecordOptions& options)
{
    const auto only = pidsOf(options);
    if (!only) return only.error();
    ProcessScanner scanner;
    scanner.scan();
    std::this_thread::sleep_for(kBetweenScans);
    const std::vector<ProcessInfo> processes = scanner.scan();
    std::map<pid_t, TorchProcess> torch;
    for (TorchProcess& one : torch::TorchScanner().scan(processes)) torch.emplace(one.pid, std::move(one));
    const OptionValues values = options.given();
    std::vector<ProcessRow> rows;
    for (const ProcessInfo& process : processes) {
        if (!only->empty() && std::ranges::find(*only, process.pid) == only->end()) continue;
        ProcessRow row{.process = process, .refused = checkProcess(process)};
        if (const auto found = torch.find(process.pid); found != torch.end()) row.torch = std::move(found->second);
        if (options.torch && !row.torch) continue;
        if (!options.job.empty() && (!row.torch || row.torch->job != options.job)) continue;
        findWays(row, values);
        rows.push_back(std::move(row));
    }
    return folded(std::move(rows));
}

std::vector<std::string> torchTitles() { return {"rank", "Python", "PyTorch", "GPU", "ready by"}; }

std::vector<std::string> torchCells(const ProcessRow& row)
{
    if (!row.torch) return std::vector<std::string>(torchTitles().size());
    const TorchProcess& torch = *row.torch;
    std::string rank = torch.rank ? std::to_string(*torch.rank) : "", gpu = torch.gpuInUse && torch.gpus.empty() ? "yes" : "", ways;
    if (torch.rank && torch.worldSize) rank += "/" + std::to_string(*torch.worldSize);
    for (const int number : torch.gpus) gpu += (gpu.empty() ? "" : ",") + std::to_string(number);
    for (const ProcessRow::Way& way : row.ways)
        if (way.readiness.state == Readiness::State::Ready) ways += (ways.empty() ? "" : " ") + std::string(way.backend->id);
    if (ways.empty()) ways = torch.worker ? "worker" : "–";
    return {rank, pythonVersion(torch), torch.torchVersion.empty() ? "?" : torch.torchVersion, gpu, ways};
}

Json torchJson(const ProcessRow& row)
{
    if (!row.torch) return nullptr;
    const TorchProcess& t = *row.torch;
    Json json{{"label", torch::torchLabel(t)}, {"python", t.python}, {"python_version", t.pythonMajor ? Json(pythonVersion(t)) : Json()}, {"free_threaded", t.freeThreaded},
              {"torch_version", orNull(t.torchVersion)}, {"cuda_build", t.cudaBuild}, {"kineto_build", t.kinetoBuild}, {"gpu_in_use", t.gpuInUse}, {"gpus", t.gpus},
              {"rank", orNull(t.rank)}, {"local_rank", orNull(t.localRank)}, {"world_size", orNull(t.worldSize)}, {"job", orNull(t.job)},
              {"worker_of", t.worker ? Json(t.parent) : Json()}, {"workers", row.workers}, {"daemon_asked", t.daemonAsked}, {"kineto_client", orNull(t.kinetoClient)},
              {"kineto_socket_folder", orNull(t.kinetoSocketFolder)}, {"helper_control", orNull(t.helperControl)},
              {"remote_debug_disabled", t.remoteDebugDisabled}, {"other_namespace", t.otherNamespace}, {"ways", Json::array()}};
    for (const ProcessRow::Way& way : row.ways)
        json["ways"].push_back({{"id", way.backend->id}, {"state", stateWord(way.readiness.state)}, {"reason", way.readiness.reason}, {"advice", way.readiness.advice}, {"copy", way.readiness.copy}});
    return json;
}

} // namespace opscope
