#pragma once

#include "core/io/ByteSource.h"

#include <deque>
#include <span>
#include <string>

namespace opscope::kineto {

/// The bytes of a source in order, with the possibility to give back what was read too far. One thread at a time.
class Feed
{
public:
    explicit Feed(ByteSource& source) : m_source(source), m_position(source.position()) {}

    /// Fills `into` as far as bytes are left; 0 is the end.
    Result<std::size_t> read(std::span<char> into);
    /// The last `bytes` that were read: they come next.
    void putBack(std::string bytes);
    /// Of the next byte, in the unpacked source.
    std::uint64_t position() const { return m_position; }
    std::uint64_t packedPosition() const { return m_source.packedPosition(); }
    std::uint64_t packedSize() const { return m_source.packedSize(); }

private:
    ByteSource& m_source;
    std::deque<std::string> m_back;
    std::size_t m_used = 0; // of m_back.front()
    std::uint64_t m_position;
};

} // namespace opscope::kineto
