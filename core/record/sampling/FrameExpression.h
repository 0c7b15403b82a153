#pragma once

#include "core/record/sampling/FrameRules.h"
#include "core/record/sampling/StackUnwinder.h"

#include <cstring>
#include <optional>

namespace opscope::sampling {

/// Registers of one frame and the memory of the stack copy.
struct FrameState
{
    std::array<std::uint64_t, StackCopy::kRegisters> registers{};
    std::uint64_t valid = ~std::uint64_t{0};      ///< a bit for each register
    std::uint64_t stackStart = 0;
    std::span<const std::byte> stack;

    bool has(unsigned reg) const { return reg < Machine::kCount && (valid >> reg & 1); }
    /// False outside the copy.
    bool read(std::uint64_t address, std::uint64_t& value, std::size_t size = 8) const
    {
        const std::uint64_t at = address - stackStart;
        if (stack.size() < size || at > stack.size() - size) return false;
        value = 0;
        std::memcpy(&value, stack.data() + at, size); // little endian, as both machines are
        return true;
    }
};

/// A DWARF expression as call frame information has it. None: it asks for what we do not have, or makes no sense.
std::optional<std::uint64_t> evaluate(std::span<const Operation> operations, const FrameState& state, std::uint64_t frameAddress);

} // namespace opscope::sampling
