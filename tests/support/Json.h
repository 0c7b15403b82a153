#pragma once

#include <algorithm>
#include <string>

namespace opscope::test {

/// JSON written with ' for ", so that tests read well (moc stumbles over some raw strings).
inline std::string json(std::string text)
{
    std::replace(text.begin(), text.end(), '\'', '"');
    return text;
}

} // namespace opscope::test
