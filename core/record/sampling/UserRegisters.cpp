#include "core/record/sampling/UserRegisters.h"

#include <array>
#include <bit>
#include <cstddef>

namespace opscope::sampling {

namespace {

#if defined(__x86_64__)
// The kernel's numbers are ax bx cx dx si di bp sp ip ... r8 to r15 from 16 on, and it writes them in this order.
constexpr std::uint64_t kMask = 0x1FF | (std::uint64_t{0xFF} << 16);
constexpr std::array<std::uint8_t, 17> kDwarf{0, 3, 2, 1, 4, 5, 6, 7, 16, 8, 9, 10, 11, 12, 13, 14, 15};
#elif defined(__aarch64__)
constexpr std::uint64_t kMask = (std::uint64_t{1} << 33) - 1; // x0 to x30, sp, pc: as DWARF has them
constexpr std::array<std::uint8_t, 33> kDwarf{0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16,
                                              17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32};
#else
constexpr std::uint64_t kMask = 0;
constexpr std::array<std::uint8_t, 0> kDwarf{};
#endif

} // namespace

std::uint64_t userRegisterMask() { return kMask; }

unsigned userRegisterCount() { return static_cast<unsigned>(std::popcount(kMask)); }

void fillRegisters(std::span<const std::uint64_t> fromKernel, StackCopy& copy)
{
    if (fromKernel.size() != kDwarf.size()) return;
    for (std::size_t i = 0; i < kDwarf.size(); ++i) copy.registers[kDwarf[i]] = fromKernel[i];
}

} // namespace opscope::sampling
