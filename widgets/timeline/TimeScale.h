#pragma once

#include "core/base/Time.h"

#include <algorithm>
#include <cstdint>
#include <limits>

namespace opscope {

__extension__ using Wide = __int128; ///< differences of times and their products with pixels fit

/// Pure: time <-> pixel. Exact for whole pixels, saturating instead of overflowing: any range of int64 may be shown on any
/// width. Pixels are device pixels, 0 at the left edge of the view.
class TimeScale
{
public:
    TimeScale() = default;
    TimeScale(TimeRange range, int widthPx)
        : m_range{range.start, std::max(range.end, range.start < kMax ? range.start + 1 : kMax)}, m_width(std::max(widthPx, 1))
    {
        m_pxPerNs = static_cast<double>(m_width) / static_cast<double>(std::max<std::uint64_t>(m_range.length(), 1));
    }

    TimeRange range() const { return m_range; }
    int width() const { return m_width; }
    double pxPerNs() const { return m_pxPerNs; }
    double nsPerPx() const { return 1.0 / m_pxPerNs; }

    /// Where a time lies. The difference is taken in whole numbers first, so that in view the error is far below a pixel
    /// however large the times are.
    double x(Nanos t) const
    {
        return t >= m_range.start
            ? static_cast<double>(static_cast<std::uint64_t>(t) - static_cast<std::uint64_t>(m_range.start)) * m_pxPerNs
            : -static_cast<double>(static_cast<std::uint64_t>(m_range.start) - static_cast<std::uint64_t>(t)) * m_pxPerNs;
    }
    /// The time at the left edge of a pixel, rounded towards the past; saturates.
    Nanos timeAt(std::int64_t px) const
    {
        return saturated(Wide(m_range.start) + floorDiv(Wide(m_range.length()) * px, m_width));
    }
    /// How long a number of pixels is, at least 1 ns.
    std::uint64_t lengthOf(double px) const
    {
        const double ns = px * nsPerPx();
        return ns < 1 ? 1 : ns >= 1.8e19 ? std::numeric_limits<std::uint64_t>::max() : static_cast<std::uint64_t>(ns);
    }

    static Nanos saturated(Wide t) { return static_cast<Nanos>(std::clamp(t, Wide(kMin), Wide(kMax))); }
    static Wide floorDiv(Wide a, Wide b) { return a / b - ((a % b != 0 && (a < 0) != (b < 0)) ? 1 : 0); }

private:
    static constexpr Nanos kMin = std::numeric_limits<Nanos>::min();
    static constexpr Nanos kMax = std::numeric_limits<Nanos>::max();

    TimeRange m_range{0, 1};
    int m_width = 1;
    double m_pxPerNs = 1;
};

/// The range made `factor` times as long (below 1: zooms in) with `anchor` staying at its pixel. Always changes by at
/// least 1 ns where it can; never shorter than 1 ns.
inline TimeRange zoomed(TimeRange range, Nanos anchor, double factor)
{
    const std::uint64_t old = std::max<std::uint64_t>(range.length(), 1);
    const long double wished = static_cast<long double>(old) * static_cast<long double>(factor);
    constexpr long double kWhole = 18446744073709551615.0L;
    std::uint64_t length = wished >= kWhole ? std::numeric_limits<std::uint64_t>::max()
                         : wished < 1       ? 1
                                            : static_cast<std::uint64_t>(wished);
    if (length == old && factor > 1 && length < std::numeric_limits<std::uint64_t>::max()) ++length;
    if (length == old && factor < 1 && length > 1) --length;
    // Multiplying two 64-bit numbers and one more bit of sign just fits 128 bits.
    const Wide before = Wide(anchor) - range.start;
    const long double share = static_cast<long double>(before) / static_cast<long double>(old);
    const Wide newBefore = old < (std::uint64_t(1) << 62) && length < (std::uint64_t(1) << 62)
        ? before * Wide(length) / Wide(old)
        : static_cast<Wide>(share * static_cast<long double>(length));
    Wide start = Wide(anchor) - newBefore;
    Wide end = start + Wide(length);
    constexpr Wide kLow = std::numeric_limits<Nanos>::min();
    constexpr Wide kHigh = std::numeric_limits<Nanos>::max();
    if (start < kLow) { end += kLow - start; start = kLow; }
    if (end > kHigh) { start -= end - kHigh; end = kHigh; }
    return {TimeScale::saturated(start), TimeScale::saturated(end)};
}

/// The range moved by a number of nanoseconds, its length kept; stops at the ends of int64.
inline TimeRange panned(TimeRange range, Wide by)
{
    constexpr Wide kLow = std::numeric_limits<Nanos>::min();
    constexpr Wide kHigh = std::numeric_limits<Nanos>::max();
    by = std::clamp(by, kLow - range.start, kHigh - range.end);
    return {static_cast<Nanos>(range.start + by), static_cast<Nanos>(range.end + by)};
}

} // namespace opscope
