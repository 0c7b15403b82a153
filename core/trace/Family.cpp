#include "core/trace/Family.h"

#include "core/trace/FamilyWords.h"
#include "core/trace/ShortName.h"

#include <array>

namespace opscope {
namespace {

std::string lowerCase(std::string_view text)
{
    std::string result(text);
    for (char& c : result)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return result;
}

bool isSynchronizing(std::string_view name)
{
    return name.find("Synchronize") != std::string_view::npos || name.find("StreamWaitEvent") != std::string_view::npos;
}

constexpr std::array<std::string_view, kFamilies> kIds{"matmul", "attention", "elementwise", "reduction", "memory", "communication",
                                                     "other", "runtime", "sync", "annotation", "python"};

} // namespace

std::string_view id(Family family) { return kIds[static_cast<std::size_t>(family)]; }

std::optional<Family> familyById(std::string_view text)
{
    for (std::size_t i = 0; i < kFamilies; ++i)
        if (kIds[i] == text) return static_cast<Family>(i);
    return std::nullopt;
}

Family familyOf(std::string_view name, CategoryClass category)
{
    switch (category) {
    case CategoryClass::PythonFunction: return Family::Python;
    case CategoryClass::UserAnnotation:
    case CategoryClass::GpuAnnotation:
    case CategoryClass::ProfilerRange:
    case CategoryClass::Span: return Family::Annotation;
    case CategoryClass::Sync: return Family::Sync;
    case CategoryClass::Memcpy:
    case CategoryClass::Memset: return Family::Memory;
    case CategoryClass::Collective: return Family::Communication;
    case CategoryClass::Runtime:
    case CategoryClass::Driver:
    case CategoryClass::Overhead: return isSynchronizing(name) ? Family::Sync : Family::Runtime;
    default: break;
    }
    const std::string lower = lowerCase(unwrappedName(name).substr(0, 512));
    for (const FamilyWord& word : familyWords())
        if (matches(lower, word)) return word.family;
    return Family::Other;
}

} // namespace opscope
