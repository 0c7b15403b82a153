#pragma once

#include "core/record/sampling/CodeModule.h"
#include "core/record/sampling/Maps.h"
#include "core/record/sampling/Symbols.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace opscope::sampling {

/// Executable memory of one process, by address.
struct CodeRegion
{
    std::uint64_t start = 0, end = 0, offset = 0;
    std::shared_ptr<CodeModule> module;   ///< null: no file holds it
};

/// Which regions there are; later ones cut earlier ones.
class AddressSpace
{
public:
    void add(CodeRegion region);
    void remove(std::uint64_t start, std::uint64_t end);
    void clear() { m_regions.clear(); }
    const CodeRegion* find(std::uint64_t address) const;

private:
    std::vector<CodeRegion> m_regions;    // by start, disjoint
};

/// One CodeModule for each file, however many processes map it.
class ModuleStore
{
public:
    std::shared_ptr<CodeModule> moduleOf(const Mapping& mapping, const std::shared_ptr<const TargetFiles>& files);

private:
    std::map<std::tuple<std::uint64_t, std::uint64_t, std::string>, std::shared_ptr<CodeModule>> m_modules;
};

} // namespace opscope::sampling
