#include "core/record/sampling/FrameRules.h"

#include <cstdlib>
#include <dwarf.h>
#include <memory>

namespace opscope::sampling {

namespace {

constexpr std::size_t kMaxOperations = 256, kMaxAllOperations = 1u << 24;

bool fits(std::uint64_t offset) { return static_cast<std::int64_t>(offset) == static_cast<std::int32_t>(offset); }

} // namespace

void FrameRules::clear()
{
    m_rules.clear();
    m_saved.clear();
    m_operations.clear();
}

std::uint32_t FrameRules::addUnknown()
{
    m_rules.emplace_back();
    return static_cast<std::uint32_t>(m_rules.size() - 1);
}

std::uint32_t FrameRules::add(CodeModule& module, std::uint64_t address)
{
    const std::uint32_t row = addUnknown();
    Dwarf_CFI* information = module.machine() == Machine::kElf ? module.callFrames() : nullptr;
    Dwarf_Frame* found = nullptr;
    if (!information || dwarf_cfi_addrframe(information, address, &found) != 0) return row;
    const std::unique_ptr<Dwarf_Frame, decltype(&std::free)> frame(found, &std::free);
    FrameRule rule;
    rule.first = static_cast<std::uint32_t>(m_saved.size());
    rule.known = read(found, rule);
    if (rule.known) m_rules[row] = rule;
    return row;
}

bool FrameRules::read(Dwarf_Frame* frame, FrameRule& rule)
{
    Dwarf_Op* ops = nullptr;
    std::size_t count = 0;
    const int returnColumn = dwarf_frame_info(frame, nullptr, nullptr, &rule.signal);
    if (returnColumn < 0 || dwarf_frame_cfa(frame, &ops, &count) != 0 || count == 0) return false;
    const auto frameAddress = recover({ops, count}, true);
    if (!frameAddress || static_cast<unsigned>(returnColumn) != Machine::kReturn) return false;
    rule.frame = *frameAddress;
    for (unsigned reg = 0; reg < Machine::kCount; ++reg) {
        Dwarf_Op memory[3];
        if (reg == Machine::kStack || dwarf_frame_register(frame, static_cast<int>(reg), memory, &ops, &count) != 0) continue;
        // Whatever is not saved counts as kept: elfutils holds rbx for lost where nothing is said of it (it gives the number of rax),
        // and of what functions may overwrite no caller's frame depends.
        if (count == 0 && (!ops || reg != Machine::kReturn)) continue;
        const auto value = count == 0 ? Recover{Recover::How::Lost, 0, 0, 0} : recover({ops, count}, false);
        if (!value) return false;
        m_saved.push_back({*value, static_cast<std::uint8_t>(reg)});
        ++rule.registers;
    }
    return true;
}

std::optional<Recover> FrameRules::recover(std::span<const Dwarf_Op> ops, bool isFrameAddress)
{
    if (const auto easy = simple(ops); easy && (!isFrameAddress || easy->how == Recover::How::Register)) return easy;
    const bool value = isFrameAddress || ops.back().atom == DW_OP_stack_value;
    return expression(ops, value ? Recover::How::Value : Recover::How::Memory);
}

/// What nearly all rules are: register + offset, at frame address + offset, in a register.
std::optional<Recover> FrameRules::simple(std::span<const Dwarf_Op> ops) const
{
    using How = Recover::How;
    if (ops[0].atom == DW_OP_bregx && ops.size() == 1 && ops[0].number < Machine::kCount && fits(ops[0].number2))
        return Recover{How::Register, static_cast<std::uint8_t>(ops[0].number), 0, static_cast<std::int32_t>(ops[0].number2)};
    if (ops[0].atom == DW_OP_regx && ops.size() == 1 && ops[0].number < Machine::kCount)
        return Recover{How::Register, static_cast<std::uint8_t>(ops[0].number), 0, 0};
    if (ops[0].atom != DW_OP_call_frame_cfa) return {};
    std::size_t next = 1;
    std::int32_t offset = 0;
    if (next < ops.size() && ops[next].atom == DW_OP_plus_uconst && fits(ops[next].number)) offset = static_cast<std::int32_t>(ops[next++].number);
    if (next == ops.size()) return Recover{How::AtFrame, 0, 0, offset};
    if (next + 1 == ops.size() && ops[next].atom == DW_OP_stack_value) return Recover{How::FrameSum, 0, 0, offset};
    return {};
}

std::optional<Recover> FrameRules::expression(std::span<const Dwarf_Op> ops, Recover::How how)
{
    if (ops.size() > kMaxOperations || m_operations.size() > kMaxAllOperations) return {};
    const Recover recover{how, 0, static_cast<std::uint16_t>(ops.size()), static_cast<std::int32_t>(m_operations.size())};
    for (const Dwarf_Op& op : ops) m_operations.push_back({op.number, op.number2, static_cast<std::uint32_t>(op.offset), op.atom});
    return recover;
}

} // namespace opscope::sampling
