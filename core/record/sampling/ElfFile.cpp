#include "core/record/sampling/ElfFile.h"

#include <cstring>
#include <elfutils/libdwelf.h>
#include <sys/stat.h>
#include <unistd.h>

namespace opscope::sampling {

namespace {

constexpr std::size_t kMaxSegments = 4096;

/// libelf allocates by the numbers of the headers, and a file with holes can be larger than any memory: what needs the extensions for more than
/// 65,279 sections or 65,534 segments is no program.
template <class Header>
bool soundHeader(const unsigned char* bytes, std::uint64_t fileSize)
{
    Header header;
    std::memcpy(&header, bytes, sizeof header);
    if (header.e_type != ET_EXEC && header.e_type != ET_DYN) return false;
    if (header.e_phnum > kMaxSegments || header.e_shnum >= SHN_LORESERVE) return false;
    if (header.e_shnum == 0 && header.e_shoff != 0) return false;
    return header.e_shoff <= fileSize && header.e_phoff <= fileSize;
}

bool soundElf(int descriptor)
{
    unsigned char head[sizeof(Elf64_Ehdr)] = {};
    struct stat info{};
    if (fstat(descriptor, &info) != 0 || pread(descriptor, head, sizeof head, 0) != static_cast<ssize_t>(sizeof head)) return false;
    constexpr int order = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
    if (std::memcmp(head, ELFMAG, SELFMAG) != 0 || head[EI_DATA] != order) return false;
    const auto size = static_cast<std::uint64_t>(info.st_size);
    return head[EI_CLASS] == ELFCLASS64 ? soundHeader<Elf64_Ehdr>(head, size)
         : head[EI_CLASS] == ELFCLASS32 && soundHeader<Elf32_Ehdr>(head, size);
}

} // namespace

ElfFile::ElfFile(FileHandle file)
{
    if (!file || !soundElf(file.get()) || elf_version(EV_CURRENT) == EV_NONE) return;
    m_file = std::move(file);
    m_elf = elf_begin(m_file.get(), ELF_C_READ, nullptr);
    if (m_elf && elf_kind(m_elf) != ELF_K_ELF) {
        elf_end(m_elf);
        m_elf = nullptr;
    }
}

ElfFile::ElfFile(ElfFile&& other) noexcept : m_file(std::move(other.m_file)), m_elf(std::exchange(other.m_elf, nullptr)) {}

ElfFile& ElfFile::operator=(ElfFile&& other) noexcept
{
    std::swap(m_file, other.m_file);
    std::swap(m_elf, other.m_elf);
    return *this;
}

ElfFile::~ElfFile()
{
    if (m_elf) elf_end(m_elf);
}

std::uint64_t ElfFile::fileSize() const
{
    struct stat info{};
    return m_file && fstat(m_file.get(), &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
}

template <class Accept>
std::optional<ElfFile::Section> ElfFile::find(Accept accept) const
{
    std::size_t names = 0;
    if (!m_elf || elf_getshdrstrndx(m_elf, &names) != 0) return {};
    GElf_Shdr table; // the first name asked for makes libelf read all of them
    const bool named = gelf_getshdr(elf_getscn(m_elf, names), &table) && table.sh_size <= kMaxSection;
    Section section;
    while ((section.handle = elf_nextscn(m_elf, section.handle))) {
        section.index = elf_ndxscn(section.handle);
        if (!gelf_getshdr(section.handle, &section.header)) continue;
        const bool empty = section.header.sh_type == SHT_NOBITS || section.header.sh_type == SHT_NULL;
        if (!empty && section.header.sh_size > kMaxSection) continue;
        const char* name = named ? elf_strptr(m_elf, names, section.header.sh_name) : nullptr;
        if (accept(section, std::string_view(name ? name : ""))) return section;
    }
    return {};
}

std::optional<ElfFile::Section> ElfFile::section(std::string_view name) const
{
    return find([&](const Section&, std::string_view its) { return its == name; });
}

std::optional<ElfFile::Section> ElfFile::sectionOfType(std::uint32_t type) const
{
    return find([&](const Section& its, std::string_view) { return its.header.sh_type == type; });
}

const Elf_Data* ElfFile::data(const Section& section) const
{
    if (section.header.sh_type == SHT_NOBITS || section.header.sh_size > kMaxSection) return nullptr;
    return elf_getdata(section.handle, nullptr);
}

const Elf_Data* ElfFile::bytes(std::uint64_t offset, std::uint64_t size) const
{
    if (!m_elf || size > kMaxSection) return nullptr;
    return elf_getdata_rawchunk(m_elf, static_cast<std::int64_t>(offset), size, ELF_T_BYTE);
}

std::vector<GElf_Phdr> ElfFile::segments() const
{
    std::vector<GElf_Phdr> all;
    std::size_t count = 0;
    if (!m_elf || elf_getphdrnum(m_elf, &count) != 0 || count > kMaxSegments) return all;
    for (std::size_t i = 0; i < count; ++i) {
        GElf_Phdr segment;
        if (gelf_getphdr(m_elf, static_cast<int>(i), &segment)) all.push_back(segment);
    }
    return all;
}

std::string ElfFile::buildId() const
{
    constexpr std::uint64_t kMaxNotes = 1u << 20; // notes can claim any size, and libdwelf would read them
    for (const GElf_Phdr& segment : segments())
        if (segment.p_type == PT_NOTE && segment.p_filesz > kMaxNotes) return {};
    for (Elf_Scn* handle = nullptr; m_elf && (handle = elf_nextscn(m_elf, handle));) { // without segments it looks into sections
        GElf_Shdr header;
        if (gelf_getshdr(handle, &header) && header.sh_type == SHT_NOTE && header.sh_size > kMaxNotes) return {};
    }
    const void* id = nullptr;
    const ssize_t size = m_elf ? dwelf_elf_gnu_build_id(m_elf, &id) : 0;
    return size > 0 && size <= 64 ? std::string(static_cast<const char*>(id), static_cast<std::size_t>(size)) : std::string();
}

std::optional<ElfFile::DebugLink> ElfFile::debugLink() const
{
    const auto place = section(".gnu_debuglink");
    const Elf_Data* data = place && place->header.sh_size < 65536 ? this->data(*place) : nullptr;
    if (!data || !data->d_buf || data->d_size < 8) return {};
    const std::string_view text(static_cast<const char*>(data->d_buf), data->d_size);
    DebugLink link;
    link.name = text.substr(0, text.find('\0'));
    if (link.name.empty() || link.name.size() > 255 || link.name.find('/') != std::string::npos) return {};
    std::memcpy(&link.crc, text.data() + text.size() - sizeof link.crc, sizeof link.crc);
    return link;
}

} // namespace opscope::sampling
