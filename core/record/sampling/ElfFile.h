#pragma once

#include "core/record/sampling/TargetFiles.h"

#include <cstdint>
#include <gelf.h>
#include <libelf.h>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace opscope::sampling {

/// An ELF file that may be anything: read with libelf by pread (a mapped file that is cut short would kill us), after a look at the sizes that its
/// headers claim. Executables, shared libraries and their debug files only.
class ElfFile
{
public:
    ElfFile() = default;
    explicit ElfFile(FileHandle file);
    ElfFile(ElfFile&& other) noexcept;
    ElfFile& operator=(ElfFile&& other) noexcept;
    ~ElfFile();
    explicit operator bool() const { return m_elf != nullptr; }
    Elf* get() const { return m_elf; }
    int descriptor() const { return m_file.get(); }
    std::uint64_t fileSize() const;

    /// One section, its index and header; no section is over 512 MiB.
    struct Section
    {
        std::size_t index = 0;
        GElf_Shdr header{};
        Elf_Scn* handle = nullptr;
    };
    std::optional<Section> section(std::string_view name) const;
    std::optional<Section> sectionOfType(std::uint32_t type) const;
    /// Its content, null where there is none. Owned by this.
    const Elf_Data* data(const Section& section) const;
    /// A part of the file as the program headers name it; null beyond its end. Owned by this.
    const Elf_Data* bytes(std::uint64_t offset, std::uint64_t size) const;
    std::vector<GElf_Phdr> segments() const;
    /// Raw bytes of the GNU build id, empty if it has none.
    std::string buildId() const;
    /// What .gnu_debuglink names, and the checksum of that file.
    struct DebugLink
    {
        std::string name;
        std::uint32_t crc = 0;
    };
    std::optional<DebugLink> debugLink() const;

    static constexpr std::uint64_t kMaxSection = std::uint64_t{1} << 29;

private:
    template <class Accept>
    std::optional<Section> find(Accept accept) const;

    FileHandle m_file;
    Elf* m_elf = nullptr;
};

} // namespace opscope::sampling
