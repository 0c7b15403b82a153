#include "core/record/CommandWords.h"

#include "core/base/Path.h"

#include <cerrno>
#include <cstring>
#include <string_view>
#include <unistd.h>

namespace opscope {

std::vector<std::string> environmentWith(const EnvironmentChanges& changes)
{
    std::vector<std::string> words;
    for (char** variable = environ; variable && *variable; ++variable) words.emplace_back(*variable);
    for (const auto& [name, value] : changes) {
        const std::string start = name + "=";
        std::erase_if(words, [&](std::string_view word) { return word.starts_with(start); });
        if (!value.empty()) words.push_back(start + value);
    }
    return words;
}

std::vector<char*> pointersTo(std::vector<std::string>& words)
{
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    return pointers;
}

Error cannotStart(const std::string& name, int reason)
{
    std::string why = std::strerror(reason);
    if (reason == ENOENT) why = "there is no such program";
    else if (reason == EACCES) why = "it may not be executed";
    else if (reason == ENOEXEC) why = "it is not a program for this machine";
    return {ErrorCode::CannotOpen, displayName(name) + " cannot be started: " + why, {}};
}

} // namespace opscope
