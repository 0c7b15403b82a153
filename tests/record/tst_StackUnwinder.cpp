#include <QTest>

#include "core/record/sampling/AddressSpace.h"
#include "core/record/sampling/FrameExpression.h"
#include "core/record/sampling/StackUnwinder.h"
#include "core/record/sampling/Symbols.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <dwarf.h>
#include <execinfo.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <thread>
#include <ucontext.h>
#include <unistd.h>

using namespace opscope::sampling;

#if defined(__x86_64__)

namespace {

/// A sample of the calling thread, as the kernel would take it, and what the compiler's own unwinder says of the same moment.
struct Captured
{
    StackCopy copy;
    std::vector<std::byte> stack;
    std::vector<std::uint64_t> truth;
};

/// By the kernel, so that sanitizers do not watch.
std::vector<std::byte> copyMemory(pid_t process, std::uint64_t start, std::uint64_t size)
{
    std::vector<std::byte> bytes(size);
    const iovec to{bytes.data(), bytes.size()}, from{reinterpret_cast<void*>(start), bytes.size()};
    const ssize_t got = process_vm_readv(process, &to, 1, &from, 1, 0);
    bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return bytes;
}

/// By DWARF number.
StackCopy ofContext(const ucontext_t& context)
{
    static constexpr int kOrder[] = {REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP, REG_R8,
                                     REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP};
    StackCopy copy;
    for (std::size_t i = 0; i < std::size(kOrder); ++i) copy.registers[i] = static_cast<std::uint64_t>(context.uc_mcontext.gregs[kOrder[i]]);
    return copy;
}

[[gnu::noinline]] void capture(Captured& captured, std::size_t bytes = 1 << 18)
{
    pthread_attr_t attributes;
    void* lowest = nullptr;
    std::size_t size = 0;
    pthread_getattr_np(pthread_self(), &attributes);
    pthread_attr_getstack(&attributes, &lowest, &size);
    pthread_attr_destroy(&attributes);
    ucontext_t context;
    getcontext(&context);
    captured.copy = ofContext(context);
    const std::uint64_t stack = captured.copy.registers[7], end = reinterpret_cast<std::uint64_t>(lowest) + size;
    captured.stack = copyMemory(getpid(), stack, std::min<std::uint64_t>(bytes, end - stack));
    captured.copy.stack = captured.stack;
    void* frames[256];
    const int count = backtrace(frames, 256);
    captured.truth.clear();
    for (int i = 1; i < count; ++i) captured.truth.push_back(reinterpret_cast<std::uint64_t>(frames[i])); // without this function's own
}

/// Behind a call: keeps the compiler from leaving the caller's frame before it.
void stayHere() { asm volatile("" ::: "memory"); }

struct Unwound
{
    std::vector<std::uint64_t> frames;
    bool complete = false;
};

Unwound unwindHere(const Captured& captured)
{
    Symbols symbols(getpid());
    [[maybe_unused]] const auto status = symbols.readMaps();
    StackUnwinder unwinder(symbols);
    Unwound result;
    result.complete = unwinder.unwind(captured.copy, result.frames);
    return result;
}

/// The compiler's unwinder ends at the last frame with a return address, and so do we.
void compareWithTruth(const Captured& captured)
{
    const Unwound result = unwindHere(captured);
    QVERIFY(result.complete);
    const std::vector<std::uint64_t> callers(result.frames.begin() + 1, result.frames.end());
    QVERIFY(callers.size() > 3);
    const auto first = std::find(captured.truth.begin(), captured.truth.end(), callers[0]);
    QVERIFY(first - captured.truth.begin() <= 1); // sanitizers put a backtrace() of their own between
    const std::vector<std::uint64_t> truth(first, captured.truth.end());
    QCOMPARE(callers.size(), truth.size());
    for (std::size_t i = 0; i < callers.size(); ++i) QCOMPARE(callers[i], truth[i]);
}

[[gnu::noinline]] int descend(int depth, Captured& captured)
{
    volatile char room[48] = {};
    room[depth % 48] = 1;
    if (depth > 0) return descend(depth - 1, captured) + room[depth % 48];
    capture(captured);
    stayHere();
    return 0;
}

/// Its frame has no fixed size, so the compiler needs a frame pointer here.
[[gnu::noinline]] int withVariableFrame(std::size_t size, Captured& captured)
{
    auto* room = static_cast<volatile char*>(__builtin_alloca(size));
    room[size / 2] = 1;
    capture(captured);
    return room[size / 2];
}

/// Its stack pointer is aligned by hand, which makes the compiler write expressions as rules.
[[gnu::noinline]] int withAlignedFrame(Captured& captured)
{
    alignas(128) volatile char room[256] = {};
    room[3] = 1;
    capture(captured);
    return room[3];
}

Captured* t_captured = nullptr;

int compareAndCapture(const void* a, const void* b)
{
    if (t_captured->truth.empty()) capture(*t_captured);
    return *static_cast<const int*>(a) - *static_cast<const int*>(b);
}

void onSignal(int)
{
    capture(*t_captured);
    stayHere();
}

/// The code of Python/asm_trampoline.S: calls its fourth argument with the other three.
using Called = void (*)(void*, void*, void*);
using Trampoline = void (*)(void*, void*, void*, Called);
constexpr unsigned char kUpTo313[] = {0x48, 0x83, 0xec, 0x08, 0xff, 0xd1, 0x48, 0x83, 0xc4, 0x08, 0xc3};
constexpr unsigned char kWithFramePointer[] = {0x55, 0x48, 0x89, 0xe5, 0xff, 0xd1, 0x5d, 0xc3};

void captureCalled(void* captured, void*, void*)
{
    capture(*static_cast<Captured*>(captured));
    stayHere();
}

/// Calls a trampoline as the interpreter does: a function of C between each two of them.
void callAgain(void* captured, void* first, void* second)
{
    volatile int room = 1;
    (*reinterpret_cast<Trampoline*>(&second))(captured, first, nullptr, &captureCalled);
    room = room + 1;
}

struct Trampolines
{
    unsigned char* code = static_cast<unsigned char*>(mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    std::string path = "/tmp/perf-" + std::to_string(getpid()) + ".map";

    template <std::size_t N>
    Trampolines(const unsigned char (&bytes)[N], bool named)
    {
        std::memcpy(code, bytes, N);
        std::memcpy(code + N, bytes, N);
        mprotect(code, 4096, PROT_READ | PROT_EXEC);
        if (!named) return;
        FILE* file = std::fopen(path.c_str(), "w");
        std::fprintf(file, "%lx %zx py::outer:/x/a.py\n%lx %zx py::inner:/x/a.py\n", reinterpret_cast<unsigned long>(code), N,
                     reinterpret_cast<unsigned long>(code + N), N);
        std::fclose(file);
    }
    ~Trampolines()
    {
        unlink(path.c_str());
        munmap(code, 4096);
    }
    void call(Captured& captured, std::size_t size)
    {
        unsigned char* second = code + size;
        (*reinterpret_cast<Trampoline*>(&code))(&captured, code, second, &callAgain);
        stayHere();
    }
};

std::vector<std::string> namesOf(const std::vector<std::uint64_t>& frames, Symbols& symbols)
{
    std::vector<std::string> names;
    for (std::size_t i = 0; i < frames.size(); ++i) names.push_back(symbols.frame(symbols.frameAt(frames[i] - (i > 0))).name);
    return names;
}

[[gnu::noinline]] void checkTrampolines(Trampolines& code, std::size_t size, bool named)
{
    Captured captured;
    code.call(captured, size);
    Symbols symbols(getpid());
    QVERIFY(symbols.readMaps().ok());
    StackUnwinder unwinder(symbols);
    std::vector<std::uint64_t> frames;
    QVERIFY(unwinder.unwind(captured.copy, frames));
    const std::vector<std::string> names = namesOf(frames, symbols);
    QVERIFY(names.size() > 6);
    QVERIFY(names[1].find("captureCalled") != std::string::npos);
    QCOMPARE(names[2], named ? std::string("inner (a.py)") : std::string("[anonymous]"));
    QVERIFY(std::find(names.begin(), names.end(), "main") != names.end());
    if (!named) return; // unnamed code passes for code with a frame pointer: in builds that have them, its caller may be left out
    QVERIFY(names[3].find("callAgain") != std::string::npos);
    QCOMPARE(names[4], std::string("outer (a.py)"));
    QVERIFY(names[5].find("checkTrampolines") != std::string::npos || names[5].find("Trampolines::call") != std::string::npos);
}

/// What a process does that is stepped through. Its first calls of functions that nobody else calls go through the linker's lazy stubs.
[[gnu::noinline]] int steppedThrough()
{
    int numbers[] = {5, 3, 9, 1};
    qsort(numbers, 4, sizeof(int), [](const void* a, const void* b) { return *static_cast<const int*>(a) - *static_cast<const int*>(b); });
    return numbers[0] + static_cast<int>(a64l("G")) + (*l64a(1) == '/' ? 0 : 100);
}

StackCopy ofRegisters(const user_regs_struct& r)
{
    StackCopy copy;
    const unsigned long long order[] = {r.rax, r.rdx, r.rcx, r.rbx, r.rsi, r.rdi, r.rbp, r.rsp, r.r8, r.r9, r.r10, r.r11, r.r12, r.r13, r.r14, r.r15, r.rip};
    std::copy(std::begin(order), std::end(order), copy.registers.begin());
    return copy;
}

struct Stepped
{
    int within = 0, incomplete = 0, withoutCaller = 0;
    std::string firstBad;
};

Stepped stepThrough(pid_t child)
{
    Symbols symbols(child);
    [[maybe_unused]] const auto maps = symbols.readMaps();
    StackUnwinder unwinder(symbols);
    const FrameId wanted = symbols.frameAt(reinterpret_cast<std::uint64_t>(&steppedThrough));
    Stepped seen;
    std::vector<std::uint64_t> frames;
    for (int steps = 0, status = 0; steps < 20000; ++steps) {
        if (ptrace(PTRACE_SINGLESTEP, child, 0, 0) != 0 || waitpid(child, &status, 0) != child || !WIFSTOPPED(status)) break;
        user_regs_struct registers{};
        ptrace(PTRACE_GETREGS, child, 0, &registers);
        StackCopy copy = ofRegisters(registers);
        const std::vector<std::byte> stack = copyMemory(child, registers.rsp, 32 << 10);
        copy.stack = stack;
        frames.clear();
        const bool complete = unwinder.unwind(copy, frames);
        const auto in = std::find_if(frames.begin(), frames.end(), [&](const std::uint64_t& a) { return symbols.frameAt(a - (&a != frames.data())) == wanted; });
        const std::vector<std::string> names = namesOf(frames, symbols);
        if (in == frames.end() && (seen.within == 0 || names[0].find("everyInstruction") != std::string::npos)) {
            if (seen.within == 0) continue; // not there yet
            break;                          // behind it
        }
        ++seen.within;
        seen.incomplete += !complete;
        seen.withoutCaller += in == frames.end();
        if ((!complete || in == frames.end()) && seen.firstBad.empty())
            for (std::size_t i = 0; i < names.size(); ++i) seen.firstBad += names[i] + "+" + std::to_string(symbols.offsetIn(frames[i])) + " < ";
    }
    return seen;
}

std::optional<std::uint64_t> valueOf(std::vector<Operation> operations, const FrameState& state = {}) { return evaluate(operations, state, 1000); }

__attribute__((noinline)) void clearStackBelow()
{
    volatile char below[8192];
    for (volatile char& byte : below) byte = 0;
}

} // namespace

class TstStackUnwinder : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void recursionWithoutFramePointers()
    {
        Captured captured;
        descend(40, captured);
        compareWithTruth(captured);
        Symbols symbols(getpid());
        QVERIFY(symbols.readMaps().ok());
        const std::vector<std::string> names = namesOf(unwindHere(captured).frames, symbols);
        QCOMPARE(std::count_if(names.begin(), names.end(), [](const std::string& n) { return n.find("::descend(int") != std::string::npos; }), 41);
        QCOMPARE(names.back(), std::string("_start"));
    }

    void framesOfChangingSizeAndAlignment()
    {
        Captured captured;
        withVariableFrame(500, captured);
        compareWithTruth(captured);
        withAlignedFrame(captured);
        compareWithTruth(captured);
    }

    void throughTheLibraryOfC()
    {
        Captured captured;
        t_captured = &captured;
        int numbers[] = {3, 1, 2};
        qsort(numbers, 3, sizeof(int), &compareAndCapture);
        compareWithTruth(captured);
    }

    void outOfASignalHandler()
    {
        Captured captured;
        t_captured = &captured;
        struct sigaction action{}, before{};
        action.sa_handler = &onSignal;
        sigaction(SIGUSR1, &action, &before);
        raise(SIGUSR1);
        sigaction(SIGUSR1, &before, nullptr);
        compareWithTruth(captured);
    }

    void toTheBeginningOfAThread()
    {
        Captured captured;
        std::thread([&] { descend(3, captured); }).join();
        compareWithTruth(captured);
    }

    void aStackThatIsCutGivesWhatItHas()
    {
        Captured captured;
        descend(40, captured);
        const Unwound whole = unwindHere(captured);
        Unwound cut = whole;
        while (cut.frames.size() == whole.frames.size()) {
            captured.copy.stack = captured.copy.stack.first(captured.copy.stack.size() * 3 / 4);
            cut = unwindHere(captured);
        }
        QVERIFY(!cut.complete);
        QVERIFY(cut.frames.size() > 2 && cut.frames.size() < whole.frames.size());
        QVERIFY(std::equal(cut.frames.begin(), cut.frames.end(), whole.frames.begin()));
        captured.copy.stack = {};
        QCOMPARE(unwindHere(captured).frames.size(), 1u);
    }

    void nonsenseEndsSoon()
    {
        Captured captured;
        descend(10, captured);
        for (std::byte& byte : captured.stack) byte = std::byte{0x41};
        const Unwound result = unwindHere(captured);
        QVERIFY(!result.complete);
        QCOMPARE(result.frames.size(), 1u);
        for (std::uint64_t& value : captured.copy.registers) value = ~std::uint64_t{0};
        QCOMPARE(unwindHere(captured).frames.size(), 1u);
    }

    void aJumpToNowhereStillHasItsCaller()
    {
        Captured captured;
        descend(2, captured);
        const Unwound before = unwindHere(captured);
        const std::uint64_t stack = captured.copy.registers[7];
        std::vector<std::byte> pushed(8);
        std::memcpy(pushed.data(), &captured.copy.registers[16], 8);
        pushed.insert(pushed.end(), captured.stack.begin(), captured.stack.end());
        captured.copy.registers[7] = stack - 8;
        captured.copy.registers[16] = 0;
        captured.copy.stack = pushed;
        const Unwound after = unwindHere(captured);
        QVERIFY(after.complete);
        QCOMPARE(after.frames.size(), before.frames.size() + 1);
    }

    void trampolinesOfPythonArePassed_data()
    {
        QTest::addColumn<bool>("named");
        QTest::newRow("in the perf map") << true;
        QTest::newRow("without a perf map") << false;
    }
    void trampolinesOfPythonArePassed()
    {
        QFETCH(bool, named);
        {
            Trampolines code(kUpTo313, named);
            checkTrampolines(code, sizeof kUpTo313, named);
        }
        Trampolines code(kWithFramePointer, named);
        checkTrampolines(code, sizeof kWithFramePointer, named);
    }

    /// As the loops of oneDNN do: registers saved, the frame pointer used for something else, no call of anything.
    void compiledCodeWithoutInformationHasItsCallerByGuess()
    {
        constexpr unsigned char kLoop[] = {0x53, 0x55, 0x41, 0x54, 0x48, 0x83, 0xec, 0x40,  // push rbx, rbp, r12; sub $64,%rsp
                                           0x48, 0xc7, 0xc5, 0x00, 0x04, 0x00, 0x00,        // mov $1024,%rbp
                                           0xff, 0xd1,                                      // call *%rcx: to take the sample
                                           0x48, 0x83, 0xc4, 0x40, 0x41, 0x5c, 0x5d, 0x5b, 0xc3};
        Trampolines code(kLoop, false);
        Captured captured;
        clearStackBelow(); // what calls before this one left in the 64 bytes could be taken for a caller
        (*reinterpret_cast<Trampoline*>(&code.code))(&captured, nullptr, nullptr, &captureCalled);
        const Unwound result = unwindHere(captured);
        QVERIFY(result.complete);
        Symbols symbols(getpid());
        QVERIFY(symbols.readMaps().ok());
        const std::vector<std::string> names = namesOf(result.frames, symbols);
        QCOMPARE(names[2], std::string("[anonymous]"));
        QVERIFY(names[3].find("compiledCodeWithoutInformationHasItsCallerByGuess") != std::string::npos);
        QCOMPARE(names.back(), std::string("_start"));
    }

    /// Prologues, epilogues, stubs, the dynamic linker: at every single instruction the callers are the same.
    void everyInstructionOfACallHasItsCallers()
    {
        const pid_t child = fork();
        if (child == 0) {
            if (ptrace(PTRACE_TRACEME, 0, 0, 0) != 0) _exit(3);
            raise(SIGSTOP);
            _exit(steppedThrough() == 18 ? 0 : 1);
        }
        int status = 0;
        waitpid(child, &status, 0);
        if (!WIFSTOPPED(status)) QSKIP("skipped: no process may be stepped through here");
        const Stepped seen = stepThrough(child);
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
        QVERIFY2(seen.within > 300, std::to_string(seen.within).c_str());
        QVERIFY2(seen.incomplete == 0 && seen.withoutCaller == 0,
                 (std::to_string(seen.incomplete) + " and " + std::to_string(seen.withoutCaller) + " of " + std::to_string(seen.within) + ": " + seen.firstBad).c_str());
    }

    void expressionsAreWorkedOut()
    {
        const auto op = [](int atom, std::uint64_t number = 0, std::uint32_t offset = 0) { return Operation{number, 0, offset, static_cast<std::uint8_t>(atom)}; };
        QCOMPARE(valueOf({op(DW_OP_call_frame_cfa), op(DW_OP_plus_uconst, 24)}).value(), 1024u);
        QCOMPARE(valueOf({op(DW_OP_lit7), op(DW_OP_lit3), op(DW_OP_minus)}).value(), 4u);
        QCOMPARE(valueOf({op(DW_OP_lit7), op(DW_OP_lit3), op(DW_OP_swap), op(DW_OP_minus)}).value(), ~std::uint64_t{0} - 3);
        QCOMPARE(valueOf({op(DW_OP_lit1), op(DW_OP_lit2), op(DW_OP_lit3), op(DW_OP_rot), op(DW_OP_drop)}).value(), 1u);
        QCOMPARE(valueOf({op(DW_OP_lit9), op(DW_OP_stack_value), op(DW_OP_lit1)}).value(), 9u);
        // the stub of .plt: CFA = rsp + 8 + ((rip & 15) >= 11) * 8
        FrameState state;
        state.registers[7] = 0x1000;
        const std::vector<Operation> stub = {op(DW_OP_breg7, 8), op(DW_OP_breg16, 0), op(DW_OP_lit15), op(DW_OP_and), op(DW_OP_lit11), op(DW_OP_ge),
                                             op(DW_OP_lit3), op(DW_OP_shl), op(DW_OP_plus)};
        state.registers[16] = 0x400006;
        QCOMPARE(valueOf(stub, state).value(), 0x1008u);
        state.registers[16] = 0x40000b;
        QCOMPARE(valueOf(stub, state).value(), 0x1010u);
    }

    void brokenExpressionsHaveNoValue()
    {
        const auto op = [](int atom, std::uint64_t number = 0, std::uint32_t offset = 0) { return Operation{number, 0, offset, static_cast<std::uint8_t>(atom)}; };
        QVERIFY(!valueOf({}));
        QVERIFY(!valueOf({op(DW_OP_plus)}));
        QVERIFY(!valueOf({op(DW_OP_lit1), op(DW_OP_deref)}));
        QVERIFY(!valueOf({op(DW_OP_lit1), op(DW_OP_pick, 5)}));
        QVERIFY(!valueOf({op(DW_OP_breg31, 0)}));
        QVERIFY(!valueOf({op(0xFF)}));
        QVERIFY(!valueOf({op(DW_OP_nop, 0, 0), op(DW_OP_skip, static_cast<std::uint64_t>(-4), 1)})); // for ever
        QVERIFY(!valueOf(std::vector<Operation>(100, op(DW_OP_lit1))));
    }

    void whatAFrameCosts()
    {
        Captured captured;
        descend(60, captured);
        Symbols symbols(getpid());
        QVERIFY(symbols.readMaps().ok());
        StackUnwinder unwinder(symbols);
        std::vector<std::uint64_t> frames;
        unwinder.unwind(captured.copy, frames);
        const std::size_t count = frames.size();
        const auto start = std::chrono::steady_clock::now();
        for (int i = 0; i < 2000; ++i) {
            frames.clear();
            unwinder.unwind(captured.copy, frames);
        }
        const double ns = std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count();
        qInfo("%.0f ns a frame", ns / (2000.0 * static_cast<double>(count)));
        QCOMPARE(frames.size(), count);
    }
};

#else

class TstStackUnwinder : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void needsAnotherMachine() { QSKIP("skipped: the samples are of x86-64"); }
};

#endif

QTEST_GUILESS_MAIN(TstStackUnwinder)
#include "tst_StackUnwinder.moc"
