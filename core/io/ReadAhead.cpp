#include "core/io/ReadAhead.h"

#include <algorithm>

namespace opscope {

ReadAhead::ReadAhead(ByteSource& source, std::size_t pieceBytes, std::uint64_t end)
    : m_source(source), m_pieceBytes(std::max<std::size_t>(pieceBytes, 1)), m_end(end), m_empty(kPieces), m_thread([this] { run(); })
{
}

ReadAhead::~ReadAhead()
{
    {
        const std::lock_guard lock(m_mutex);
        m_stop = true;
    }
    m_changed.notify_all();
}

Result<std::string_view> ReadAhead::next()
{
    std::unique_lock lock(m_mutex);
    if (!m_current.bytes.empty()) m_empty.push_back(std::move(m_current));
    m_current = {};
    m_changed.notify_all();
    m_changed.wait(lock, [this] { return !m_filled.empty() || m_ended || m_error; });
    if (m_filled.empty() && m_error) return *m_error;
    if (m_filled.empty()) return std::string_view();
    m_current = std::move(m_filled.front());
    m_filled.pop_front();
    m_packed = m_current.packed;
    return std::string_view(m_current.bytes.data(), m_current.size);
}

void ReadAhead::run()
{
    std::unique_lock lock(m_mutex);
    while (!m_ended && !m_error) {
        m_changed.wait(lock, [this] { return m_stop || !m_empty.empty(); });
        if (m_stop) return;
        Piece piece = std::move(m_empty.front());
        m_empty.pop_front();
        lock.unlock();
        const Result<bool> filled = fill(piece);
        lock.lock();
        if (!filled) m_error = filled.error();
        else if (piece.size) m_filled.push_back(std::move(piece));
        m_ended = filled.ok() && !*filled;
        m_changed.notify_all();
    }
}

/// Whether more may follow.
Result<bool> ReadAhead::fill(Piece& piece)
{
    piece.bytes.resize(m_pieceBytes + kPadding);
    piece.size = 0;
    const std::uint64_t left = m_end - std::min(m_end, m_source.position());
    const std::size_t want = static_cast<std::size_t>(std::min<std::uint64_t>(left, m_pieceBytes));
    while (piece.size < want) {
        const Result<std::size_t> got = m_source.read(std::span(piece.bytes).subspan(piece.size, want - piece.size));
        if (!got) return got.error();
        if (*got == 0) break;
        piece.size += *got;
    }
    std::fill_n(piece.bytes.begin() + static_cast<std::ptrdiff_t>(piece.size), kPadding, '\0');
    piece.packed = m_source.packedPosition();
    return piece.size == m_pieceBytes;
}

} // namespace opscope
