#include "core/record/sampling/Kallsyms.h"

#include "core/record/sampling/TargetFiles.h"

#include <algorithm>
#include <charconv>

namespace opscope::sampling {

void Kallsyms::read(const std::string& path)
{
    m_symbols.clear();
    m_text = readSmallFile(path, 256u << 20);
    const std::string_view text = m_text;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        addLine(text.substr(at, end - at), at);
        at = end + 1;
    }
    std::stable_sort(m_symbols.begin(), m_symbols.end(), [](const Symbol& a, const Symbol& b) { return a.address < b.address; });
    m_symbols.erase(std::unique(m_symbols.begin(), m_symbols.end(), [](const Symbol& a, const Symbol& b) { return a.address == b.address; }),
                    m_symbols.end());
}

/// "ffffffff81000000 T _text" or "ffffffffc0000000 t ext4_read\t[ext4]".
void Kallsyms::addLine(std::string_view line, std::size_t offset)
{
    std::uint64_t address = 0;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), address, 16);
    const auto used = static_cast<std::size_t>(end - line.data());
    if (error != std::errc() || address == 0 || used + 3 >= line.size() || line[used] != ' ' || line[used + 2] != ' ') return;
    if (std::string_view("tTwW").find(line[used + 1]) == std::string_view::npos) return;
    m_symbols.push_back({address, static_cast<std::uint32_t>(offset + used + 3), static_cast<std::uint32_t>(line.size() - used - 3)});
}

std::size_t Kallsyms::find(std::uint64_t address) const
{
    const auto after = std::upper_bound(m_symbols.begin(), m_symbols.end(), address, [](std::uint64_t a, const Symbol& s) { return a < s.address; });
    return after == m_symbols.begin() ? kNone : static_cast<std::size_t>(after - m_symbols.begin()) - 1;
}

std::string_view Kallsyms::name(std::size_t row) const
{
    const std::string_view line = std::string_view(m_text).substr(m_symbols[row].line, m_symbols[row].length);
    return line.substr(0, line.find('\t'));
}

std::string_view Kallsyms::module(std::size_t row) const
{
    const std::string_view line = std::string_view(m_text).substr(m_symbols[row].line, m_symbols[row].length);
    const std::size_t tab = line.find('\t');
    return tab == std::string_view::npos ? "[kernel]" : line.substr(tab + 1);
}

} // namespace opscope::sampling
