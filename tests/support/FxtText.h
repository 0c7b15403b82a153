#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace opscope::test {

/// What stands in an .fxt, one line a record, every reference resolved as the tables stood: a strict reader by fxt.md that shares
/// no code with ours. Ids of processes and threads in decimal.
///
///     provider 1 "Opscope"           section 1            ticks 1000000000 base 0 at 1700000000000000000
///     process 7 "demo"               thread 8 "main" {process=koid:7}
///     complete 7/8 10 "cat" "name" {n=int32:5} tail 25
///     switch cpu 3 at 17: 8 (blocked) -> 9 {}
///
/// Anything that the format forbids is a line "ERROR at BYTE: ...", and the last one.
struct FxtText
{
    struct Event
    {
        std::string type;                   ///< "complete"
        std::uint64_t process = 0, thread = 0, time = 0, tail = 0;
        std::string category, name, arguments;
    };
    struct Object
    {
        std::string name, arguments;        ///< "{process=koid:7}"
        /// Value of an argument, "" when it has none: "koid:7".
        std::string argument(std::string_view key) const;
    };
    std::vector<Event> events;
    std::map<std::pair<unsigned, std::uint64_t>, Object> objects; ///< by type (1 process, 2 thread) and koid; the last of each
    std::vector<std::string> lines;         ///< without strings and threads
    std::vector<std::string> registrations; ///< string 1 "a", threadref 1 7/8
    std::size_t longestRecord = 0;          ///< in words
    std::size_t inlineStrings = 0, inlineThreads = 0;
    std::string error;                      ///< "" when all is well
    std::string text() const;               ///< lines, each with its end
};
FxtText fxtText(std::string_view bytes);

} // namespace opscope::test
