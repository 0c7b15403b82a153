#pragma once

#include "core/format/kineto/JsonBytes.h"
#include "core/format/kineto/KinetoFields.h"

#include <array>
#include <cstdint>
#include <unordered_map>
#include <string>
#include <utility>
#include <vector>

namespace opscope::kineto {

/// What stands between one value and the next: blanks, comma, key, colon, blanks; or blanks and a closing brace.
/// A file holds only some fifty different ones (`,\n    "dur": `), so each is learned as a node that knows which ones were
/// seen to follow it, and is recognised again by two vector compares. A miss takes the plain path and teaches the graph.
///
///     { ──► `"ph": ` ──► `, "cat": ` ──► `, "name": ` ─┬─► `, "pid": `  ...
///                                                      └─► `, "id": `   ...
class Separators
{
public:
    enum class Kind : std::uint8_t { Key, CloseArgs, CloseEvent };
    /// Where a separator may stand. A node belongs to one place, so that its text can not be taken for another's.
    enum class Place : std::uint8_t { EventFirst, Event, ArgsFirst, Args };

    using State = std::uint16_t;
    struct Found
    {
        Kind kind = Kind::Key;
        Key key = Key::Other;
        const char* next = nullptr; ///< first byte of the value, or behind the brace; null: not a separator
        State state = 0;
    };

    Separators();
    /// The separator at `p` when the one in front of it was `state` (kStart: the opening brace of an event).
    Found next(State state, const char* p, const char* end)
    {
        const Node& from = m_nodes[state];
#if defined(__SSE2__)
        const __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
        const __m128i high = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 16));
        for (State candidate : from.successors) {
            if (!candidate)
                break;
            const Node& node = m_nodes[candidate];
            const __m128i a = _mm_cmpeq_epi8(low, _mm_load_si128(reinterpret_cast<const __m128i*>(node.text)));
            const __m128i b = _mm_cmpeq_epi8(high, _mm_load_si128(reinterpret_cast<const __m128i*>(node.text + 16)));
            const std::uint32_t equal = static_cast<std::uint32_t>(_mm_movemask_epi8(a)) |
                                        static_cast<std::uint32_t>(_mm_movemask_epi8(b)) << 16;
            if ((equal & node.mask) == node.mask)
                return {node.kind, node.key, p + node.length, candidate};
        }
#else
        for (State candidate : from.successors) {
            if (!candidate)
                break;
            const Node& node = m_nodes[candidate];
            if (std::memcmp(p, node.text, node.length) == 0)
                return {node.kind, node.key, p + node.length, candidate};
        }
#endif
        return learn(state, p, end);
    }
    /// Where the last failing call could not go on.
    const char* stoppedAt() const { return m_stoppedAt; }
    /// Whether doubled or trailing commas were met since the last call.
    bool takeCommas() { return std::exchange(m_commas, false); }

    static constexpr State kStart = 1;
    static constexpr State kArgsStart = 2;
    /// Behind a separator that was not learned.
    static constexpr State kInEvent = 3, kInArgs = 4;

private:
    static constexpr std::size_t kLongest = 32, kMostNodes = 256, kSuccessors = 4;
    struct alignas(32) Node
    {
        char text[kLongest] = {};
        std::uint32_t mask = 0;
        std::uint8_t length = 0;
        Kind kind = Kind::Key;
        Key key = Key::Other;
        Place after = Place::Event; ///< where the next separator stands
        std::array<State, kSuccessors> successors = {};
    };

    Found learn(State from, const char* p, const char* end);
    Found plain(Place place, const char* p, const char* end);
    State remember(State from, const Found& found, std::string_view text);

    std::vector<Node> m_nodes;
    std::unordered_map<std::string, State> m_known; ///< place and text -> node
    const char* m_stoppedAt = nullptr;
    bool m_commas = false;
};

} // namespace opscope::kineto
