// opscope-inject --pid PID --start-ticks N [--script FILE] < STATEMENT
// Has the CPython in a process run a Python statement in its main thread; prints one JSON object (Outcome). Started by Opscope, not by people: a program
// of its own, so that whatever goes wrong with it takes nothing else along, and without Qt, so that it is there at once.

#include "core/record/inject/program/Injection.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string_view>
#include <sys/resource.h>
#include <unistd.h>

namespace {

using namespace opscope::inject;

constexpr std::size_t kMostInput = 64u << 10;

int usage()
{
    std::fputs("usage: opscope-inject --pid PID --start-ticks N [--script FILE] < STATEMENT\n"
               "Part of Opscope, which starts it: has a running Python program run a statement. Prints one JSON object.\n", stderr);
    return 2;
}

std::optional<unsigned long long> number(const char* text)
{
    char* end = nullptr;
    const unsigned long long value = std::strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0' ? std::optional(value) : std::nullopt;
}

bool readOrder(int count, char** words, Order& order)
{
    for (int i = 1; i + 1 < count; i += 2) {
        const std::string_view word = words[i];
        const auto value = number(words[i + 1]);
        if (word == "--pid" && value && *value > 0 && *value <= INT32_MAX) order.pid = static_cast<pid_t>(*value);
        else if (word == "--start-ticks" && value) order.startTicks = *value;
        else if (word == "--script") order.script = words[i + 1];
        else return false;
    }
    return count % 2 == 1 && order.pid > 0;
}

/// Nothing may come between the moment in which a thread is stopped and the one in which it goes on; only SIGKILL can. It takes 10 s at most.
void holdSignals()
{
    std::signal(SIGCHLD, SIG_DFL); // whoever ignores it does not hear of children
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, nullptr);
    ::setpriority(PRIO_PROCESS, 0, -10); // the thread stands until we are given a processor. Where we may not, we may not
}

} // namespace

int main(int count, char** words)
{
    Order order;
    if (!readOrder(count, words, order)) return usage();
    char piece[4096];
    for (ssize_t got = 0; order.statement.size() < kMostInput && (got = ::read(STDIN_FILENO, piece, sizeof piece)) > 0;)
        order.statement.append(piece, static_cast<std::size_t>(got));
    holdSignals();
    const Outcome outcome = inject(order);
    std::puts(outcome.json().c_str());
    return outcome.queued() ? 0 : 1;
}
