#pragma once

#include "core/record/sampling/TargetFiles.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace opscope::sampling {

/// Names of code that a program made while it ran: /tmp/perf-PID.map, lines of START SIZE NAME. Anyone can write such a file, so it counts
/// only if it is of the target's user and younger than the process; lines that make no sense are left out and counted. Later lines win.
class PerfMap
{
public:
    struct Function
    {
        std::uint64_t start = 0;
        std::uint32_t name = 0, nameLength = 0; ///< in the names
    };
    static constexpr std::size_t kMaxFunctions = 1u << 20, kMaxName = 4096, kMaxBytes = 512u << 20;

    /// What is known so far, without the file: of a process that was forked.
    PerfMap copy() const;
    /// What came since the last time. Whether anything did.
    bool update(const TargetFiles& files);
    /// Lines in pieces of any size, as they come.
    void addText(std::string_view text);

    static constexpr std::size_t kNone = SIZE_MAX;
    std::size_t find(std::uint64_t address) const;      ///< row of the function, or kNone
    std::uint64_t start(std::size_t function) const { return m_functions[function].start; }
    std::string_view name(std::size_t function) const;
    std::size_t size() const { return m_functions.size(); }
    std::uint64_t skippedLines() const { return m_skipped; }
    std::uint64_t overwritten() const { return m_overwritten; } ///< how often addresses got another meaning

private:
    struct Range
    {
        std::uint64_t end;
        std::uint32_t function;
    };
    bool open(const TargetFiles& files);
    void addLine(std::string_view line);
    void cover(std::uint64_t start, std::uint64_t end, std::uint32_t function);

    FileHandle m_file;
    std::uint64_t m_read = 0;          ///< bytes of the file
    std::string m_rest;                ///< a line without its end yet
    std::string m_names;
    std::vector<Function> m_functions; ///< in the order of the file
    std::map<std::uint64_t, Range> m_ranges; ///< by start, disjoint
    std::uint64_t m_skipped = 0, m_overwritten = 0;
};

} // namespace opscope::sampling
