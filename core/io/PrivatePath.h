#pragma once

#include "core/io/PrivateText.h"

#include <cstddef>
#include <set>
#include <string>
#include <string_view>

namespace opscope {

/// A stretch of a text without blanks, quotes or brackets.
struct TextRun
{
    std::size_t begin = 0, end = 0;
    std::size_t path = 0;        ///< where a path would begin: behind "s3:/"
    bool slashes = false;        ///< it may be a path
    bool storage = false;        ///< s3://, file://: surely a path
};
/// The first run at or behind `at`; empty at the end of the text.
TextRun nextRun(std::string_view text, std::size_t at);

struct PathFinding
{
    bool isPrivate = false;
    std::size_t begin = 0;       ///< of the path
    std::size_t tail = 0;        ///< of what is kept: the file, or site-packages and what is behind it
    std::size_t end = 0;         ///< of the path: may lie behind the run, where a folder has a blank in its name
    std::string folder;          ///< what is not kept, with "/" between, none at its end
    std::string user;            ///< whose home it is
    std::size_t userBegin = 0, userEnd = 0; ///< of paths that are kept: the user in "torchinductor_alice"
};
PathFinding privatePath(std::string_view text, const TextRun& run, PrivatePlace place, const std::set<std::string, std::less<>>& roots);

} // namespace opscope
