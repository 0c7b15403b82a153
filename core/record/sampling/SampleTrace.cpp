#include "core/record/sampling/SampleTrace.h"

#include "core/record/Presentable.h"
#include "core/record/sampling/ProcFiles.h"
#include "core/record/sampling/UserRegisters.h"

#include <algorithm>
#include <array>
#include <linux/perf_event.h>

namespace opscope::sampling {

namespace {

constexpr Nanos kSecond = 1'000'000'000;
constexpr std::string_view kOwnCategory = "opscope";
/// A kernel writes marks between the parts of a chain.
constexpr bool isMark(std::uint64_t entry) { return entry >= static_cast<std::uint64_t>(PERF_CONTEXT_MAX); }

/// Stands for what is missing of a stack that was not copied to the bottom.
constexpr FrameId kMissingCallers(FrameId::kNone - 1);

FxtWriter::Thread inFile(ThreadKey key)
{
    return {static_cast<std::uint64_t>(key.process), static_cast<std::uint64_t>(key.thread)};
}

std::uint64_t koid(pid_t id) { return static_cast<std::uint64_t>(id); }

} // namespace

struct SampleTrace::Process
{
    pid_t pid = 0;
    std::string name;
    std::unique_ptr<Symbols> symbols;
    std::unique_ptr<StackUnwinder> unwinder;
    std::size_t threads = 0;
    bool perfMapFresh = false;
    std::optional<std::string> written = {}; ///< its name in the file
};

struct SampleTrace::Thread
{
    ThreadKey key;
    std::string name;
    ThreadTimeline timeline;
    std::vector<std::uint64_t> addresses = {}; ///< of the user part of the last stack, innermost first
    bool toTheBottom = false;                  ///< nothing is missing of it
    std::optional<std::string> written = {};   ///< its name in the file
};

SampleTrace::SampleTrace(std::string& buffer, const Settings& settings)
    : m_settings(settings), m_writer(buffer, {.wallClockNs = settings.wallClockNs}), m_period(kSecond / settings.frequency)
{
}

SampleTrace::~SampleTrace() = default;

Nanos SampleTrace::at(std::uint64_t time) const { return time > m_settings.start ? static_cast<Nanos>(time - m_settings.start) : 0; }

// --- processes and threads

SampleTrace::Process& SampleTrace::addProcess(pid_t pid, std::unique_ptr<Symbols> symbols, std::string name)
{
    auto made = std::make_unique<Process>();
    made->pid = pid;
    made->name = std::move(name);
    made->unwinder = std::make_unique<StackUnwinder>(*symbols);
    made->symbols = std::move(symbols);
    return *(m_processes[pid] = std::move(made));
}

/// One that no record announced is looked up as it is now.
SampleTrace::Process& SampleTrace::process(pid_t pid)
{
    if (const auto found = m_processes.find(pid); found != m_processes.end()) return *found->second;
    auto symbols = std::make_unique<Symbols>(pid);
    static_cast<void>(symbols->readMaps()); // gone already: its addresses stay unnamed
    return addProcess(pid, std::move(symbols), programName(pid));
}

/// Not at once: new threads and programs change their names in their first moments. Who has another one later says that it is no mistake.
void SampleTrace::writeNames(Thread& thread, Process& process)
{
    if (process.written != process.name) m_writer.processName(koid(process.pid), process.name, renamedFrom(process.written));
    process.written = process.name;
    // Programs that do not name their threads give all of them the name of the program.
    const bool own = thread.key.thread == thread.key.process || thread.name != process.name.substr(0, thread.name.size());
    const std::string number = std::to_string(thread.key.thread);
    std::string name = thread.name.empty() ? number : own ? thread.name : thread.name + " " + number;
    if (thread.written == name) return;
    std::vector<FxtWriter::Argument> about{{"sampled_hz", std::uint64_t{m_settings.frequency}}};
    for (const FxtWriter::Argument& argument : renamedFrom(thread.written)) about.push_back(argument);
    m_writer.threadName(inFile(thread.key), name, about);
    thread.written = std::move(name);
}

/// Nothing, where it had no name.
FxtWriter::Arguments SampleTrace::renamedFrom(const std::optional<std::string>& name)
{
    if (!name) return {};
    m_before = {"renamed_from", std::string_view(*name)};
    return {&m_before, 1};
}

SampleTrace::Thread& SampleTrace::addThread(ThreadKey key, std::string name, Nanos since, ThreadTimeline::Before before)
{
    m_current = &process(key.process);
    auto made = std::unique_ptr<Thread>(new Thread{key, std::move(name), ThreadTimeline(key, since, before, m_period)});
    std::unique_ptr<Thread>& place = m_threads[key.thread];
    if (!place) ++m_current->threads;
    place = std::move(made);
    return *place;
}

SampleTrace::Thread& SampleTrace::thread(const PerfRecord& record)
{
    const auto found = m_threads.find(record.tid);
    if (found == m_threads.end())
        return addThread({record.pid, record.tid}, threadName(record.pid, record.tid), 0, ThreadTimeline::Before::Unknown);
    m_current = &process(found->second->key.process);
    return *found->second;
}

void SampleTrace::addTarget(pid_t pid, std::uint64_t time, Known known)
{
    m_target = pid;
    if (known == Known::FromItsExec) addProcess(pid, std::make_unique<Symbols>(pid), programName(pid));
    for (const pid_t tid : threadsOf(pid)) {
        const auto stat = threadStat(pid, tid);
        const bool asleep = known == Known::FromMaps && stat && (stat->state == 'S' || stat->state == 'D');
        Thread& made = addThread({pid, tid}, threadName(pid, tid), at(time), asleep ? ThreadTimeline::Before::Blocked : ThreadTimeline::Before::Unknown);
        if (known == Known::FromMaps) writeNames(made, *m_current); // settled long ago, and of use should the disk be full at once
    }
}

void SampleTrace::mark(std::uint64_t time, std::string_view name, FxtWriter::Arguments arguments)
{
    m_writer.instant(inFile({m_target, m_target}), at(time), kOwnCategory, name, arguments);
}

// --- records

void SampleTrace::beginBatch()
{
    for (auto& [pid, process] : m_processes) process->perfMapFresh = false;
}

void SampleTrace::take(const PerfRecord& record)
{
    if (m_settings.start == 0) m_settings.start = record.time;
    switch (record.kind) {
    case PerfKind::Sample: sample(record); break;
    case PerfKind::Switch: switchRecord(record); break;
    case PerfKind::Fork: fork(record); break;
    case PerfKind::Exit: exit(record); break;
    case PerfKind::Comm: comm(record); break;
    case PerfKind::Mmap: mapped(record); break;
    case PerfKind::Lost: lost(record, record.lost, "the buffer was full"); break;
    case PerfKind::Throttle:
    case PerfKind::Unthrottle: throttled(record); break;
    case PerfKind::Other: break;
    }
}

void SampleTrace::sample(const PerfRecord& record)
{
    ++m_counts.samples;
    Thread& of = thread(record);
    buildStack(record, *m_current, of);
    of.timeline.sample(record.cpu, at(record.time), m_frames, *this);
}

void SampleTrace::switchRecord(const PerfRecord& record)
{
    if (record.tid <= 0 || (record.out && !m_threads.contains(record.tid))) return; // the last one of a thread that has ended
    Thread& of = thread(record);
    if (record.out) of.timeline.switchedOut(record.cpu, at(record.time), record.preempted, *this);
    else of.timeline.switchedIn(record.cpu, at(record.time), *this);
}

void SampleTrace::fork(const PerfRecord& record)
{
    if (!m_processes.contains(record.pid) && record.pid != record.parentPid) {
        Process& parent = process(record.parentPid);
        addProcess(record.pid, std::make_unique<Symbols>(parent.symbols->forked(record.pid)), parent.name);
    }
    if (const auto known = m_threads.find(record.tid); known != m_threads.end() && known->second->key.process == record.pid) return;
    const auto parent = m_threads.find(record.parentTid);
    std::string name = parent != m_threads.end() ? parent->second->name : threadName(record.pid, record.tid);
    addThread({record.pid, record.tid}, std::move(name), at(record.time), ThreadTimeline::Before::Born);
}

void SampleTrace::exit(const PerfRecord& record)
{
    const auto found = m_threads.find(record.tid);
    if (found == m_threads.end()) return;
    Process& of = process(found->second->key.process);
    m_current = &of;
    found->second->timeline.exited(record.cpu, at(record.time), *this);
    writeNames(*found->second, of);
    m_threads.erase(found);
    if (--of.threads == 0 && of.pid != m_target) m_processes.erase(of.pid);
}

void SampleTrace::comm(const PerfRecord& record)
{
    Thread& of = thread(record);
    of.name = presentable(record.text);
    if (record.exec) {
        of.timeline.closeFrames(at(record.time), *this);
        of.addresses.clear();
        m_current->symbols->exec();
        m_current->unwinder = std::make_unique<StackUnwinder>(*m_current->symbols); // what it knew of addresses is over
    }
    if (record.exec || record.tid == record.pid) {
        const std::string now = programName(record.pid); // longer than the 15 bytes of the record, while it is still the same
        m_current->name = now.starts_with(of.name) ? now : of.name;
    }
}

void SampleTrace::mapped(const PerfRecord& record)
{
    if (record.length == 0 || record.start + record.length < record.start) return;
    std::string path(record.text);
    if (path == "//anon" || path.starts_with("//anon\n")) path.clear();
    process(record.pid).symbols->map({.start = record.start, .end = record.start + record.length, .offset = record.offset, .path = std::move(path),
                                      .device = record.device, .inode = record.inode, .executable = record.executable});
}

void SampleTrace::lost(const PerfRecord& record, std::uint64_t count, std::string_view reason)
{
    m_counts.lost += count;
    const bool known = m_threads.contains(record.tid);
    const ThreadKey whose = known ? m_threads.at(record.tid)->key : ThreadKey{m_target, m_target};
    const std::array<FxtWriter::Argument, 2> arguments{{{"count", count}, {"reason", reason}}};
    m_writer.instant(inFile(whose), at(record.time), kOwnCategory, "samples lost", arguments);
    if (record.kind == PerfKind::Lost) m_writer.bufferFilledUp();
}

/// A kernel that finds the samples too dear leaves them out until the next tick. How many that were, it does not say.
void SampleTrace::throttled(const PerfRecord& record)
{
    if (record.kind == PerfKind::Throttle) {
        m_throttledSince.try_emplace(record.cpu, record.time);
        return;
    }
    const auto since = m_throttledSince.find(record.cpu);
    if (since == m_throttledSince.end()) return;
    const std::uint64_t gap = record.time > since->second ? record.time - since->second : 0;
    m_throttledSince.erase(since);
    lost(record, std::max<std::uint64_t>(1, gap / static_cast<std::uint64_t>(m_period)), "the system throttled sampling");
}

void SampleTrace::writeOpen()
{
    for (auto& [tid, thread] : m_threads) {
        m_current = &process(thread->key.process);
        writeNames(*thread, *m_current);
        thread->timeline.writeOpen(*this);
    }
}

void SampleTrace::finish(std::uint64_t time)
{
    for (auto& [tid, thread] : m_threads) {
        m_current = &process(thread->key.process);
        thread->timeline.finish(at(time), *this);
        writeNames(*thread, *m_current);
    }
}

// --- stacks

void SampleTrace::addFrame(Symbols& symbols, std::uint64_t address, bool exact)
{
    const std::uint64_t inside = exact || address == 0 ? address : address - 1; // a call may be the last thing in a function
    m_frames.push_back({symbols.frameAt(inside)});
    if (m_frames.size() == 1) m_frames.back().offset = symbols.offsetIn(inside);
}

void SampleTrace::addKernelPart(const PerfRecord& record, Symbols& symbols)
{
    bool kernel = false, exact = true;
    for (const std::uint64_t entry : record.chain) {
        if (isMark(entry)) {
            kernel = entry == static_cast<std::uint64_t>(PERF_CONTEXT_KERNEL);
            exact = true;
        } else if (kernel) {
            addFrame(symbols, entry, exact);
            exact = false;
        }
    }
}

void SampleTrace::addUserChain(std::span<const std::uint64_t> chain, Symbols& symbols)
{
    bool user = false, exact = true;
    for (const std::uint64_t entry : chain) {
        if (isMark(entry)) {
            user = entry == static_cast<std::uint64_t>(PERF_CONTEXT_USER);
            exact = true;
        } else if (user) {
            // Code without frame pointers leaves anything in that register: what points nowhere ends the chain.
            if (!exact && !symbols.isCode(entry - 1)) return;
            addFrame(symbols, entry, exact);
            exact = false;
        }
    }
}

/// The copy ended before the bottom of the stack. Where its outermost frame stood in the stack before, the rest of that one is taken.
/// Whether that led to the bottom.
bool SampleTrace::completeFrom(const Thread& thread)
{
    const std::vector<std::uint64_t>& before = thread.addresses;
    std::size_t best = 0, bestRun = 0;
    for (std::size_t i = 0; i < before.size(); ++i) {
        std::size_t run = 0;
        while (run <= i && run < m_addresses.size() && before[i - run] == m_addresses[m_addresses.size() - 1 - run]) ++run;
        if (run > bestRun) {
            best = i;
            bestRun = run;
        }
    }
    if (bestRun) m_addresses.insert(m_addresses.end(), before.begin() + static_cast<std::ptrdiff_t>(best) + 1, before.end());
    return bestRun && thread.toTheBottom;
}

void SampleTrace::addUnwound(const PerfRecord& record, Process& process, Thread& thread)
{
    if (record.registers.empty()) {
        if (record.address < (std::uint64_t{1} << 63)) addFrame(*process.symbols, record.address, true);
        return;
    }
    StackCopy copy;
    fillRegisters(record.registers, copy);
    copy.stack = record.stack;
    m_addresses.clear();
    ++m_counts.stacks;
    const bool inCopy = process.unwinder->unwind(copy, m_addresses), whole = inCopy || completeFrom(thread), deep = record.stackFull && !inCopy;
    m_counts.deep += deep;
    bool exact = true;
    for (const std::uint64_t address : m_addresses) {
        addFrame(*process.symbols, address, exact);
        exact = false;
    }
    thread.addresses.swap(m_addresses);
    thread.toTheBottom = whole;
    if (whole) return;
    ++m_counts.cut;
    m_counts.deepCut += deep;
    m_frames.push_back({kMissingCallers});
}

void SampleTrace::buildStack(const PerfRecord& record, Process& process, Thread& thread)
{
    if (!process.perfMapFresh) process.symbols->readPerfMap();
    process.perfMapFresh = true;
    m_frames.clear();
    addKernelPart(record, *process.symbols);
    if (m_settings.layout.userRegisters) addUnwound(record, process, thread);
    else addUserChain(record.chain, *process.symbols);
    std::reverse(m_frames.begin(), m_frames.end());
}

// --- into the file

const Frame& SampleTrace::codeOf(FrameId function) const
{
    static const Frame kMissing{"[callers missing]", "[unknown]"};
    return function == kMissingCallers ? kMissing : m_current->symbols->frame(function);
}

FxtWriter::Arguments SampleTrace::offsetOf(const StackFrame& frame)
{
    if (!frame.offset) return {};
    m_offset = {"offset", *frame.offset};
    return {&m_offset, 1};
}

void SampleTrace::slice(ThreadKey thread, Nanos start, Nanos end, const StackFrame& frame)
{
    const Frame& code = codeOf(frame.function);
    m_writer.slice(inFile(thread), start, end, code.module, code.name, offsetOf(frame));
}

void SampleTrace::begin(ThreadKey thread, Nanos time, const StackFrame& frame)
{
    const Frame& code = codeOf(frame.function);
    m_writer.begin(inFile(thread), time, code.module, code.name, offsetOf(frame));
}

void SampleTrace::end(ThreadKey thread, Nanos time, FrameId function)
{
    const Frame& code = codeOf(function);
    m_writer.end(inFile(thread), time, code.module, code.name);
}

void SampleTrace::switched(std::uint16_t cpu, Nanos time, ThreadKey outgoing, fxt::ThreadState state, ThreadKey incoming)
{
    if (m_settings.switches) m_writer.contextSwitch(cpu, time, inFile(outgoing), state, inFile(incoming));
}

void SampleTrace::woken(std::uint16_t cpu, Nanos time, ThreadKey thread)
{
    if (m_settings.switches) m_writer.wakeup(cpu, time, koid(thread.thread));
}

} // namespace opscope::sampling
