#include "core/record/inject/program/SignalFrame.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cpuid.h>
#include <csignal>
#include <cstring>

namespace opscope::inject {

namespace {

// As arch/x86/include/uapi/asm/{ucontext,sigcontext}.h have them; the ucontext_t of the C library is longer than the kernel's.
struct KernelContext
{
    std::uint64_t flags = 0, link = 0;
    stack_t alternate{};
    sigcontext machine{};
    std::uint64_t blocked = 0;
};
struct ExtendedNote                          // _fpx_sw_bytes
{
    std::uint32_t magic = 0x46505853, extendedSize = 0;
    std::uint64_t features = 0;
    std::uint32_t stateSize = 0, padding[7] = {};
};
constexpr std::uint64_t kContextFlags = 1 | 2 | 4; // extended state is there; ss is there, and is to be restored as it is
constexpr std::uint32_t kMagicAtEnd = 0x46505845;
constexpr std::size_t kNoteAt = 464, kHeaderAt = 512, kInformation = 128; // of siginfo
constexpr std::uint64_t kTiles = std::uint64_t{1} << 18; // AMX: has to be asked for, so most threads have no room for it

/// Results of an interrupted system call, which the kernel never lets a program see.
constexpr std::int64_t kRestartSystem = -512, kRestartNoInterrupt = -513, kRestartNoHandler = -514, kRestartBlock = -516;

struct Extent
{
    std::uint64_t features = 0;
    std::size_t size = 0;
};

/// The part of the extended state that a frame may have: for what this thread has room. A larger one would be taken for one of old (SSE only).
Extent extentOf(const std::vector<std::byte>& state)
{
    std::uint64_t used = 0;
    if (state.size() >= kHeaderAt + sizeof used) std::memcpy(&used, state.data() + kHeaderAt, sizeof used);
    unsigned a = 0, b = 0, c = 0, d = 0;
    __cpuid_count(0xd, 0, a, b, c, d);
    const std::uint64_t enabled = a | static_cast<std::uint64_t>(d) << 32;
    const std::uint64_t features = used & kTiles ? enabled : enabled & ~kTiles;
    std::size_t size = 512 + 64;
    for (unsigned feature = 2; feature < 63; ++feature) {
        if (!(features >> feature & 1)) continue;
        __cpuid_count(0xd, feature, a, b, c, d);
        if (!(c & 1)) size = std::max<std::size_t>(size, std::size_t{a} + b); // bit 0: a state of the kernel's
    }
    return {features, std::min(size, state.size())};
}

sigcontext machineOf(user_regs_struct regs, std::uint64_t extendedAt)
{
    const auto result = static_cast<std::int64_t>(regs.rax);
    if (static_cast<std::int64_t>(regs.orig_rax) >= 0) {
        if (result == kRestartSystem || result == kRestartNoInterrupt || result == kRestartNoHandler) {
            regs.rax = regs.orig_rax;
            regs.rip -= 2;
        } else if (result == kRestartBlock) {
            regs.rax = static_cast<std::uint64_t>(-EINTR);
        }
    }
    sigcontext machine{};
    machine.r8 = regs.r8, machine.r9 = regs.r9, machine.r10 = regs.r10, machine.r11 = regs.r11;
    machine.r12 = regs.r12, machine.r13 = regs.r13, machine.r14 = regs.r14, machine.r15 = regs.r15;
    machine.rdi = regs.rdi, machine.rsi = regs.rsi, machine.rbp = regs.rbp, machine.rbx = regs.rbx;
    machine.rdx = regs.rdx, machine.rax = regs.rax, machine.rcx = regs.rcx, machine.rsp = regs.rsp;
    machine.rip = regs.rip, machine.eflags = regs.eflags;
    machine.cs = static_cast<unsigned short>(regs.cs);
    machine.__pad0 = static_cast<unsigned short>(regs.ss);
    machine.fpstate = reinterpret_cast<struct _fpstate*>(extendedAt);
    return machine;
}

template <class T>
void put(std::vector<std::byte>& bytes, std::size_t at, const T& value)
{
    assert(at + sizeof value <= bytes.size());
    std::memcpy(bytes.data() + at, &value, sizeof value);
}

constexpr std::size_t kFixed = sizeof(std::uint64_t) + sizeof(KernelContext) + kInformation;

} // namespace

bool onlyKernelContinues(const ThreadState& state)
{
    return static_cast<std::int64_t>(state.registers.orig_rax) >= 0 && static_cast<std::int64_t>(state.registers.rax) == kRestartBlock;
}

std::size_t signalFrameSize(const ThreadState& state) { return kFixed + 64 + state.extended.size() + sizeof kMagicAtEnd; }

std::vector<std::byte> signalFrame(const ThreadState& state, std::uint64_t address, std::uint64_t comeBack)
{
    static_assert(sizeof(KernelContext) == 304 && sizeof(ExtendedNote) == 48);
    std::vector<std::byte> frame(signalFrameSize(state));
    const std::size_t extendedAt = ((address + kFixed + 63) & ~std::uint64_t{63}) - address;
    const Extent extent = extentOf(state.extended);
    KernelContext context;
    context.flags = kContextFlags;
    context.alternate.ss_flags = 0x7ffffff0; // no such mode: the alternate stack is left as it is
    context.machine = machineOf(state.registers, address + extendedAt);
    context.blocked = state.blocked;
    put(frame, 0, comeBack);
    put(frame, sizeof comeBack, context);
    std::memcpy(frame.data() + extendedAt, state.extended.data(), extent.size);
    if (extent.size <= kHeaderAt) return frame; // a processor without XSAVE
    put(frame, extendedAt + kNoteAt, ExtendedNote{.extendedSize = static_cast<std::uint32_t>(extent.size + sizeof kMagicAtEnd), .features = extent.features,
                                                  .stateSize = static_cast<std::uint32_t>(extent.size)});
    put(frame, extendedAt + extent.size, kMagicAtEnd);
    return frame;
}

} // namespace opscope::inject
