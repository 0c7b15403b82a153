#pragma once

#include "core/record/sampling/ElfFile.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace opscope::sampling {

/// The functions of one ELF file by address: 16 bytes each. Their names stay in the file and are read one by one: libtorch_cpu has 76 MB of them,
/// and a recording shows a few hundred. O(log n) a look.
class SymbolTable
{
public:
    struct Symbol
    {
        std::uint64_t address;
        std::uint32_t size;             ///< up to the next symbol where the file says nothing; cut at 4 GiB
        std::uint32_t name : 30;        ///< in its string table
        std::uint32_t stub : 1;         ///< of the procedure linkage table: "malloc@plt"
        std::uint32_t dynamic : 1;      ///< its name is among the dynamic strings of the program, else among the table's own
    };

    /// `debug`: its separate debug file, or none. Both must outlive this.
    void read(const ElfFile& program, const ElfFile& debug);
    static constexpr std::size_t kNone = SIZE_MAX;
    std::size_t find(std::uint64_t address) const;
    const Symbol& operator[](std::size_t row) const { return m_symbols[row]; }
    std::size_t size() const { return m_symbols.size(); }
    bool empty() const { return m_symbols.empty(); }
    /// As the file has it, without its version, with "@plt" for a stub; empty where it is broken.
    std::string name(std::size_t row) const;

private:
    struct Candidate
    {
        Symbol symbol;
        std::uint8_t rank;              ///< of several names of one address the smallest stays
        std::uint64_t sectionEnd;
    };
    /// A string table as a part of a file; size 0: none.
    struct Strings
    {
        int file = -1;
        std::uint64_t offset = 0, size = 0;
    };
    static Strings stringsOf(const ElfFile& file, const ElfFile::Section& table);
    bool addTable(const ElfFile& file, std::uint32_t type, std::vector<Candidate>& found);
    void addStubs(const ElfFile& program, std::vector<Candidate>& found) const;
    void keepBest(std::vector<Candidate>& found);

    std::vector<Symbol> m_symbols;
    Strings m_strings, m_dynamicStrings;
};

} // namespace opscope::sampling
