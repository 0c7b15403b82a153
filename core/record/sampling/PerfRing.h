#pragma once

#include "core/record/sampling/PerfRecord.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

struct perf_event_mmap_page;

namespace opscope::sampling {

/// Moves everything that is in the ring behind `into` and gives the room back to the kernel: whole records, wherever they wrap. Each copy
/// of a stack has its full size in the ring, though most stacks are shorter: what was not written of it is left out but for a word, from
/// which one sees that the stack ended there, and the record says so. `data` is the ring without its first page, a power of two in size.
void drainRing(perf_event_mmap_page& control, std::span<const std::uint64_t> data, const SampleLayout& layout, std::vector<std::uint64_t>& into);

/// A mapped ring of one perf event. Movable; unmapped at the end.
class PerfRing
{
public:
    /// `pages`: a power of two. 0 or the errno.
    int map(int descriptor, std::size_t pages);
    PerfRing() = default;
    PerfRing(PerfRing&& other) noexcept;
    PerfRing& operator=(PerfRing&& other) noexcept;
    ~PerfRing() { unmap(); }
    void unmap();
    void drain(const SampleLayout& layout, std::vector<std::uint64_t>& into);

private:
    std::byte* m_base = nullptr;
    std::size_t m_bytes = 0; // of data and control page
};

} // namespace opscope::sampling
