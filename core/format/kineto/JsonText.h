#pragma once

#include "core/format/kineto/RawEvent.h"

#include <string>
#include <string_view>

namespace opscope::kineto {

/// What reading a text out of JSON had to forgive.
struct TextTrouble
{
    bool unknownEscape = false; ///< `\c`: the backslash stands for itself
    bool badUtf8 = false;       ///< bad bytes and lone surrogates: U+FFFD
};

/// The text between the quotes as UTF-8, escapes resolved. Valid whatever the bytes are.
TextTrouble unescape(std::string_view raw, std::string& out);

/// The double that the digits of a JSON number say, or of a string that is nothing but one. NaN when it is none.
double numberOf(const Scalar& value);

/// Calls `use(key, value)` for each member of an object, `key` raw. The text is whole (it was scanned before) and stands in a
/// padded buffer.
template <class Use>
void forEachMember(std::string_view object, Use&& use)
{
    ValueReader reader;
    reader.end = object.data() + object.size();
    const char* p = object.data() + 1;
    for (;;) {
        while (p < reader.end && (isBlank(*p) || *p == ','))
            ++p;
        if (p >= reader.end || *p != '"')
            return;
        Scalar key, value;
        p = reader.read(p, key);
        if (!p)
            return;
        p = skipBlanks(p);
        if (*p != ':' || !(p = reader.read(p + 1, value)))
            return;
        use(key, value);
    }
}

} // namespace opscope::kineto
