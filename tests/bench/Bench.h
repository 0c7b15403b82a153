#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

// What benches have in common: times, words of the command line, a file that goes away.
namespace opscope::bench {

using Clock = std::chrono::steady_clock;

inline double secondsSince(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

/// Of all threads of this process: beside other work it tells more than the wall clock.
inline double cpuSeconds()
{
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](timeval t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// 0: of none.
inline double median(std::vector<double> values)
{
    std::sort(values.begin(), values.end());
    return values.empty() ? 0 : values[values.size() / 2];
}

/// Without the first one, which fills caches.
inline double warmMedian(std::vector<double> values)
{
    if (values.size() > 1) values.erase(values.begin());
    return median(std::move(values));
}

/// Seconds.
struct Spent
{
    double wall = 0, cpu = 0;
};

inline Spent timed(const std::function<void()>& work)
{
    const double before = cpuSeconds();
    const auto begin = Clock::now();
    work();
    return {secondsSince(begin), cpuSeconds() - before};
}

/// The same work again and again; the first run is not counted. Seconds.
class Runs
{
public:
    void time(const std::function<void()>& work)
    {
        const Spent spent = timed(work);
        m_wall.push_back(spent.wall);
        m_cpu.push_back(spent.cpu);
    }
    double wall() const { return warmMedian(m_wall); }
    double cpu() const { return warmMedian(m_cpu); }

private:
    std::vector<double> m_wall, m_cpu;
};

/// `--option VALUE`, `--switch` and a file. What was asked for is taken out; the file comes last.
class Arguments
{
public:
    Arguments(int count, char** words) : m_words(words + 1, words + count) {}

    std::optional<std::string> value(std::string_view option)
    {
        const auto found = std::find(m_words.begin(), m_words.end(), option);
        if (found == m_words.end() || found + 1 == m_words.end()) return std::nullopt;
        std::string text = found[1];
        m_words.erase(found, found + 2);
        return text;
    }
    std::uint64_t number(std::string_view option, std::uint64_t standard)
    {
        const auto text = value(option);
        return text ? std::strtoull(text->c_str(), nullptr, 10) : standard;
    }
    int runs() { return static_cast<int>(std::clamp<std::uint64_t>(number("--runs", 5), 1, 1'000'000)); }
    bool has(std::string_view option) { return std::erase(m_words, option) > 0; }
    std::string file(const std::string& standard = {}) const { return m_words.empty() ? standard : m_words.back(); }

private:
    std::vector<std::string> m_words;
};

/// A name among temporary files; what lies there is gone with this.
struct TemporaryFile
{
    explicit TemporaryFile(const std::string& ending) : path((std::filesystem::temp_directory_path() / ("opscope-bench-" + std::to_string(::getpid()) + ending)).string()) {}
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    ~TemporaryFile()
    {
        std::error_code ignored;
        std::filesystem::remove(path, ignored);
    }
    const std::string path;
};

/// For main(): its exit status, 1 and a sentence where `work` throws.
inline int guarded(const std::function<int()>& work)
{
    try {
        return work();
    } catch (const std::exception& error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
}

} // namespace opscope::bench
