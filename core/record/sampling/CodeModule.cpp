#include "core/record/sampling/CodeModule.h"

#include "core/record/sampling/DebugFiles.h"
#include "core/record/sampling/Names.h"

#include <cstring>
#include <dwarf.h>
#include <unistd.h>

namespace opscope::sampling {

CodeModule::CodeModule(FileHandle file, std::string path, std::shared_ptr<const TargetFiles> files)
    : m_file(std::move(file)), m_path(std::move(path)), m_name(shownText(lastPart(m_path))), m_files(std::move(files))
{
}

void CodeModule::load()
{
    if (std::exchange(m_loaded, true)) return;
    m_elf = ElfFile(std::move(m_file));
    GElf_Ehdr header;
    if (!m_elf || !gelf_getehdr(m_elf.get(), &header)) return;
    m_machine = header.e_machine;
    for (const GElf_Phdr& segment : m_elf.segments())
        if (segment.p_type == PT_LOAD) m_segments.push_back({segment.p_offset, segment.p_filesz, segment.p_vaddr, (segment.p_flags & PF_X) != 0});
}

/// Segments are mapped by whole pages, so two of them can share one of the file: the executable one is meant.
std::optional<std::uint64_t> CodeModule::addressOf(std::uint64_t fileOffset)
{
    load();
    constexpr std::uint64_t kPage = 4096;
    for (const bool code : {true, false})
        for (const Segment& segment : m_segments) {
            const std::uint64_t before = segment.offset & (kPage - 1);
            const std::uint64_t start = segment.offset - before, size = (segment.size + before + kPage - 1) & ~(kPage - 1);
            if (segment.code == code && fileOffset >= start && fileOffset - start < size) return fileOffset - segment.offset + segment.address;
        }
    return {};
}

const SymbolTable& CodeModule::symbols()
{
    load();
    if (std::exchange(m_symbolsRead, true) || !m_elf) return m_symbols;
    if (!m_elf.sectionOfType(SHT_SYMTAB) && m_files) m_debug = findDebugFile(m_elf, m_path, *m_files);
    m_symbols.read(m_elf, m_debug);
    return m_symbols;
}

void CodeModule::loadFunctionStarts()
{
    for (const GElf_Phdr& segment : m_elf.segments()) {
        if (segment.p_type != PT_GNU_EH_FRAME || segment.p_filesz < 12) continue;
        const Elf_Data* data = m_elf.bytes(segment.p_offset, segment.p_filesz);
        if (!data || data->d_size < 12) return;
        const auto* bytes = static_cast<const unsigned char*>(data->d_buf);
        // version 1; pointer to .eh_frame in 4 bytes, a count in 4, a table of 4 + 4 relative to this section: what all linkers write
        if (bytes[0] != 1 || (bytes[1] & 0x0F) != DW_EH_PE_sdata4 || bytes[2] != DW_EH_PE_udata4 || bytes[3] != (DW_EH_PE_datarel | DW_EH_PE_sdata4)) return;
        std::uint32_t count = 0;
        std::memcpy(&count, bytes + 8, sizeof count);
        if (count > (data->d_size - 12) / 8) return;
        m_starts = bytes + 12;
        m_startCount = count;
        m_startsBase = segment.p_vaddr;
        return;
    }
}

std::optional<std::uint64_t> CodeModule::functionStart(std::uint64_t address)
{
    load();
    if (!std::exchange(m_startsRead, true) && m_elf) loadFunctionStarts();
    const auto startOf = [&](std::size_t row) {
        std::int32_t offset = 0;
        std::memcpy(&offset, m_starts + 8 * row, sizeof offset);
        return m_startsBase + static_cast<std::uint64_t>(static_cast<std::int64_t>(offset));
    };
    std::size_t low = 0, high = m_startCount;   // the first that begins after the address
    while (low < high) {
        const std::size_t middle = low + (high - low) / 2;
        (startOf(middle) <= address ? low = middle + 1 : high = middle);
    }
    if (low == 0) return {};
    return startOf(low - 1);
}

bool CodeModule::followsCall(std::uint64_t address)
{
    load();
    constexpr std::size_t kLongest = 7;
    for (const Segment& segment : m_segments) {
        const std::uint64_t at = address - segment.address;
        if (!segment.code || at < kLongest || at > segment.size) continue;
        unsigned char code[kLongest];
        if (pread(m_elf.descriptor(), code, sizeof code, static_cast<off_t>(segment.offset + at - kLongest)) != static_cast<ssize_t>(kLongest)) return false;
        if (code[2] == 0xE8) return true;                                           // call rel32
        for (const std::size_t length : {2u, 3u, 4u, 6u, 7u})                       // ff /2 with its operands, maybe behind a prefix
            if (code[kLongest - length] == 0xFF && (code[kLongest - length + 1] & 0x38) == 0x10) return true;
        return false;
    }
    return false;
}

Dwarf_CFI* CodeModule::callFrames()
{
    load();
    if (!m_frames) m_frames = std::make_unique<FrameInformation>(m_elf);
    return m_frames->get();
}

} // namespace opscope::sampling
