#pragma once

#include <QElapsedTimer>

#include <cstdint>
#include <string>
#include <string_view>

namespace opscope::launch {

/// What a command prints, as lines fit to be shown, not more of it than a person and a text field can take.
class OutputText
{
public:
    static constexpr std::size_t kLine = 4096;          ///< bytes; longer ones are cut
    static constexpr std::size_t kPerSecond = 256 << 10; ///< bytes; what is beyond is counted and left out

    void add(std::string_view bytes);
    /// What is ready, each line with its end. `last`: what has no end yet too.
    std::string take(bool last = false);

private:
    void endLine();

    std::string m_line, m_ready;
    bool m_cut = false, m_return = false;
    std::uint64_t m_leftOut = 0;
    std::size_t m_second = 0;         ///< bytes that were given in this second
    QElapsedTimer m_sinceSecond;
};

} // namespace opscope::launch
