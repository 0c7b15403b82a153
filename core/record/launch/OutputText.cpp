#include "core/record/launch/OutputText.h"

#include "core/base/Time.h"
#include "core/record/Presentable.h"

namespace opscope::launch {

void OutputText::add(std::string_view bytes)
{
    for (const char c : bytes) {
        if (c == '\n') {
            m_return = false;
            endLine();
            continue;
        }
        // A progress bar writes over its line: of what comes together only the last is shown.
        if (std::exchange(m_return, c == '\r') && c != '\r') {
            m_line.clear();
            m_cut = false;
        }
        if (c == '\r') continue;
        if (m_line.size() < kLine) m_line += c;
        else m_cut = true;
    }
}

void OutputText::endLine()
{
    std::string text = presentable(m_line) + (m_cut ? " [...]\n" : "\n");
    m_line.clear();
    m_cut = false;
    if (!m_sinceSecond.isValid() || m_sinceSecond.elapsed() >= 1000) {
        m_sinceSecond.start();
        m_second = 0;
    }
    if (m_second + text.size() > kPerSecond) {
        m_leftOut += text.size();
        return;
    }
    if (const std::uint64_t bytes = std::exchange(m_leftOut, 0)) m_ready += "[" + formatBytes(static_cast<std::int64_t>(bytes)) + " left out]\n";
    m_second += text.size();
    m_ready += text;
}

std::string OutputText::take(bool last)
{
    if (last || m_return) {
        if (!m_line.empty()) endLine();
        m_return = false;
    }
    if (last && m_leftOut) m_ready += "[" + formatBytes(static_cast<std::int64_t>(std::exchange(m_leftOut, 0))) + " left out]\n";
    return std::exchange(m_ready, {});
}

} // namespace opscope::launch
