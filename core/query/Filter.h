#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace opscope {

class Trace;
struct FilterNode; // the parsed expression; query/FilterNode.h

/// Why a filter text is none: where, and what was expected there. Columns count bytes from 0.
struct FilterError
{
    std::size_t column = 0;
    std::size_t length = 0;       ///< of the piece that is wrong; 0 at the end of the text
    std::string message;          ///< one sentence without the place: "\"durr\" is no field; did you mean dur?"

    /// With the place as people count: "\"durr\" is no field; did you mean dur? (column 1)".
    std::string text() const;
};

/// What is wished to be seen, as a value with a text form. The language is FILTER.md beside this file. Parsing needs no trace;
/// what only a trace knows (its times, tracks, strings) is decided by runQuery(). Copies share the parsed form.
class Filter
{
public:
    /// Matches everything; its text is "".
    Filter() = default;
    /// White space and remarks alone are the empty filter. Never recurses deeper than a fixed limit, texts beyond 64 KiB are refused.
    static std::variant<Filter, FilterError> parse(std::string_view text);

    bool empty() const { return !m_root; }
    /// As it was written, trimmed.
    const std::string& text() const { return m_text; }
    /// Null when empty.
    const FilterNode* root() const { return m_root.get(); }
    /// Whether it must read events back from the file ("args.…"): slow, shows progress.
    bool readsFile() const;
    /// Of an expression that was put together; `text` must mean the same.
    static Filter fromNode(FilterNode node, std::string text);
    friend bool operator==(const Filter& a, const Filter& b) { return a.m_text == b.m_text; }

private:
    std::string m_text;
    std::shared_ptr<const FilterNode> m_root;
};

/// The filter that means both: "(a) and (b)" with no more brackets than needed; either may be empty.
Filter both(const Filter& a, const Filter& b);
Filter negated(const Filter& filter);

/// Text in quotes as the language wants it: "a \"b\"".
std::string quoted(std::string_view text);
/// `NAME == "text"`, `cat == "kernel"`, `family == memory`: a filter made by a click. Always valid.
Filter equals(std::string_view field, std::string_view value);

/// One thing that may stand at the cursor.
struct Completion
{
    std::string text;             ///< what replaces [from, to)
    std::string detail;           ///< what it is: "duration, with unit", "category, 3,774 events"
};
struct Completions
{
    std::size_t from = 0, to = 0; ///< bytes of the text that the choice replaces
    std::vector<Completion> choices; ///< best first, at most 50
};
/// Fields, operators, keywords, units, and values of the trace (categories, tracks, names, dtypes) that fit at `cursor` (a byte of
/// `text`). `trace` may be null. Under 5 ms for 100,000 different names.
Completions completeFilter(std::string_view text, std::size_t cursor, const Trace* trace);

/// One line of the help popup and of FILTER.md.
struct FilterField
{
    const char* name;             ///< "dur"
    const char* type;             ///< "duration", "text", "number", "size", "tensor list"
    const char* help;             ///< "length of a slice"
    const char* example;          ///< "dur > 50us", valid as it stands
};
/// THE LIST of fields and functions, in the order in which help shows it.
const std::vector<FilterField>& filterFields();

} // namespace opscope
