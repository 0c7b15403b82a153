#pragma once

#include "core/io/ByteSource.h"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

namespace opscope {

/// The bytes of a source from where it stands, read (and inflated) on a thread of its own, a few pieces ahead of whoever uses them.
/// One thread at a time; the source is its until the destructor.
class ReadAhead
{
public:
    static constexpr std::size_t kPadding = 64; ///< zero bytes behind each piece

    /// Not further than to `end`.
    ReadAhead(ByteSource& source, std::size_t pieceBytes, std::uint64_t end = UINT64_MAX);
    ReadAhead(const ReadAhead&) = delete;
    ReadAhead& operator=(const ReadAhead&) = delete;
    ~ReadAhead();

    /// The next piece, good until the next call; empty at the end.
    Result<std::string_view> next();
    /// Of the packed file, behind what next() gave last: for progress.
    std::uint64_t packedPosition() const { return m_packed; }

private:
    struct Piece
    {
        std::vector<char> bytes;  ///< and padding
        std::size_t size = 0;
        std::uint64_t packed = 0;
    };
    static constexpr std::size_t kPieces = 4;
    void run();
    Result<bool> fill(Piece& piece);

    ByteSource& m_source;
    const std::size_t m_pieceBytes;
    const std::uint64_t m_end;
    Piece m_current;
    std::uint64_t m_packed = 0;
    std::mutex m_mutex;               // guards what follows
    std::condition_variable m_changed;
    std::deque<Piece> m_filled, m_empty;
    bool m_ended = false, m_stop = false;
    std::optional<Error> m_error;
    std::jthread m_thread;            // last: it uses all of the above
};

} // namespace opscope
