#include "tests/bench/FxtTrace.h"

#include "core/format/fxt/FxtWriter.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <random>
#include <stdexcept>
#include <vector>

namespace opscope::bench {

namespace {

constexpr std::size_t kThreads = 8, kSymbols = 3000, kTurn = 400;

/// One thread: a stack that grows and shrinks.
struct Stack
{
    FxtWriter::Thread thread;
    Nanos time = 0;
    std::vector<std::size_t> open;
};

class Generator
{
public:
    Generator(std::string& buffer) : m_writer(buffer, {"bench", 1'700'000'000'000'000'000})
    {
        for (std::size_t i = 0; i < kSymbols; ++i) m_symbols.push_back("ns::module" + std::to_string(i % 40) + "::function_" + std::to_string(i) + "(int, char const*)");
        m_writer.processName(100, "server");
        for (std::size_t i = 0; i < kThreads; ++i) {
            m_stacks.push_back({{100, 101 + i}, static_cast<Nanos>(i), {}});
            m_writer.threadName(m_stacks.back().thread, "worker " + std::to_string(i));
        }
    }

    /// Some hundred events of the next thread.
    std::uint64_t turn()
    {
        Stack& stack = m_stacks[m_turn % kThreads];
        const auto cpu = static_cast<std::uint16_t>(m_turn % 4);
        ++m_turn;
        std::uint64_t events = 0;
        for (std::size_t i = 0; i < kTurn; ++i) {
            const std::uint32_t dice = m_random() % 100;
            stack.time += 20 + m_random() % 200;
            if (dice < 12) complete(stack);
            else if (dice < 15) counter(stack);
            else call(stack, dice);
            ++events;
        }
        m_writer.contextSwitch(cpu, stack.time, stack.thread.thread, fxt::ThreadState::Blocked, m_stacks[m_turn % kThreads].thread.thread,
                               std::array{FxtWriter::Argument{"incoming_weight", std::int64_t{20}}, FxtWriter::Argument{"outgoing_weight", std::int64_t{20}}});
        m_writer.wakeup(cpu, stack.time + 5, stack.thread.thread, std::array{FxtWriter::Argument{"weight", std::int64_t{20}}});
        for (Stack& other : m_stacks) other.time = std::max(other.time, stack.time); // one clock
        return events + 2;
    }

private:
    void call(Stack& stack, std::uint32_t dice)
    {
        if (stack.open.empty() || (dice % 2 == 0 && stack.open.size() < 40)) {
            const std::size_t symbol = m_random() % kSymbols;
            stack.open.push_back(symbol);
            const std::array arguments{FxtWriter::Argument{"address", FxtWriter::Pointer{0x400000 + symbol * 64}},
                                       FxtWriter::Argument{"symbol", std::string_view(m_symbols[symbol])}};
            m_writer.begin(stack.thread, stack.time, "", m_symbols[symbol], arguments);
        } else {
            m_writer.end(stack.thread, stack.time, "", m_symbols[stack.open.back()]);
            stack.open.pop_back();
        }
    }
    void complete(Stack& stack)
    {
        const std::size_t symbol = m_random() % kSymbols;
        const Nanos end = stack.time + 10;
        const std::array arguments{FxtWriter::Argument{"file", std::string_view(m_symbols[symbol % 50])},
                                   FxtWriter::Argument{"line", std::int64_t(m_random() % 5000)},
                                   FxtWriter::Argument{"request", std::int64_t(m_random()) << 16}};
        m_writer.slice(stack.thread, stack.time, end, "io", m_symbols[symbol % 100], arguments);
        stack.time = end;
    }
    void counter(Stack& stack)
    {
        const std::array series{FxtWriter::Argument{"used", std::int64_t(m_random() % 100'000)}, FxtWriter::Argument{"free", std::int64_t(m_random() % 100'000)}};
        m_writer.counter(stack.thread, stack.time, "memory", "heap", 1, series);
    }

    FxtWriter m_writer;
    std::vector<std::string> m_symbols;
    std::vector<Stack> m_stacks;
    std::mt19937 m_random{7};
    std::size_t m_turn = 0;
};

} // namespace

std::uint64_t writeFxt(const std::string& path, std::uint64_t bytes)
{
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "wb"), std::fclose);
    if (!file) throw std::runtime_error("cannot write " + path);
    std::string buffer;
    Generator generator(buffer);
    std::uint64_t written = 0, events = 0;
    const auto flush = [&] {
        if (std::fwrite(buffer.data(), 1, buffer.size(), file.get()) != buffer.size()) throw std::runtime_error("cannot write " + path);
        written += buffer.size();
        buffer.clear();
    };
    while (written + buffer.size() < bytes) {
        events += generator.turn();
        if (buffer.size() > (1u << 20)) flush();
    }
    flush();
    return events;
}

} // namespace opscope::bench
