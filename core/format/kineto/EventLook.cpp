#include "core/format/kineto/EventLook.h"

#include "core/format/kineto/JsonBytes.h"
#include "core/format/kineto/KinetoFields.h"

namespace opscope::kineto {
namespace {

constexpr std::size_t kLongestKey = 16;

/// The key at `at` when `"key" :` stands there with a key of events, else empty.
std::string_view eventKeyAt(std::string_view text, std::size_t at)
{
    if (at >= text.size() || text[at] != '"')
        return {};
    const std::size_t close = text.substr(0, at + kLongestKey + 2).find('"', at + 1);
    if (close == text.npos)
        return {};
    const std::string_view key = text.substr(at + 1, close - at - 1);
    std::size_t colon = close + 1;
    while (colon < text.size() && isBlank(text[colon]))
        ++colon;
    return colon < text.size() && text[colon] == ':' && looksLikeEventKey(key) ? key : std::string_view();
}

bool followsAnObject(std::string_view text, std::size_t at)
{
    const auto previous = [&text](std::size_t i) {
        while (i > 0 && isBlank(text[i - 1]))
            --i;
        return i;
    };
    std::size_t before = previous(at);
    if (before > 0 && text[before - 1] == ',')
        before = previous(before - 1);
    return before > 0 && text[before - 1] == '}';
}

} // namespace

bool looksLikeEventStart(std::string_view text, std::size_t at)
{
    std::size_t key = at + 1;
    while (key < text.size() && isBlank(text[key]))
        ++key;
    return !eventKeyAt(text, key).empty() && followsAnObject(text, at);
}

std::size_t lastEventStart(std::string_view text)
{
    for (std::size_t at = text.rfind('{'); at != text.npos && at > 0; at = text.rfind('{', at - 1))
        if (looksLikeEventStart(text, at))
            return at;
    return text.npos;
}

std::size_t nextSureEventStart(std::string_view text, std::size_t from)
{
    for (std::size_t at = text.find('{', from); at != text.npos; at = text.find('{', at + 1)) {
        if (!looksLikeEventStart(text, at))
            continue;
        const std::string_view near = text.substr(at, kSureWithin);
        for (std::size_t ph = near.find("\"ph\""); ph != near.npos; ph = near.find("\"ph\"", ph + 1))
            if (!eventKeyAt(near, ph).empty())
                return at;
    }
    return text.npos;
}

} // namespace opscope::kineto
