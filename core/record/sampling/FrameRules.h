#pragma once

#include "core/record/sampling/CodeModule.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace opscope::sampling {

/// Numbers of the registers that matter (as in StackCopy).
struct Machine
{
#if defined(__aarch64__)
    static constexpr unsigned kStack = 31, kFrame = 29, kCounter = 32, kReturn = 30, kCount = 33;
    static constexpr int kElf = EM_AARCH64;
#else
    static constexpr unsigned kStack = 7, kFrame = 6, kCounter = 16, kReturn = 16, kCount = 17;
    static constexpr int kElf = EM_X86_64;
#endif
};

/// How one value of the caller is found.
struct Recover
{
    enum class How : std::uint8_t {
        Lost,        ///< the information says that it cannot be had; of the return address: the bottom of the stack
        Same,        ///< as in the callee
        AtFrame,     ///< in memory, `offset` from the frame address (CFA)
        FrameSum,    ///< the frame address + `offset`
        Register,    ///< another register + `offset`
        Memory,      ///< in memory where an expression says
        Value        ///< the value of an expression
    };
    How how = How::Same;
    std::uint8_t reg = 0;           ///< Register: which
    std::uint16_t operations = 0;   ///< of an expression: how many
    std::int32_t offset = 0;        ///< of an expression: its first operation
};

struct Operation
{
    std::uint64_t number, number2;
    std::uint32_t offset;           ///< in the bytes of the expression: what branches count in
    std::uint8_t atom;
};

/// What is to be done at one address: made once, used a million times.
struct FrameRule
{
    bool known = false;             ///< false: no information
    bool signal = false;            ///< the caller was interrupted: its address is no return address
    std::uint8_t registers = 0;     ///< how many follow `first`: those that are not as in the callee
    std::uint32_t first = 0;
    Recover frame;                  ///< the frame address
};

/// All rules of all modules, flat. Reads them with libdw; what it does not understand is no information.
class FrameRules
{
public:
    std::uint32_t add(CodeModule& module, std::uint64_t address);
    std::uint32_t addUnknown();
    const FrameRule& operator[](std::uint32_t rule) const { return m_rules[rule]; }
    std::size_t size() const { return m_rules.size(); }
    void clear();

    struct Saved
    {
        Recover recover;
        std::uint8_t reg;
    };
    std::span<const Saved> saved(const FrameRule& rule) const { return std::span(m_saved).subspan(rule.first, rule.registers); }
    std::span<const Operation> operations(const Recover& recover) const
    {
        return std::span(m_operations).subspan(static_cast<std::size_t>(recover.offset), recover.operations);
    }

private:
    bool read(Dwarf_Frame* frame, FrameRule& rule);
    std::optional<Recover> recover(std::span<const Dwarf_Op> ops, bool isFrameAddress);
    std::optional<Recover> simple(std::span<const Dwarf_Op> ops) const;
    std::optional<Recover> expression(std::span<const Dwarf_Op> ops, Recover::How how);

    std::vector<FrameRule> m_rules;
    std::vector<Saved> m_saved;
    std::vector<Operation> m_operations;
};

} // namespace opscope::sampling
