#pragma once

#include "core/base/JobControl.h"
#include "core/format/Importer.h"
#include "core/format/kineto/EventScanner.h"
#include "core/format/kineto/Feed.h"

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

namespace opscope::kineto {

/// One thread's own: no lock is needed while it scans.
struct Worker
{
    StagingTables tables;
    EventScanner scanner{tables};
    WindowCounts counts; ///< of its windows that were proved
};

/// Reads the event array with all workers at once. The bytes go through a ring of windows, cut where an event looks to start:
///
///     read/inflate ──► [ window 3 ][ window 4 ] ... ──► scan, by whoever is free ──► prove, in order ──► parts
///
/// Whoever is free takes the next job: fill a window when one is free and nobody else is filling, else scan one.
/// A cut is a guess. Window k is proved when k-1 was, and its scan stopped exactly at its end; when it stopped before, in
/// the middle of an element, the guess was wrong: what k+1 found is dropped, rows and counts, and the unfinished rest of k is
/// read together with it. So elements longer than a window need no further rule.
class WindowPlan
{
public:
    struct Outcome
    {
        ScanResult::End end = ScanResult::End::Arrived; ///< Arrived: the source ended and no bracket closed the array
        std::uint64_t offset = 0;                       ///< behind the bracket, or of the element that was cut off
    };
    /// An event longer than this is dropped: no memory for whatever a file claims.
    static constexpr std::size_t kLongestEvent = std::size_t{256} << 20;

    WindowPlan(Feed& feed, const ImportOptions& options, const JobControl& job, std::vector<std::unique_ptr<Worker>>& workers,
               std::vector<StagedPart>& parts);
    /// From behind the opening bracket (or the first line) to behind the closing one; the feed then stands there.
    Result<Outcome> run(bool lines);

private:
    struct Window
    {
        enum class State { Filled, Scanning, Scanned };
        std::vector<char> buffer; ///< `size` bytes, then padding
        std::size_t size = 0;
        std::uint64_t offset = 0;
        bool guessed = true;      ///< starts where an event seems to start, so may be scanned ahead
        bool afterComma = true;
        bool last = false;
        State state = State::Filled;
        unsigned worker = 0;
        StagedPart part;
        WindowCounts counts;
        ScanResult result;
        std::string_view bytes() const { return {buffer.data(), size}; }
    };
    using WindowPtr = std::unique_ptr<Window>;

    void work(unsigned worker);
    bool mayFill() const { return !m_filling && !m_sourceEnded && (!m_free.empty() || m_windows < m_mostWindows); }
    WindowPtr takeFree();
    Status fill(Window& window);
    void cut(Window& window);
    Window* nextToScan() const;
    void scan(Window& window, unsigned worker) const;
    void advance(unsigned worker);
    void join(unsigned worker);
    void scanCarry(unsigned worker, bool last);
    void accept(StagedPart&& part, const WindowCounts& counts, unsigned worker);
    void settle(const ScanResult& result, std::string_view bytes, std::uint64_t offset, bool last);
    void dropTooLong(unsigned worker);
    void giveBackRest();
    void recycleFront();

    Feed& m_feed;
    const JobControl& m_job;
    std::vector<std::unique_ptr<Worker>>& m_workers;
    std::vector<StagedPart>& m_parts;
    const std::size_t m_windowBytes;
    const std::size_t m_mostWindows;
    bool m_lines = false;

    std::mutex m_mutex;                 // guards everything below but what a busy thread was given
    std::condition_variable m_changed;
    std::vector<WindowPtr> m_free;
    std::deque<WindowPtr> m_order;      // in the order of the file
    std::size_t m_windows = 0;
    bool m_filling = false, m_sourceEnded = false, m_done = false;
    std::optional<Error> m_error;
    std::string m_tail;                 // behind the last cut; belongs to whoever is filling
    bool m_tailGuessed = true, m_tailAfterComma = true;
    std::vector<char> m_carry;          // the unfinished element, and what was joined to it
    std::uint64_t m_carryOffset = 0;
    std::size_t m_carryWanted = 0;      // not scanned again before it is this long
    bool m_afterComma = true;
    std::string m_rest;                 // behind the closing bracket
    Outcome m_outcome;
};

} // namespace opscope::kineto
