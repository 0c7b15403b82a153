#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace opscope {

class Trace;

/// Replaces what tells who and where: names of hosts, users, jobs, and paths in front of known package folders. The same text becomes
/// the same replacement everywhere in all files of one export ("user1", "host2", "/path3/train.py"), so that what was equal stays equal.
/// Made of the trace (provenance, top-level entries, names), then read-only and thread-safe.
class Redactor
{
public:
    static std::shared_ptr<const Redactor> of(const Trace& trace);
    /// Appends `json` (a JSON value as it stands in a file: an event, a node, the value of the top-level key `key`) to `out`, with texts
    /// replaced; everything else byte for byte. Still JSON when it was. Returns how many texts were replaced. `key` is "" for events.
    std::uint64_t apply(std::string_view json, std::string_view key, std::string& out) const;
    /// What is replaced by what, for the dialog's list; never written to a file.
    struct Replacement
    {
        std::string what;   ///< "host", "user", "path", "job", "environment"
        std::string from, to;
    };
    const std::vector<Replacement>& replacements() const { return m_replacements; }

private:
    std::vector<Replacement> m_replacements;
    std::map<std::string, std::string, std::less<>> m_texts;
};

} // namespace opscope
