#include "core/record/inject/program/Interpreter.h"

#include "core/record/inject/program/TargetMemory.h"
#include "core/record/sampling/ElfFile.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <string_view>
#include <unistd.h>

namespace opscope::inject {

namespace {

using namespace opscope::sampling;

/// Functions that hold or take the lock. Those without an export are found in builds that are not stripped, and inlined in most.
constexpr std::string_view kLocked[] = {"Py_AddPendingCall", "_PyEval_AddPendingCall", "Py_MakePendingCalls", "_Py_HandlePending", "make_pending_calls",
                                        "_make_pending_calls", "PyThread_acquire_lock_timed", "PyThread_acquire_lock", "PyThread_release_lock",
                                        "PyMutex_Lock", "PyMutex_Unlock", "_PyMutex_LockSlow", "_PyMutex_UnlockSlow", "_PyMutex_LockTimed"};
/// What a version was the first to have, newest first: before 3.11 no symbol tells the version.
constexpr std::pair<std::string_view, int> kFirstIn[] = {{"PyIter_Send", 10}, {"PyFrame_GetCode", 9}, {"PyCode_NewWithPosOnlyArgs", 8}};
constexpr std::string_view kOnlyFreeThreaded = "_Py_DecRefShared";

/// The defined symbols of a file that have one of our names.
using Symbols = std::multimap<std::string, GElf_Sym, std::less<>>;

/// Compilers make "make_pending_calls.isra.0" of a function.
std::string_view asWritten(std::string_view name) { return name.substr(0, name.find('.')); }

bool isWanted(std::string_view name)
{
    if (name == "PyRun_SimpleString" || name == "Py_Version" || name == kOnlyFreeThreaded) return true;
    return std::find(std::begin(kLocked), std::end(kLocked), name) != std::end(kLocked) ||
           std::any_of(std::begin(kFirstIn), std::end(kFirstIn), [&](const auto& first) { return first.first == name; });
}

void addSymbols(const ElfFile& file, std::uint32_t table, Symbols& found)
{
    const auto section = file.sectionOfType(table);
    Elf_Data* data = section ? const_cast<Elf_Data*>(file.data(*section)) : nullptr;
    const std::size_t entry = gelf_fsize(file.get(), ELF_T_SYM, 1, EV_CURRENT);
    if (!data || entry == 0) return;
    for (std::size_t i = 1; i < data->d_size / entry; ++i) {
        GElf_Sym symbol;
        if (!gelf_getsym(data, static_cast<int>(i), &symbol) || symbol.st_shndx == SHN_UNDEF || symbol.st_value == 0) continue;
        const char* name = elf_strptr(file.get(), section->header.sh_link, symbol.st_name);
        if (name && isWanted(asWritten(name))) found.emplace(asWritten(name), symbol);
    }
}

/// What is added to addresses of the file; nothing: it is not mapped as its headers say.
std::optional<std::uint64_t> loadBias(const ElfFile& file, const std::vector<Mapping>& maps, const Mapping& first)
{
    const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    for (const GElf_Phdr& segment : file.segments()) {
        if (segment.p_type != PT_LOAD) continue;
        for (const Mapping& mapping : maps)
            if (mapping.path == first.path && mapping.inode == first.inode && mapping.offset == segment.p_offset / page * page)
                return mapping.start - segment.p_vaddr / page * page;
    }
    return {};
}

/// The bytes of the file behind an address of it.
bool readFile(const ElfFile& file, std::uint64_t address, std::span<std::byte> into)
{
    for (const GElf_Phdr& segment : file.segments()) {
        if (segment.p_type != PT_LOAD || address < segment.p_vaddr || address - segment.p_vaddr + into.size() > segment.p_filesz) continue;
        const auto offset = static_cast<off_t>(segment.p_offset + (address - segment.p_vaddr));
        return pread(file.descriptor(), into.data(), into.size(), offset) == static_cast<ssize_t>(into.size());
    }
    return false;
}

std::optional<Interpreter::Function> functionOf(const ElfFile& file, const GElf_Sym& symbol, std::uint64_t bias)
{
    Interpreter::Function function{.start = symbol.st_value + bias, .size = symbol.st_size};
    if (!readFile(file, symbol.st_value, function.head)) return {};
    return function;
}

void tellVersion(pid_t pid, const Symbols& symbols, std::uint64_t bias, Interpreter& interpreter)
{
    interpreter.freeThreaded = symbols.contains(kOnlyFreeThreaded);
    std::uint64_t hex = 0;
    const auto version = symbols.find("Py_Version"); // 3.11 and later: 0x030b02f0
    if (version != symbols.end() && readValue(pid, version->second.st_value + bias, hex)) {
        interpreter.major = static_cast<int>(hex >> 24 & 0xff);
        interpreter.minor = static_cast<int>(hex >> 16 & 0xff);
        interpreter.micro = static_cast<int>(hex >> 8 & 0xff);
        return;
    }
    for (const auto& [name, minor] : kFirstIn)
        if (symbols.contains(name)) {
            interpreter.major = 3;
            interpreter.minor = minor;
            return;
        }
}

/// Nothing: the file is no interpreter.
std::optional<Findings> interpreterIn(const TargetFiles& files, const std::vector<Mapping>& maps, const Mapping& first)
{
    const ElfFile file(files.openMapped(first));
    if (!file) return {};
    Symbols symbols;
    addSymbols(file, SHT_DYNSYM, symbols);
    addSymbols(file, SHT_SYMTAB, symbols);
    if (!symbols.contains("Py_AddPendingCall") || !symbols.contains("PyRun_SimpleString")) return {};
    Findings found;
    const auto bias = loadBias(file, maps, first);
    const auto add = bias ? functionOf(file, symbols.find("Py_AddPendingCall")->second, *bias) : std::nullopt;
    const auto run = bias ? functionOf(file, symbols.find("PyRun_SimpleString")->second, *bias) : std::nullopt;
    if (!add || !run) return Findings{.reason = "no-symbols"};
    found.interpreter.addPendingCall = *add;
    found.interpreter.runSimpleString = *run;
    for (const auto& [name, symbol] : symbols)
        if (std::find(std::begin(kLocked), std::end(kLocked), name) != std::end(kLocked))
            if (const auto function = functionOf(file, symbol, *bias)) found.interpreter.locked.push_back(*function);
    tellVersion(files.pid(), symbols, *bias, found.interpreter);
    return found;
}

/// An executable or a library of CPython by its name: reading the symbols of every library would take too long.
bool mayBePython(std::string_view path, std::string_view program)
{
    return path == program || lastPart(path).starts_with("libpython");
}

Findings findInterpreter(pid_t pid, const std::vector<Mapping>& maps)
{
    const TargetFiles files(pid);
    char buffer[4096];
    const ssize_t length = ::readlink(("/proc/" + std::to_string(pid) + "/exe").c_str(), buffer, sizeof buffer);
    const std::string_view program(buffer, length > 0 ? static_cast<std::size_t>(length) : 0);
    bool named = lastPart(program).starts_with("python");
    std::vector<std::string_view> seen;
    for (const bool wantProgram : {true, false}) // an executable that exports them stands before its libraries
        for (const Mapping& mapping : maps) {
            if (!isFilePath(mapping.path) || !mayBePython(mapping.path, program) || (mapping.path == program) != wantProgram) continue;
            named = named || mapping.path != program;
            if (std::find(seen.begin(), seen.end(), mapping.path) != seen.end()) continue;
            seen.push_back(mapping.path);
            if (auto found = interpreterIn(files, maps, mapping)) return *found;
        }
    return {.reason = named ? "no-symbols" : "not-python"};
}

/// Looks for what is missing of `gadgets` in executable memory.
void findGadgets(pid_t pid, const Mapping& mapping, Gadgets& gadgets)
{
    using namespace std::string_view_literals;
    constexpr std::string_view kSystemCall = "\x0f\x05\xc3"sv;                     // syscall; ret
    constexpr std::string_view kComeBack = "\x48\xc7\xc0\x0f\x00\x00\x00\x0f\x05"sv; // mov $15, %rax; syscall
    constexpr std::uint64_t kMost = 16u << 20;
    std::string code(std::min(mapping.end - mapping.start, kMost), '\0');
    if (!readMemory(pid, mapping.start, std::as_writable_bytes(std::span(code)))) return;
    if (const std::size_t at = code.find(kSystemCall); gadgets.systemCall == 0 && at != code.npos) gadgets.systemCall = mapping.start + at;
    if (const std::size_t at = code.find(kComeBack); gadgets.comeBack == 0 && at != code.npos) {
        gadgets.comeBack = mapping.start + at;
        gadgets.afterComeBack = gadgets.comeBack + kComeBack.size();
    }
    for (const int reg : {2, 6, 7, 1, 3, 5}) {
        const char exchange[] = {static_cast<char>(0x90 + reg), '\xc3'};
        const std::size_t at = gadgets.keepResult == 0 ? code.find(std::string_view(exchange, 2)) : code.npos;
        if (at == code.npos) continue;
        gadgets.keepResult = mapping.start + at;
        gadgets.keptIn = reg;
    }
}

bool isLibc(std::string_view name) { return name.starts_with("libc.so") || name.starts_with("libc-") || name.starts_with("ld-musl"); }

Gadgets findGadgets(pid_t pid, const std::vector<Mapping>& maps)
{
    Gadgets gadgets;
    for (const bool libc : {true, false}) // nearly always all in the C library
        for (const Mapping& mapping : maps) {
            if (gadgets.systemCall && gadgets.keepResult && gadgets.comeBack) return gadgets;
            if (mapping.executable && isFilePath(mapping.path) && isLibc(lastPart(mapping.path)) == libc) findGadgets(pid, mapping, gadgets);
        }
    return gadgets;
}

bool isOurArchitecture(pid_t pid)
{
    Elf64_Ehdr header{};
    const FileHandle program = openHostFile("/proc/" + std::to_string(pid) + "/exe");
    if (!program || pread(program.get(), &header, sizeof header, 0) != static_cast<ssize_t>(sizeof header)) return true; // others will say what is wrong
    return header.e_ident[EI_CLASS] == ELFCLASS64 && header.e_machine == EM_X86_64;
}

} // namespace

std::string Interpreter::version() const
{
    return std::to_string(major) + "." + std::to_string(minor) + (micro >= 0 ? "." + std::to_string(micro) : "") + (freeThreaded ? "t" : "");
}

Findings lookInto(pid_t pid)
{
    const std::vector<Mapping> maps = parseMaps(readSmallFile("/proc/" + std::to_string(pid) + "/maps", 64u << 20));
    if (maps.empty()) return {.reason = "not-permitted"};
    if (!isOurArchitecture(pid)) return {.reason = "architecture"};
    Findings found = findInterpreter(pid, maps);
    if (!found.reason.empty()) return found;
    if (found.interpreter.major != 3) found.reason = "unknown-python";
    else if (found.interpreter.minor < 8) found.reason = "old-python";
    else if (found.interpreter.freeThreaded && !found.interpreter.remoteExec()) found.reason = "free-threaded";
    if (!found.reason.empty() || found.interpreter.remoteExec()) return found;
    found.gadgets = findGadgets(pid, maps);
    if (!found.gadgets.systemCall || !found.gadgets.keepResult || !found.gadgets.comeBack) found.reason = "no-library";
    return found;
}

} // namespace opscope::inject
