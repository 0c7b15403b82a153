#pragma once

#include "app/cli/RecordOptions.h"
#include "core/record/ProcessList.h"
#include "core/record/torch/TorchProcess.h"

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <vector>

namespace opscope {

/// One process of `opscope record --list`, and what is known of recording it.
struct ProcessRow
{
    struct Way
    {
        const RecorderBackend* backend;
        Readiness readiness;
    };
    ProcessInfo process;
    std::optional<RecordFailure> refused = {};    ///< by all backends
    std::optional<torch::TorchProcess> torch = {}; ///< none: no PyTorch in it
    std::vector<Way> ways = {};                   ///< of the family "torch" that record what runs; empty for workers, and where it is refused
    std::size_t workers = 0;                      ///< of data loaders, folded under it
    bool isWorker() const { return torch && torch->worker; }
};

/// Two looks at /proc, for the processor time; those of --pid, of --job and of --torch alone where these are given. Workers stand below their parent.
Result<std::vector<ProcessRow>> processRows(const RecordOptions& options);

/// Titles and cells of the columns that tell of PyTorch: rank, Python, PyTorch, GPU, and the ways that are ready.
std::vector<std::string> torchTitles();
std::vector<std::string> torchCells(const ProcessRow& row);
/// All of it, exact; null without PyTorch.
nlohmann::ordered_json torchJson(const ProcessRow& row);

} // namespace opscope
