// A library that the target of tst_Inject calls: keeps known values in all registers for as long as it is told, and looks whether they stay.

#include <chrono>
#include <cstdint>
#include <cstring>

namespace {

struct Registers
{
    std::uint64_t general[12];
    alignas(32) unsigned char vectors[16][32];
};

/// Loads them, spins, stores them again.
__attribute__((target("avx"), noinline)) void hold(const Registers& in, Registers& out, std::uint64_t spins)
{
    const Registers* from = &in;
    Registers* to = &out;
    asm volatile(
        "push %%rbp\n\t"
        "sub $128, %%rsp\n\t"   // the red zone of whoever calls is his
        "push %%rdx\n\t"
        "vmovaps 96(%%rax), %%ymm0\n\t" "vmovaps 128(%%rax), %%ymm1\n\t" "vmovaps 160(%%rax), %%ymm2\n\t" "vmovaps 192(%%rax), %%ymm3\n\t"
        "vmovaps 224(%%rax), %%ymm4\n\t" "vmovaps 256(%%rax), %%ymm5\n\t" "vmovaps 288(%%rax), %%ymm6\n\t" "vmovaps 320(%%rax), %%ymm7\n\t"
        "vmovaps 352(%%rax), %%ymm8\n\t" "vmovaps 384(%%rax), %%ymm9\n\t" "vmovaps 416(%%rax), %%ymm10\n\t" "vmovaps 448(%%rax), %%ymm11\n\t"
        "vmovaps 480(%%rax), %%ymm12\n\t" "vmovaps 512(%%rax), %%ymm13\n\t" "vmovaps 544(%%rax), %%ymm14\n\t" "vmovaps 576(%%rax), %%ymm15\n\t"
        "mov 0(%%rax), %%rbx\n\t" "mov 8(%%rax), %%rdx\n\t" "mov 16(%%rax), %%rsi\n\t" "mov 24(%%rax), %%rdi\n\t"
        "mov 32(%%rax), %%r8\n\t" "mov 40(%%rax), %%r9\n\t" "mov 48(%%rax), %%r10\n\t" "mov 56(%%rax), %%r11\n\t"
        "mov 64(%%rax), %%r12\n\t" "mov 72(%%rax), %%r13\n\t" "mov 80(%%rax), %%r14\n\t" "mov 88(%%rax), %%r15\n\t"
        "mov %%rbx, -8(%%rsp)\n\t" "mov %%r15, -128(%%rsp)\n\t" // in our red zone
        "1: dec %%rcx\n\t" "jnz 1b\n\t"
        "mov (%%rsp), %%rax\n\t"
        "mov %%rdx, 8(%%rax)\n\t" "mov %%rsi, 16(%%rax)\n\t" "mov %%rdi, 24(%%rax)\n\t"
        "mov %%r8, 32(%%rax)\n\t" "mov %%r9, 40(%%rax)\n\t" "mov %%r10, 48(%%rax)\n\t" "mov %%r11, 56(%%rax)\n\t"
        "mov %%r12, 64(%%rax)\n\t" "mov %%r13, 72(%%rax)\n\t" "mov %%r14, 80(%%rax)\n\t" "mov -128(%%rsp), %%r15\n\t" "mov %%r15, 88(%%rax)\n\t"
        "cmp -8(%%rsp), %%rbx\n\t" "jne 2f\n\t"
        "mov %%rbx, 0(%%rax)\n\t"
        "2:\n\t"
        "vmovaps %%ymm0, 96(%%rax)\n\t" "vmovaps %%ymm1, 128(%%rax)\n\t" "vmovaps %%ymm2, 160(%%rax)\n\t" "vmovaps %%ymm3, 192(%%rax)\n\t"
        "vmovaps %%ymm4, 224(%%rax)\n\t" "vmovaps %%ymm5, 256(%%rax)\n\t" "vmovaps %%ymm6, 288(%%rax)\n\t" "vmovaps %%ymm7, 320(%%rax)\n\t"
        "vmovaps %%ymm8, 352(%%rax)\n\t" "vmovaps %%ymm9, 384(%%rax)\n\t" "vmovaps %%ymm10, 416(%%rax)\n\t" "vmovaps %%ymm11, 448(%%rax)\n\t"
        "vmovaps %%ymm12, 480(%%rax)\n\t" "vmovaps %%ymm13, 512(%%rax)\n\t" "vmovaps %%ymm14, 544(%%rax)\n\t" "vmovaps %%ymm15, 576(%%rax)\n\t"
        "pop %%rax\n\t"
        "add $128, %%rsp\n\t"
        "pop %%rbp\n\t"
        "vzeroupper\n\t"
        : "+a"(from), "+d"(to), "+c"(spins)
        :
        : "rbx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory", "cc",
          "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
}

} // namespace

/// How often the registers had changed; -1: this processor has no AVX.
extern "C" long hold_registers(double seconds)
{
    if (!__builtin_cpu_supports("avx")) return -1;
    const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
    long changed = 0;
    for (std::uint64_t pass = 1; std::chrono::steady_clock::now() < until; ++pass) {
        Registers in, out;
        for (int i = 0; i < 12; ++i) in.general[i] = pass * 0x9e3779b97f4a7c15u + static_cast<std::uint64_t>(i);
        for (auto& vector : in.vectors)
            for (unsigned char& byte : vector) byte = static_cast<unsigned char>(pass * 31 + static_cast<std::uint64_t>(&byte - in.vectors[0]));
        std::memset(&out, 0, sizeof out);
        hold(in, out, 200'000);
        changed += std::memcmp(in.general, out.general, sizeof in.general) != 0 || std::memcmp(in.vectors, out.vectors, sizeof in.vectors) != 0;
    }
    return changed;
}
