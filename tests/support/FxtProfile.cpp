#include "tests/support/FxtProfile.h"

#include "tests/support/FxtText.h"
#include "tests/support/Gzip.h"

#include <algorithm>
#include <regex>

namespace opscope::test {

namespace {

using Line = FxtProfile::Line;
using Slice = FxtProfile::Slice;

void addSlice(FxtProfile& into, const std::smatch& match)
{
    Line& line = into.threads[match[2]];
    const std::int64_t time = std::stoll(match[3]);
    const std::string kind = match[1], name = match[5];
    if (kind == "begin") {
        line.open.emplace_back(time, name);
    } else if (kind == "complete") {
        line.slices.push_back({time, std::stoll(match[6]), name});
    } else if (line.open.empty() || line.open.back().second != name || line.open.back().first > time) {
        line.problem = match[0];
    } else {
        line.slices.push_back({line.open.back().first, time, name});
        line.open.pop_back();
    }
}

void addUp(Line& line)
{
    std::stable_sort(line.slices.begin(), line.slices.end(),
                     [](const Slice& a, const Slice& b) { return a.start != b.start ? a.start < b.start : a.end > b.end; });
    std::vector<const Slice*> around;
    for (const Slice& slice : line.slices) {
        while (!around.empty() && around.back()->end <= slice.start && slice.end > around.back()->end) around.pop_back();
        if (!around.empty() && slice.end > around.back()->end) line.problem = "a slice of " + slice.name + " is longer than the one around it";
        std::string callers;
        bool recursive = false;
        for (const Slice* caller : around) {
            callers += caller->name + " > ";
            recursive = recursive || caller->name == slice.name;
        }
        line.callers.try_emplace(slice.name, callers);
        if (!recursive) line.time[slice.name] += slice.end - slice.start;
        if (around.empty()) line.covered += slice.end - slice.start;
        around.push_back(&slice);
    }
}

void addLine(FxtProfile& into, const std::string& line)
{
    static const std::regex kSlice("(begin|end|complete) ([0-9]+/[0-9]+) ([0-9]+) \"([^\"]*)\" \"(.*)\" \\{[^}]*\\}(?: tail ([0-9]+))?");
    static const std::regex kProcess("process ([0-9]+) \"(.*)\" \\{.*"), kThread("thread ([0-9]+) \"(.*)\" \\{process=koid:([0-9]+).*");
    static const std::regex kSwitch("(?:legacy-)?switch cpu [0-9]+ at [0-9]+: (?:[0-9]+/)?([0-9]+) \\(([a-z]+)\\) -> (?:[0-9]+/)?([0-9]+).*");
    std::smatch match;
    if (std::regex_match(line, match, kSlice)) addSlice(into, match);
    else if (std::regex_match(line, match, kProcess)) into.processes[match[1]] = match[2];
    else if (std::regex_match(line, match, kThread)) into.threads[match[3].str() + "/" + match[1].str()].name = match[2];
    else if (std::regex_match(line, match, kSwitch)) ++into.switches[match[1] != "0" ? match[1].str() + " out " + match[2].str() : match[3].str() + " in"];
    if (line.find("\"recording began\"") != line.npos) into.began = line;
    if (line.find("\"recording ended\"") != line.npos) into.ended = line;
}

} // namespace

const Line* FxtProfile::named(const std::string& name) const
{
    for (const auto& [key, line] : threads)
        if (line.name == name) return &line;
    return nullptr;
}

const Line* FxtProfile::with(const std::string& function) const
{
    for (const auto& [key, line] : threads)
        if (line.time.contains(function)) return &line;
    return nullptr;
}

std::string FxtProfile::threadId(const Line* line) const
{
    for (const auto& [key, candidate] : threads)
        if (&candidate == line) return key.substr(key.find('/') + 1);
    return {};
}

FxtProfile fxtProfile(const std::string& path)
{
    const FxtText text = fxtText(readUnpacked(path));
    FxtProfile profile;
    profile.error = text.error;
    for (const std::string& line : text.lines) addLine(profile, line);
    for (auto& [key, line] : profile.threads) addUp(line);
    return profile;
}

} // namespace opscope::test
