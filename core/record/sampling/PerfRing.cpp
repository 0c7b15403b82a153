#include "core/record/sampling/PerfRing.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <linux/perf_event.h>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

namespace opscope::sampling {

namespace {

std::size_t pageSize() { return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }

} // namespace

void drainRing(perf_event_mmap_page& control, std::span<const std::byte> data, std::vector<std::uint64_t>& into)
{
    const std::uint64_t head = __atomic_load_n(&control.data_head, __ATOMIC_ACQUIRE);
    const std::uint64_t tail = control.data_tail; // only we write it
    const std::uint64_t count = head - tail;
    if (count == 0 || count > data.size()) { // more than fits: not a ring that we could trust
        if (count) __atomic_store_n(&control.data_tail, head, __ATOMIC_RELEASE);
        return;
    }
    const std::size_t begin = tail & (data.size() - 1);
    const std::size_t first = std::min<std::size_t>(count, data.size() - begin);
    const std::size_t before = into.size();
    into.resize(before + count / sizeof(std::uint64_t));
    std::byte* to = reinterpret_cast<std::byte*>(into.data() + before);
    std::memcpy(to, data.data() + begin, first);
    std::memcpy(to + first, data.data(), count - first);
    __atomic_store_n(&control.data_tail, head, __ATOMIC_RELEASE);
}

int PerfRing::map(int descriptor, std::size_t pages)
{
    unmap();
    const std::size_t bytes = (pages + 1) * pageSize();
    void* base = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (base == MAP_FAILED) return errno;
    m_base = static_cast<std::byte*>(base);
    m_bytes = bytes;
    return 0;
}

PerfRing::PerfRing(PerfRing&& other) noexcept : m_base(std::exchange(other.m_base, nullptr)), m_bytes(std::exchange(other.m_bytes, 0)) {}

PerfRing& PerfRing::operator=(PerfRing&& other) noexcept
{
    std::swap(m_base, other.m_base);
    std::swap(m_bytes, other.m_bytes);
    return *this;
}

void PerfRing::unmap()
{
    if (m_base) ::munmap(m_base, m_bytes);
    m_base = nullptr;
    m_bytes = 0;
}

void PerfRing::drain(std::vector<std::uint64_t>& into)
{
    if (!m_base) return;
    const std::size_t page = pageSize();
    drainRing(*reinterpret_cast<perf_event_mmap_page*>(m_base), {m_base + page, m_bytes - page}, into);
}

} // namespace opscope::sampling
