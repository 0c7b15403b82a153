#include "core/record/sampling/PerfRecord.h"

#include <algorithm>
#include <cstring>
#include <linux/perf_event.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>

namespace opscope::sampling {

namespace {

constexpr std::size_t kTrailer = 3; ///< words of thread, time, processor at the end of everything that is no sample
constexpr std::size_t kFixedOfSample = 5; ///< words: header, address, thread, time, processor

std::uint16_t typeOf(std::uint64_t header) { return static_cast<std::uint16_t>(header & 0xFFFF); }
std::uint16_t miscOf(std::uint64_t header) { return static_cast<std::uint16_t>(header >> 32); }
std::uint32_t low(std::uint64_t word) { return static_cast<std::uint32_t>(word); }
std::uint32_t high(std::uint64_t word) { return static_cast<std::uint32_t>(word >> 32); }

/// From the front of a record; reading too far is remembered instead of done.
class Words
{
public:
    explicit Words(std::span<const std::uint64_t> words) : m_rest(words) {}
    std::uint64_t next()
    {
        const std::span<const std::uint64_t> one = take(1);
        return one.empty() ? 0 : one[0];
    }
    std::span<const std::uint64_t> take(std::uint64_t count)
    {
        if (count > m_rest.size()) m_short = true;
        if (m_short) return {};
        const std::span<const std::uint64_t> taken = m_rest.first(count);
        m_rest = m_rest.subspan(count);
        return taken;
    }
    /// All of the rest, up to a zero byte.
    std::string_view text() const
    {
        const char* chars = reinterpret_cast<const char*>(m_rest.data());
        return {chars, ::strnlen(chars, m_rest.size() * sizeof(std::uint64_t))};
    }
    bool good() const { return !m_short; }

private:
    std::span<const std::uint64_t> m_rest;
    bool m_short = false;
};

void setThread(std::uint64_t word, PerfRecord& into)
{
    into.pid = static_cast<pid_t>(low(word));
    into.tid = static_cast<pid_t>(high(word));
}

void takeStack(Words& words, unsigned registers, PerfRecord& into)
{
    const std::uint64_t abi = words.next();
    const std::span<const std::uint64_t> values = abi == PERF_SAMPLE_REGS_ABI_NONE ? std::span<const std::uint64_t>() : words.take(registers);
    const std::uint64_t size = words.next();
    const std::span<const std::uint64_t> copy = words.take(size / sizeof(std::uint64_t));
    const std::uint64_t used = size ? words.next() : 0;
    if (!words.good() || abi != PERF_SAMPLE_REGS_ABI_64) return; // the unwinder knows 64-bit programs only
    into.registers = values;
    into.stack = std::as_bytes(copy).first(used < copy.size_bytes() ? used : copy.size_bytes());
    into.stackFull = size > 0 && used >= size;
}

bool decodeSample(std::span<const std::uint64_t> record, const SampleLayout& layout, PerfRecord& into)
{
    Words words(record.subspan(1));
    into.kind = PerfKind::Sample;
    into.address = words.next();
    setThread(words.next(), into);
    into.time = words.next();
    into.cpu = static_cast<std::uint16_t>(low(words.next()));
    if (layout.chain) into.chain = words.take(words.next());
    if (layout.userRegisters) takeStack(words, layout.userRegisters, into);
    return words.good();
}

void decodeTask(Words& words, PerfKind kind, PerfRecord& into)
{
    into.kind = kind;
    const std::uint64_t pids = words.next(), tids = words.next();
    into.pid = static_cast<pid_t>(low(pids));
    into.parentPid = static_cast<pid_t>(high(pids));
    into.tid = static_cast<pid_t>(low(tids));
    into.parentTid = static_cast<pid_t>(high(tids));
}

void decodeMmap(Words& words, bool second, PerfRecord& into)
{
    into.kind = PerfKind::Mmap;
    setThread(words.next(), into);
    into.start = words.next();
    into.length = words.next();
    into.offset = words.next();
    into.executable = true; // of the first kind only code is told
    if (second) {
        const std::uint64_t device = words.next();
        into.device = makedev(low(device), high(device));
        into.inode = words.next();
        words.next();
        into.executable = low(words.next()) & PROT_EXEC;
    }
    into.text = words.text();
}

} // namespace

std::uint64_t basicSampleType() { return PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU; }

std::size_t recordWords(std::uint64_t header)
{
    const std::uint64_t bytes = header >> 48;
    return bytes % sizeof(std::uint64_t) ? 0 : bytes / sizeof(std::uint64_t);
}

std::uint64_t withRecordWords(std::uint64_t header, std::size_t words)
{
    return (header & 0xFFFF'FFFF'FFFF) | std::uint64_t{words * sizeof(std::uint64_t)} << 48;
}

std::size_t recordWords(std::span<const std::uint64_t> words)
{
    const std::size_t count = words.empty() ? 0 : recordWords(words[0]);
    return count > words.size() ? 0 : count;
}

/// What decodeSample() and takeStack() read, without reading it.
StackPart stackPartOf(const RingWords& record, std::size_t words, const SampleLayout& layout)
{
    if (!layout.userRegisters || typeOf(record[0]) != PERF_RECORD_SAMPLE) return {};
    std::uint64_t at = kFixedOfSample;
    const auto has = [&](std::uint64_t more) { return more < words && at < words - more; };
    if (layout.chain) {
        if (!has(0) || record[at] >= words) return {};
        at += 1 + record[at];
    }
    if (!has(0)) return {};
    at += record[at] == PERF_SAMPLE_REGS_ABI_NONE ? 1 : 1 + layout.userRegisters;
    if (!has(0)) return {};
    const std::uint64_t size = record[at++] / sizeof(std::uint64_t);
    if (size == 0 || !has(size)) return {};
    const std::uint64_t written = record[at + size];
    const std::uint64_t used = written / sizeof(std::uint64_t) + (written % sizeof(std::uint64_t) != 0);
    return {at, size, size - std::min(used, size)};
}

std::uint64_t recordTime(std::span<const std::uint64_t> record)
{
    if (record.empty()) return 0;
    if (typeOf(record[0]) == PERF_RECORD_SAMPLE) return record.size() > 3 ? record[3] : 0;
    return record.size() > kTrailer ? record[record.size() - 2] : 0;
}

bool decodeRecord(std::span<const std::uint64_t> record, const SampleLayout& layout, PerfRecord& into)
{
    into = {};
    if (record.empty()) return false;
    const std::uint16_t type = typeOf(record[0]), misc = miscOf(record[0]);
    if (type == PERF_RECORD_SAMPLE) return decodeSample(record, layout, into);
    if (record.size() < 1 + kTrailer) return false;
    const std::span<const std::uint64_t> trailer = record.last(kTrailer);
    setThread(trailer[0], into);
    into.time = trailer[1];
    into.cpu = static_cast<std::uint16_t>(low(trailer[2]));
    Words words(record.subspan(1, record.size() - 1 - kTrailer));
    switch (type) {
    case PERF_RECORD_LOST:
        words.next();
        [[fallthrough]];
    case PERF_RECORD_LOST_SAMPLES:
        into.kind = PerfKind::Lost;
        into.lost = words.next();
        break;
    case PERF_RECORD_COMM:
        into.kind = PerfKind::Comm;
        setThread(words.next(), into);
        into.exec = misc & PERF_RECORD_MISC_COMM_EXEC;
        into.text = words.text();
        break;
    case PERF_RECORD_EXIT: decodeTask(words, PerfKind::Exit, into); break;
    case PERF_RECORD_FORK: decodeTask(words, PerfKind::Fork, into); break;
    case PERF_RECORD_THROTTLE: into.kind = PerfKind::Throttle; break;
    case PERF_RECORD_UNTHROTTLE: into.kind = PerfKind::Unthrottle; break;
    case PERF_RECORD_MMAP: decodeMmap(words, false, into); break;
    case PERF_RECORD_MMAP2: decodeMmap(words, true, into); break;
    case PERF_RECORD_SWITCH:
        into.kind = PerfKind::Switch;
        into.out = misc & PERF_RECORD_MISC_SWITCH_OUT;
        into.preempted = misc & PERF_RECORD_MISC_SWITCH_OUT_PREEMPT;
        break;
    default: break;
    }
    return words.good();
}

} // namespace opscope::sampling
