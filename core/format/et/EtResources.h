#pragma once

#include "core/base/JobControl.h"
#include "core/base/Result.h"
#include "core/query/Subset.h"

#include <cstdint>
#include <string>
#include <vector>

namespace opscope {

/// What was captured for the kept nodes of an execution trace, on its way into the folder that readers look for beside the saved file
/// (execution-trace.md 8.1): tensors (nid_N_tid_K.dat) and generated code (kernel_file, and the module that has its graph).
///
///     auto resources = ResourcesExport::prepare(trace, source, subset, target.path, job);   // copies, nothing has its name yet
///     ... all sinks finish() ...
///     resources->commit();                                                                  // before the trace gets its name
///
/// Files are read through Resources: plain files directly inside the source's folder, nothing else. They lie in a hidden folder beside
/// the target until commit() and are taken away with it by the destructor.
class ResourcesExport
{
public:
    struct Options
    {
        bool code = true;   ///< false when texts are redacted: code is full of paths
    };
    /// Errors: Cancelled; CannotWrite and CannotRead (one sentence). Files that the trace names and that are not there are passed over:
    /// loading told of them. Nothing is copied where the target's folder is the source's own, and so has them already.
    static Result<ResourcesExport> prepare(const Trace& trace, SourceId source, const Subset& subset, const std::string& targetPath,
                                           const Options& options, const JobControl& job = {});
    ResourcesExport(ResourcesExport&& other) noexcept;
    ResourcesExport& operator=(ResourcesExport&&) = delete;
    ~ResourcesExport();

    std::uint64_t files() const { return m_files; }
    std::uint64_t bytes() const { return m_bytes; }
    /// "" when there is nothing to copy: no folder is made then.
    const std::string& folder() const { return m_folder; }
    /// Gives the folder its name. Where one of that name is, files of equal names are replaced one by one and the others stay.
    Status commit();

private:
    ResourcesExport() = default;
    Status copy(const class Resources& resources, const std::string& name, const JobControl& job);
    Status moveInto();

    std::string m_folder, m_part;
    std::vector<std::string> m_names;
    std::uint64_t m_files = 0, m_bytes = 0;
};

} // namespace opscope
