#pragma once

#include "core/format/kineto/EventStager.h"
#include "core/format/kineto/RawEvent.h"
#include "core/format/kineto/Separators.h"

#include <cstdint>
#include <string_view>

namespace opscope::kineto {

/// A stretch of the event array. kPadding zero bytes stand behind it.
struct ScanText
{
    std::string_view bytes;
    std::uint64_t offset = 0;   ///< of its first byte in the unpacked source
    bool atEnd = false;         ///< nothing of the source lies behind it
    bool lines = false;         ///< one event per line: no commas, no closing bracket
    bool afterComma = true;     ///< whether an element may begin at once
};

struct ScanResult
{
    enum class End {
        Arrived,    ///< all of it is read, up to its last byte; what follows is a new element (or blanks, or the end)
        Unfinished, ///< the element at `at` needs bytes from behind the text
        ArrayEnd,   ///< `at` is behind the closing bracket
        CutOff      ///< atEnd, and the element at `at` has no end
    };
    End end = End::Arrived;
    std::size_t at = 0;
    bool afterComma = true;
};

/// Bytes of the event array -> rows. Any order of keys, any spacing. One per worker.
class EventScanner
{
public:
    explicit EventScanner(StagingTables& tables) : m_stager(tables) {}

    ScanResult scan(const ScanText& text, StagedPart& part, WindowCounts& counts);

    /// Counts an event that can not be read at all.
    void lost(std::uint64_t offset, std::string_view why, StagedPart& part, WindowCounts& counts);

    enum class Read { Whole, Unfinished, Damaged };
    struct Extent
    {
        Read read = Read::Whole;
        std::size_t length = 0;  ///< of a whole one
    };
    /// How far the event goes that `text` begins with, as scan() sees it; stages nothing. kPadding zero bytes behind the text.
    /// Damaged: repairWithin() is what scan() made of it.
    Extent measure(std::string_view text, bool atEnd);

    /// An unfinished event longer than this is checked for having swallowed others.
    static constexpr std::size_t kSuspiciousLength = 1 << 20;

private:
    Read event(const char* p);
    const char* eventValue(Key key, const char* p);
    const char* argsValue(Key key, const char* p);
    bool repair(std::size_t at);
    bool other(std::size_t& at);
    ScanResult result(ScanResult::End end, std::size_t at) const { return {end, at, m_comma}; }
    static bool swallowsOthers(std::string_view rest, bool atEnd);

    EventStager m_stager;
    Separators m_separators;
    ValueReader m_reader;
    RawEvent m_event;
    const ScanText* m_text = nullptr;
    const char* m_eventEnd = nullptr;
    std::size_t m_next = 0;      // where the repaired event ended
    bool m_comma = true;         // a comma (or the opening bracket) stands in front
};

} // namespace opscope::kineto
