#include "core/record/sampling/StackUnwinder.h"

#include "core/record/sampling/AddressTable.h"
#include "core/record/sampling/FrameExpression.h"
#include "core/record/sampling/FrameRules.h"

#include <unordered_map>
#include <utility>

namespace opscope::sampling {

namespace {

constexpr std::size_t kMaxRules = 1u << 20;
/// Instead of a rule of FrameRules.
constexpr std::uint32_t kNotCode = UINT32_MAX, kCompiled = UINT32_MAX - 1;

enum class Step { Next, Bottom, Lost };

struct HashPlace
{
    std::size_t operator()(const std::pair<const CodeModule*, std::uint64_t>& place) const noexcept
    {
        return static_cast<std::size_t>((reinterpret_cast<std::uintptr_t>(place.first) ^ place.second) * 0x9E3779B97F4A7C15u);
    }
};

/// Pointers to code may be signed on AArch64.
std::uint64_t plainAddress(std::uint64_t address)
{
#if defined(__aarch64__)
    return address & ((std::uint64_t{1} << 48) - 1);
#else
    return address;
#endif
}

} // namespace

struct StackUnwinder::State
{
    Symbols& symbols;
    FrameRules rules;
    AddressTable<std::uint32_t> ruleOfAddress;  // good for one generation of the mappings
    std::unordered_map<std::pair<const CodeModule*, std::uint64_t>, std::uint32_t, HashPlace> ruleOfPlace;
    std::uint64_t generation = 0;
    FrameState frame;
    bool interrupted = true;                    // the address of the frame is no return address
    bool innermost = true;

    explicit State(Symbols& its) : symbols(its) {}

    std::uint64_t counter() const { return frame.registers[Machine::kCounter]; }
    std::uint64_t lookedUp() const { return counter() - (interrupted ? 0 : 1); }
    void start(const StackCopy& copy);
    std::uint32_t ruleAt(std::uint64_t address);
    Step step(std::uint32_t ruleRow);
    Step byRule(const FrameRule& rule);
    Step byFramePointer();
    Step inCompiledCode();
    Step inTrampoline(std::uint64_t offset);
    Step afterCall();
    bool value(const Recover& recover, unsigned reg, std::uint64_t frameAddress, std::uint64_t& found) const;
    bool returnTo(std::uint64_t slot, std::uint64_t frameAddress);
};

StackUnwinder::StackUnwinder(Symbols& symbols) : m_state(std::make_unique<State>(symbols)) {}
StackUnwinder::~StackUnwinder() = default;
StackUnwinder::StackUnwinder(StackUnwinder&&) noexcept = default;
StackUnwinder& StackUnwinder::operator=(StackUnwinder&&) noexcept = default;

bool StackUnwinder::unwind(const StackCopy& copy, std::vector<std::uint64_t>& frames)
{
    State& state = *m_state;
    state.start(copy);
    for (std::size_t count = 0; count < kMaxFrames; ++count) {
        const std::uint32_t rule = state.ruleAt(state.lookedUp());
        if (rule == kNotCode && count > 0) return false;
        frames.push_back(state.counter());
        const Step step = state.step(rule);
        if (step != Step::Next) return step == Step::Bottom;
        if (state.counter() == 0) return true; // what threads and coroutines are often started with
        state.innermost = false;
    }
    return false;
}

void StackUnwinder::State::start(const StackCopy& copy)
{
    if (generation != symbols.generation()) ruleOfAddress.clear();
    generation = symbols.generation();
    if (rules.size() > kMaxRules) {
        ruleOfAddress.clear();
        ruleOfPlace.clear();
        rules.clear();
    }
    frame.registers = copy.registers;
    frame.valid = ~std::uint64_t{0};
    frame.stack = copy.stack;
    frame.stackStart = copy.registers[Machine::kStack];
    interrupted = innermost = true;
}

std::uint32_t StackUnwinder::State::ruleAt(std::uint64_t address)
{
    if (const std::uint32_t* known = ruleOfAddress.find(address)) return *known;
    std::uint32_t row = kNotCode;
    if (const Symbols::Place place = symbols.moduleAt(address); place.module) {
        const auto [entry, isNew] = ruleOfPlace.try_emplace({place.module, place.address});
        if (isNew) entry->second = rules.add(*place.module, place.address);
        row = entry->second;
    } else if (symbols.isCode(address)) {
        row = kCompiled;
    }
    ruleOfAddress.insert(address, row);
    return row;
}

Step StackUnwinder::State::step(std::uint32_t ruleRow)
{
    if (ruleRow == kNotCode) return afterCall();
    if (ruleRow == kCompiled) return inCompiledCode();
    const FrameRule& rule = rules[ruleRow];
    return rule.known ? byRule(rule) : byFramePointer();
}

/// False: it cannot be had.
bool StackUnwinder::State::value(const Recover& recover, unsigned reg, std::uint64_t frameAddress, std::uint64_t& found) const
{
    using How = Recover::How;
    switch (recover.how) {
    case How::Lost: return false;
    case How::Same:
        found = frame.registers[reg];
        return frame.has(reg);
    case How::AtFrame: {
        // Compilers do not note that the end of a function takes registers back, one by one: what lies below the stack pointer is back.
        const std::uint64_t slot = frameAddress + static_cast<std::uint64_t>(std::int64_t{recover.offset});
        if (slot >= frame.registers[Machine::kStack] || reg == Machine::kReturn) return frame.read(slot, found);
        found = frame.registers[reg];
        return frame.has(reg);
    }
    case How::FrameSum:
        found = frameAddress + static_cast<std::uint64_t>(std::int64_t{recover.offset});
        return true;
    case How::Register:
        found = frame.registers[recover.reg] + static_cast<std::uint64_t>(std::int64_t{recover.offset});
        return frame.has(recover.reg);
    case How::Memory:
    case How::Value: break;
    }
    const auto result = evaluate(rules.operations(recover), frame, frameAddress);
    if (!result) return false;
    found = *result;
    return recover.how == How::Value || frame.read(*result, found);
}

Step StackUnwinder::State::byRule(const FrameRule& rule)
{
    std::uint64_t frameAddress = 0;
    if (!value(rule.frame, 0, 0, frameAddress)) return Step::Lost;
    // A caller's frame lies above; only a function that has nothing on the stack yet (AArch64) has none of its own. Signal stacks may lie anywhere.
    const std::uint64_t stack = frame.registers[Machine::kStack];
    if (!rule.signal && (frameAddress < stack || (frameAddress == stack && !innermost))) return Step::Lost;
    std::uint64_t values[StackCopy::kRegisters], valid = frame.valid | std::uint64_t{1} << Machine::kStack;
    bool bottom = false;
    const auto saved = rules.saved(rule);
    for (const FrameRules::Saved& one : saved) {
        bottom = bottom || (one.reg == Machine::kReturn && one.recover.how == Recover::How::Lost);
        const bool had = value(one.recover, one.reg, frameAddress, values[one.reg]);
        valid = had ? valid | std::uint64_t{1} << one.reg : valid & ~(std::uint64_t{1} << one.reg);
    }
    if (bottom) return Step::Bottom;
    if (!(valid >> Machine::kReturn & 1)) return Step::Lost;
    frame.valid = valid;
    for (const FrameRules::Saved& one : saved)
        if (valid >> one.reg & 1) frame.registers[one.reg] = values[one.reg];
    frame.registers[Machine::kStack] = frameAddress;
    frame.registers[Machine::kCounter] = plainAddress(frame.registers[Machine::kReturn]);
    interrupted = rule.signal;
    return Step::Next;
}

/// Takes the return address from `slot`; the caller's stack begins at `frameAddress`.
bool StackUnwinder::State::returnTo(std::uint64_t slot, std::uint64_t frameAddress)
{
    std::uint64_t address = 0;
    if (!frame.read(slot, address)) return false;
    address = plainAddress(address);
    if (address != 0 && !symbols.isCode(address - 1)) return false;
    frame.registers[Machine::kCounter] = frame.registers[Machine::kReturn] = address;
    frame.registers[Machine::kStack] = frameAddress;
    interrupted = false;
    return true;
}

/// The caller's frame pointer lies where ours points to, the return address above it.
Step StackUnwinder::State::byFramePointer()
{
    const std::uint64_t pointer = frame.registers[Machine::kFrame];
    std::uint64_t next = 0;
    if (!frame.has(Machine::kFrame)) return Step::Lost;
    if (pointer == 0) return Step::Bottom;
    if (pointer < frame.registers[Machine::kStack] || !frame.read(pointer, next)) return Step::Lost;
    if (!returnTo(pointer + 8, pointer + 16)) return Step::Lost;
    frame.registers[Machine::kFrame] = next;
    return Step::Next;
}

/// A jump to nowhere: the call that did it left its return address on top of the stack.
Step StackUnwinder::State::afterCall()
{
#if defined(__x86_64__)
    const std::uint64_t stack = frame.registers[Machine::kStack];
    return returnTo(stack, stack + 8) ? Step::Next : Step::Lost;
#else
    return Step::Lost;
#endif
}

Step StackUnwinder::State::inCompiledCode()
{
    const Symbols::Compiled place = symbols.compiledAt(lookedUp());
#if defined(__x86_64__)
    if (place.python) return inTrampoline(place.offset);
    const FrameState before = frame;
    if (frame.registers[Machine::kFrame] != 0 && byFramePointer() == Step::Next) return Step::Next;
    if (place.known || !place.anonymous) return Step::Lost;
    frame = before; // code of which nothing is known: a trampoline, perhaps
    return inTrampoline(5);
#else
    static_cast<void>(place); // CPython's trampoline keeps the frame pointer on AArch64
    return byFramePointer();
#endif
}

/// Python/asm_trampoline.S: `sub $8,%rsp; call *%rcx; add $8,%rsp; ret` up to 3.13, `push %rbp; mov %rsp,%rbp; call *%rcx; pop %rbp; ret` later, each maybe behind
/// an endbr64. So the stack pointer is 16 below the frame address but at the first and the last instruction.
Step StackUnwinder::State::inTrampoline(std::uint64_t offset)
{
    const std::uint64_t stack = frame.registers[Machine::kStack];
    const bool within = !interrupted || (offset != 0 && offset < 10);
    const FrameState before = frame;
    if (!returnTo(stack + (within ? 8 : 0), stack + (within ? 16 : 8))) {
        frame = before;
        if (!interrupted || !returnTo(stack + (within ? 0 : 8), stack + (within ? 8 : 16))) return Step::Lost;
    }
    std::uint64_t pushed = 0;
    if (!innermost && before.has(Machine::kFrame) && before.registers[Machine::kFrame] == stack && frame.read(stack, pushed))
        frame.registers[Machine::kFrame] = pushed;
    return Step::Next;
}

} // namespace opscope::sampling
