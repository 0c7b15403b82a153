#include "core/record/sampling/PerfEvents.h"

#include "core/record/sampling/ProcFiles.h"
#include "core/record/sampling/UserRegisters.h"

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

namespace opscope::sampling {

namespace {

constexpr std::size_t kPagesOfChains = 64;            ///< 16 held 999 Hz without a loss
constexpr std::size_t kBytesOfCopies = std::size_t{4} << 20;  ///< an eighth of a second of 32 KiB copies at 999 Hz
constexpr std::size_t kBytesOfAllRings = std::size_t{128} << 20;
constexpr std::size_t kFewestPages = 8;
constexpr std::size_t kCopiesInRing = 48;             ///< 50 ms at 999 Hz
constexpr std::size_t kLeastCopy = 4096;
constexpr std::size_t kFreeDescriptors = 64;          ///< for everything else that is opened while recording
constexpr int kScans = 5;                             ///< for threads that were born while others were being attached

/// How many descriptors we may open. The limit that everybody may raise is raised first.
std::size_t freeDescriptors()
{
    rlimit limit = {};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
    if (limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) ::getrlimit(RLIMIT_NOFILE, &limit);
    }
    std::size_t used = 0;
    if (DIR* folder = ::opendir("/proc/self/fd")) {
        while (::readdir(folder)) ++used;
        ::closedir(folder);
    }
    const std::size_t most = limit.rlim_cur;
    return most > used + kFreeDescriptors ? most - used - kFreeDescriptors : 0;
}

std::size_t powerOfTwoBelow(std::size_t number)
{
    std::size_t power = 1;
    while (power * 2 <= number) power *= 2;
    return power;
}

std::size_t pageSize() { return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }

bool outOfDescriptors(int error) { return error == EMFILE || error == ENFILE; }

} // namespace

PerfEvents::~PerfEvents() { closeAll(); }

void PerfEvents::closeAll()
{
    m_rings.clear();
    m_attached.clear();
}

SampleLayout PerfEvents::layout() const
{
    const bool copies = m_settings.stackBytes > 0;
    return {.chain = !copies || m_settings.kernel, .userRegisters = copies ? userRegisterCount() : 0};
}

void PerfEvents::fill(perf_event_attr& a) const
{
    a.size = sizeof a;
    a.type = m_settings.cycles ? PERF_TYPE_HARDWARE : PERF_TYPE_SOFTWARE;
    a.config = m_settings.cycles ? static_cast<std::uint64_t>(PERF_COUNT_HW_CPU_CYCLES) : static_cast<std::uint64_t>(PERF_COUNT_SW_CPU_CLOCK);
    a.freq = 1;
    a.sample_freq = m_settings.frequency;
    const SampleLayout what = layout();
    a.sample_type = basicSampleType();
    if (what.chain) a.sample_type |= PERF_SAMPLE_CALLCHAIN;
    if (what.userRegisters) {
        a.sample_type |= PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER;
        a.sample_regs_user = userRegisterMask();
        a.sample_stack_user = m_settings.stackBytes;
        a.exclude_callchain_user = 1;
    }
    a.disabled = m_settings.onExec;
    a.enable_on_exec = m_settings.onExec;
    a.inherit = !m_settings.perThread;
    a.sample_id_all = 1;
    a.mmap = 1;
    a.mmap2 = m_features.mmap2;
    a.comm = 1;
    a.comm_exec = m_features.commExec;
    a.task = 1;
    a.context_switch = m_features.switches;
    a.exclude_hv = 1;
    a.exclude_guest = 1;
    a.exclude_kernel = !m_settings.kernel;
    a.exclude_callchain_kernel = !m_settings.kernel;
    a.use_clockid = m_features.clock;
    if (m_features.clock) a.clockid = CLOCK_MONOTONIC;
    a.watermark = 1;
    a.wakeup_watermark = static_cast<std::uint32_t>(std::max<std::size_t>(m_pages * pageSize() / 2, pageSize()));
}

int PerfEvents::openOnce(pid_t tid, int cpu, Descriptor& into) const
{
    perf_event_attr attributes = {};
    fill(attributes);
    const long descriptor = ::syscall(SYS_perf_event_open, &attributes, tid, cpu, -1, PERF_FLAG_FD_CLOEXEC);
    if (descriptor < 0) return errno;
    into = Descriptor(static_cast<int>(descriptor));
    return 0;
}

bool PerfEvents::opened() const
{
    return std::any_of(m_rings.begin(), m_rings.end(), [](const Ring& ring) { return !ring.events.empty(); });
}

/// Opens it, with less where the first ones show that not all of it can be had: afterwards nothing is tried out any more. Nor while it
/// records (another thread then decodes by these settings), even where all threads of the beginning have ended.
int PerfEvents::open(pid_t tid, int cpu, Descriptor& into)
{
    for (;;) {
        const int error = openOnce(tid, cpu, into);
        if (error == 0 || !m_attaching || opened() || !degrade(error)) return error;
    }
}

int PerfEvents::tryToOpen(pid_t pid, const EventSettings& settings)
{
    PerfEvents events(settings);
    Descriptor event;
    int error = events.openOnce(pid, -1, event);
    while (error == EINVAL && events.dropFeature()) error = events.openOnce(pid, -1, event);
    return error;
}

/// Gives up something that may be the reason of the error. False: there is nothing left.
bool PerfEvents::degrade(int error)
{
    if (isPermission(error) && m_settings.kernel) {
        m_settings.kernel = false;
        return true;
    }
    const bool noEvent = error == ENOENT || error == ENODEV || error == EOPNOTSUPP;
    if (noEvent && m_settings.cycles) {
        m_settings.cycles = false;
        note("There is no cycle counter here: samples are taken by the clock of the processor");
        return true;
    }
    if (noEvent && m_settings.stackBytes) {
        m_settings.stackBytes = 0;
        note("Stacks are walked by frame pointers: this kernel does not copy them");
        return true;
    }
    return error == EINVAL && dropFeature();
}

/// What older kernels do not know, the newest first that does least harm.
bool PerfEvents::dropFeature()
{
    if (m_features.clock) return !(m_features.clock = false);
    if (m_features.commExec) return !(m_features.commExec = false);
    if (m_features.switches) {
        m_features.switches = false;
        note("Running and waiting are not told apart: this kernel does not report context switches");
        return true;
    }
    if (m_features.mmap2) return !(m_features.mmap2 = false);
    return false;
}


std::size_t PerfEvents::firstRingPages(std::size_t rings) const
{
    if (!m_settings.stackBytes) return kPagesOfChains;
    return std::max(kPagesOfChains, powerOfTwoBelow(std::min(kBytesOfCopies, kBytesOfAllRings / rings) / pageSize()));
}

int PerfEvents::makeRing(pid_t tid, int cpu, Ring& ring)
{
    Descriptor event;
    if (const int error = open(tid, cpu, event)) return error;
    const int error = ring.memory.map(event.get(), m_pages);
    m_ringTooLarge = isPermission(error) || error == ENOMEM;
    if (error) return error;
    ring.events.push_back(std::move(event));
    ring.watched = 0;
    return 0;
}

/// A ring for each processor with the event of the first thread there in it; all smaller when memory may not be locked for that many.
int PerfEvents::makeCpuRings(pid_t tid)
{
    for (m_pages = firstRingPages(m_cpus.size());; m_pages /= 2) {
        int error = 0;
        for (std::size_t i = 0; i < m_cpus.size() && !error; ++i) error = makeRing(tid, m_cpus[i], m_rings.emplace_back());
        if (!error) break;
        m_rings.clear();
        if (!m_ringTooLarge || m_pages / 2 < kFewestPages) return error;
        fitCopies(m_pages / 2);
    }
    m_attached.insert(tid);
    return 0;
}

/// A ring must hold some copies, or it is full before anybody can look at it.
void PerfEvents::fitCopies(std::size_t pages)
{
    const std::uint32_t most = static_cast<std::uint32_t>(std::max(pages * pageSize() / kCopiesInRing, kLeastCopy) / 8 * 8);
    if (m_settings.stackBytes <= most) return;
    if (!m_copiesAreSmaller) note("Less of each stack is copied than was asked for: memory for more may not be locked (ulimit -l)");
    m_copiesAreSmaller = true;
    m_settings.stackBytes = most;
}

int PerfEvents::joinCpuRings(pid_t tid)
{
    for (std::size_t i = 0; i < m_cpus.size(); ++i) {
        Descriptor event;
        int error = open(tid, m_cpus[i], event);
        if (!error && ::ioctl(event.get(), PERF_EVENT_IOC_SET_OUTPUT, m_rings[i].events.front().get()) != 0) error = errno;
        if (error) return error;
        m_rings[i].events.push_back(std::move(event));
    }
    m_attached.insert(tid);
    return 0;
}

/// 0: at least one is attached. Threads that ended meanwhile do not count, those that are refused are counted.
int PerfEvents::attachAndCount(const std::vector<pid_t>& threads)
{
    int result = ESRCH;
    for (const pid_t tid : threads) {
        const int error = m_settings.perThread ? addThread(tid) : m_rings.empty() ? makeCpuRings(tid) : joinCpuRings(tid);
        if (outOfDescriptors(error) || (error && m_rings.empty() && error != ESRCH)) return error;
        if (error && error != ESRCH) ++m_refused;
        if (!error) result = 0;
    }
    return result;
}

/// Threads that were born while others were being attached come last. Children of those attached have inherited it; they are told
/// from the others by their fork records.
int PerfEvents::attachPerCpu(RingInboxes& inboxes)
{
    const int result = attachAndCount(threadsOf(m_pid));
    for (int scan = 0; scan < kScans && !result && !m_settings.onExec; ++scan) {
        const std::vector<pid_t> seen = strangers();
        if (seen.empty()) break;
        drain(inboxes); // behind the scan: it brings the fork records of all that were seen
        std::vector<pid_t> alone;
        for (const pid_t tid : seen)
            if (!m_attached.contains(tid)) alone.push_back(tid);
        const int error = attachAndCount(alone);
        if (error && error != ESRCH) return error;
    }
    return result;
}

std::vector<pid_t> PerfEvents::strangers() const
{
    std::vector<pid_t> threads = threadsOf(m_pid);
    std::erase_if(threads, [this](pid_t tid) { return m_attached.contains(tid); });
    return threads;
}

int PerfEvents::addThread(pid_t tid)
{
    const auto free = std::find_if(m_rings.begin(), m_rings.end(), [](const Ring& ring) { return ring.events.empty(); });
    Ring ring;
    int error = makeRing(tid, -1, ring);
    for (; error && m_ringTooLarge && m_pages / 2 >= kFewestPages; error = makeRing(tid, -1, ring)) m_pages /= 2;
    if (error) return error;
    ring.thread = tid;
    m_attached.insert(tid);
    if (free == m_rings.end()) m_rings.push_back(std::move(ring));
    else *free = std::move(ring);
    return 0;
}

/// The busiest first: they are the ones to have when there is no room for all.
int PerfEvents::attachPerThread()
{
    std::vector<std::pair<std::uint64_t, pid_t>> byTime;
    for (const pid_t tid : threadsOf(m_pid))
        if (const auto stat = threadStat(m_pid, tid)) byTime.emplace_back(stat->cpuTicks, tid);
    std::stable_sort(byTime.begin(), byTime.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    m_pages = firstRingPages(std::max<std::size_t>(byTime.size(), 1));
    const std::size_t most = freeDescriptors();
    if (byTime.size() > most) {
        note("Only the busiest " + std::to_string(most) + " of " + std::to_string(byTime.size()) +
             " threads are recorded: there are no descriptors for more (ulimit -n)");
        byTime.resize(most);
    }
    std::vector<pid_t> threads;
    for (const auto& [ticks, tid] : byTime) threads.push_back(tid);
    const int error = attachAndCount(threads);
    return outOfDescriptors(error) && !m_rings.empty() ? 0 : error;
}

std::optional<RecordFailure> PerfEvents::attach(pid_t pid, RingInboxes& inboxes)
{
    m_pid = pid;
    m_attaching = true;
    m_cpus = onlineCpus();
    if (const auto most = readNumber("/proc/sys/kernel/perf_event_max_sample_rate"); most && *most > 0 && *most < m_settings.frequency) {
        m_settings.frequency = static_cast<std::uint32_t>(*most);
        note("The system allows " + std::to_string(*most) + " samples per second (perf_event_max_sample_rate)");
    }
    if (m_settings.stackBytes && !userRegisterCount()) {
        m_settings.stackBytes = 0;
        note("Stacks are walked by frame pointers: those of this kind of machine cannot be unwound");
    }
    const bool kernelWanted = m_settings.kernel, perThreadAsked = m_settings.perThread;
    if (threadsOf(pid).size() * m_cpus.size() > freeDescriptors()) m_settings.perThread = true;
    int error = m_settings.perThread ? attachPerThread() : attachPerCpu(inboxes);
    if (outOfDescriptors(error) && !m_settings.perThread) {
        closeAll();
        m_settings.perThread = true;
        error = attachPerThread();
    }
    m_attaching = false;
    if (error) {
        closeAll();
        return refusalText(refusalOf(error, pid, m_settings.cycles));
    }
    if (kernelWanted && !m_settings.kernel)
        note("User code only: the system does not show the kernel's (perf_event_paranoid is " +
             std::to_string(readNumber("/proc/sys/kernel/perf_event_paranoid").value_or(2)) + ")");
    if (m_settings.perThread && !perThreadAsked)
        note("Processes that it starts are not recorded: there are not enough descriptors for that (ulimit -n)");
    if (m_refused) note(std::to_string(m_refused) + " threads could not be recorded: the system refused them");
    return {};
}

} // namespace opscope::sampling
