#include "tests/support/Difference.h"

#include <sstream>

namespace opscope::test {

std::string firstDifference(const std::string& a, const std::string& b)
{
    if (a == b) return {};
    std::istringstream left(a), right(b);
    for (int line = 1;; ++line) {
        std::string x = "(end)", y = x;
        const bool hasLeft = static_cast<bool>(std::getline(left, x)), hasRight = static_cast<bool>(std::getline(right, y));
        if (!hasLeft && !hasRight) return "line " + std::to_string(line) + ": only one ends with a line break";
        if (hasLeft != hasRight || x != y) return "line " + std::to_string(line) + ":\n  " + x + "\ninstead of\n  " + y;
    }
}

} // namespace opscope::test
