#include "core/io/RangeReader.h"

#include <algorithm>
#include <cstring>

namespace opscope {

/// More bytes behind those that are there; false at the end.
Result<bool> RangeReader::fill()
{
    if (m_begin && m_begin == m_end) m_begin = m_end = 0;
    if (m_end == m_window.size()) {
        if (m_begin) {
            std::memmove(m_window.data(), m_window.data() + m_begin, m_end - m_begin);
            m_end -= m_begin;
            m_begin = 0;
        } else {
            m_window.resize(m_window.size() * 2);
        }
    }
    const Result<std::size_t> read = m_source.read(std::span(m_window).subspan(m_end));
    if (!read) return read.error();
    m_end += *read;
    return *read > 0;
}

Status RangeReader::moveTo(std::uint64_t offset)
{
    while (m_offset < offset) {
        if (here().empty()) {
            const Result<bool> more = fill();
            if (!more) return more.error();
            if (!*more) return endsEarly();
        }
        const auto step = static_cast<std::size_t>(std::min<std::uint64_t>(here().size(), offset - m_offset));
        m_begin += step;
        m_offset += step;
    }
    return m_offset == offset ? Status(Done{}) : Status(endsEarly());
}

Result<std::string_view> RangeReader::view(std::uint64_t offset, std::uint64_t length)
{
    if (Status moved = moveTo(offset); !moved) return moved.error();
    while (here().size() < length) {
        const Result<bool> more = fill();
        if (!more) return more.error();
        if (!*more) return endsEarly();
    }
    return here().substr(0, static_cast<std::size_t>(length));
}

Status RangeReader::copy(std::uint64_t offset, std::uint64_t length, ByteSink& sink)
{
    if (Status moved = moveTo(offset); !moved) return moved;
    for (std::uint64_t left = length; left;) {
        if (here().empty()) {
            const Result<bool> more = fill();
            if (!more) return more.error();
            if (!*more) return endsEarly();
        }
        const std::string_view piece = here().substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(here().size(), left)));
        sink.write(piece);
        m_begin += piece.size();
        m_offset += piece.size();
        left -= piece.size();
    }
    return Done{};
}

Status RangeReader::copyRest(ByteSink& sink)
{
    for (;;) {
        if (!here().empty()) sink.write(here());
        m_offset += here().size();
        m_begin = m_end = 0;
        const Result<bool> more = fill();
        if (!more) return more.error();
        if (!*more || !sink.good()) return Done{};
    }
}

} // namespace opscope
