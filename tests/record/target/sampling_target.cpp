// A program to be sampled, whose functions take known shares of processor time: by construction, measured with the thread's own
// processor time and so the same on a busy machine. First argument: what to do; second: after how many milliseconds (of the clock on the
// wall) it ends by itself. SIGUSR1 says "go on": to the next step where there is one, else to the end.
//
//   threads N   N threads; each spends 3 of 4 ms in hot_function and 1 in warm_function, then sleeps a moment every 40 ms
//   born        waits; then a thread is born that runs late_function
//   fork        waits; then a child process runs child_function
//   exec        runs before_exec and then executes itself as "after"
//   after       runs after_exec
//   count N     N threads do the same small work over and over; at the end: how often for each second of processor time
//   deep        runs late_function below a stack of some 16 KiB
//   asleep      one thread sleeps in the kernel all the time, one runs

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

using Clock = std::chrono::steady_clock;

namespace {

Clock::time_point endTime;

std::int64_t threadNs()
{
    timespec now = {};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

sigset_t goOn()
{
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGUSR1);
    return set;
}

/// Whether it was said so often. The signal is blocked, in what is executed too, and taken here: none comes too early.
bool toldToGoOn(int times)
{
    static std::atomic<int> told = 0;
    const sigset_t set = goOn();
    const timespec now = {};
    while (told < times && ::sigtimedwait(&set, nullptr, &now) == SIGUSR1) ++told;
    return told >= times;
}

int steps = 1; ///< to its end

bool timeIsUp() { return Clock::now() >= endTime; }
bool over() { return timeIsUp() || toldToGoOn(steps); }

void waitForStep(int step)
{
    while (!timeIsUp() && !toldToGoOn(step)) std::this_thread::sleep_for(std::chrono::milliseconds(2));
}

} // namespace

// Visible, never inlined, and with work behind the calls, so that each has a frame of its own.
#define FUNCTION extern "C" __attribute__((noinline, visibility("default")))

volatile std::uint64_t sink = 0;

FUNCTION void burn(std::int64_t ns)
{
    const std::int64_t until = threadNs() + ns;
    while (threadNs() < until)
        for (int i = 0; i < 20'000; ++i) sink = sink + static_cast<std::uint64_t>(i);
}

FUNCTION void hot_function() { burn(3'000'000); sink = sink + 1; }
FUNCTION void warm_function() { burn(1'000'000); sink = sink + 2; }
FUNCTION void late_function() { while (!over()) burn(1'000'000); sink = sink + 3; }
FUNCTION void deep_function(int levels)
{
    volatile char room[1024];
    room[0] = 1;
    if (levels > 1) deep_function(levels - 1);
    else late_function();
    sink = sink + static_cast<std::uint64_t>(room[0]);
}
FUNCTION void child_function() { while (!over()) burn(1'000'000); sink = sink + 4; }
FUNCTION void before_exec() { while (!over()) burn(1'000'000); sink = sink + 5; }
FUNCTION void after_exec() { while (!over()) burn(1'000'000); sink = sink + 6; }

FUNCTION std::uint64_t small_work(std::uint64_t value)
{
    for (int i = 0; i < 1'000; ++i) value = value * 6364136223846793005u + 1442695040888963407u;
    return value;
}

FUNCTION void count_work(std::atomic<std::uint64_t>* rounds)
{
    std::uint64_t value = 1, mine = 0;
    for (; mine % 256 || !timeIsUp(); ++mine) value = small_work(value);
    sink = value;
    *rounds += mine;
}

FUNCTION void worker(int number)
{
    ::pthread_setname_np(::pthread_self(), ("worker " + std::to_string(number)).c_str());
    for (int round = 0; !over(); ++round) {
        hot_function();
        warm_function();
        if (round % 10 == 9) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    sink = sink + 7;
}

int main(int count, char** arguments)
{
    if (count < 3) return 2;
    const std::string what = arguments[1];
    const auto time = std::chrono::milliseconds(std::atoi(arguments[2]));
    endTime = Clock::now() + time;
    const sigset_t set = goOn();
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    std::vector<std::thread> threads;
    std::atomic<std::uint64_t> rounds = 0;
    const int wanted = count > 3 ? std::atoi(arguments[3]) : 8;
    if (what == "threads")
        for (int i = 0; i < wanted; ++i) threads.emplace_back(worker, i);
    if (what == "count")
        for (int i = 0; i < wanted; ++i) threads.emplace_back(count_work, &rounds);
    if (what == "born") {
        steps = 2;
        waitForStep(1);
        threads.emplace_back(late_function);
    }
    if (what == "fork") {
        waitForStep(1);
        const pid_t child = ::fork();
        steps = 2;
        if (child == 0) {
            child_function();
            ::_exit(0);
        }
        waitForStep(2);
        ::kill(child, SIGUSR1);
        ::waitpid(child, nullptr, 0);
    }
    if (what == "deep") deep_function(16);
    if (what == "exec") {
        before_exec();
        ::execl("/proc/self/exe", "after the exec", "after", arguments[2], nullptr);
        return 3;
    }
    if (what == "after") after_exec();
    if (what == "asleep") {
        threads.emplace_back(late_function);
        while (!timeIsUp()) std::this_thread::sleep_until(endTime);
    }
    for (std::thread& thread : threads) thread.join();
    if (what == "count") {
        timespec used = {};
        ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
        std::printf("%.1f\n", static_cast<double>(rounds) / (static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9));
    }
    return 7;
}
