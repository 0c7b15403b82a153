#pragma once

#include <QTemporaryDir>

#include "core/record/daemon/DaemonSession.h"
#include "tests/support/Golden.h"
#include "tests/support/KinetoClient.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <unistd.h>
#include <vector>

namespace opscope::test {

inline constexpr int kPatience = 30'000; ///< ms; of conditions
inline constexpr daemon::DaemonPatience kShort{.contact = std::chrono::milliseconds(300), .busy = std::chrono::milliseconds(100), .still = std::chrono::milliseconds(200),
                                               .silent = std::chrono::milliseconds(1'000)};

using Lines = std::map<std::string, std::string>;

inline Lines linesOf(const std::string& text)
{
    Lines lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines[line.substr(0, line.find('='))] = line.substr(line.find('=') + 1);
    return lines;
}

/// What libkineto makes of the name that it is given.
inline std::string fileOf(const Lines& lines, pid_t pid = ::getpid())
{
    std::string name = lines.at("ACTIVITIES_LOG_FILE");
    return name.replace(name.find(".pt.trace.json"), 14, "_" + std::to_string(pid) + ".pt.trace.json");
}

inline std::string traceOf(const std::string& id, bool events = true)
{
    return "{\n  \"schemaVersion\": 1,\n  \"deviceProperties\": [],\n\n    \"trace_id\": \"" + id + "\",\n  \"displayTimeUnit\": \"ms\",\n  \"baseTimeNanoseconds\": 0,\n"
           "  \"traceEvents\": [\n" +
           (events ? "  {\n    \"ph\": \"X\",\n    \"cat\": \"cpu_op\", \"name\": \"aten::add\", \"pid\": 1, \"tid\": 1, \"ts\": 1.5, \"dur\": 2\n  }\n" : "") +
           "  ],\n  \"traceName\": \"\"\n}\n";
}

/// Written as libkineto does.
inline void finish(const std::string& path, const std::string& text)
{
    writeFile(path + ".tmp", text);
    std::filesystem::rename(path + ".tmp", path);
}

/// One recording of this very process, which plays the client by hand.
struct DaemonScene
{
    explicit DaemonScene(std::optional<std::chrono::milliseconds> duration = std::chrono::milliseconds(100), std::uint32_t steps = 0, daemon::DaemonPatience patience = {}, pid_t pid = ::getpid())
    {
        request.target.pid = pid;
        request.path = (product.path() + QStringLiteral("/run")).toStdString();
        request.duration = duration;
        request.steps = steps;
        make({{.target = request.target, .socketFolder = sockets.path().toStdString()}}, patience);
    }
    void make(std::vector<daemon::DaemonTarget> targets, daemon::DaemonPatience patience = {})
    {
        session = std::make_unique<daemon::DaemonSession>(request, std::move(targets), patience);
        QObject::connect(session.get(), &RecordSession::noted, [this](const QString& note) { notes += note.toStdString() + "\n"; });
        QObject::connect(session.get(), &RecordSession::recording, [this] { states += "recording "; });
        QObject::connect(session.get(), &RecordSession::collecting, [this] { states += "collecting "; });
        QObject::connect(session.get(), &RecordSession::finished, [this](const QString& path, RecordEnd how) {
            states += "finished";
            made = path.toStdString();
            end = how;
        });
        QObject::connect(session.get(), &RecordSession::failed, [this](const RecordFailure& why, const QString& kept) {
            states += "failed";
            failure = why;
            made = kept.toStdString();
        });
    }
    bool over() const { return states.ends_with("finished") || states.ends_with("failed"); }
    std::string socketFolder() const { return sockets.path().toStdString(); }
    /// The files that were made.
    std::vector<std::string> files() const
    {
        std::vector<std::string> names;
        for (const auto& each : std::filesystem::directory_iterator(made)) names.push_back(each.path().filename().string());
        std::sort(names.begin(), names.end());
        return names;
    }

    QTemporaryDir sockets{QStringLiteral("/tmp/opscope-test-XXXXXX")}, product;
    RecordRequest request;
    std::unique_ptr<daemon::DaemonSession> session;
    std::string states, notes, made;
    RecordFailure failure;
    RecordEnd end = RecordEnd::Failed;
};

} // namespace opscope::test
