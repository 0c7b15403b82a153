#pragma once

#include "core/record/sampling/Symbols.h"

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace opscope::sampling {

/// User registers and the top of the user stack at the moment of a sample. On x86-64 by DWARF number (rax 0, rdx 1, rcx 2, rbx 3, rsi 4, rdi 5,
/// rbp 6, rsp 7, r8 8 ... r15 15, rip 16); other machines: see kRegisters.
struct StackCopy
{
    static constexpr std::size_t kRegisters = 33; ///< enough for x86-64 (17) and AArch64 (x0-x30, sp, pc)
    std::array<std::uint64_t, kRegisters> registers{};
    std::span<const std::byte> stack; ///< from the stack pointer upwards; borrowed
};

/// Finds the callers of code built without frame pointers, by its call frame information (.eh_frame, .debug_frame, through libdw), and passes
/// the trampolines of CPython (-X perf), which have none. Rules are kept per address: a frame seen before costs two lookups. Falls back to the frame pointer where
/// a module has no information. Not thread-safe.
class StackUnwinder
{
public:
    explicit StackUnwinder(Symbols& symbols);
    ~StackUnwinder();
    /// Appends addresses to `frames`, innermost first: the sampled address, then return addresses. At most 512. Ends where the copy ends or makes no sense:
    /// false then, true when it came to the bottom of the stack.
    bool unwind(const StackCopy& copy, std::vector<std::uint64_t>& frames);

private:
    struct State;
    std::unique_ptr<State> m_state;
};

} // namespace opscope::sampling
