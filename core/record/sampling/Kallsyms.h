#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace opscope::sampling {

/// Functions of the kernel, by /proc/kallsyms. Empty where the system shows no addresses (kptr_restrict).
class Kallsyms
{
public:
    void read(const std::string& path = "/proc/kallsyms");
    static constexpr std::size_t kNone = SIZE_MAX;
    std::size_t find(std::uint64_t address) const;
    std::uint64_t start(std::size_t row) const { return m_symbols[row].address; }
    std::string_view name(std::size_t row) const;
    std::string_view module(std::size_t row) const;     ///< "[ext4]"; of the kernel itself "[kernel]"

private:
    struct Symbol
    {
        std::uint64_t address;
        std::uint32_t line, length;     ///< "name" or "name\t[module]" in the text
    };
    void addLine(std::string_view line, std::size_t offset);

    std::string m_text;
    std::vector<Symbol> m_symbols;
};

} // namespace opscope::sampling
