#include "core/io/GzipStream.h"

#include <algorithm>
#include <cstring>

namespace opscope {

namespace {

constexpr std::size_t kPiece = std::size_t{256} << 10;
/// Longer padding and longer header texts than this are not looked through.
constexpr std::uint64_t kMaxPadding = 1 << 20;
constexpr std::uint64_t kMaxHeaderText = 1 << 20;
enum HeaderFlag : unsigned { kHeaderCrc = 2, kExtra = 4, kName = 8, kComment = 16, kReserved = 0xE0 };

std::uint32_t littleEndian(const unsigned char* bytes)
{
    return bytes[0] | (std::uint32_t{bytes[1]} << 8) | (std::uint32_t{bytes[2]} << 16) | (std::uint32_t{bytes[3]} << 24);
}

} // namespace

GzipStream::GzipStream(const PackedBytes& packed, InflateEngine engine)
    : m_packed(packed), m_inflate(makeInflate(engine)), m_buffer(Inflate::kGiveBack + kPiece)
{
}

/// The next piece of input, with the end of the last one in front of it. False at the end of the file.
Result<bool> GzipStream::fill()
{
    if (m_next < m_filled) return true;
    const std::size_t keep = std::min(m_filled, Inflate::kGiveBack);
    std::memmove(m_buffer.data(), m_buffer.data() + m_filled - keep, keep);
    auto got = m_packed.readAt(m_bufferEnd, std::span(m_buffer).subspan(keep, kPiece));
    m_next = m_filled = keep;
    if (!got) return got.error();
    m_filled += *got;
    m_bufferEnd += *got;
    return *got > 0;
}

/// -1 at the end.
Result<int> GzipStream::nextByte()
{
    auto more = fill();
    if (!more) return more.error();
    return *more ? static_cast<unsigned char>(m_buffer[m_next++]) : -1;
}

Result<bool> GzipStream::readBytes(std::span<unsigned char> into)
{
    for (unsigned char& byte : into) {
        auto next = nextByte();
        if (!next) return next.error();
        if (*next < 0) return false;
        byte = static_cast<unsigned char>(*next);
    }
    return true;
}

void GzipStream::finish(End end)
{
    m_end = end;
    m_phase = Phase::End;
}

Result<std::size_t> GzipStream::read(std::span<char> into)
{
    Status status = Done{};
    switch (m_phase) {
    case Phase::Between: status = readBetween(); break;
    case Phase::Header: status = readHeader(); break;
    case Phase::Body: return readBody(into);
    case Phase::Trailer: status = readTrailer(); break;
    case Phase::End: break;
    }
    if (!status) return status.error();
    return std::size_t{0};
}

Status GzipStream::readBetween()
{
    m_memberStart = packedPosition();
    unsigned char magic[3] = {};
    for (unsigned char& byte : magic) {
        auto next = nextByte();
        if (!next) return next.error();
        if (&byte == magic && *next <= 0) return skipPadding(*next);
        byte = static_cast<unsigned char>(*next);
        constexpr unsigned char kMagic[3] = {0x1F, 0x8B, 8};
        const bool cut = *next < 0;
        if (cut || byte != kMagic[&byte - magic]) {
            finish(cut && m_members == 0 ? End::Cut : End::Trailing);
            return Done{};
        }
    }
    ++m_members;
    m_phase = Phase::Header;
    return Done{};
}

/// Tapes and block devices fill up with zeros; that is no damage.
Status GzipStream::skipPadding(int byte)
{
    for (std::uint64_t zeros = 0; byte == 0 && zeros < kMaxPadding; ++zeros) {
        auto next = nextByte();
        if (!next) return next.error();
        byte = *next;
    }
    finish(byte > 0 ? End::Trailing : End::Whole);
    return Done{};
}

Status GzipStream::readHeader()
{
    unsigned char fixed[7] = {}; // flags, mtime, extra flags, system
    auto whole = readBytes(fixed);
    if (!whole) return whole.error();
    const unsigned flags = fixed[0];
    if (*whole && (flags & kReserved) != 0) {
        finish(End::Damaged);
        return Done{};
    }
    if (*whole && (flags & kExtra) != 0) {
        unsigned char length[2] = {};
        whole = readBytes(length);
        if (whole && *whole) whole = skip(length[0] | (std::uint32_t{length[1]} << 8));
    }
    if (whole && *whole && (flags & kName) != 0) whole = skipText();
    if (whole && *whole && (flags & kComment) != 0) whole = skipText();
    if (whole && *whole && (flags & kHeaderCrc) != 0) whole = skip(2);
    if (!whole) return whole.error();
    if (m_phase == Phase::End) return Done{};
    if (!*whole) {
        finish(End::Cut);
        return Done{};
    }
    m_inflate->reset();
    m_memberBytes = 0;
    m_crc = 0;
    m_checkTrailer = true;
    m_phase = Phase::Body;
    return Done{};
}

Result<bool> GzipStream::skip(std::uint32_t bytes)
{
    for (; bytes > 0; --bytes) {
        auto next = nextByte();
        if (!next) return next.error();
        if (*next < 0) return false;
    }
    return true;
}

Result<bool> GzipStream::skipText()
{
    for (std::uint64_t length = 0; length < kMaxHeaderText; ++length) {
        auto next = nextByte();
        if (!next) return next.error();
        if (*next <= 0) return *next == 0;
    }
    finish(End::Damaged);
    return false;
}

Result<std::size_t> GzipStream::readBody(std::span<char> into)
{
    auto more = fill();
    if (!more) return more.error();
    const std::span input = std::span(m_buffer).subspan(m_next, m_filled - m_next);
    const Inflate::Step step = m_inflate->run(input, into); // also without input: it may hold output back
    m_next = static_cast<std::size_t>(static_cast<std::ptrdiff_t>(m_next) + step.consumed);
    m_position += step.produced;
    m_memberBytes += step.produced;
    if (m_checkTrailer) m_crc = m_inflate->crc(m_crc, into.first(step.produced));
    switch (step.state) {
    case Inflate::State::Done: m_phase = Phase::Trailer; break;
    case Inflate::State::Bad: finish(End::Damaged); break;
    case Inflate::State::More:
        if (!*more && step.produced == 0 && !into.empty()) finish(End::Cut);
        break;
    }
    return step.produced;
}

Status GzipStream::readTrailer()
{
    unsigned char trailer[8] = {};
    auto whole = readBytes(trailer);
    if (!whole) return whole.error();
    if (!*whole) {
        finish(End::Cut);
        return Done{};
    }
    const bool sameLength = littleEndian(trailer + 4) == (m_memberBytes & 0xFFFFFFFFu);
    if (!m_checkTrailer || (sameLength && littleEndian(trailer) == m_crc)) {
        m_phase = Phase::Between;
        return Done{};
    }
    auto next = nextByte();
    if (!next) return next.error();
    const bool inPlace = *next <= 0 || *next == 0x1F; // the end, padding or a member; else these 8 bytes are no trailer
    finish(sameLength && inPlace ? End::BadChecksum : End::Damaged);
    return Done{};
}

std::optional<GzipStream::Place> GzipStream::save() const
{
    if (m_phase == Phase::Header) return Place{m_position, m_memberStart, {}};
    if (m_phase != Phase::Body) return {};
    std::string state = m_inflate->save();
    if (state.empty()) return {};
    return Place{m_position, packedPosition(), std::move(state)};
}

Status GzipStream::enter(const Place& place)
{
    if (!place.state.empty() && !m_inflate->load(place.state)) {
        return Error{ErrorCode::CannotRead, "the compressed file cannot be entered again", place.unpacked};
    }
    m_phase = place.state.empty() ? Phase::Between : Phase::Body;
    m_end = End::NotYet;
    m_next = m_filled = 0;
    // With what stands in front, for a stream that ends at once and gives bytes back.
    const std::size_t before = static_cast<std::size_t>(std::min<std::uint64_t>(place.packed, Inflate::kGiveBack));
    m_bufferEnd = place.packed - before;
    m_position = place.unpacked;
    m_checkTrailer = false; // until the next header
    auto more = fill();
    if (!more) return more.error();
    m_next = std::min(before, m_filled);
    return Done{};
}

} // namespace opscope
