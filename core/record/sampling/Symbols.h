#pragma once

#include "core/base/Id.h"
#include "core/base/Result.h"
#include "core/record/sampling/Maps.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace opscope::sampling {

/// A function, or a place that has no name. Two addresses of one function are one FrameId. Of a Symbols and all that it was forked from or to.
using FrameId = Id<struct FrameTag>;

struct Frame
{
    /// Demangled, valid UTF-8 without control characters, at most some 4,000 bytes. "libfoo.so+0x1234" where no symbol is known: the beginning of
    /// the function where the module's call frame information tells it, else the address itself; relative to the module's addresses.
    /// Python functions are "train_step (train.py)".
    std::string name;
    /// Last part of the path ("libtorch_cpu.so"), "[kernel]", "[perf map]", "[anonymous]" (code that no file holds), "[unknown]";
    /// of a Python function the path of its source file.
    std::string module;
};

class CodeModule; // an ELF file that is mapped somewhere; internal, shared by the unwinder

/// What code addresses of one process mean (recording.md "Direct recorder" and "Python and JIT code"): mappings over time, ELF symbol tables (.symtab,
/// else .dynsym, separate debug files by build id and debug link), perf maps, kallsyms. Files are opened through /proc/PID/root, so in
/// the mount namespace of the target, and kept open: the target may end. Never trusts what they hold. Not thread-safe: of the collector's thread,
/// together with all that it was forked from or to.
/// Cost: a look into a hash table for an address seen before; a module's table is read at its first address (libtorch_cpu: some 100 ms).
class Symbols
{
public:
    explicit Symbols(pid_t pid);
    ~Symbols();
    Symbols(Symbols&&) noexcept;
    Symbols& operator=(Symbols&&) noexcept;
    /// As after fork(2): same mappings, other pid. Frames of both are of one table.
    Symbols forked(pid_t pid) const;

    /// Once, right after attaching. Errors: the process is gone or not ours.
    Status readMaps();
    void map(const Mapping& mapping);       ///< replaces what it overlaps; opens the file if it is executable, so best soon
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
        CodeModule* module = nullptr;   ///< lives as long as the mapping, or a Symbols forked from here
        std::uint64_t address = 0;
    };
    Place moduleAt(std::uint64_t address);
    /// Whether the address lies in code that the perf map names and no file holds (a trampoline of CPython, compiled code).
    bool inPerfMap(std::uint64_t address) const;
    /// Where in such code. Reads the perf map again, at most every few milliseconds, when it does not know the address.
    struct Compiled
    {
        bool python = false;            ///< a trampoline of CPython
        std::uint64_t offset = 0;       ///< in its function; 0 if the perf map does not know it
    };
    Compiled compiledAt(std::uint64_t address);
    /// Changes whenever addresses may have got another meaning: what was concluded from them is to be thrown away.
    std::uint64_t generation() const;

private:
    struct State;
    explicit Symbols(std::unique_ptr<State> state);
    std::unique_ptr<State> m_state;
};

} // namespace opscope::sampling
