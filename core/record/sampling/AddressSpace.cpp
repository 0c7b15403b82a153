#include "core/record/sampling/AddressSpace.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace opscope::sampling {

namespace {

/// A number and what parts it from the next.
bool take(std::string_view& text, std::uint64_t& value, int base, char end)
{
    const auto [next, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc() || next == text.data() + text.size() || *next != end) return false;
    text.remove_prefix(static_cast<std::size_t>(next - text.data()) + 1);
    return true;
}

std::string unescaped(std::string_view path)
{
    std::string text(path);
    for (std::size_t at = text.find("\\012"); at != std::string::npos; at = text.find("\\012", at + 1)) text.replace(at, 4, "\n");
    return text;
}

/// "7f12-7f13 r-xp 00001000 fd:00 1234    /usr/lib/libfoo.so".
std::optional<Mapping> parseLine(std::string_view line)
{
    Mapping mapping;
    std::uint64_t major = 0, minor = 0;
    if (!take(line, mapping.start, 16, '-') || !take(line, mapping.end, 16, ' ') || line.size() < 5) return {};
    mapping.executable = line[2] == 'x';
    line.remove_prefix(5);
    if (!take(line, mapping.offset, 16, ' ') || !take(line, major, 16, ':') || !take(line, minor, 16, ' ')) return {};
    mapping.device = makedev(static_cast<unsigned>(major), static_cast<unsigned>(minor));
    const std::size_t blank = line.find_first_not_of("0123456789");
    std::from_chars(line.data(), line.data() + std::min(blank, line.size()), mapping.inode);
    const std::size_t path = blank == std::string_view::npos ? blank : line.find_first_not_of(' ', blank);
    if (path != std::string_view::npos) mapping.path = unescaped(line.substr(path));
    return mapping.start < mapping.end ? std::optional(mapping) : std::nullopt;
}

/// The kernel's own library is in no file, but all processes have the same: ours is copied.
FileHandle ownVdso(std::uint64_t size)
{
    const std::uint64_t start = getauxval(AT_SYSINFO_EHDR);
    for (const Mapping& mapping : parseMaps(readSmallFile("/proc/self/maps"))) {
        if (mapping.start != start || mapping.end - mapping.start != size) continue; // another size: of a 32 bit process
        FileHandle file(memfd_create("vdso", MFD_CLOEXEC));
        if (file && write(file.get(), reinterpret_cast<const void*>(start), size) == static_cast<ssize_t>(size)) return file;
    }
    return {};
}

} // namespace

std::vector<Mapping> parseMaps(std::string_view text)
{
    std::vector<Mapping> all;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        if (auto mapping = parseLine(text.substr(0, end))) all.push_back(std::move(*mapping));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return all;
}

bool isFilePath(std::string_view path)
{
    if (!path.starts_with('/') || path.starts_with("//") || path.starts_with("/memfd:") || path.starts_with("/SYSV")) return false;
    return !path.starts_with("/dev/") && !path.starts_with("/anon_hugepage");
}

void AddressSpace::remove(std::uint64_t start, std::uint64_t end)
{
    auto at = std::lower_bound(m_regions.begin(), m_regions.end(), start, [](const CodeRegion& r, std::uint64_t a) { return r.end <= a; });
    while (at != m_regions.end() && at->start < end) {
        if (at->end > end) { // what is above stays
            CodeRegion above = *at;
            above.offset += end - above.start;
            above.start = end;
            at = m_regions.insert(at + 1, std::move(above)) - 1;
        }
        if (at->start < start) {
            at->end = start;
            ++at;
        } else if (at->start < end) {
            at = m_regions.erase(at);
        }
    }
}

void AddressSpace::add(CodeRegion region)
{
    if (region.start >= region.end) return;
    remove(region.start, region.end);
    const auto at = std::lower_bound(m_regions.begin(), m_regions.end(), region.start, [](const CodeRegion& r, std::uint64_t a) { return r.start < a; });
    m_regions.insert(at, std::move(region));
}

const CodeRegion* AddressSpace::find(std::uint64_t address) const
{
    const auto after = std::upper_bound(m_regions.begin(), m_regions.end(), address, [](std::uint64_t a, const CodeRegion& r) { return a < r.start; });
    if (after == m_regions.begin() || address >= (after - 1)->end) return nullptr;
    return &*(after - 1);
}

std::shared_ptr<CodeModule> ModuleStore::moduleOf(const Mapping& mapping, const std::shared_ptr<const TargetFiles>& files)
{
    const bool vdso = mapping.path == "[vdso]";
    if (!vdso && !isFilePath(mapping.path)) return nullptr;
    auto& module = m_modules[{mapping.device, mapping.inode, mapping.path}];
    if (!module) {
        FileHandle file = vdso ? ownVdso(mapping.end - mapping.start) : files->openMapped(mapping);
        module = std::make_shared<CodeModule>(std::move(file), mapping.path, files);
    }
    return module;
}

} // namespace opscope::sampling
