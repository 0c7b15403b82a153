#include "core/record/sampling/Symbols.h"

#include "core/record/sampling/AddressSpace.h"
#include "core/record/sampling/AddressTable.h"
#include "core/record/sampling/Kallsyms.h"
#include "core/record/sampling/Names.h"
#include "core/record/sampling/PerfMap.h"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <deque>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>
#include <unordered_map>

namespace opscope::sampling {

namespace {

constexpr std::uint64_t kKernel = std::uint64_t{1} << 63, kVsyscall = 0xffffffffff600000u;
constexpr std::int64_t kPerfMapPauseNs = 5'000'000;

std::string hex(std::uint64_t value)
{
    char digits[16];
    const auto end = std::to_chars(digits, digits + sizeof digits, value, 16).ptr;
    return "0x" + std::string(digits, end);
}

std::int64_t coarseNow()
{
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

/// What a name was made of: a place in a module (row of its table, or an address), or of the kernel (no module).
struct FrameKey
{
    const void* owner;
    std::uint64_t place;
    bool named;
    bool operator==(const FrameKey&) const = default;
};

struct HashFrameKey
{
    std::size_t operator()(const FrameKey& key) const noexcept
    {
        return static_cast<std::size_t>((reinterpret_cast<std::uintptr_t>(key.owner) + key.place * 2 + key.named) * 0x9E3779B97F4A7C15u);
    }
};

/// Common to a process and what it forks.
struct Shared
{
    std::deque<Frame> frames; // they stay where they are
    std::unordered_map<FrameKey, FrameId, HashFrameKey> byPlace;
    std::unordered_map<std::string, FrameId> byText;
    ModuleStore modules;
    Kallsyms kernel;
    bool kernelRead = false;

    FrameId add(Frame frame)
    {
        frames.push_back(std::move(frame));
        return FrameId(frames.size() - 1);
    }
    /// Made by make() if there is none yet.
    template <class Make>
    FrameId at(const FrameKey& key, Make make)
    {
        const auto [entry, isNew] = byPlace.try_emplace(key);
        if (isNew) entry->second = add(make());
        return entry->second;
    }
    template <class Make>
    FrameId called(const std::string& text, Make make)
    {
        const auto [entry, isNew] = byText.try_emplace(text);
        if (isNew) entry->second = add(make());
        return entry->second;
    }
};

struct Resolved
{
    FrameId frame;
    std::uint64_t offset = 0;
};

} // namespace

struct Symbols::State
{
    std::shared_ptr<Shared> shared = std::make_shared<Shared>();
    std::shared_ptr<const TargetFiles> files;
    pid_t pid = 0;
    AddressSpace space;
    PerfMap perfMap;
    std::int64_t perfMapRead = 0;
    std::uint64_t generation = 0;
    AddressTable<Resolved> known;

    explicit State(pid_t process) : files(std::make_shared<TargetFiles>(process)), pid(process) {}

    void changed()
    {
        ++generation;
        known.clear();
    }
    const Resolved& resolve(std::uint64_t address);
    Resolved lookUp(std::uint64_t address);
    Resolved inKernel(std::uint64_t address);
    Resolved inModule(CodeModule& module, std::uint64_t fileOffset);
    Resolved inCompiled(std::size_t function, std::uint64_t address);
    Resolved nameless(const char* name) const;
    Resolved scratch;
};

Symbols::Symbols(pid_t pid) : m_state(std::make_unique<State>(pid)) {}
Symbols::Symbols(std::unique_ptr<State> state) : m_state(std::move(state)) {}
Symbols::~Symbols() = default;
Symbols::Symbols(Symbols&&) noexcept = default;
Symbols& Symbols::operator=(Symbols&&) noexcept = default;

Symbols Symbols::forked(pid_t pid) const
{
    auto state = std::make_unique<State>(pid);
    state->shared = m_state->shared;
    state->space = m_state->space;
    state->perfMap = m_state->perfMap.copy();
    if (access(("/proc/" + std::to_string(pid)).c_str(), F_OK) != 0) state->files = m_state->files; // gone already: its parent's files are the same
    return Symbols(std::move(state));
}

Status Symbols::readMaps()
{
    const std::string process = "Process " + std::to_string(m_state->pid), path = "/proc/" + std::to_string(m_state->pid) + "/maps";
    const FileHandle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file && (errno == EACCES || errno == EPERM)) return Error{ErrorCode::CannotOpen, "You may record only your own processes.", {}};
    if (!file) return Error{ErrorCode::CannotOpen, process + " has ended.", {}};
    const std::string text = readSmallFile("/proc/self/fd/" + std::to_string(file.get()));
    if (text.empty()) return Error{ErrorCode::CannotRead, process + " has no program: it has ended or belongs to the system.", {}};
    m_state->space.clear();
    for (const Mapping& mapping : parseMaps(text))
        if (mapping.executable) map(mapping);
    m_state->changed();
    return Done{};
}

void Symbols::map(const Mapping& mapping)
{
    m_state->changed();
    if (!mapping.executable) return m_state->space.remove(mapping.start, mapping.end);
    m_state->space.add({mapping.start, mapping.end, mapping.offset, m_state->shared->modules.moduleOf(mapping, m_state->files)});
}

void Symbols::exec()
{
    m_state->space.clear();
    m_state->perfMap = PerfMap();
    m_state->perfMapRead = 0;
    m_state->files = std::make_shared<TargetFiles>(m_state->pid);
    m_state->changed();
}

void Symbols::readPerfMap()
{
    m_state->perfMapRead = coarseNow();
    const std::uint64_t overwritten = m_state->perfMap.overwritten();
    if (m_state->perfMap.update(*m_state->files)) m_state->known.clear();
    if (m_state->perfMap.overwritten() != overwritten) m_state->changed();
}

FrameId Symbols::frameAt(std::uint64_t address) { return m_state->resolve(address).frame; }

std::uint64_t Symbols::offsetIn(std::uint64_t address) { return m_state->resolve(address).offset; }

const Frame& Symbols::frame(FrameId id) const { return m_state->shared->frames[id.index()]; }

bool Symbols::isCode(std::uint64_t address) const { return m_state->space.find(address) != nullptr; }

std::uint64_t Symbols::generation() const { return m_state->generation; }

Symbols::Place Symbols::moduleAt(std::uint64_t address)
{
    const CodeRegion* region = m_state->space.find(address);
    if (!region || !region->module || !region->module->isElf()) return {};
    const auto place = region->module->addressOf(address - region->start + region->offset);
    return place ? Place{region->module.get(), *place} : Place{};
}

bool Symbols::inPerfMap(std::uint64_t address) const
{
    const CodeRegion* region = m_state->space.find(address);
    if (region && region->module && region->module->isElf()) return false;
    return m_state->perfMap.find(address) != PerfMap::kNone;
}

Symbols::Compiled Symbols::compiledAt(std::uint64_t address)
{
    const CodeRegion* region = m_state->space.find(address);
    if (!region || (region->module && region->module->isElf())) return {};
    std::size_t function = m_state->perfMap.find(address);
    if (function == PerfMap::kNone && coarseNow() - m_state->perfMapRead > kPerfMapPauseNs) {
        readPerfMap();
        function = m_state->perfMap.find(address);
    }
    if (function == PerfMap::kNone) return {};
    return {m_state->perfMap.name(function).starts_with("py::"), address - m_state->perfMap.start(function)};
}

const Resolved& Symbols::State::resolve(std::uint64_t address)
{
    if (const Resolved* found = known.find(address)) return *found;
    scratch = lookUp(address);
    known.insert(address, scratch);
    return scratch;
}

Resolved Symbols::State::lookUp(std::uint64_t address)
{
    if (address >= kVsyscall && address < kVsyscall + 4096) return nameless("[vsyscall]");
    if (address >= kKernel) return inKernel(address);
    const CodeRegion* region = space.find(address);
    if (region && region->module && region->module->isElf()) return inModule(*region->module, address - region->start + region->offset);
    if (const std::size_t function = perfMap.find(address); function != PerfMap::kNone) return inCompiled(function, address);
    if (!region) return nameless("[unknown]");
    if (region->module) return inModule(*region->module, address - region->start + region->offset);
    return nameless("[anonymous]");
}

Resolved Symbols::State::nameless(const char* name) const { return {shared->called(name, [&] { return Frame{name, name}; }), 0}; }

Resolved Symbols::State::inKernel(std::uint64_t address)
{
    Kallsyms& kernel = shared->kernel;
    if (!std::exchange(shared->kernelRead, true)) kernel.read();
    const std::size_t row = kernel.find(address);
    if (row == Kallsyms::kNone) return nameless("[kernel]");
    const FrameId id = shared->at({&kernel, row, true}, [&] { return Frame{shownText(kernel.name(row)), shownText(kernel.module(row))}; });
    return {id, address - kernel.start(row)};
}

Resolved Symbols::State::inModule(CodeModule& module, std::uint64_t fileOffset)
{
    const auto mapped = module.addressOf(fileOffset);
    const SymbolTable& symbols = module.symbols();
    const std::size_t row = mapped ? symbols.find(*mapped) : SymbolTable::kNone;
    if (row != SymbolTable::kNone) {
        const FrameId id = shared->at({&module, row, true}, [&] { return Frame{functionName(symbols.name(row)), module.name()}; });
        return {id, *mapped - symbols[row].address};
    }
    const std::uint64_t address = mapped.value_or(fileOffset);
    const std::uint64_t start = mapped ? module.functionStart(address).value_or(address) : address;
    const FrameId id = shared->at({&module, start, false}, [&] { return Frame{module.name() + "+" + hex(start), module.name()}; });
    return {id, start == address ? address : address - start};
}

/// By the name, not the address: a function that is compiled again is the same.
Resolved Symbols::State::inCompiled(std::size_t function, std::uint64_t address)
{
    const std::string_view text = perfMap.name(function);
    const FrameId id = shared->called(std::string("map ").append(text), [&] {
        std::string_view name, file;
        if (splitPythonName(text, name, file)) return Frame{pythonName(name, file), file.empty() ? "[perf map]" : shownText(file)};
        return Frame{functionName(text), "[perf map]"};
    });
    return {id, address - perfMap.start(function)};
}

} // namespace opscope::sampling
