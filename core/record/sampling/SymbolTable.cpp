#include "core/record/sampling/SymbolTable.h"

#include <algorithm>
#include <unistd.h>

namespace opscope::sampling {

namespace {

constexpr std::uint32_t kMaxName = (1u << 30) - 1; // its place; a longer name than that is cut:
constexpr std::size_t kMaxNameBytes = 16384;

/// GLOBAL before WEAK before LOCAL; functions before labels; a size before none.
std::uint8_t rankOf(const GElf_Sym& symbol)
{
    const auto bind = GELF_ST_BIND(symbol.st_info), type = GELF_ST_TYPE(symbol.st_info);
    const int rank = (type == STT_NOTYPE ? 8 : 0) + (symbol.st_size == 0 ? 4 : 0) + (bind == STB_LOCAL ? 2 : bind == STB_WEAK ? 1 : 0);
    return static_cast<std::uint8_t>(rank);
}

struct CodeSection
{
    std::uint64_t start = 0, end = 0;   ///< empty: no code
};

/// By index; debug files have empty shells of the same addresses and kinds.
std::vector<CodeSection> codeSections(const ElfFile& file)
{
    std::vector<CodeSection> all;
    Elf_Scn* handle = nullptr;
    while ((handle = elf_nextscn(file.get(), handle))) {
        GElf_Shdr header;
        const std::size_t index = elf_ndxscn(handle);
        if (index >= SHN_LORESERVE || !gelf_getshdr(handle, &header)) continue;
        if (all.size() <= index) all.resize(index + 1);
        if ((header.sh_flags & SHF_EXECINSTR) && header.sh_addr + header.sh_size >= header.sh_addr)
            all[index] = {header.sh_addr, header.sh_addr + header.sh_size};
    }
    return all;
}

bool isFunction(const GElf_Sym& symbol)
{
    const auto type = GELF_ST_TYPE(symbol.st_info);
    return symbol.st_shndx != SHN_UNDEF && symbol.st_name != 0 && symbol.st_name <= kMaxName &&
           (type == STT_FUNC || type == STT_GNU_IFUNC || type == STT_NOTYPE);
}

} // namespace

void SymbolTable::read(const ElfFile& program, const ElfFile& debug)
{
    if (!program) return;
    std::vector<Candidate> found;
    const bool full = (debug && addTable(debug, SHT_SYMTAB, found)) || addTable(program, SHT_SYMTAB, found);
    if (!full) addTable(program, SHT_DYNSYM, found);
    addStubs(program, found);
    if (const auto dynamic = program.sectionOfType(SHT_DYNSYM)) m_dynamicStrings = stringsOf(program, *dynamic);
    keepBest(found);
}

SymbolTable::Strings SymbolTable::stringsOf(const ElfFile& file, const ElfFile::Section& table)
{
    GElf_Shdr header;
    Elf_Scn* section = elf_getscn(file.get(), table.header.sh_link);
    if (!section || !gelf_getshdr(section, &header) || header.sh_type != SHT_STRTAB || (header.sh_flags & SHF_COMPRESSED)) return {};
    return {file.descriptor(), header.sh_offset, header.sh_size};
}

bool SymbolTable::addTable(const ElfFile& file, std::uint32_t type, std::vector<Candidate>& found)
{
    const auto section = file.sectionOfType(type);
    Elf_Data* data = section ? const_cast<Elf_Data*>(file.data(*section)) : nullptr;
    if (!data) return false;
    const std::vector<CodeSection> code = codeSections(file);
    const std::size_t before = found.size(), entry = gelf_fsize(file.get(), ELF_T_SYM, 1, EV_CURRENT);
    if (entry == 0) return false;
    found.reserve(data->d_size / entry);
    for (std::size_t i = 1; i < data->d_size / entry; ++i) {
        GElf_Sym symbol;
        if (!gelf_getsym(data, static_cast<int>(i), &symbol) || !isFunction(symbol) || symbol.st_shndx >= code.size()) continue;
        const CodeSection& place = code[symbol.st_shndx];
        if (symbol.st_value < place.start || symbol.st_value >= place.end) continue;
        const auto size = static_cast<std::uint32_t>(std::min<std::uint64_t>(symbol.st_size, UINT32_MAX));
        found.push_back({{symbol.st_value, size, symbol.st_name & kMaxName, 0, 0}, rankOf(symbol), place.end});
    }
    if (found.size() == before) return false;
    m_strings = stringsOf(file, *section);
    return true;
}

/// The linker names no stubs: their order is that of the relocations of .rela.plt. Where stubs are checked (.plt.sec) there is one each, otherwise .plt has a head.
void SymbolTable::addStubs(const ElfFile& program, std::vector<Candidate>& found) const
{
    const auto relocations = program.section(".rela.plt");
    const auto symbols = program.sectionOfType(SHT_DYNSYM);
    const auto checked = program.section(".plt.sec"), plain = program.section(".plt");
    const auto& stubs = checked ? checked : plain;
    if (!relocations || relocations->header.sh_type != SHT_RELA || !symbols || !stubs) return;
    auto* entries = const_cast<Elf_Data*>(program.data(*relocations));
    auto* names = const_cast<Elf_Data*>(program.data(*symbols));
    if (!entries || !names) return;
    GElf_Ehdr header;
    const bool arm = gelf_getehdr(program.get(), &header) && header.e_machine == EM_AARCH64;
    constexpr std::uint64_t kSize = 16;
    const std::uint64_t end = stubs->header.sh_addr + stubs->header.sh_size;
    std::uint64_t address = stubs->header.sh_addr + (checked ? 0 : arm ? 2 * kSize : kSize);
    for (int i = 0; address < end && end - address >= kSize; ++i, address += kSize) {
        GElf_Rela relocation;
        GElf_Sym symbol;
        if (!gelf_getrela(entries, i, &relocation)) return;
        if (!gelf_getsym(names, static_cast<int>(GELF_R_SYM(relocation.r_info) & INT32_MAX), &symbol)) continue;
        if (symbol.st_name == 0 || symbol.st_name > kMaxName) continue;
        found.push_back({{address, kSize, symbol.st_name & kMaxName, 1, 1}, 32, end});
    }
}

void SymbolTable::keepBest(std::vector<Candidate>& found)
{
    std::sort(found.begin(), found.end(), [](const Candidate& a, const Candidate& b) {
        if (a.symbol.address != b.symbol.address) return a.symbol.address < b.symbol.address;
        return a.rank != b.rank ? a.rank < b.rank : a.symbol.name < b.symbol.name;
    });
    m_symbols.reserve(found.size());
    for (const Candidate& candidate : found)
        if (m_symbols.empty() || m_symbols.back().address != candidate.symbol.address) m_symbols.push_back(candidate.symbol);
    std::size_t next = 0, row = 0;
    for (const Candidate& candidate : found) { // what says no size goes on to the next symbol, at most to the end of its section
        if (row >= m_symbols.size() || candidate.symbol.address != m_symbols[row].address) continue;
        next = row + 1;
        const std::uint64_t end = next < m_symbols.size() ? std::min(candidate.sectionEnd, m_symbols[next].address) : candidate.sectionEnd;
        if (m_symbols[row].size == 0)
            m_symbols[row].size = static_cast<std::uint32_t>(std::min<std::uint64_t>(end - m_symbols[row].address, UINT32_MAX));
        ++row;
    }
    m_symbols.shrink_to_fit();
}

std::size_t SymbolTable::find(std::uint64_t address) const
{
    auto after = std::upper_bound(m_symbols.begin(), m_symbols.end(), address, [](std::uint64_t a, const Symbol& s) { return a < s.address; });
    for (int tries = 0; tries < 8 && after != m_symbols.begin(); ++tries) { // a label may lie within a function
        --after;
        if (address - after->address < after->size) return static_cast<std::size_t>(after - m_symbols.begin());
    }
    return kNone;
}

std::string SymbolTable::name(std::size_t row) const
{
    const Symbol& symbol = m_symbols[row];
    const Strings& strings = symbol.dynamic ? m_dynamicStrings : m_strings;
    if (symbol.name >= strings.size) return {};
    char text[kMaxNameBytes];
    std::size_t length = 0;
    for (bool ended = false; !ended && length < sizeof text;) { // nearly always one read
        const std::size_t piece = std::min<std::uint64_t>({length == 0 ? 512 : sizeof text, sizeof text - length, strings.size - symbol.name - length});
        const ssize_t got = piece ? pread(strings.file, text + length, piece, static_cast<off_t>(strings.offset + symbol.name + length)) : 0;
        if (got <= 0) break;
        const char* end = std::find(text + length, text + length + got, '\0');
        ended = end != text + length + got;
        length = static_cast<std::size_t>(end - text);
    }
    const std::string_view name(text, length);
    const std::string plain(name.substr(0, name.find('@', 1)));   // "memcpy@@GLIBC_2.14"
    return symbol.stub ? plain + "@plt" : plain;
}

} // namespace opscope::sampling
