#include "core/record/torch/ScriptTaking.h"

#include "core/record/Leftovers.h"

#include <filesystem>
#include <system_error>

namespace opscope::torch {

ScriptTaking::ScriptTaking(std::vector<Share> shares, std::string into, bool replace) : m_work(std::make_shared<Work>())
{
    m_work->shares = std::move(shares);
    m_work->into = std::move(into);
    m_work->replace = replace;
    try {
        m_thread = std::thread([work = m_work] { run(*work); });
    } catch (const std::system_error&) { // no more threads
        run(*m_work);
    }
}

ScriptTaking::~ScriptTaking()
{
    m_work->cancelled = true;
    if (!m_thread.joinable()) return;
    if (m_work->over) {
        m_thread.join();
        return;
    }
    endInBackground([thread = std::make_shared<std::thread>(std::move(m_thread)), work = m_work] {
        thread->join();
        if (!work->result->ok()) return;
        std::error_code problem;
        std::filesystem::remove_all((*work->result)->path, problem); // it was done in the moment of the cancel, and nobody was told
    });
}

void ScriptTaking::run(Work& work)
{
    std::vector<Exchange::Part> parts;
    for (const Share& share : work.shares) parts.push_back({share.exchange.get(), share.names});
    work.result = Exchange::takeAll(parts, work.into, work.replace, [&work](std::uint64_t done, std::uint64_t of) {
        work.done = done;
        work.of = of;
        return !work.cancelled;
    });
    if (!work.result->ok() && !work.cancelled)
        for (const Share& share : work.shares)
            if (!share.names.empty()) {
                share.exchange->keep();
                work.kept = share.exchange->folder();
            }
    work.shares.clear(); // which removes them
    work.over = true;
}

} // namespace opscope::torch
