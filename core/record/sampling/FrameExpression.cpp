#include "core/record/sampling/FrameExpression.h"

#include <algorithm>
#include <dwarf.h>
#include <iterator>

namespace opscope::sampling {

namespace {

constexpr int kMaxSteps = 1000;

/// The stack of an expression; every mistake of the expression ends it.
class Evaluation
{
public:
    Evaluation(std::span<const Operation> operations, const FrameState& state, std::uint64_t frameAddress)
        : m_operations(operations), m_state(state), m_frameAddress(frameAddress)
    {
    }

    std::optional<std::uint64_t> run()
    {
        std::size_t next = 0;
        for (int steps = 0; next < m_operations.size() && m_sound; ++steps) {
            if (steps == kMaxSteps) return {};
            const Operation& operation = m_operations[next++];
            if (operation.atom == DW_OP_stack_value) break;
            if (operation.atom == DW_OP_skip || (operation.atom == DW_OP_bra && pop() != 0)) next = target(operation);
            else if (operation.atom != DW_OP_bra) apply(operation);
        }
        const std::uint64_t value = pop();
        return m_sound ? std::optional(value) : std::nullopt;
    }

private:
    void push(std::uint64_t value)
    {
        if (m_size == std::size(m_values)) m_sound = false;
        else m_values[m_size++] = value;
    }
    std::uint64_t pop()
    {
        if (m_size == 0) m_sound = false;
        return m_sound ? m_values[--m_size] : 0;
    }
    std::uint64_t peek(std::uint64_t depth)
    {
        if (depth >= m_size) m_sound = false;
        return m_sound ? m_values[m_size - 1 - depth] : 0;
    }
    /// Branches count bytes from the end of their own operation, which has 3.
    std::size_t target(const Operation& branch)
    {
        const std::uint64_t wanted = branch.offset + 3 + branch.number;
        for (std::size_t i = 0; i < m_operations.size(); ++i)
            if (m_operations[i].offset == static_cast<std::uint32_t>(wanted)) return i;
        return m_operations.size(); // the end of the expression
    }
    void pushRegister(std::uint64_t reg, std::uint64_t offset)
    {
        if (reg >= Machine::kCount || !m_state.has(static_cast<unsigned>(reg))) m_sound = false;
        else push(m_state.registers[reg] + offset);
    }
    void pushMemory(std::uint64_t size)
    {
        std::uint64_t value = 0;
        if (size == 0 || size > 8 || !m_state.read(pop(), value, size)) m_sound = false;
        push(value);
    }
    void apply(const Operation& operation);
    bool applyToStack(const Operation& operation);
    bool applyUnary(std::uint8_t atom);
    void applyBinary(std::uint8_t atom);

    std::span<const Operation> m_operations;
    const FrameState& m_state;
    std::uint64_t m_frameAddress;
    std::uint64_t m_values[32] = {};
    std::size_t m_size = 0;
    bool m_sound = true;
};

void Evaluation::apply(const Operation& operation)
{
    const std::uint8_t atom = operation.atom;
    if (atom >= DW_OP_lit0 && atom <= DW_OP_lit31) return push(atom - DW_OP_lit0);
    if (atom >= DW_OP_breg0 && atom <= DW_OP_breg31) return pushRegister(atom - DW_OP_breg0, operation.number);
    if (atom >= DW_OP_reg0 && atom <= DW_OP_reg31) return pushRegister(atom - DW_OP_reg0, 0);
    if (atom >= DW_OP_const1u && atom <= DW_OP_consts) return push(operation.number);
    switch (atom) {
    case DW_OP_nop: return;
    case DW_OP_call_frame_cfa: return push(m_frameAddress);
    case DW_OP_bregx: return pushRegister(operation.number, operation.number2);
    case DW_OP_regx: return pushRegister(operation.number, 0);
    case DW_OP_plus_uconst: return push(pop() + operation.number);
    case DW_OP_deref: return pushMemory(8);
    case DW_OP_deref_size: return pushMemory(operation.number);
    default: break;
    }
    if (!applyToStack(operation) && !applyUnary(atom)) applyBinary(atom);
}

bool Evaluation::applyToStack(const Operation& operation)
{
    switch (operation.atom) {
    case DW_OP_dup: push(peek(0)); return true;
    case DW_OP_drop: pop(); return true;
    case DW_OP_over: push(peek(1)); return true;
    case DW_OP_pick: push(peek(operation.number)); return true;
    case DW_OP_swap:
    case DW_OP_rot: {
        const std::size_t count = operation.atom == DW_OP_swap ? 2 : 3;
        if (m_size < count) m_sound = false;
        else std::rotate(m_values + m_size - count, m_values + m_size - 1, m_values + m_size);
        return true;
    }
    default: return false;
    }
}

bool Evaluation::applyUnary(std::uint8_t atom)
{
    switch (atom) {
    case DW_OP_neg: push(0 - pop()); return true;
    case DW_OP_not: push(~pop()); return true;
    case DW_OP_abs: {
        const std::uint64_t value = pop();
        push(static_cast<std::int64_t>(value) < 0 ? 0 - value : value);
        return true;
    }
    default: return false;
    }
}

void Evaluation::applyBinary(std::uint8_t atom)
{
    const std::uint64_t b = pop(), a = pop();
    const auto signedA = static_cast<std::int64_t>(a), signedB = static_cast<std::int64_t>(b);
    switch (atom) {
    case DW_OP_plus: return push(a + b);
    case DW_OP_minus: return push(a - b);
    case DW_OP_mul: return push(a * b);
    case DW_OP_and: return push(a & b);
    case DW_OP_or: return push(a | b);
    case DW_OP_xor: return push(a ^ b);
    case DW_OP_shl: return push(b < 64 ? a << b : 0);
    case DW_OP_shr: return push(b < 64 ? a >> b : 0);
    case DW_OP_shra: return push(static_cast<std::uint64_t>(signedA >> (b < 64 ? b : 63)));
    case DW_OP_eq: return push(a == b);
    case DW_OP_ne: return push(a != b);
    case DW_OP_lt: return push(signedA < signedB);
    case DW_OP_le: return push(signedA <= signedB);
    case DW_OP_gt: return push(signedA > signedB);
    case DW_OP_ge: return push(signedA >= signedB);
    default: m_sound = false; // division and what frames never need
    }
}

} // namespace

std::optional<std::uint64_t> evaluate(std::span<const Operation> operations, const FrameState& state, std::uint64_t frameAddress)
{
    return Evaluation(operations, state, frameAddress).run();
}

} // namespace opscope::sampling
