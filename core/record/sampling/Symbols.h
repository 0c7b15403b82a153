#pragma once

#include "core/base/Id.h"
#include "core/base/Result.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace opscope::sampling {

/// A function, or a place that has no name. Two addresses of one function are one FrameId.
using FrameId = Id<struct FrameTag>;

struct Frame
{
    std::string name;     ///< demangled, without control characters; "libfoo.so+0x1234" where no symbol is known
    std::string module;   ///< last part of the path ("libtorch_cpu.so"), "[kernel]", "[perf map]", "[unknown]"
};

/// Part of an address space, as /proc/PID/maps or an MMAP2 record has it.
struct Mapping
{
    std::uint64_t start = 0, end = 0, offset = 0;
    std::string path;      ///< as the target sees it; "" or "[heap]" ... for none
    std::uint64_t device = 0, inode = 0; ///< makedev(3); 0 where not known
    bool executable = false;
};

class CodeModule; // an ELF file that is mapped somewhere; internal, shared by the unwinder

/// What code addresses of one process mean (recording.md "Direct recorder" and "Python and JIT code"): mappings over time, ELF symbol tables (.symtab,
/// else .dynsym, separate debug files by build id and debug link), perf maps, kallsyms. Files are opened through /proc/PID/root, so in
/// the mount namespace of the target, and kept open: the target may end. Never trusts what they hold. Not thread-safe: of the collector's thread.
/// Cost: a map lookup for an address seen before; a module's table is read at its first address (libtorch_cpu: some 100 ms).
class Symbols
{
public:
    explicit Symbols(pid_t pid);
    ~Symbols();
    Symbols(Symbols&&) noexcept;
    /// As after fork(2): same mappings, other pid.
    Symbols forked(pid_t pid) const;

    /// Once, right after attaching. Errors: the process is gone or not ours.
    Status readMaps();
    void map(const Mapping& mapping);       ///< replaces what it overlaps
    void exec();                            ///< forgets all mappings and the perf map
    /// Reads what /tmp/perf-PID.map of the target's mount namespace has got since the last time. Cheap when nothing changed.
    void readPerfMap();

    /// `address` as sampled; of return addresses the caller takes one off. Kernel addresses (top bit set) too.
    FrameId frameAt(std::uint64_t address);
    const Frame& frame(FrameId id) const;
    /// Of the address within its function, or within its module where no function is known.
    std::uint64_t offsetIn(std::uint64_t address);
    /// Whether code is mapped there: a return address that is nowhere ends a chain.
    bool isCode(std::uint64_t address) const;

    /// For the unwinder: the module at an address and the address as the file has it. Null: none, or not an ELF file.
    struct Place
    {
        CodeModule* module = nullptr;
        std::uint64_t address = 0;
    };
    Place moduleAt(std::uint64_t address);
    /// Whether the address lies in code that the perf map names and no file holds (a trampoline of CPython, compiled code).
    bool inPerfMap(std::uint64_t address) const;

private:
    struct State;
    std::unique_ptr<State> m_state;
};

} // namespace opscope::sampling
