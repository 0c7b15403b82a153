#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace opscope {

/// What a `cat` text means, whatever its spelling (kineto-trace.md section 4: "Kernel" = "kernel", "Operator" = "cpu_op").
enum class CategoryClass : std::uint8_t {
    Other,            ///< another producer's, or unknown: shown, never dropped
    None,             ///< no category at all
    CpuOp, UserAnnotation, PythonFunction, CpuInstant, Runtime, Driver, Overhead,
    Kernel, Memcpy, Memset, GpuAnnotation, Sync, GpuEvent, Collective, Counter, ProfilerRange,
    Span              ///< "Trace": the whole recording; kept out of statistics and of the shown range
};

enum class Side : std::uint8_t { Unknown, Host, Device };

CategoryClass classify(std::string_view category);
Side sideOf(CategoryClass category);
/// "CPU op", "kernel" ... for people.
std::string_view title(CategoryClass category);

struct Category
{
    std::string name;             ///< as the file has it; "" for events without one
    CategoryClass kind = CategoryClass::None;
    std::uint64_t events = 0;     ///< elements of traceEvents with it, metadata included
};

} // namespace opscope
