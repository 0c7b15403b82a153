#pragma once

#include "core/io/PrivateKeys.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace opscope {

/// A text of a JSON value: what stands between two quotes.
struct JsonText
{
    std::string_view raw;              ///< as it stands, without the quotes
    bool isKey = false;
    KeyClass key = KeyClass::None;     ///< of a value: what its key says of it
};

/// Walks the texts of a JSON value in order, one pass, no recursion; what is no JSON is walked as well as it goes.
class JsonTexts
{
public:
    /// `top`: class of the whole value's own key; `topLevel`: which keys mean something.
    JsonTexts(std::string_view json, bool topLevel, KeyClass top) : m_json(json), m_topLevel(topLevel), m_class(top) {}

    /// The next text; `between` receives what stands in front of it, its opening quote included. False at the end, then `between`
    /// is the rest.
    bool next(JsonText& text, std::string_view& between);

private:
    void structure(std::string_view bytes);

    std::string_view m_json;
    std::size_t m_at = 0;
    bool m_inText = false;             ///< m_at is at a closing quote
    bool m_topLevel;
    KeyClass m_class;                  ///< of the key that came last
    std::uint64_t m_depth = 0;
    std::uint64_t m_environment = 0;   ///< depth of the object whose values are environment variables; 0: none
};

/// A text without escapes, and where each of its bytes came from. Where a backslash begins no escape that JSON knows, the file was
/// written without escaping (Windows paths), and every backslash stands for itself.
struct UnescapedText
{
    std::string text;
    std::vector<std::size_t> from;   ///< by byte of text: place in raw; one longer
    void assign(std::string_view raw);
};

} // namespace opscope
