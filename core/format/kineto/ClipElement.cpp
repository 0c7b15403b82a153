#include "core/format/kineto/ClipElement.h"

#include "core/format/kineto/JsonText.h"

#include <algorithm>
#include <optional>
#include <vector>

namespace opscope::kineto {

namespace {

constexpr __int128 kAttoPerNano = 1'000'000'000'000'000'000;
constexpr std::size_t kPlaces = 21; ///< of microseconds, down to 10^-18 ns

__int128 atto(ExactTime time) { return __int128{time.ns} * kAttoPerNano + static_cast<__int128>(time.atto); }

ExactTime exact(__int128 atto)
{
    __int128 ns = atto / kAttoPerNano, rest = atto % kAttoPerNano;
    if (rest < 0) {
        rest += kAttoPerNano;
        --ns;
    }
    return {static_cast<Nanos>(ns), static_cast<std::uint64_t>(rest)};
}

/// A number of the event, and what is to stand there instead.
struct Digits
{
    std::string_view text;
    ExactTime now;
};

std::size_t placesOf(std::string_view digits)
{
    const std::size_t point = digits.find('.');
    return point == digits.npos || digits.find_first_of("eE") != digits.npos ? 0 : digits.size() - point - 1;
}

} // namespace

std::string exactMicroseconds(ExactTime time, std::size_t places)
{
    __int128 rest = atto(time);
    const bool negative = rest < 0;
    if (negative) rest = -rest;
    std::string digits;
    for (std::size_t i = 0; rest > 0 || i <= kPlaces; ++i, rest /= 10) digits += static_cast<char>('0' + static_cast<int>(rest % 10));
    std::reverse(digits.begin(), digits.end());
    std::string fraction = digits.substr(digits.size() - kPlaces);
    fraction.resize(std::max(std::min(places, kPlaces), fraction.find_last_not_of('0') + 1));
    return (negative ? "-" : "") + digits.substr(0, digits.size() - kPlaces) + (fraction.empty() ? "" : ".") + fraction;
}

bool clipElement(std::string_view event, CutElement::Part part, TimeRange clip, std::string& out)
{
    std::vector<Digits> starts, lengths; // keys that stand twice are cut twice
    forEachMember(event, [&](const Scalar& key, const Scalar& value) {
        const bool isStart = key.view() == "ts", isLength = key.view() == "dur" && part == CutElement::Part::Complete;
        if (!isStart && !isLength) return;
        if (const auto time = parseMicroseconds(value.view())) (isStart ? starts : lengths).push_back({value.view(), *time});
    });
    if (starts.empty()) return false;
    const __int128 from = __int128{clip.start} * kAttoPerNano, to = __int128{clip.end} * kAttoPerNano;
    const __int128 start = atto(starts.back().now), end = start + (lengths.empty() ? 0 : atto(lengths.back().now));
    const __int128 newStart = part == CutElement::Part::End ? std::min(start, to) : std::max(start, from);
    const __int128 newEnd = std::min(end, to);
    std::vector<std::pair<std::string_view, __int128>> changes;
    if (newStart != start)
        for (const Digits& digits : starts) changes.push_back({digits.text, newStart});
    if (newEnd - newStart != end - start && newEnd >= newStart)
        for (const Digits& digits : lengths) changes.push_back({digits.text, newEnd - newStart});
    if (changes.empty()) return false;
    std::sort(changes.begin(), changes.end(), [](const auto& a, const auto& b) { return a.first.data() < b.first.data(); });
    const char* copied = event.data();
    for (const auto& [text, time] : changes) {
        out.append(copied, text.data());
        out += exactMicroseconds(exact(time), placesOf(text));
        copied = text.data() + text.size();
    }
    out.append(copied, event.data() + event.size());
    return true;
}

} // namespace opscope::kineto
