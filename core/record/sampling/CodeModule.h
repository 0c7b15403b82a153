#pragma once

#include "core/record/sampling/ElfFile.h"
#include "core/record/sampling/FrameInformation.h"
#include "core/record/sampling/SymbolTable.h"
#include "core/record/sampling/TargetFiles.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace opscope::sampling {

/// An ELF file that is mapped into a process: its segments, functions and call frame information, each read when first asked for.
class CodeModule
{
public:
    /// `path` as the target sees it. `files` to look for its debug file.
    CodeModule(FileHandle file, std::string path, std::shared_ptr<const TargetFiles> files);
    CodeModule(const CodeModule&) = delete;
    CodeModule& operator=(const CodeModule&) = delete;

    const std::string& name() const { return m_name; }  ///< last part of the path, fit to be shown
    bool isElf() { return load(), static_cast<bool>(m_elf); }
    /// Where the program headers put a place of the file; none if nothing of it is mapped.
    std::optional<std::uint64_t> addressOf(std::uint64_t fileOffset);
    const SymbolTable& symbols();
    /// First address of the function around `address`, by the table of .eh_frame_hdr: stripped files have it too.
    std::optional<std::uint64_t> functionStart(std::uint64_t address);
    /// Null if there is none. Lives as long as this.
    Dwarf_CFI* callFrames();
    /// Whether the instruction that ends at `address` may be a call (x86-64): what else looks like a return address on the stack mostly is none.
    bool followsCall(std::uint64_t address);
    int machine() { return load(), m_machine; }     ///< EM_X86_64 ...

private:
    struct Segment
    {
        std::uint64_t offset, size, address;
        bool code;
    };
    void load();
    void loadFunctionStarts();

    FileHandle m_file;
    std::string m_path, m_name;
    std::shared_ptr<const TargetFiles> m_files;
    bool m_loaded = false, m_symbolsRead = false, m_startsRead = false;
    ElfFile m_elf, m_debug;
    int m_machine = 0;
    std::vector<Segment> m_segments;
    SymbolTable m_symbols;
    std::unique_ptr<FrameInformation> m_frames;
    const unsigned char* m_starts = nullptr;  ///< pairs of signed 32 bit: function, its record; relative to m_startsBase
    std::size_t m_startCount = 0;
    std::uint64_t m_startsBase = 0;
};

} // namespace opscope::sampling
