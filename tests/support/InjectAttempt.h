#pragma once

#include "core/record/inject/program/Injection.h"

#include <nlohmann/json.hpp>

#include <cerrno>
#include <csignal>
#include <functional>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace opscope::test {

struct Attempt
{
    std::string result, reason;           ///< empty result: it was killed on the way
    std::int64_t stoppedUs = 0;
};

/// inject() in a process of its own, as opscope-inject does it; `after` is called there. `user` not 0: as that one.
inline Attempt attempt(inject::Order order, std::function<void(inject::Step)> after = {}, uid_t user = 0)
{
    int pipe[2];
    if (::pipe(pipe) != 0) return {};
    const pid_t child = ::fork();
    if (child == 0) {
        sigset_t all;
        sigfillset(&all);
        sigprocmask(SIG_SETMASK, &all, nullptr);
        if (user != 0 && (::setresgid(user, user, user) != 0 || ::setresuid(user, user, user) != 0)) ::_exit(3);
        order.after = std::move(after);
        const std::string json = inject::inject(order).json();
        if (::write(pipe[1], json.data(), json.size()) < 0) ::_exit(4);
        ::_exit(0);
    }
    ::close(pipe[1]);
    std::string said;
    char piece[1024];
    for (ssize_t got = 0; (got = ::read(pipe[0], piece, sizeof piece)) > 0 || (got < 0 && errno == EINTR);)
        if (got > 0) said.append(piece, static_cast<std::size_t>(got));
    ::close(pipe[0]);
    while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {}
    const auto json = nlohmann::json::parse(said, nullptr, false);
    if (!json.is_object()) return {};
    return {.result = json["result"], .reason = json["reason"], .stoppedUs = json["stopped_us"]};
}

} // namespace opscope::test
