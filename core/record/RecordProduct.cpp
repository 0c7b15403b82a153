#include "core/record/RecordProduct.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <string_view>
#include <system_error>

namespace opscope {

namespace fs = std::filesystem;

namespace {

bool isTraceName(std::string_view name)
{
    if (name.ends_with(".gz")) name.remove_suffix(3);
    return name.ends_with(".json") || name.ends_with(".fxt");
}

bool hasBytes(const fs::path& path)
{
    std::error_code problem;
    const bool file = fs::is_regular_file(path, problem);
    return file && fs::file_size(path, problem) > 0 && !problem;
}

} // namespace

std::vector<std::string> tracesIn(const std::string& path)
{
    if (hasBytes(path)) return {path};
    std::vector<std::string> traces;
    std::error_code problem;
    for (fs::directory_iterator each(path, problem), end; !problem && each != end; each.increment(problem))
        if (isTraceName(each->path().filename().string()) && hasBytes(each->path())) traces.push_back(each->path().string());
    std::sort(traces.begin(), traces.end());
    return traces;
}

std::vector<std::string> withFoldersOpened(std::span<const std::string> paths)
{
    std::vector<std::string> all;
    for (const std::string& path : paths) {
        std::error_code problem;
        std::vector<std::string> traces = fs::is_directory(path, problem) ? tracesIn(path) : std::vector<std::string>();
        if (traces.empty()) all.push_back(path);
        else std::move(traces.begin(), traces.end(), std::back_inserter(all));
    }
    return all;
}

} // namespace opscope
