#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace opscope {

class Trace;

/// Replaces what tells who and where: names of hosts, users, jobs, paths in front of known package folders, values of environment
/// variables. The same text becomes the same replacement everywhere in all files of one export ("user1", "host2", "/path3/train.py"),
/// so that what was equal stays equal. What the names and top-level entries of the trace show is numbered; what comes up only inside
/// an event gets a name made of its hash ("/path-k3x9af/a.py"), salted with all texts of the trace. What was replaced once is left alone.
/// Made of the trace, then read-only and thread-safe.
class Redactor
{
public:
    /// Reads all different texts of the trace: about 100 MB a second, on a worker.
    static std::shared_ptr<const Redactor> of(const Trace& trace);
    ~Redactor();
    Redactor(const Redactor&) = delete;
    Redactor& operator=(const Redactor&) = delete;

    /// Appends `json` (a JSON value as it stands in a file: an event, a node, the value of the top-level key `key`) to `out`, with texts
    /// replaced; everything else byte for byte. Still JSON when it was. Returns how many texts were replaced. `key` is "" for events.
    std::uint64_t apply(std::string_view json, std::string_view key, std::string& out) const;
    /// The same for a plain text of an event, without quotes and escapes: a name, or the value of the argument `key`.
    bool applyToText(std::string_view text, std::string_view key, std::string& out) const;
    /// What is replaced by what, for the dialog's list; never written to a file. By kind, then in the order of the numbers.
    struct Replacement
    {
        std::string what;   ///< "host", "user", "path", "job", "environment"
        std::string from, to;
    };
    const std::vector<Replacement>& replacements() const { return m_replacements; }

private:
    struct Rules;
    explicit Redactor(std::unique_ptr<const Rules> rules);
    friend class RedactorBuilder;

    std::unique_ptr<const Rules> m_rules;
    std::vector<Replacement> m_replacements;
};

} // namespace opscope
