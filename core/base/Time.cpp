#include "core/base/Time.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

namespace opscope {

namespace {

constexpr std::uint64_t kAttoPerNano = 1'000'000'000'000'000'000ull;
constexpr std::string_view kThinSpace = "\xE2\x80\x89";
constexpr std::string_view kMinus = "-";

std::string_view trim(std::string_view text)
{
    const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
    while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    return text;
}

bool isDigit(char c) { return c >= '0' && c <= '9'; }

struct Unit
{
    std::string_view name;
    std::uint64_t nanos;
};
constexpr std::array<Unit, 4> kUnits{{{"s", 1'000'000'000}, {"ms", 1'000'000}, {"\xC2\xB5s", 1'000}, {"ns", 1}}};

// The largest unit that shows at least one whole of it.
const Unit& unitFor(std::uint64_t magnitude)
{
    for (const Unit& unit : kUnits)
        if (magnitude >= unit.nanos) return unit;
    return kUnits.back();
}

std::uint64_t magnitude(Nanos t) { return t < 0 ? 0 - static_cast<std::uint64_t>(t) : static_cast<std::uint64_t>(t); }

std::size_t decimalsOf(const Unit& unit) { return unit.nanos == 1 ? 0 : unit.nanos == 1'000 ? 3 : unit.nanos == 1'000'000 ? 6 : 9; }

// The first `decimals` digits behind the point, in threes with thin spaces between.
std::string grouped(std::uint64_t rest, const Unit& unit, std::size_t decimals)
{
    std::string digits = std::to_string(rest);
    digits.insert(0, decimalsOf(unit) - digits.size(), '0');
    std::string out;
    for (std::size_t i = 0; i < decimals; ++i) {
        if (i && i % 3 == 0) out.append(kThinSpace);
        out.push_back(digits[i]);
    }
    return out;
}

std::string withUnit(Nanos t, const Unit& unit, std::size_t decimals)
{
    const std::uint64_t size = magnitude(t);
    std::string out = std::to_string(size / unit.nanos);
    if (decimals) out += "." + grouped(size % unit.nanos, unit, decimals);
    const bool nothingShown = out.find_first_of("123456789") == std::string::npos; // "-0 ms" would be one
    return (t < 0 && !nothingShown ? std::string(kMinus) : std::string()) + out + " " + std::string(unit.name);
}

// value / unit, rounded half up to `decimals` places: integer arithmetic only.
std::string rounded(std::uint64_t value, std::uint64_t unit, unsigned decimals)
{
    std::uint64_t scale = 1;
    for (unsigned i = 0; i < decimals; ++i) scale *= 10;
    const unsigned __int128 wide = (static_cast<unsigned __int128>(value) * scale + unit / 2) / unit;
    const auto units = static_cast<std::uint64_t>(wide / scale);
    std::string rest = std::to_string(static_cast<std::uint64_t>(wide % scale));
    if (!decimals) return std::to_string(units);
    rest.insert(0, decimals - rest.size(), '0');
    return std::to_string(units) + "." + rest;
}

// Digits of a decimal number, the point taken out: value = digits * 10^exponent.
struct Decimal
{
    std::string digits;
    std::int64_t exponent = 0;
    bool negative = false;
};

std::optional<Decimal> parseDecimal(std::string_view text)
{
    text = trim(text);
    Decimal d;
    std::size_t i = 0;
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) d.negative = text[i++] == '-';
    std::size_t seen = 0;
    for (; i < text.size() && isDigit(text[i]); ++i, ++seen) d.digits.push_back(text[i]);
    if (i < text.size() && text[i] == '.')
        for (++i; i < text.size() && isDigit(text[i]); ++i, ++seen) {
            d.digits.push_back(text[i]);
            --d.exponent;
        }
    if (!seen) return std::nullopt;
    if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
        bool minus = false;
        if (++i < text.size() && (text[i] == '-' || text[i] == '+')) minus = text[i++] == '-';
        if (i >= text.size()) return std::nullopt;
        std::int64_t power = 0;
        for (; i < text.size() && isDigit(text[i]); ++i) power = std::min<std::int64_t>(power * 10 + (text[i] - '0'), 1'000'000);
        d.exponent += minus ? -power : power;
    }
    if (i != text.size()) return std::nullopt;
    d.digits.erase(0, std::min(d.digits.find_first_not_of('0'), d.digits.size()));
    return d;
}

// Whole part and 18 further digits of |d|; nothing when the whole part needs more than 63 bits.
std::optional<ExactTime> split(const Decimal& d)
{
    if (d.digits.empty()) return ExactTime{};
    const std::int64_t wholeDigits = static_cast<std::int64_t>(d.digits.size()) + d.exponent;
    if (wholeDigits > 19) return std::nullopt;
    const auto digitAt = [&](std::int64_t i) -> std::uint64_t {
        return i >= 0 && i < static_cast<std::int64_t>(d.digits.size()) ? static_cast<std::uint64_t>(d.digits[static_cast<std::size_t>(i)] - '0') : 0;
    };
    unsigned __int128 whole = 0;
    for (std::int64_t i = 0; i < wholeDigits; ++i) whole = whole * 10 + digitAt(i);
    if (whole > static_cast<unsigned __int128>(std::numeric_limits<Nanos>::max())) return std::nullopt;
    std::uint64_t atto = 0;
    for (std::int64_t i = wholeDigits; i < wholeDigits + 18; ++i) atto = atto * 10 + digitAt(i);
    return ExactTime{static_cast<Nanos>(whole), atto};
}

} // namespace

std::optional<ExactTime> parseMicroseconds(std::string_view text)
{
    std::optional<Decimal> d = parseDecimal(text);
    if (!d) return std::nullopt;
    d->exponent += 3; // microseconds to nanoseconds
    std::optional<ExactTime> t = split(*d);
    if (!t || !d->negative) return t;
    if (t->atto == 0) return ExactTime{-t->ns, 0};
    return ExactTime{-t->ns - 1, kAttoPerNano - t->atto};
}

void ExactSum::add(ExactTime t)
{
    m_ns += t.ns;
    m_atto += t.atto; // both below 10^18, so no overflow
    if (m_atto >= kAttoPerNano) {
        m_atto -= kAttoPerNano;
        ++m_ns;
    }
}

void ExactSum::add(const ExactSum& other)
{
    m_ns += other.m_ns;
    add(ExactTime{0, other.m_atto});
}

std::string ExactSum::text() const
{
    __int128 ns = m_ns;
    std::uint64_t atto = m_atto;
    const bool negative = ns < 0;
    if (negative) { // -(ns + atto) written with a positive fraction
        ns = -ns;
        if (atto) {
            --ns;
            atto = kAttoPerNano - atto;
        }
    }
    std::string digits;
    do digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(ns % 10)));
    while ((ns /= 10) > 0);
    if (negative) digits.insert(digits.begin(), '-');
    if (!atto) return digits;
    std::string rest = std::to_string(atto);
    rest.insert(0, 18 - rest.size(), '0');
    rest.erase(rest.find_last_not_of('0') + 1);
    return digits + "." + rest;
}

std::string formatExact(Nanos t)
{
    const Unit& unit = unitFor(magnitude(t));
    return withUnit(t, unit, decimalsOf(unit));
}

std::string formatDuration(Nanos duration)
{
    const std::uint64_t size = magnitude(duration);
    const std::string sign(duration < 0 ? kMinus : "");
    if (size >= 999'999'500) return sign + rounded(size, 1'000'000'000, 3) + " s";
    if (size >= 999'950) return sign + rounded(size, 1'000'000, 3) + " ms";
    if (size >= 1'000) return sign + rounded(size, 1'000, 1) + " \xC2\xB5s";
    return sign + std::to_string(size) + " ns";
}

std::string formatAxis(Nanos t, Nanos resolution)
{
    const Unit& unit = unitFor(std::max<std::uint64_t>(magnitude(t), static_cast<std::uint64_t>(std::max<Nanos>(resolution, 1))));
    std::size_t decimals = 0;
    for (std::uint64_t step = unit.nanos; step > 1 && step > static_cast<std::uint64_t>(std::max<Nanos>(resolution, 1)); step /= 10) ++decimals;
    return withUnit(t, unit, decimals);
}

std::string formatPlain(Nanos t) { return std::to_string(t) + " ns"; }

std::string formatCount(std::int64_t count)
{
    std::string digits = std::to_string(magnitude(count));
    for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, ",");
    return (count < 0 ? "-" : "") + digits;
}

std::string formatBytes(std::int64_t bytes)
{
    static constexpr std::array<std::string_view, 7> names{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    const std::uint64_t size = magnitude(bytes);
    std::size_t unit = 0;
    while (unit + 1 < names.size() && (size >> (10 * (unit + 1))) > 0) ++unit;
    const std::string number = unit ? rounded(size, std::uint64_t{1} << (10 * unit), 2) : std::to_string(size);
    return (bytes < 0 ? "-" : "") + number + " " + std::string(names[unit]);
}

std::string formatShare(double share)
{
    if (!std::isfinite(share)) return "\xE2\x80\x93";
    const auto tenths = static_cast<std::int64_t>(std::llround(share * 1000));
    return std::string(tenths < 0 ? "-" : "") + std::to_string(std::abs(tenths) / 10) + "." + std::to_string(std::abs(tenths) % 10) + " %";
}

std::optional<Nanos> parseTimeWithUnit(std::string_view text)
{
    text = trim(text);
    static constexpr std::array<std::pair<std::string_view, int>, 5> suffixes{
        {{"ns", 0}, {"us", 3}, {"\xC2\xB5s", 3}, {"ms", 6}, {"s", 9}}};
    int power = 0;
    for (const auto& [suffix, p] : suffixes)
        if (text.ends_with(suffix)) {
            power = p;
            text.remove_suffix(suffix.size());
            break;
        }
    std::optional<Decimal> d = parseDecimal(text);
    if (!d) return std::nullopt;
    d->exponent += power;
    const std::optional<ExactTime> t = split(*d);
    if (!t) return std::nullopt;
    return d->negative ? -t->ns : t->ns;
}

std::optional<TimeRange> parseTimeRange(std::string_view text)
{
    const std::size_t dots = text.find("..");
    if (dots == std::string_view::npos) return std::nullopt;
    const auto from = parseTimeWithUnit(text.substr(0, dots));
    const auto to = parseTimeWithUnit(text.substr(dots + 2));
    if (!from || !to || *to <= *from) return std::nullopt;
    return TimeRange{*from, *to};
}

} // namespace opscope
