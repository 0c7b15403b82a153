#pragma once

#include "core/format/kineto/JsonBytes.h"
#include "core/format/kineto/KinetoFields.h"

#include <array>
#include <cstdint>
#include <string_view>

namespace opscope::kineto {

/// What kind of JSON value a Scalar was.
enum class Form : std::uint8_t {
    String,    ///< text without the quotes, as it stands in the file
    Integer,   ///< fits int64: `number`
    Time,      ///< microseconds with at most three decimals, already in `number` as nanoseconds
    Number,    ///< any other number
    NonFinite, ///< NaN, Infinity, inf, -nan ...
    Null, Bool,
    Container
};

/// One value of an event, borrowed from the text that was scanned.
struct Scalar
{
    const char* begin = nullptr;
    std::int64_t number = 0;
    std::uint32_t length = 0;
    Form form = Form::Null;
    std::uint8_t flags = 0; ///< TextFlags
    std::string_view view() const { return {begin, length}; }
};

/// One event as written: the values that we keep, nothing decided. Only what `seen` names is set; it is used again and again.
struct RawEvent
{
    std::uint64_t offset = 0;  ///< in the unpacked source
    std::uint64_t length = 0;
    std::uint32_t seen = 0;    ///< bit per Key of an event
    std::uint32_t argsSeen = 0; ///< bit per ArgField
    bool duplicateKey = false, commas = false, control = false, nonFinite = false, unfinished = false, repaired = false;
    bool collective = false;   ///< its args tell of a collective
    std::uint64_t deepest = 0; ///< brackets open at once in a value that was stepped over
    std::array<Scalar, static_cast<std::size_t>(Key::Args)> values; ///< by Key
    std::string_view args;     ///< raw text with its braces; empty unless an object
    std::array<std::int64_t, kArgFields> fields;
    std::string_view dims, types, strides; ///< raw; data() null when absent

    void clear()
    {
        seen = argsSeen = 0;
        duplicateKey = commas = control = nonFinite = unfinished = repaired = false;
        deepest = 0;
        clearArgs();
    }
    void clearArgs()
    {
        args = dims = types = strides = {};
        argsSeen = 0;
        unfinished = collective = false;
    }
    bool has(Key key) const { return seen >> static_cast<unsigned>(key) & 1; }
    const Scalar& operator[](Key key) const { return values[static_cast<std::size_t>(key)]; }
    bool isString(Key key) const { return has(key) && (*this)[key].form == Form::String; }
};

/// The value at `p`, or null: the text ends inside (`stoppedAt` >= end) or it is no value (`stoppedAt` < end).
class ValueReader
{
public:
    const char* read(const char* p, Scalar& out);
    /// Steps over it.
    const char* skip(const char* p);
    /// `ts` and `dur`: Form::Time when it is plain digits.
    const char* readTime(const char* p, Scalar& out);

    const char* end = nullptr;
    const char* stoppedAt = nullptr;
    std::uint64_t deepest = 0;
    std::uint8_t flags = 0;      ///< TextFlags of all strings, TextFlags::kControl tells of raw ones
    bool nonFinite = false;

private:
    const char* string(const char* p, Scalar& out);
    const char* numeric(const char* p, Scalar& out);
    const char* word(const char* p, const char* begin, Scalar& out);
    const char* stop(const char* at)
    {
        stoppedAt = at;
        return nullptr;
    }
};

/// A whole number that fits int64 (above 2^63 with its bits kept), also as a string of digits or as 12.0.
bool wholeNumber(const Scalar& value, std::int64_t& out);

} // namespace opscope::kineto
