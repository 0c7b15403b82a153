#include "core/io/RestartPoints.h"

#include <algorithm>
#include <array>
#include <zlib.h>

namespace opscope {

namespace {

/// Raw deflate at the quickest level: a state is mostly window and code tables, and shrinks to an eighth.
std::string deflated(std::string_view bytes)
{
    z_stream stream = {};
    if (deflateInit2(&stream, 1, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY) != Z_OK) return {};
    std::string packed(deflateBound(&stream, bytes.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data())); // zlib does not write to it
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    const bool whole = deflate(&stream, Z_FINISH) == Z_STREAM_END;
    packed.resize(whole ? stream.total_out : 0);
    packed.shrink_to_fit();
    deflateEnd(&stream);
    return packed;
}

/// Empty when it is not what deflated() gave.
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
        std::string packed = deflated(point.place.state);
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
