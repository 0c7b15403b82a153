#include "core/record/sampling/FrameInformation.h"

#include <algorithm>
#include <cstring>
#include <dwarf.h>
#include <unistd.h>

namespace opscope::sampling {

namespace {

constexpr std::uint64_t kMaxPart = std::uint64_t{1} << 28, kMaxUnknown = 64u << 20, kMaxDebugSection = 64u << 20, kMaxDebugSections = 256u << 20;
constexpr char kNames[] = "\0.eh_frame_hdr\0.eh_frame\0.shstrtab";
constexpr std::uint32_t kTableName = 1, kFramesName = 15, kNamesName = 25;
constexpr std::size_t kSections = 4;

bool readAt(int file, std::byte* to, std::uint64_t size, std::uint64_t offset)
{
    for (std::uint64_t done = 0; done < size;) {
        const ssize_t got = pread(file, to + done, size - done, static_cast<off_t>(offset + done));
        if (got <= 0) return false;
        done += static_cast<std::uint64_t>(got);
    }
    return true;
}

Elf64_Shdr section(std::uint32_t name, std::uint32_t type, std::uint64_t address, std::uint64_t offset, std::uint64_t size)
{
    Elf64_Shdr header{};
    header.sh_name = name;
    header.sh_type = type;
    header.sh_flags = SHF_ALLOC;
    header.sh_addr = address;
    header.sh_offset = offset;
    header.sh_size = size;
    header.sh_addralign = 1;
    return header;
}

} // namespace

FrameInformation::FrameInformation(const ElfFile& program)
{
    if (!program || gelf_getclass(program.get()) != ELFCLASS64) return; // of others nothing is unwound
    const auto table = searchTable(program);
    if (const auto part = frames(program, table); part && makeImage(program, table, *part)) m_frames = dwarf_getcfi_elf(m_elf);
    if (!m_frames) useDebugFrames(program);
}

FrameInformation::~FrameInformation()
{
    if (m_frames && !m_dwarf) dwarf_cfi_end(m_frames);
    if (m_dwarf) dwarf_end(m_dwarf);
    if (m_elf) elf_end(m_elf);
}

std::optional<FrameInformation::Part> FrameInformation::searchTable(const ElfFile& program)
{
    for (const GElf_Phdr& segment : program.segments())
        if (segment.p_type == PT_GNU_EH_FRAME && segment.p_filesz >= 8 && segment.p_filesz <= kMaxPart)
            return Part{segment.p_vaddr, segment.p_offset, segment.p_filesz};
    return {};
}

/// By the section, else where the search table points to: as far as its segment goes.
std::optional<FrameInformation::Part> FrameInformation::frames(const ElfFile& program, const std::optional<Part>& table)
{
    if (const auto found = program.section(".eh_frame"); found && found->header.sh_type != SHT_NOBITS && !(found->header.sh_flags & SHF_COMPRESSED)) {
        if (found->header.sh_size > kMaxPart) return {};
        return Part{found->header.sh_addr, found->header.sh_offset, found->header.sh_size};
    }
    const Elf_Data* head = table ? program.bytes(table->offset, 8) : nullptr;
    if (!head || static_cast<const unsigned char*>(head->d_buf)[1] != (DW_EH_PE_pcrel | DW_EH_PE_sdata4)) return {};
    std::int32_t distance = 0;
    std::memcpy(&distance, static_cast<const char*>(head->d_buf) + 4, sizeof distance);
    const std::uint64_t address = table->address + 4 + static_cast<std::uint64_t>(std::int64_t{distance});
    for (const GElf_Phdr& segment : program.segments()) {
        const std::uint64_t within = address - segment.p_vaddr;
        if (segment.p_type != PT_LOAD || within >= segment.p_filesz) continue;
        return Part{address, segment.p_offset + within, std::min(segment.p_filesz - within, kMaxUnknown)};
    }
    return {};
}

bool FrameInformation::makeImage(const ElfFile& program, const std::optional<Part>& table, const Part& frames)
{
    GElf_Ehdr original;
    const std::uint64_t tableSize = table ? table->size : 0;
    if (!gelf_getehdr(program.get(), &original) || frames.size == 0) return false;
    if (frames.size > program.fileSize() || tableSize > program.fileSize()) return false; // claims more than there is
    const std::uint64_t names = sizeof(Elf64_Ehdr) + kSections * sizeof(Elf64_Shdr), tableAt = (names + sizeof kNames + 7) & ~std::uint64_t{7};
    const std::uint64_t framesAt = (tableAt + tableSize + 7) & ~std::uint64_t{7}, size = framesAt + frames.size;
    m_image = std::make_unique_for_overwrite<std::byte[]>(size);
    std::fill_n(m_image.get(), framesAt, std::byte{0});
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, original.e_ident, EI_NIDENT);
    header.e_type = original.e_type;
    header.e_machine = original.e_machine;
    header.e_version = EV_CURRENT;
    header.e_ehsize = sizeof header;
    header.e_shoff = sizeof header;
    header.e_shentsize = sizeof(Elf64_Shdr);
    header.e_shnum = kSections;
    header.e_shstrndx = kSections - 1;
    const Elf64_Shdr sections[kSections] = {{}, section(kTableName, table ? SHT_PROGBITS : SHT_NULL, table ? table->address : 0, tableAt, tableSize),
                                            section(kFramesName, SHT_PROGBITS, frames.address, framesAt, frames.size),
                                            section(kNamesName, SHT_STRTAB, 0, names, sizeof kNames)};
    std::memcpy(m_image.get(), &header, sizeof header);
    std::memcpy(m_image.get() + sizeof header, sections, sizeof sections);
    std::memcpy(m_image.get() + names, kNames, sizeof kNames);
    if (table && !readAt(program.descriptor(), m_image.get() + tableAt, tableSize, table->offset)) return false;
    if (!readAt(program.descriptor(), m_image.get() + framesAt, frames.size, frames.offset)) return false;
    m_elf = elf_memory(reinterpret_cast<char*>(m_image.get()), size);
    return m_elf != nullptr;
}

/// dwarf_begin_elf reads every debug section at once: gigabytes of them are not worth the frames.
void FrameInformation::useDebugFrames(const ElfFile& program)
{
    if (!program.section(".debug_frame")) return;
    std::uint64_t total = 0;
    Elf_Scn* handle = nullptr;
    while ((handle = elf_nextscn(program.get(), handle))) {
        GElf_Shdr header;
        if (!gelf_getshdr(handle, &header) || header.sh_type == SHT_NOBITS) continue;
        if (header.sh_size > kMaxDebugSection || (header.sh_flags & SHF_COMPRESSED) || (total += header.sh_size) > kMaxDebugSections) return;
    }
    m_dwarf = dwarf_begin_elf(program.get(), DWARF_C_READ, nullptr);
    if (m_dwarf) m_frames = dwarf_getcfi(m_dwarf);
}

} // namespace opscope::sampling
