#pragma once

#include "core/record/sampling/Symbols.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace opscope::sampling {

/// User registers and the top of the user stack at the moment of a sample. By DWARF number, the program counter last: on x86-64 rax 0, rdx 1,
/// rcx 2, rbx 3, rsi 4, rdi 5, rbp 6, rsp 7, r8 8 ... r15 15, rip 16; on AArch64 x0 0 ... x30 30, sp 31, pc 32.
struct StackCopy
{
    static constexpr std::size_t kRegisters = 33; ///< enough for x86-64 (17) and AArch64 (x0-x30, sp, pc)
    std::array<std::uint64_t, kRegisters> registers{};
    std::span<const std::byte> stack; ///< from the stack pointer upwards; borrowed
};

/// Finds the callers of code built without frame pointers, by its call frame information (.eh_frame, .debug_frame, through libdw), and passes
/// the trampolines of CPython (-X perf), which have none: perf itself ends at the first of them. Rules are kept per address: a frame seen before costs
/// some 30 ns. Passes signal handlers. Where there is no information, as in compiled code, it falls back to the frame pointer, and where that makes no
/// sense to the first return address on the stack from which all goes well down to the bottom or the end of the copy: a guess, once a stack.
/// Not thread-safe: of the thread of its Symbols, which must outlive it. Programs of the recorder's own machine only (x86-64, AArch64; the latter
/// by the same rules, never tried); of others, as of 32 bit programs, there is the sampled address alone.
class StackUnwinder
{
public:
    explicit StackUnwinder(Symbols& symbols);
    ~StackUnwinder();
    StackUnwinder(StackUnwinder&&) noexcept;
    StackUnwinder& operator=(StackUnwinder&&) noexcept;
    static constexpr std::size_t kMaxFrames = 512;
    /// Appends addresses to `frames`, innermost first: the sampled address, then return addresses, of which one is to be taken off before they are
    /// looked up; so of all but the first and those behind a signal frame, which are rare enough to be off by one. At most kMaxFrames. Ends
    /// where the copy ends or makes no sense: false then, true when it came to the bottom of the stack.
    bool unwind(const StackCopy& copy, std::vector<std::uint64_t>& frames);

private:
    struct State;
    std::unique_ptr<State> m_state;
};

} // namespace opscope::sampling
