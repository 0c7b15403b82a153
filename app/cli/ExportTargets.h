#pragma once

#include "core/io/SubsetWriter.h"

#include <string>
#include <vector>

namespace opscope {

/// Where `opscope export` writes, by what stands behind -o: a file each, or a folder for all of them (it is there, or ends with "/"
/// and is made). Names in a folder are those of the sources; equal ones get their own folder's name in front. One name that ends in
/// .fxt or .fxt.gz takes all files together.
class ExportTargets
{
public:
    ExportTargets() = default;
    ExportTargets(const ExportTargets&) = delete;
    ExportTargets& operator=(const ExportTargets&) = delete;
    /// Takes a folder that it made away again, unless something is in it.
    ~ExportTargets();

    Status choose(const Trace& trace, const std::vector<std::string>& outputs);
    const std::vector<ExportTarget>& all() const { return m_targets; }
    void keepFolder() { m_made.clear(); }

private:
    Status inFolder(const Trace& trace, std::string folder);

    std::vector<ExportTarget> m_targets;
    std::string m_made;
};

} // namespace opscope
