#include "core/io/GzipSource.h"

#include <algorithm>
#include <cstring>

namespace opscope {

GzipSource::GzipSource(PackedBytes packed, InflateEngine engine, std::uint64_t restartEvery)
    : m_packed(std::move(packed)), m_stream(m_packed, engine), m_restarts(std::make_shared<RestartPoints>(engine)),
      m_restartEvery(restartEvery), m_nextRestart(restartEvery)
{
}

Result<std::size_t> GzipSource::read(std::span<char> into)
{
    std::size_t done = std::min(into.size(), m_head.size() - m_headGiven);
    std::memcpy(into.data(), m_head.data() + m_headGiven, done);
    m_headGiven += done;
    if (m_headGiven == m_head.size() && !m_head.empty()) {
        m_head = {};
        m_headGiven = 0;
    }
    auto unpacked = unpack(into.subspan(done));
    if (!unpacked) return unpacked.error();
    m_position += done + *unpacked;
    return done + *unpacked;
}

Result<std::string_view> GzipSource::head(std::size_t limit)
{
    const std::size_t have = m_head.size();
    if (have < limit) {
        m_head.resize(limit);
        auto unpacked = unpack(std::span(m_head).subspan(have));
        m_head.resize(have + (unpacked ? *unpacked : 0));
        if (!unpacked) return unpacked.error();
    }
    return std::string_view(m_head).substr(0, limit);
}

Result<std::size_t> GzipSource::unpack(std::span<char> into)
{
    std::size_t done = 0;
    while (done < into.size() && m_stream.end() == GzipStream::End::NotYet) {
        // No further than to the next point: ISA-L stops where the output ends, zlib also between blocks.
        const std::uint64_t toPoint = m_nextRestart > m_stream.position() ? m_nextRestart - m_stream.position() : m_restartEvery;
        const std::span piece = into.subspan(done);
        auto got = m_stream.read(piece.first(static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), toPoint))));
        if (!got) return got.error();
        done += *got;
        if (m_stream.position() >= m_nextRestart) takeRestartPoint();
        if (m_stream.end() != GzipStream::End::NotYet) noteEnd();
    }
    return done;
}

void GzipSource::takeRestartPoint()
{
    auto place = m_stream.save();
    if (!place) return; // not just here: soon
    m_nextRestart = place->unpacked + m_restartEvery;
    m_restarts->add(std::move(*place));
}

std::shared_ptr<const RestartPoints> GzipSource::takeRestartPoints()
{
    m_restarts->deflateStates();
    return m_restarts;
}

void GzipSource::noteEnd()
{
    const std::uint64_t at = m_stream.position();
    switch (m_stream.end()) {
    case GzipStream::End::NotYet:
    case GzipStream::End::Whole: break;
    case GzipStream::End::Trailing: {
        const std::uint64_t left = m_packed.size() - std::min(m_packed.size(), m_stream.packedPosition());
        m_diagnostics.note(Defect::TrailingBytes, at, "about " + std::to_string(left + 1) + " bytes behind the last gzip member");
        break;
    }
    case GzipStream::End::Cut: m_diagnostics.note(Defect::CompressedDataCut, at); break;
    case GzipStream::End::Damaged: m_diagnostics.note(Defect::CompressedDataDamaged, at); break;
    case GzipStream::End::BadChecksum:
        m_diagnostics.note(Defect::CompressedDataDamaged, at, "the checksum of a gzip member does not match its content");
        break;
    }
}

} // namespace opscope
