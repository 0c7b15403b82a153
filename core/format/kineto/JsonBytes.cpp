#include "core/format/kineto/JsonBytes.h"

#include <algorithm>

namespace opscope::kineto {
namespace {

// The last 64 bytes of a text, and blocks with a backslash in them, one byte at a time.
struct ByteWalk
{
    std::uint64_t depth = 0;
    bool inString = false, escaped = false;

    /// Whether `c` closed the outermost bracket.
    bool closes(char c)
    {
        if (escaped) {
            escaped = false;
        } else if (inString) {
            escaped = c == '\\';
            inString = c != '"';
        } else if (c == '"') {
            inString = true;
        } else if (c == '[' || c == '{') {
            ++depth;
        } else if (c == ']' || c == '}') {
            return --depth == 0;
        }
        return false;
    }
};

const char* closed(const char* open, const char* close)
{
    return (*open == '{') == (*close == '}') ? close + 1 : open;
}

} // namespace

const char* skipContainer(const char* p, const char* end, std::uint64_t& deepest)
{
    const char* const open = p;
    ByteWalk walk;
    while (p < end) {
        const Structure s = structure(p);
        if (walk.escaped || s.slashes || end - p < 64) {
            const char* const stop = end - p < 64 ? end : p + 64;
            for (; p < stop; ++p)
                if (walk.closes(*p))
                    return closed(open, p);
            deepest = std::max(deepest, walk.depth);
            continue;
        }
        const std::uint64_t strings = prefixXor(s.quotes) ^ (walk.inString ? ~std::uint64_t{0} : 0);
        std::uint64_t brackets = (s.opens | s.closes) & ~strings;
        const std::uint64_t closes = s.closes & ~strings;
        if (static_cast<std::uint64_t>(std::popcount(closes)) < walk.depth) { // cannot reach the end in here
            walk.depth += static_cast<std::uint64_t>(std::popcount(brackets & ~closes));
            walk.depth -= static_cast<std::uint64_t>(std::popcount(closes));
        } else {
            for (; brackets; brackets &= brackets - 1) {
                const int at = std::countr_zero(brackets);
                if (!(closes >> at & 1))
                    ++walk.depth;
                else if (--walk.depth == 0)
                    return closed(open, p + at);
            }
        }
        deepest = std::max(deepest, walk.depth);
        walk.inString = strings >> 63;
        p += 64;
    }
    return nullptr;
}

} // namespace opscope::kineto
