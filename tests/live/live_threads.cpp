// A program to be recorded while it runs, which knows the truth: eight threads that compute, sleep and wait, each with a clock of its own
// processor time. Ten times a second it prints a line of JSON (see LiveProgram.h) and goes on until its input ends.

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <poll.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <thread>
#include <time.h>
#include <unistd.h>
#include <vector>

namespace live {

// ---- the functions that are measured: not inlined, in nothing but a plain -O2 build

std::atomic<std::uint64_t> g_sink; // what they find must not be thrown away

[[gnu::noinline]] std::uint64_t hashBlocks(std::uint64_t rounds)
{
    std::uint64_t hash = 1469598103934665603u;
    for (std::uint64_t i = 0; i < rounds; ++i) hash = (hash ^ (i & 0xFF)) * 1099511628211u;
    return hash;
}

[[gnu::noinline]] std::uint64_t sortNumbers(std::vector<std::uint64_t>& numbers)
{
    std::uint64_t seed = 88172645463325252u;
    for (std::uint64_t& number : numbers) {
        seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
        number = seed;
    }
    std::sort(numbers.begin(), numbers.end());
    return numbers.front();
}

[[gnu::noinline]] double multiplyMatrix(std::vector<double>& a, std::size_t n)
{
    std::vector<double> product(n * n);
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t k = 0; k < n; ++k)
            for (std::size_t j = 0; j < n; ++j) product[i * n + j] += a[i * n + k] * a[k * n + j];
    return product[n + 1];
}

[[gnu::noinline]] std::uint64_t fibonacci(unsigned n)
{
    return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

// ---- threads that know how long they did what

enum Function { Hash, Sort, Multiply, Fibonacci, FunctionCount };
constexpr std::array kNames = {"hashBlocks", "sortNumbers", "multiplyMatrix", "fibonacci"};

std::int64_t nanoseconds(clockid_t clock)
{
    timespec now = {};
    clock_gettime(clock, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

struct Thread
{
    const char* name;
    void (*body)(Thread&);
    std::atomic<int> tid = 0;
    std::array<std::atomic<std::int64_t>, FunctionCount> cpu = {};
    std::thread thread = {};
};

template <class Work>
void measured(Thread& self, Function function, Work&& work)
{
    const std::int64_t before = nanoseconds(CLOCK_THREAD_CPUTIME_ID);
    g_sink += static_cast<std::uint64_t>(work());
    self.cpu[function] += nanoseconds(CLOCK_THREAD_CPUTIME_ID) - before;
}

std::mutex g_lock;
std::condition_variable g_tick;
std::uint64_t g_ticks = 0;
int g_pipe[2];

void mixed(Thread& self)
{
    std::vector<std::uint64_t> numbers(20'000);
    for (;;) {
        measured(self, Hash, [] { return hashBlocks(2'000'000); });
        measured(self, Sort, [&] { return sortNumbers(numbers); });
    }
}

void matrix(Thread& self)
{
    std::vector<double> a(128 * 128, 1e-3);
    for (;;) measured(self, Multiply, [&] { return multiplyMatrix(a, 128); });
}

void recursion(Thread& self)
{
    for (;;) measured(self, Fibonacci, [] { return fibonacci(27); });
}

void sleeper(Thread& self)
{
    for (;;) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        measured(self, Hash, [] { return hashBlocks(1'000'000); });
    }
}

void waiter(Thread& self)
{
    std::vector<std::uint64_t> numbers(5'000);
    for (std::uint64_t seen = 0;;) {
        {
            std::unique_lock lock(g_lock);
            g_tick.wait(lock, [&] { return g_ticks != seen; });
            seen = g_ticks;
        }
        measured(self, Sort, [&] { return sortNumbers(numbers); });
    }
}

void reader(Thread& self)
{
    for (char byte = 0; ::read(g_pipe[0], &byte, 1) == 1;) measured(self, Hash, [] { return hashBlocks(200'000); });
}

void ticker(Thread&)
{
    for (;;) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        {
            const std::lock_guard lock(g_lock);
            ++g_ticks;
        }
        g_tick.notify_one();
        if (::write(g_pipe[1], "", 1) != 1) return;
    }
}

std::array<Thread, 8> g_threads = {{{"mixed-1", mixed}, {"mixed-2", mixed}, {"matrix", matrix}, {"recursion", recursion},
                                    {"sleeper", sleeper}, {"waiter", waiter}, {"reader", reader}, {"ticker", ticker}}};

void print()
{
    std::printf("{\"time\":%lld,\"threads\":[", static_cast<long long>(nanoseconds(CLOCK_REALTIME)));
    for (Thread& thread : g_threads) {
        clockid_t clock = {};
        pthread_getcpuclockid(thread.thread.native_handle(), &clock);
        std::printf("%s{\"tid\":%d,\"name\":\"%s\",\"cpu\":%lld,\"functions\":{", &thread == &g_threads[0] ? "" : ",", thread.tid.load(), thread.name,
                    static_cast<long long>(nanoseconds(clock)));
        for (int function = 0; function < FunctionCount; ++function)
            std::printf("%s\"%s\":%lld", function ? "," : "", kNames[static_cast<std::size_t>(function)],
                        static_cast<long long>(thread.cpu[static_cast<std::size_t>(function)].load()));
        std::printf("}}");
    }
    std::printf("]}\n");
    std::fflush(stdout);
}

} // namespace live

int main()
{
    using namespace live;
    if (::pipe(g_pipe) != 0) return 1;
    for (Thread& thread : g_threads) {
        thread.thread = std::thread([&thread] {
            pthread_setname_np(pthread_self(), thread.name);
            thread.tid = static_cast<int>(::syscall(SYS_gettid));
            thread.body(thread);
        });
    }
    while (std::ranges::any_of(g_threads, [](const Thread& thread) { return thread.tid == 0; })) std::this_thread::yield();
    for (pollfd input = {.fd = 0, .events = POLLIN, .revents = 0}; ::poll(&input, 1, 100) == 0;) print();
    std::_Exit(0); // the others never end
}
