#include "core/record/sampling/PerfRing.h"

#include <algorithm>
#include <cerrno>
#include <linux/perf_event.h>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

namespace opscope::sampling {

namespace {

std::size_t pageSize() { return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }

void copy(const RingWords& words, std::uint64_t from, std::size_t count, std::vector<std::uint64_t>& into)
{
    const std::uint64_t* const ring = words.ring.data();
    const std::size_t begin = words.place(from), straight = std::min(count, words.ring.size() - begin);
    into.insert(into.end(), ring + begin, ring + begin + straight);
    into.insert(into.end(), ring, ring + (count - straight));
}

void copyRecord(const RingWords& record, std::size_t words, const SampleLayout& layout, std::vector<std::uint64_t>& into)
{
    const StackPart stack = stackPartOf(record, words, layout);
    if (stack.unused < 2) return copy(record, 0, words, into);
    const std::size_t at = into.size(), end = stack.first + stack.words, out = stack.unused - 1;
    copy(record, 0, end - out, into);
    copy(record, end, words - end, into);
    into[at] = withRecordWords(into[at], words - out);
    into[at + stack.first - 1] = (stack.words - out) * sizeof(std::uint64_t);
}

} // namespace

void drainRing(perf_event_mmap_page& control, std::span<const std::uint64_t> data, const SampleLayout& layout, std::vector<std::uint64_t>& into)
{
    const std::uint64_t head = __atomic_load_n(&control.data_head, __ATOMIC_ACQUIRE);
    const std::uint64_t tail = control.data_tail; // only we write it
    const std::uint64_t count = (head - tail) / sizeof(std::uint64_t);
    if (count <= data.size()) { // else it is not a ring that we could trust
        for (std::uint64_t done = 0; done < count;) {
            const RingWords rest{data, tail / sizeof(std::uint64_t) + done};
            const std::size_t words = recordWords(rest[0]);
            if (words == 0 || words > count - done) { // the merge knows what to do with it
                copy(rest, 0, count - done, into);
                break;
            }
            copyRecord(rest, words, layout, into);
            done += words;
        }
    }
    if (head != tail) __atomic_store_n(&control.data_tail, head, __ATOMIC_RELEASE);
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

void PerfRing::drain(const SampleLayout& layout, std::vector<std::uint64_t>& into)
{
    if (!m_base) return;
    const std::size_t page = pageSize();
    const auto* data = reinterpret_cast<const std::uint64_t*>(m_base + page);
    drainRing(*reinterpret_cast<perf_event_mmap_page*>(m_base), {data, (m_bytes - page) / sizeof *data}, layout, into);
}

} // namespace opscope::sampling
