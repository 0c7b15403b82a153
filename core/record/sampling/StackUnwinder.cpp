#include "core/record/sampling/StackUnwinder.h"

#include "core/record/sampling/AddressTable.h"
#include "core/record/sampling/FrameExpression.h"
#include "core/record/sampling/FrameRules.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace opscope::sampling {

namespace {

constexpr std::size_t kMaxRules = 1u << 20;
/// Instead of a rule of FrameRules.
constexpr std::uint32_t kNotCode = UINT32_MAX, kCompiled = UINT32_MAX - 1, kCallOfTrampoline = UINT32_MAX - 2;

enum class Step { Next, Bottom, Cut, Lost }; // Cut: the caller lies behind the end of the copy

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
    bool guessed = false;                       // once is enough

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
    Step afterTrampoline();
    Step afterCall();
    Step byGuess();
    bool makesSense();
    bool callerFits(const FrameState& callee, std::uint64_t slot, std::uint64_t address);
    bool isReturnAddress(std::uint64_t address);
    bool value(const Recover& recover, unsigned reg, std::uint64_t frameAddress, std::uint64_t& found) const;
    bool returnTo(std::uint64_t slot, std::uint64_t frameAddress);
    void goTo(std::uint64_t address, std::uint64_t frameAddress);
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
    guessed = false;
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
        if (interrupted || !symbols.compiledAt(address).python) return kCompiled; // the perf map may know it later
        row = kCallOfTrampoline;
    }
    ruleOfAddress.insert(address, row);
    return row;
}

Step StackUnwinder::State::step(std::uint32_t ruleRow)
{
    if (ruleRow == kNotCode) return afterCall();
    if (ruleRow == kCompiled) return inCompiledCode();
    if (ruleRow == kCallOfTrampoline) return afterTrampoline();
    const FrameRule& rule = rules[ruleRow];
    if (rule.known) return byRule(rule);
    const Step step = byFramePointer();
    return step == Step::Lost ? byGuess() : step;
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
    if (!(valid >> Machine::kReturn & 1)) return frameAddress > frame.stackStart + frame.stack.size() ? Step::Cut : Step::Lost;
    frame.valid = valid;
    for (const FrameRules::Saved& one : saved)
        if (valid >> one.reg & 1) frame.registers[one.reg] = values[one.reg];
    frame.registers[Machine::kStack] = frameAddress;
    frame.registers[Machine::kCounter] = plainAddress(frame.registers[Machine::kReturn]);
    interrupted = rule.signal;
    return Step::Next;
}

void StackUnwinder::State::goTo(std::uint64_t address, std::uint64_t frameAddress)
{
    frame.registers[Machine::kCounter] = frame.registers[Machine::kReturn] = address;
    frame.registers[Machine::kStack] = frameAddress;
    interrupted = false;
}

bool StackUnwinder::State::isReturnAddress(std::uint64_t address)
{
    const Symbols::Place place = symbols.moduleAt(address - 1);
    if (!place.module) return symbols.isCode(address - 1);
#if defined(__x86_64__)
    return place.module->followsCall(place.address + 1);
#else
    return true;
#endif
}

/// Takes the return address from `slot`; the caller's stack begins at `frameAddress`.
bool StackUnwinder::State::returnTo(std::uint64_t slot, std::uint64_t frameAddress)
{
    std::uint64_t address = 0;
    if (!frame.read(slot, address)) return false;
    address = plainAddress(address);
    if (address == 0 || !isReturnAddress(address)) return false;
    goTo(address, frameAddress);
    return true;
}

/// The caller's frame pointer lies where ours points to, the return address above it.
Step StackUnwinder::State::byFramePointer()
{
    const std::uint64_t pointer = frame.registers[Machine::kFrame];
    std::uint64_t next = 0, address = 0;
    if (!frame.has(Machine::kFrame)) return Step::Lost;
    if (pointer == 0) return Step::Bottom;
    if (pointer < frame.registers[Machine::kStack] || !frame.read(pointer, next) || !frame.read(pointer + 8, address)) return Step::Lost;
    if (address == 0 && next == 0) return Step::Bottom; // how a first frame is often laid out
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

Step StackUnwinder::State::afterTrampoline()
{
#if defined(__x86_64__)
    return inTrampoline(0);
#else
    return byFramePointer(); // it keeps the frame pointer on AArch64
#endif
}

Step StackUnwinder::State::inCompiledCode()
{
    const Symbols::Compiled place = symbols.compiledAt(lookedUp());
#if defined(__x86_64__)
    if (place.python) return inTrampoline(place.offset);
    if (frame.registers[Machine::kFrame] != 0 && byFramePointer() == Step::Next) return Step::Next;
    if (!interrupted && inTrampoline(0) == Step::Next) return Step::Next; // of a process whose perf map we may not read
    return byGuess();
#else
    static_cast<void>(place);
    return byFramePointer();
#endif
}

/// Whether there is a way down to the bottom from here by rules and frame pointers only, or over some frames to the end of the copy.
/// Leaves the state anywhere.
bool StackUnwinder::State::makesSense()
{
    constexpr std::size_t kEnough = 3;
    for (std::size_t count = 0; count < kMaxFrames; ++count) {
        if (counter() == 0) return true;
        const std::uint32_t rule = ruleAt(lookedUp());
        if (rule == kNotCode) return false;
        const Step step = this->step(rule);
        if (step != Step::Next) return step == Step::Bottom || (step == Step::Cut && count >= kEnough);
    }
    return false;
}

/// Whether a caller at `address` explains all of the stack above; its frame pointer is the callee's, or was saved in the words below `slot`.
/// The state is the caller's then.
bool StackUnwinder::State::callerFits(const FrameState& callee, std::uint64_t slot, std::uint64_t address)
{
    constexpr std::uint64_t kSavedRegisters = 8;
    std::uint64_t pointer = callee.registers[Machine::kFrame];
    for (std::uint64_t word = 0; word <= kSavedRegisters; ++word) {
        if (word > 0 && (!callee.read(slot - 8 * word, pointer) || pointer <= slot || pointer - slot > callee.stack.size())) continue;
        frame = callee;
        frame.registers[Machine::kFrame] = pointer;
        goTo(address, slot + 8);
        const FrameState caller = frame;
        if (!makesSense()) continue;
        frame = caller;
        interrupted = false;
        return true;
    }
    return false;
}

/// Code without any information that uses the frame pointer for other things: the loops of oneDNN and MKL, where PyTorch spends its time on a
/// processor. They call nothing, so the first return address on the stack is theirs, if all frames above it make sense.
Step StackUnwinder::State::byGuess()
{
    constexpr std::uint64_t kWords = 512;
    constexpr int kTries = 8;
    if (std::exchange(guessed, true)) return Step::Lost;
    const FrameState callee = frame;
    const bool wasInnermost = std::exchange(innermost, false);
    std::uint64_t slot = callee.registers[Machine::kStack], address = 0;
    int tries = 0;
    for (const std::uint64_t end = slot + 8 * kWords; slot < end && tries < kTries && callee.read(slot, address); slot += 8) {
        if (address == 0 || !symbols.isCode(address - 1) || !isReturnAddress(address)) continue;
        ++tries;
        if (callerFits(callee, slot, address)) return Step::Next;
    }
    frame = callee;
    innermost = wasInnermost;
    return Step::Lost;
}

/// Python/asm_trampoline.S: `sub $8,%rsp; call *%rcx; add $8,%rsp; ret` up to 3.13, `push %rbp; mov %rsp,%rbp; call *%rcx; pop %rbp; ret` later, each maybe behind
/// an endbr64. So the stack pointer is 16 below the frame address but at the first and the last instruction.
Step StackUnwinder::State::inTrampoline(std::uint64_t offset)
{
    const std::uint64_t stack = frame.registers[Machine::kStack];
    const bool within = !interrupted || (offset != 0 && offset < 10);
    const bool wasReturnedTo = !interrupted;
    if (!returnTo(stack + (within ? 8 : 0), stack + (within ? 16 : 8)) &&
        (wasReturnedTo || !returnTo(stack + (within ? 0 : 8), stack + (within ? 8 : 16))))
        return Step::Lost;
    std::uint64_t pushed = 0;
    if (wasReturnedTo && frame.has(Machine::kFrame) && frame.registers[Machine::kFrame] == stack && frame.read(stack, pushed))
        frame.registers[Machine::kFrame] = pushed;
    return Step::Next;
}

} // namespace opscope::sampling
