#pragma once

#include "core/base/Result.h"
#include "core/io/Inflate.h"
#include "core/io/PackedBytes.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace opscope {

/// The members of a gzip file as one unpacked stream: headers, bodies, trailers, what stands between and behind them.
/// Memory is bounded by one input buffer and the inflate state, whatever the file claims.
///
///     between ──► header ──► body ──► trailer ──► between     (1f 8b 08: the next member belongs to the stream)
///        │           └─────────┴─────────┴──────► end         cut, damaged, bad checksum
///        └──────────────────────────────────────► end         nothing or zeros: whole; anything else: trailing bytes
class GzipStream
{
public:
    enum class End : std::uint8_t {
        NotYet,
        Whole,
        Trailing,      ///< whole, but other bytes stand behind the last member
        Cut,           ///< the packed bytes end inside a member
        Damaged,       ///< not deflate, a header that makes no sense, or a member that ended in the wrong place
        BadChecksum    ///< a member unpacked whole and is as long as it says, but its CRC differs
    };
    /// Where a stream can be entered again. `state` is what Inflate::save() gave; empty: a member begins at `packed`.
    struct Place
    {
        std::uint64_t unpacked = 0, packed = 0;
        std::string state;
    };

    /// Borrows `packed`.
    GzipStream(const PackedBytes& packed, InflateEngine engine);

    /// Some more bytes; may be none although the end has not come: ask end(). Errors are those of the system only.
    Result<std::size_t> read(std::span<char> into);
    End end() const { return m_end; }
    std::uint64_t position() const { return m_position; } ///< unpacked
    std::uint64_t packedPosition() const { return m_bufferEnd - (m_filled - m_next); }
    std::uint32_t members() const { return m_members; }   ///< whose header was found

    std::optional<Place> save() const;
    /// Goes on at a saved place. A member entered in the middle is not checked against its trailer.
    Status enter(const Place& place);

private:
    enum class Phase : std::uint8_t { Between, Header, Body, Trailer, End };
    Result<bool> fill();
    Result<int> nextByte();
    Result<bool> readBytes(std::span<unsigned char> into);
    Status readBetween();
    Status skipPadding(int byte);
    Status readHeader();
    Result<bool> skip(std::uint32_t bytes);
    Result<bool> skipText();
    Result<std::size_t> readBody(std::span<char> into);
    Status readTrailer();
    void finish(End end);

    const PackedBytes& m_packed;
    std::unique_ptr<Inflate> m_inflate;
    std::vector<char> m_buffer;        ///< the last bytes of the piece before, then the piece
    std::uint64_t m_bufferEnd = 0;     ///< packed place behind the last byte in m_buffer
    std::size_t m_next = 0, m_filled = 0;
    std::uint64_t m_position = 0;
    std::uint64_t m_memberStart = 0;   ///< packed
    std::uint64_t m_memberBytes = 0;   ///< unpacked
    std::uint32_t m_crc = 0;
    std::uint32_t m_members = 0;
    bool m_checkTrailer = true;
    Phase m_phase = Phase::Between;
    End m_end = End::NotYet;
};

} // namespace opscope
