#include "app/cli/ExportTargets.h"

#include "app/cli/Console.h"
#include "core/base/Path.h"

#include <algorithm>
#include <filesystem>

namespace opscope {
namespace {

namespace fs = std::filesystem;

/// "rank1-trace.json" for "runs/rank1/trace.json".
std::string withFolder(const std::string& path)
{
    const std::string folder = fs::absolute(path).parent_path().filename().string();
    return folder.empty() ? fileName(path) : folder + "-" + fs::path(path).filename().string();
}

} // namespace

ExportTargets::~ExportTargets()
{
    std::error_code ignored;
    if (!m_made.empty()) fs::remove(m_made, ignored); // only when it is empty
}

Status ExportTargets::choose(const Trace& trace, const std::vector<std::string>& outputs)
{
    const std::size_t sources = trace.sources().size();
    std::error_code ignored;
    const bool folder = outputs.size() == 1 && (outputs[0].ends_with('/') || fs::is_directory(outputs[0], ignored));
    if (folder) return inFolder(trace, outputs[0]);
    if (outputs.size() == 1 && isFxtName(outputs[0])) {
        m_targets.push_back(fxtTarget(trace, outputs[0]));
        return Done{};
    }
    if (outputs.size() != sources)
        return Error{ErrorCode::Usage, std::to_string(sources) + (sources == 1 ? " file goes" : " files go") + " to " + std::to_string(outputs.size()) +
                                           (outputs.size() == 1 ? " name" : " names") + "; give -o once each, or a folder: -o parts/", {}};
    for (std::size_t i = 0; i < sources; ++i) m_targets.push_back({SourceId(i), outputs[i]});
    return Done{};
}

Status ExportTargets::inFolder(const Trace& trace, std::string folder)
{
    while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
    std::error_code failed;
    if (!fs::is_directory(folder, failed)) {
        if (!fs::create_directory(folder, failed)) return Error{ErrorCode::CannotWrite, fileName(folder) + " cannot be made: " + failed.message(), {}};
        m_made = folder;
    }
    std::vector<std::string> names;
    for (const SourceFile& source : trace.sources()) names.push_back(fs::path(source.path).filename().string());
    const std::vector<std::string> plain = names;
    for (std::size_t i = 0; i < names.size(); ++i)
        if (std::count(plain.begin(), plain.end(), plain[i]) > 1) names[i] = withFolder(trace.sources()[i].path);
    for (std::size_t i = 0; i < names.size(); ++i) m_targets.push_back({SourceId(i), folder + "/" + names[i]});
    return Done{};
}

} // namespace opscope
