#pragma once

#include "core/io/GzipStream.h"

#include <cstdint>
#include <string>
#include <vector>

namespace opscope {

/// See ByteSource.h. One thread fills it, then any number read.
class RestartPoints
{
public:
    static constexpr std::uint64_t kEvery = std::uint64_t{8} << 20; ///< unpacked bytes from one point to the next

    explicit RestartPoints(InflateEngine engine) : m_engine(engine) {}

    /// Places in rising order. Cheap; the state is kept as it is until deflateStates().
    void add(GzipStream::Place place);
    void deflateStates();
    std::size_t size() const { return m_points.size(); }
    std::size_t bytes() const; ///< of memory held

    /// `length` bytes at `offset` of the unpacked stream; fewer where it ends. Thread-safe.
    Result<std::string> read(const PackedBytes& packed, std::uint64_t offset, std::uint64_t length) const;

private:
    struct Point
    {
        GzipStream::Place place;
        std::size_t stateBytes = 0; ///< 0: place.state is not deflated
    };
    Status enterBefore(GzipStream& stream, std::uint64_t offset) const;

    InflateEngine m_engine;
    std::vector<Point> m_points; ///< the start of the file is not among them
};

} // namespace opscope
