#include "core/record/sampling/AddressSpace.h"

#include <algorithm>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

namespace opscope::sampling {

namespace {

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
