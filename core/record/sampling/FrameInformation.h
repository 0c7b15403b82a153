#pragma once

#include "core/record/sampling/ElfFile.h"

#include <cstddef>
#include <cstdint>
#include <elfutils/libdw.h>
#include <memory>
#include <optional>
#include <vector>

namespace opscope::sampling {

/// The call frame information of a program, for libdw: .eh_frame, else .debug_frame. libdw is not shown the program but a small ELF image of the
/// two sections in question, made here, for three reasons: it finds the search table of .eh_frame_hdr only where that section
/// stands first (libtorch has it the other way round: 200 ms of reading all of it instead of none), it reads files without section headers
/// whole, however large, and damaged files reach less of it.
class FrameInformation
{
public:
    explicit FrameInformation(const ElfFile& program);
    ~FrameInformation();
    FrameInformation(const FrameInformation&) = delete;
    FrameInformation& operator=(const FrameInformation&) = delete;
    Dwarf_CFI* get() const { return m_frames; }     ///< null if there is none

private:
    /// A part of the file and where it is mapped.
    struct Part
    {
        std::uint64_t address = 0, offset = 0, size = 0;
    };
    static std::optional<Part> searchTable(const ElfFile& program);
    static std::optional<Part> frames(const ElfFile& program, const std::optional<Part>& table);
    bool makeImage(const ElfFile& program, const std::optional<Part>& table, const Part& frames);
    void useDebugFrames(const ElfFile& program);

    std::unique_ptr<std::byte[]> m_image;
    Elf* m_elf = nullptr;
    Dwarf* m_dwarf = nullptr;
    Dwarf_CFI* m_frames = nullptr;
};

} // namespace opscope::sampling
