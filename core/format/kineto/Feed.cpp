#include "core/format/kineto/Feed.h"

#include <algorithm>
#include <cstring>

namespace opscope::kineto {

Result<std::size_t> Feed::read(std::span<char> into)
{
    std::size_t filled = 0;
    while (filled < into.size() && !m_back.empty()) {
        const std::string& front = m_back.front();
        const std::size_t take = std::min(into.size() - filled, front.size() - m_used);
        std::memcpy(into.data() + filled, front.data() + m_used, take);
        filled += take;
        m_used += take;
        if (m_used == front.size()) {
            m_back.pop_front();
            m_used = 0;
        }
    }
    while (filled < into.size()) {
        Result<std::size_t> got = m_source.read(into.subspan(filled));
        if (!got)
            return got.error();
        if (*got == 0)
            break;
        filled += *got;
    }
    m_position += filled;
    return filled;
}

void Feed::putBack(std::string bytes)
{
    if (bytes.empty())
        return;
    m_position -= bytes.size();
    if (m_used > 0) {
        m_back.front().erase(0, m_used);
        m_used = 0;
    }
    m_back.push_front(std::move(bytes));
}

} // namespace opscope::kineto
