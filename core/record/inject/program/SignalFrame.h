#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <sys/user.h>
#include <vector>

namespace opscope::inject {

/// All that a thread has of its own and that we change: general registers, floating point and vector registers, blocked signals.
struct ThreadState
{
    user_regs_struct registers{};
    std::vector<std::byte> extended = {};   ///< NT_X86_XSTATE, as long as the kernel made it: 11,008 bytes with AMX
    std::uint64_t blocked = 0;
};

// A call made in another thread is undone twice: by us, and, should we die before that, by the thread itself. It runs on a stack that ends in a signal
// frame with its own state, as if it were in a signal handler: what it returns to asks the kernel to restore that frame (rt_sigreturn).
//
//     stack pointer of the call ─► [where the call returns to ... "come back"][signal frame: state of the thread]

/// It was in a system call that the kernel takes up again by what it keeps itself (nanosleep, poll, waits with a time): that no frame can do.
bool onlyKernelContinues(const ThreadState& state);
/// Bytes that a frame for this state takes at most, wherever it lies.
std::size_t signalFrameSize(const ThreadState& state);
/// The frame as it is to be written at `address`, which is a multiple of 16: first the address of "come back" as the kernel puts it there. An interrupted
/// system call is set up to be made again, as after a signal with SA_RESTART; one that only
/// the kernel can take up again ends with EINTR.
std::vector<std::byte> signalFrame(const ThreadState& state, std::uint64_t address, std::uint64_t comeBack);

} // namespace opscope::inject
