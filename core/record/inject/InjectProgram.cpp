#include "core/record/inject/InjectProgram.h"

#include "core/record/Presentable.h"

#include <QFileInfo>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <iterator>

namespace opscope::inject {

namespace {

constexpr std::string_view kStartIt = "Start the program from Opscope instead.";
constexpr std::string_view kAgain = "It runs on as before. Try again.";

/// How a reason reads behind the name of the process, and what to do.
struct Text
{
    std::string_view reason, rest, advice;
};
constexpr Text kTexts[] = {
    {"ended", " has ended.", ""},
    {"zombie", " has ended.", ""},
    {"other-process", " has ended; another one has its number or another program runs there now.", "Choose again."},
    {"exec", " has started another program meanwhile.", "Choose again."},
    {"traced", " is being debugged or traced by another program, and there can be only one.", "End that first."},
    {"stopped", " is stopped, and would stay so.", "Continue it first: kill -CONT and its number."},
    {"not-permitted", " may not be attached to.", "Record it as its own user or as root, or start the program from Opscope instead."},
    {"architecture", " is built for another processor than x86-64; Python before 3.14 can be attached to on that one only.", kStartIt},
    {"not-python", " runs no Python that we know of.", ""},
    {"no-symbols", " has a Python whose functions cannot be found (linked statically without their names, or its file was replaced).", kStartIt},
    {"unknown-python", " has a Python older than 3.8 or of no known kind.", kStartIt},
    {"old-python", " has a Python older than 3.8.", kStartIt},
    {"free-threaded", " has a Python without the global lock (free-threaded), which can be attached to from 3.14 on only.", kStartIt},
    {"no-library", " has no C library that we know of.", kStartIt},
    {"shadow-stack", " runs with shadow stacks, which do not let a call be put into it.", kStartIt},
    {"seccomp", " is not allowed by its sandbox (seccomp) to get memory.", kStartIt},
    {"no-memory", " gets no more memory from the system.", ""},
    {"remote-debug-off", " has its remote debugging switched off (PYTHON_DISABLE_REMOTE_DEBUG, -X disable-remote-debug, or a Python built without).", kStartIt},
    {"remote-exec", " could not be asked by its own interpreter.", kStartIt},
    {"no-stop", " does not come to a point at which it can be stopped: the system is working for it.", kAgain},
    {"bad-place", " was busy with its own pending calls whenever it was stopped.", kAgain},
    {"timeout", " did not come back from the call in time.", kAgain},
    {"fault", " has a Python that is not ready for calls: it is starting or ending.", kAgain},
    {"queue-full", " has as many calls waiting as its interpreter takes: its main thread has not run Python code for long.", "Try again when it does."},
};

} // namespace

std::string injectProgram()
{
    const auto runnable = [](const QString& path) { return QFileInfo(path).isFile() && QFileInfo(path).isExecutable(); };
    if (const QString named = qEnvironmentVariable("OPSCOPE_INJECT"); !named.isEmpty()) return runnable(named) ? named.toStdString() : std::string();
    const QString here = QFileInfo(QFileInfo(QStringLiteral("/proc/self/exe")).symLinkTarget()).path(); // checks run before there is a QCoreApplication
    for (const char* place : {"/opscope-inject", "/../libexec/opscope/opscope-inject", "/../bin/opscope-inject"})
        if (const QString path = here + QString::fromLatin1(place); runnable(path)) return path.toStdString();
    return {};
}

std::optional<Reply> parseReply(const QByteArray& printed)
{
    const auto json = nlohmann::json::parse(printed.begin(), printed.end(), nullptr, false);
    if (!json.is_object()) return {};
    const auto text = [&](const char* key) {
        const auto at = json.find(key);
        return at != json.end() && at->is_string() ? at->get<std::string>() : std::string();
    };
    Reply reply{.result = text("result"), .reason = text("reason"), .detail = text("detail"), .python = text("python")};
    if (const auto at = json.find("stopped_us"); at != json.end() && at->is_number_integer()) reply.stoppedUs = at->get<std::int64_t>();
    return reply.result.empty() ? std::nullopt : std::optional(reply);
}

RecordFailure failureOf(const Reply& reply, const std::string& label)
{
    const std::string_view reason = reply.result == "queue-full" ? std::string_view(reply.result) : std::string_view(reply.reason);
    const auto* text = std::find_if(std::begin(kTexts), std::end(kTexts), [&](const Text& one) { return one.reason == reason; });
    const std::string details = presentable(reply.detail) + (reply.python.empty() ? "" : (reply.detail.empty() ? "Python " : "\nPython ") + presentable(reply.python));
    if (text == std::end(kTexts)) return {label + " could not be attached to.", std::string(kAgain), presentable(reason) + "\n" + details};
    return {label + std::string(text->rest), std::string(text->advice), details};
}

} // namespace opscope::inject
