#include "core/format/kineto/ElementReader.h"

#include "core/format/kineto/DamagedEvent.h"

#include <algorithm>

namespace opscope::kineto {

namespace {

constexpr std::size_t kFirstStep = std::size_t{64} << 10; ///< of what reaches over the end of a piece
constexpr std::size_t kLongest = std::size_t{260} << 20;  ///< the importer drops what is longer than 256 MiB
static_assert(ReadAhead::kPadding >= kPadding);

Error otherFile(std::uint64_t offset)
{
    return {ErrorCode::CannotRead, "the file has changed since it was opened: an event is not where it was", offset};
}

} // namespace

Result<bool> ElementReader::nextPiece()
{
    m_pieceOffset += m_piece.size();
    const Result<std::string_view> next = m_ahead.next();
    if (!next) return next.error();
    m_piece = *next;
    return !m_piece.empty();
}

/// False when the file ends in front of it.
Result<bool> ElementReader::moveTo(std::uint64_t offset)
{
    if (offset < m_pieceOffset && !m_joined.empty()) return offset >= m_joinedOffset;
    m_joined.clear();
    while (offset >= m_pieceOffset + m_piece.size()) {
        const Result<bool> more = nextPiece();
        if (!more || !*more) return more;
    }
    return offset >= m_pieceOffset;
}

std::string_view ElementReader::rest(std::uint64_t offset) const
{
    if (offset >= m_pieceOffset && m_joined.empty()) return m_piece.substr(static_cast<std::size_t>(offset - m_pieceOffset));
    return std::string_view(m_joined).substr(0, m_joined.size() - kPadding).substr(static_cast<std::size_t>(offset - m_joinedOffset));
}

Result<bool> ElementReader::extend(std::uint64_t offset, std::size_t by)
{
    const std::string_view have = rest(offset);
    if (m_joined.empty()) {
        m_joined.assign(have);
    } else {
        m_joined.resize(m_joined.size() - kPadding);
        m_joined.erase(0, static_cast<std::size_t>(offset - m_joinedOffset));
    }
    m_joinedOffset = offset;
    bool grew = false;
    while (by > 0) {
        const std::uint64_t end = m_joinedOffset + m_joined.size();
        if (end >= m_pieceOffset + m_piece.size()) {
            const Result<bool> more = nextPiece();
            if (!more) return more;
            if (!*more) break;
        }
        const std::string_view part = m_piece.substr(static_cast<std::size_t>(end - m_pieceOffset), by);
        m_joined += part;
        by -= part.size();
        grew = true;
    }
    m_joined.append(kPadding, '\0');
    return grew;
}

Result<ElementReader::Element> ElementReader::element(std::uint64_t offset)
{
    const Result<bool> there = moveTo(offset);
    if (!there) return there.error();
    if (!*there || rest(offset).front() != '{') return otherFile(offset);
    bool atEnd = false;
    for (std::size_t step = kFirstStep;; step *= 2) {
        Element found;
        if (find(rest(offset), atEnd, found)) return found;
        if (atEnd || rest(offset).size() > kLongest) return otherFile(offset);
        const Result<bool> more = extend(offset, step);
        if (!more) return more.error();
        atEnd = !*more;
    }
}

bool ElementReader::find(std::string_view text, bool atEnd, Element& out)
{
    if (m_damage == Damage::Possible) return findDamaged(text, atEnd, out);
    std::uint64_t deepest = 0;
    const char* const end = skipContainer(text.data(), text.data() + text.size(), deepest);
    if (!end) return false;
    if (end == text.data()) return findDamaged(text, atEnd, out); // brackets of two kinds
    out.text = text.substr(0, static_cast<std::size_t>(end - text.data()));
    return true;
}

bool ElementReader::findDamaged(std::string_view text, bool atEnd, Element& out)
{
    const EventScanner::Extent extent = m_scanner.measure(text, atEnd);
    if (extent.read == EventScanner::Read::Whole) {
        out.text = text.substr(0, extent.length);
        return true;
    }
    if (extent.read == EventScanner::Read::Unfinished) return false;
    std::optional<RepairedEvent> repaired = repairWithin(text, atEnd);
    if (!repaired) return false;
    m_repaired = std::move(repaired->json);
    const std::size_t length = m_repaired.size();
    m_repaired.append(kPadding, '\0');
    out = {std::string_view(m_repaired).substr(0, length), true};
    return length > 0;
}

Result<std::string_view> ElementReader::range(std::uint64_t begin, std::uint64_t end)
{
    const Result<bool> there = moveTo(begin);
    if (!there) return there.error();
    while (*there && rest(begin).size() < end - begin) {
        const Result<bool> more = extend(begin, static_cast<std::size_t>(end - begin) - rest(begin).size());
        if (!more) return more.error();
        if (!*more) break;
    }
    if (!*there || rest(begin).size() < end - begin) return otherFile(begin);
    return rest(begin).substr(0, static_cast<std::size_t>(end - begin));
}

} // namespace opscope::kineto
