#pragma once

#include <QProcess>
#include <QString>
#include <QStringList>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace opscope::test {

/// What a program of tests/live knows of itself at a moment: processor time, in nanoseconds.
struct LiveTruth
{
    struct Thread
    {
        std::string name;
        std::int64_t cpu = 0;
        std::map<std::string, std::int64_t> functions;
    };
    std::int64_t time = 0;                ///< Unix time
    std::map<std::int64_t, Thread> threads; ///< by tid

    std::int64_t cpu() const
    {
        std::int64_t sum = 0;
        for (const auto& [tid, thread] : threads) sum += thread.cpu;
        return sum;
    }
    std::map<std::string, std::int64_t> functions() const
    {
        std::map<std::string, std::int64_t> sums;
        for (const auto& [tid, thread] : threads)
            for (const auto& [name, cpu] : thread.functions) sums[name] += cpu;
        return sums;
    }
    /// Together with what was done at another time.
    void add(const LiveTruth& more)
    {
        time += more.time;
        for (const auto& [tid, thread] : more.threads) {
            Thread& into = threads[tid];
            into.name = thread.name;
            into.cpu += thread.cpu;
            for (const auto& [name, ns] : thread.functions) into.functions[name] += ns;
        }
    }
    /// What was done between `earlier` and this moment.
    LiveTruth since(const LiveTruth& earlier) const
    {
        LiveTruth done = *this;
        done.time -= earlier.time;
        for (auto& [tid, thread] : done.threads) {
            const auto before = earlier.threads.find(tid);
            if (before == earlier.threads.end()) continue;
            thread.cpu -= before->second.cpu;
            for (auto& [name, cpu] : thread.functions) cpu -= before->second.functions.at(name);
        }
        return done;
    }
};

/// A program of tests/live while it runs: prints one line of JSON every tenth of a second, ends when its input does.
///
///     {"time": UNIX NS, "threads": [{"tid": 7, "name": "busy", "cpu": NS, "functions": {"hashBlocks": NS}}]}
class LiveProgram
{
public:
    LiveProgram(const QString& program, const QStringList& arguments)
    {
        m_process.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        m_process.start(program, arguments);
    }
    ~LiveProgram()
    {
        m_process.closeWriteChannel();
        if (!m_process.waitForFinished(5000)) m_process.kill();
        m_process.waitForFinished();
    }
    qint64 pid() const { return m_process.processId(); }
    /// Waits for `more` further lines: the program is at work.
    bool works(std::size_t more)
    {
        const std::size_t wanted = m_lines.size() + more;
        while (m_lines.size() < wanted) {
            if (!m_process.canReadLine() && !m_process.waitForReadyRead(60'000)) return false;
            read();
        }
        return true;
    }
    /// Between the lines that lie closest around [from, to), Unix time. What it printed meanwhile is read first.
    LiveTruth during(std::int64_t from, std::int64_t to)
    {
        for (int lines = 0; m_lines.back().time < to && lines < 100 && works(1); ++lines) {}
        const LiveTruth* first = &m_lines.front();
        const LiveTruth* last = &m_lines.back();
        for (const LiveTruth& line : m_lines) {
            if (line.time <= from) first = &line;
            if (line.time >= to) { last = &line; break; }
        }
        return last->since(*first);
    }

private:
    void read()
    {
        while (m_process.canReadLine()) {
            const QByteArray line = m_process.readLine();
            const auto json = nlohmann::json::parse(line.begin(), line.end());
            LiveTruth truth{.time = json["time"], .threads = {}};
            for (const auto& thread : json["threads"])
                truth.threads[thread["tid"]] = {thread["name"], thread["cpu"], thread["functions"].get<std::map<std::string, std::int64_t>>()};
            m_lines.push_back(std::move(truth));
        }
    }

    QProcess m_process;
    std::vector<LiveTruth> m_lines;
};

} // namespace opscope::test
