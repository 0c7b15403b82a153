#include "core/base/Prefault.h"

#include <cstdint>

#ifdef __linux__
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace opscope {

namespace {

constexpr std::size_t kWorthwhile = std::size_t{32} << 10;

} // namespace

void prefault([[maybe_unused]] const void* memory, std::size_t bytes)
{
    if (bytes < kWorthwhile) return;
#ifdef MADV_POPULATE_WRITE
    static const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
    const auto place = reinterpret_cast<std::uintptr_t>(memory);
    const std::uintptr_t first = place / page * page, end = (place + bytes) / page * page;
    madvise(reinterpret_cast<void*>(first), end - first, MADV_POPULATE_WRITE); // where it fails, pages come when they are touched
#endif
}

} // namespace opscope
