#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace opscope {

/// Nanoseconds. Every time and duration in a Trace; never a double between file and model.
using Nanos = std::int64_t;

/// Half-open, [start, end), nanoseconds.
struct TimeRange
{
    Nanos start = 0;
    Nanos end = 0;

    /// Never overflows: the whole of int64 is 2^64 - 1 wide, so the length is unsigned.
    std::uint64_t length() const { return static_cast<std::uint64_t>(end) - static_cast<std::uint64_t>(start); }
    bool empty() const { return end <= start; }
    bool contains(Nanos t) const { return t >= start && t < end; }
    bool overlaps(TimeRange other) const { return start < other.end && other.start < end; }
    friend bool operator==(TimeRange, TimeRange) = default;
};

/// A time with everything its digits say: `ns` truncated towards minus infinity plus `atto` * 10^-18 ns (0 <= atto < 10^18).
/// Only sums that must agree to the last digit of a file need the second part; the model keeps `ns`.
struct ExactTime
{
    Nanos ns = 0;
    std::uint64_t atto = 0;

    friend auto operator<=>(const ExactTime&, const ExactTime&) = default;
};

/// Sum of many ExactTimes; 128 bits, so it cannot overflow in a file that fits a disk.
class ExactSum
{
public:
    void add(ExactTime t);
    void add(Nanos ns) { m_ns += ns; }
    void add(const ExactSum& other);
    /// Whole nanoseconds without a point, anything finer as an exact decimal without trailing zeros.
    std::string text() const;
    bool whole() const { return m_atto == 0; }
    __int128 ns() const { return m_ns; }
    friend auto operator<=>(const ExactSum&, const ExactSum&) = default;

private:
    __int128 m_ns = 0;
    std::uint64_t m_atto = 0;
};

/// Decimal microseconds ("12", "-3.25", "1.5e3", white space around allowed) to nanoseconds, from the digits alone.
/// Nothing for what is not a finite number or does not fit 64-bit nanoseconds.
std::optional<ExactTime> parseMicroseconds(std::string_view text);

/// `345242379` -> "345.242 379 ms": three decimals in the unit that fits, then the rest in threes, thin space (U+2009).
std::string formatExact(Nanos t);
/// Human duration: three decimals from 1 ms ("2.181 ms", "1.211 s"), one below ("115.2 µs"), "480 ns".
std::string formatDuration(Nanos duration);
/// With as many digits as `resolution` (nanoseconds a pixel, at least 1) needs: "343.5 ms", "2.000 04 s".
std::string formatAxis(Nanos t, Nanos resolution);
/// The form that a copy gives: "345242379 ns".
std::string formatPlain(Nanos t);
/// "14,388"
std::string formatCount(std::int64_t count);
/// "12.25 MiB", "512 B"; negative allowed.
std::string formatBytes(std::int64_t bytes);
/// "8.1 %"
std::string formatShare(double share);

/// "12ms", "1.5s", "250us", "-3ns", "40000" (no unit: nanoseconds). Nothing when it is not a time.
std::optional<Nanos> parseTimeWithUnit(std::string_view text);
/// "A..B" of parseTimeWithUnit texts. Nothing when it is not a range or B <= A.
std::optional<TimeRange> parseTimeRange(std::string_view text);

} // namespace opscope
