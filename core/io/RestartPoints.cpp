#include "core/io/RestartPoints.h"

#include <algorithm>

namespace opscope {

namespace {

/// Empty when it is not what deflateQuickly() gave.
std::string inflated(std::string_view packed, std::size_t size)
{
    std::string bytes(size, '\0');
    const auto inflate = makeInflate(InflateEngine::Best);
    std::size_t done = 0;
    for (;;) {
        const Inflate::Step step = inflate->run(packed, std::span(bytes).subspan(done));
        done += step.produced;
        packed.remove_prefix(static_cast<std::size_t>(std::max<std::ptrdiff_t>(step.consumed, 0)));
        const bool stuck = step.produced == 0 && step.consumed == 0;
        if (step.state == Inflate::State::More && !stuck) continue;
        return done == size ? bytes : std::string();
    }
}

} // namespace

void RestartPoints::add(GzipStream::Place place)
{
    m_points.push_back({std::move(place), 0});
}

void RestartPoints::deflateStates()
{
    for (Point& point : m_points) {
        if (point.stateBytes != 0 || point.place.state.empty()) continue;
        std::string packed = deflateQuickly(point.place.state);
        if (packed.empty()) continue; // no memory: then it stays as it is
        point.stateBytes = point.place.state.size();
        point.place.state = std::move(packed);
    }
    m_points.shrink_to_fit();
}

std::size_t RestartPoints::bytes() const
{
    std::size_t bytes = sizeof *this + m_points.capacity() * sizeof(Point);
    for (const Point& point : m_points) bytes += point.place.state.capacity();
    return bytes;
}

Status RestartPoints::enterBefore(GzipStream& stream, std::uint64_t offset) const
{
    const auto behind = std::upper_bound(m_points.begin(), m_points.end(), offset, [](std::uint64_t at, const Point& point) {
        return at < point.place.unpacked;
    });
    if (behind == m_points.begin()) return Done{}; // the stream stands at its start already
    const Point& point = *std::prev(behind);
    if (point.stateBytes == 0) return stream.enter(point.place);
    GzipStream::Place place{point.place.unpacked, point.place.packed, inflated(point.place.state, point.stateBytes)};
    if (place.state.empty()) return Error{ErrorCode::CannotRead, "there is not enough memory", offset};
    return stream.enter(place);
}

Result<std::string> RestartPoints::read(const PackedBytes& packed, std::uint64_t offset, std::uint64_t length) const
{
    GzipStream stream(packed, m_engine);
    if (Status entered = enterBefore(stream, offset); !entered) return entered.error();
    std::string scratch(std::size_t{256} << 10, '\0'), text;
    while (stream.end() == GzipStream::End::NotYet && text.size() < length) {
        const bool before = stream.position() < offset;
        const std::uint64_t want = before ? offset - stream.position() : length - text.size();
        const std::span into = std::span(scratch).first(static_cast<std::size_t>(std::min<std::uint64_t>(want, scratch.size())));
        auto got = stream.read(into);
        if (!got) return got.error();
        if (!before) text.append(scratch, 0, *got);
    }
    return text;
}

} // namespace opscope
