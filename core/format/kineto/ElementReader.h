#pragma once

#include "core/format/kineto/EventScanner.h"
#include "core/io/ReadAhead.h"
#include "core/trace/Staging.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace opscope::kineto {

/// Texts of a file by their offsets, in ascending order, streamed once. Holds one piece of the file, and what reaches over its end.
class ElementReader
{
public:
    /// Whether the file has events that only the forgiving reader could take: then each one is looked at as the importer did, else
    /// brackets are enough to find where it ends.
    enum class Damage : std::uint8_t { None, Possible };
    ElementReader(ReadAhead& ahead, Damage damage) : m_ahead(ahead), m_damage(damage), m_scanner(m_tables) {}

    /// An event as it stands in the file; good until the next call, zero bytes behind it.
    struct Element
    {
        std::string_view text;
        bool rewritten = false;  ///< damaged: this is what the importer read out of it, as clean JSON
    };
    /// Errors: of the system; CannotRead when no event stands there (the file is another one).
    Result<Element> element(std::uint64_t offset);
    /// [begin, end) in one piece, so not for lengths that a file can choose.
    Result<std::string_view> range(std::uint64_t begin, std::uint64_t end);
    /// The same for any length, a piece at a time: take(text) until it returns false.
    template <class Take>
    Status stream(std::uint64_t begin, std::uint64_t end, Take&& take);

private:
    Result<bool> moveTo(std::uint64_t offset);
    Result<bool> nextPiece();
    /// What is there from `offset` on, as far as it was read.
    std::string_view rest(std::uint64_t offset) const;
    /// More of it. False at the end of the file.
    Result<bool> extend(std::uint64_t offset, std::size_t by);
    bool find(std::string_view text, bool atEnd, Element& out);
    bool findDamaged(std::string_view text, bool atEnd, Element& out);

    ReadAhead& m_ahead;
    const Damage m_damage;
    StagingTables m_tables;      // the scanner wants some; they stay empty
    EventScanner m_scanner;
    std::string_view m_piece;    // of the file from m_pieceOffset on
    std::uint64_t m_pieceOffset = 0;
    std::string m_joined;        // from m_joinedOffset to somewhere in m_piece, and padding; empty: not needed
    std::uint64_t m_joinedOffset = 0;
    std::string m_repaired;
};

template <class Take>
Status ElementReader::stream(std::uint64_t begin, std::uint64_t end, Take&& take)
{
    while (begin < end) {
        const Result<bool> there = moveTo(begin);
        if (!there) return there.error();
        if (!*there) return Error{ErrorCode::CannotRead, "the file is shorter than it was when it was opened", begin};
        const std::string_view text = rest(begin).substr(0, static_cast<std::size_t>(end - begin));
        if (!take(text)) return Done{};
        begin += text.size();
    }
    return Done{};
}

} // namespace opscope::kineto
