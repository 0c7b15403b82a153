#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/// The innermost loops over JSON text. Everything here may read up to kPadding bytes behind the end of the text; those are
/// zero, and a zero byte stops every loop.
namespace opscope::kineto {

inline constexpr std::size_t kPadding = 64;

inline bool isBlank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }
inline const char* skipBlanks(const char* p)
{
    while (isBlank(*p))
        ++p;
    return p;
}
inline bool isDigit(char c) { return static_cast<unsigned char>(c - '0') < 10; }

/// What a string holds beside plain ASCII.
enum TextFlags : std::uint8_t { kEscaped = 1, kNotAscii = 2, kControl = 4 };

/// 16 bytes: which of them end a run of plain string text (quote, backslash, below 0x20), which are not ASCII.
struct StringStops
{
    std::uint32_t stops, high;
};
inline StringStops stringStops(const char* p)
{
#if defined(__SSE2__)
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(block, _mm_set1_epi8(0x1F)), block);
    const __m128i quote = _mm_cmpeq_epi8(block, _mm_set1_epi8('"'));
    const __m128i slash = _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'));
    return {static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_or_si128(low, _mm_or_si128(quote, slash)))),
            static_cast<std::uint32_t>(_mm_movemask_epi8(block))};
#else
    StringStops result{0, 0};
    for (unsigned i = 0; i < 16; ++i) {
        const auto c = static_cast<unsigned char>(p[i]);
        result.stops |= static_cast<std::uint32_t>(c < 0x20 || c == '"' || c == '\\') << i;
        result.high |= static_cast<std::uint32_t>(c >> 7) << i;
    }
    return result;
#endif
}

/// From behind the opening quote to the closing one, or to `end` when the text ends first. Raw control characters are taken.
inline const char* stringEnd(const char* p, const char* end, std::uint8_t& flags)
{
    for (;;) {
        const StringStops found = stringStops(p);
        if (!found.stops) {
            flags |= found.high ? kNotAscii : 0;
            p += 16;
            continue;
        }
        const int first = std::countr_zero(found.stops);
        flags |= (found.high & ((1u << first) - 1)) ? kNotAscii : 0;
        p += first;
        if (*p == '"')
            return p < end ? p : end;
        if (p >= end)
            return end;
        if (*p == '\\') {
            flags |= kEscaped;
            p += 2;
            if (p >= end)
                return end;
        } else {
            flags |= kControl;
            ++p;
        }
    }
}

/// 64 bytes as bit masks, bit 0 first.
struct Structure
{
    std::uint64_t quotes, slashes, opens, closes;
};
inline Structure structure(const char* p)
{
    Structure s{0, 0, 0, 0};
#if defined(__SSE2__)
    for (int part = 0; part < 4; ++part) {
        const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 16 * part));
        const auto bits = [part](__m128i equal) {
            return static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm_movemask_epi8(equal))) << (16 * part);
        };
        const __m128i folded = _mm_or_si128(block, _mm_set1_epi8(0x20)); // [ and { differ in this bit only, so do ] and }
        s.quotes |= bits(_mm_cmpeq_epi8(block, _mm_set1_epi8('"')));
        s.slashes |= bits(_mm_cmpeq_epi8(block, _mm_set1_epi8('\\')));
        s.opens |= bits(_mm_cmpeq_epi8(folded, _mm_set1_epi8('{')));
        s.closes |= bits(_mm_cmpeq_epi8(folded, _mm_set1_epi8('}')));
    }
#else
    for (unsigned i = 0; i < 64; ++i) {
        s.quotes |= static_cast<std::uint64_t>(p[i] == '"') << i;
        s.slashes |= static_cast<std::uint64_t>(p[i] == '\\') << i;
        s.opens |= static_cast<std::uint64_t>(p[i] == '[' || p[i] == '{') << i;
        s.closes |= static_cast<std::uint64_t>(p[i] == ']' || p[i] == '}') << i;
    }
#endif
    return s;
}

/// Bit i is the parity of bits 0..i: with the quotes given, the bytes that lie inside of strings.
inline std::uint64_t prefixXor(std::uint64_t bits)
{
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    bits ^= bits << 32;
    return bits;
}

/// From the opening bracket at `p` to behind the one that closes it. Null when the text ends first, `p` itself when the two
/// are of different kinds.
/// Counts brackets and nothing else, without recursion. `deepest` is raised to about the depth reached.
const char* skipContainer(const char* p, const char* end, std::uint64_t& deepest);

} // namespace opscope::kineto
