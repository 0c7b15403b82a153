#include "core/trace/Category.h"

#include <algorithm>
#include <array>

namespace opscope {

namespace {

using C = CategoryClass;

struct Spelling
{
    std::string_view name; // lower case
    CategoryClass kind;
};

// kineto-trace.md section 4, old spellings included; compared without case. Sorted by name, for the search.
constexpr std::array kSpellings = {
    Spelling{"collective_comm", C::Collective},
    Spelling{"cpu_instant_event", C::CpuInstant},
    Spelling{"cpu_op", C::CpuOp},
    Spelling{"cuda_driver", C::Driver},
    Spelling{"cuda_event", C::GpuEvent},
    Spelling{"cuda_profiler_range", C::ProfilerRange},
    Spelling{"cuda_runtime", C::Runtime},
    Spelling{"cuda_sync", C::Sync},
    Spelling{"glow_runtime", C::Runtime},
    Spelling{"gpu_memcpy", C::Memcpy},
    Spelling{"gpu_memset", C::Memset},
    Spelling{"gpu_user_annotation", C::GpuAnnotation},
    Spelling{"hardware_counters", C::Counter},
    Spelling{"kernel", C::Kernel},
    Spelling{"memcpy", C::Memcpy},
    Spelling{"memset", C::Memset},
    Spelling{"mtia_ccp_events", C::Kernel},
    Spelling{"mtia_counters", C::Counter},
    Spelling{"mtia_insight", C::GpuEvent},
    Spelling{"mtia_runtime", C::Runtime},
    Spelling{"operator", C::CpuOp},
    Spelling{"overhead", C::Overhead},
    Spelling{"privateuse1_driver", C::Driver},
    Spelling{"privateuse1_kernel", C::Kernel},
    Spelling{"privateuse1_runtime", C::Runtime},
    Spelling{"python_function", C::PythonFunction},
    Spelling{"runtime", C::Runtime},
    Spelling{"user", C::UserAnnotation},
    Spelling{"user_annotation", C::UserAnnotation},
    Spelling{"xpu_driver", C::Driver},
    Spelling{"xpu_kernel", C::Kernel},
    Spelling{"xpu_runtime", C::Runtime},
    Spelling{"xpu_scope_profiler", C::Counter},
    Spelling{"xpu_sync", C::Sync},
};
constexpr std::size_t kLongest = 32;

constexpr bool sorted()
{
    for (std::size_t i = 1; i < kSpellings.size(); ++i)
        if (!(kSpellings[i - 1].name < kSpellings[i].name)) return false;
    return true;
}
static_assert(sorted(), "the search needs them in order");

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

} // namespace

CategoryClass classify(std::string_view category)
{
    if (category.empty()) return C::None;
    if (category == "Trace") return C::Span; // with a capital only: "trace" is a word that anybody may use
    if (category.size() > kLongest) return C::Other;
    std::array<char, kLongest> buffer;
    std::transform(category.begin(), category.end(), buffer.begin(), lower);
    const std::string_view name(buffer.data(), category.size());
    const auto* found = std::lower_bound(kSpellings.begin(), kSpellings.end(), name,
                                         [](const Spelling& s, std::string_view n) { return s.name < n; });
    if (found != kSpellings.end() && found->name == name) return found->kind;
    // Devices come and go; what they call their runtime and driver does not.
    if (name.ends_with("_runtime")) return C::Runtime;
    if (name.ends_with("_driver")) return C::Driver;
    return C::Other;
}

Side sideOf(CategoryClass category)
{
    switch (category) {
    case C::CpuOp:
    case C::UserAnnotation:
    case C::PythonFunction:
    case C::CpuInstant:
    case C::Runtime:
    case C::Driver:
    case C::Overhead: return Side::Host;
    case C::Kernel:
    case C::Memcpy:
    case C::Memset:
    case C::GpuAnnotation:
    case C::Sync:
    case C::GpuEvent:
    case C::Collective:
    case C::Counter: return Side::Device;
    case C::Other:
    case C::None:
    case C::ProfilerRange:
    case C::Span: return Side::Unknown;
    }
    return Side::Unknown;
}

std::string_view title(CategoryClass category)
{
    switch (category) {
    case C::Other: return "other";
    case C::None: return "no category";
    case C::CpuOp: return "CPU op";
    case C::UserAnnotation: return "annotation";
    case C::PythonFunction: return "Python function";
    case C::CpuInstant: return "CPU instant";
    case C::Runtime: return "runtime call";
    case C::Driver: return "driver call";
    case C::Overhead: return "profiler overhead";
    case C::Kernel: return "kernel";
    case C::Memcpy: return "memory copy";
    case C::Memset: return "memory set";
    case C::GpuAnnotation: return "GPU annotation";
    case C::Sync: return "synchronisation";
    case C::GpuEvent: return "GPU event";
    case C::Collective: return "collective";
    case C::Counter: return "counter";
    case C::ProfilerRange: return "profiler range";
    case C::Span: return "recording";
    }
    return "other";
}

} // namespace opscope
