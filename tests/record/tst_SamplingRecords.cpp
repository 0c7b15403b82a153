#include <QTest>

#include "core/record/sampling/PerfRecord.h"
#include "core/record/sampling/PerfRing.h"
#include "core/record/sampling/RecordMerge.h"

#include <cstring>
#include <linux/perf_event.h>
#include <sstream>
#include <string>

using namespace opscope::sampling;

namespace {

using Words = std::vector<std::uint64_t>;

std::uint64_t pair(std::uint32_t low, std::uint32_t high) { return low | std::uint64_t{high} << 32; }

std::uint64_t header(std::uint32_t type, std::uint16_t misc, std::size_t words)
{
    return type | std::uint64_t{misc} << 32 | std::uint64_t{words * 8} << 48;
}

Words withTrailer(std::uint32_t type, std::uint16_t misc, Words body, std::uint64_t time, std::uint32_t cpu = 1)
{
    Words all{header(type, misc, body.size() + 4)};
    all.insert(all.end(), body.begin(), body.end());
    all.insert(all.end(), {pair(70, 71), time, pair(cpu, 0)});
    return all;
}

Words text(std::string_view chars)
{
    Words words(chars.size() / 8 + 1); // at least one zero byte, as the kernel has it
    std::memcpy(words.data(), chars.data(), chars.size());
    return words;
}

Words sample(std::uint64_t time, const Words& rest = {}, std::uint32_t tid = 71)
{
    Words all{header(PERF_RECORD_SAMPLE, PERF_RECORD_MISC_USER, 5 + rest.size()), 0x1234, pair(70, tid), time, pair(3, 0)};
    all.insert(all.end(), rest.begin(), rest.end());
    return all;
}

Words switchAt(std::uint64_t time) { return withTrailer(PERF_RECORD_SWITCH, 0, {}, time); }

void append(Words& to, const Words& more) { to.insert(to.end(), more.begin(), more.end()); }

std::string times(RecordMerge& merge, std::uint64_t horizon)
{
    std::ostringstream out;
    merge.release(horizon, [&](std::span<const std::uint64_t> record) { out << (out.tellp() > 0 ? " " : "") << recordTime(record); });
    return out.str();
}

/// A ring as the kernel would map it.
struct FakeRing
{
    explicit FakeRing(std::size_t bytes, const SampleLayout& what = {}) : layout(what), data(bytes / 8) {}
    void write(const Words& words)
    {
        for (const std::uint64_t word : words) {
            data[control.data_head / 8 % data.size()] = word;
            control.data_head += sizeof word;
        }
    }
    Words drained()
    {
        Words words;
        drainRing(control, data, layout, words);
        return words;
    }
    SampleLayout layout;
    perf_event_mmap_page control = {};
    Words data;
};

} // namespace

class tst_SamplingRecords : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    // --- decoding
    void aSampleHasItsChain()
    {
        const Words chain{0xfffffffffffffe00, 0x10, 0x20};
        Words rest{chain.size()};
        append(rest, chain);
        const Words words = sample(99, rest);
        PerfRecord record;
        QVERIFY(decodeRecord(words, {.chain = true}, record));
        QCOMPARE(record.kind, PerfKind::Sample);
        QCOMPARE(record.address, 0x1234u);
        QCOMPARE(record.pid, 70);
        QCOMPARE(record.tid, 71);
        QCOMPARE(record.time, 99u);
        QCOMPARE(record.cpu, 3);
        QCOMPARE(Words(record.chain.begin(), record.chain.end()), chain);
    }
    void aSampleHasOnlyTheStackThatWasCopied()
    {
        const Words words = sample(99, {1, 0xfffffffffffffe00, PERF_SAMPLE_REGS_ABI_64, 11, 12, 32, 1, 2, 3, 4, 24});
        PerfRecord record;
        QVERIFY(decodeRecord(words, {.chain = true, .userRegisters = 2}, record));
        QCOMPARE(Words(record.registers.begin(), record.registers.end()), (Words{11, 12}));
        QCOMPARE(record.stack.size(), std::size_t{24});
        std::uint64_t third = 0;
        std::memcpy(&third, record.stack.data() + 16, 8);
        QCOMPARE(third, 3u);
    }
    void aSampleInTheKernelsOwnThreadHasNoRegisters()
    {
        const Words words = sample(99, {PERF_SAMPLE_REGS_ABI_NONE, 0});
        PerfRecord record;
        QVERIFY(decodeRecord(words, {.userRegisters = 17}, record));
        QVERIFY(record.registers.empty());
        QVERIFY(record.stack.empty());
    }
    void a32BitProgramIsNotUnwound()
    {
        const Words words = sample(99, {PERF_SAMPLE_REGS_ABI_32, 11, 12, 8, 1, 8});
        PerfRecord record;
        QVERIFY(decodeRecord(words, {.userRegisters = 2}, record));
        QVERIFY(record.registers.empty());
    }
    void lengthsThatReachTooFarAreRefused()
    {
        PerfRecord record;
        QVERIFY(!decodeRecord(sample(99, {~std::uint64_t{0}, 1}), {.chain = true}, record));
        QVERIFY(!decodeRecord(sample(99, {2, 1}), {.chain = true}, record));
        QVERIFY(!decodeRecord(sample(99, {PERF_SAMPLE_REGS_ABI_64, 11, ~std::uint64_t{7}, 0}), {.userRegisters = 1}, record));
        QVERIFY(!decodeRecord(withTrailer(PERF_RECORD_FORK, 0, {}, 5), {}, record));
        QVERIFY(!decodeRecord(Words{header(PERF_RECORD_SWITCH, 0, 2), 0}, {}, record));
        QVERIFY(!decodeRecord({}, {}, record));
    }
    void aDynamicSizeBeyondTheCopyIsCut()
    {
        const Words words = sample(99, {PERF_SAMPLE_REGS_ABI_64, 11, 8, 1, 4'000'000'000});
        PerfRecord record;
        QVERIFY(decodeRecord(words, {.userRegisters = 1}, record));
        QCOMPARE(record.stack.size(), std::size_t{8});
    }
    void switchesTellPreemptedFromWaiting()
    {
        PerfRecord record;
        QVERIFY(decodeRecord(withTrailer(PERF_RECORD_SWITCH, 0, {}, 5, 2), {}, record));
        QVERIFY(record.kind == PerfKind::Switch && !record.out && record.tid == 71 && record.cpu == 2 && record.time == 5);
        QVERIFY(decodeRecord(withTrailer(PERF_RECORD_SWITCH, PERF_RECORD_MISC_SWITCH_OUT, {}, 5), {}, record));
        QVERIFY(record.out && !record.preempted);
        QVERIFY(decodeRecord(withTrailer(PERF_RECORD_SWITCH, PERF_RECORD_MISC_SWITCH_OUT | PERF_RECORD_MISC_SWITCH_OUT_PREEMPT, {}, 5), {}, record));
        QVERIFY(record.out && record.preempted);
    }
    void forksNamesAndLossesAreDecoded()
    {
        PerfRecord record;
        QVERIFY(decodeRecord(withTrailer(PERF_RECORD_FORK, 0, {pair(80, 70), pair(81, 71), 5}, 5), {}, record));
        QVERIFY(record.kind == PerfKind::Fork && record.pid == 80 && record.parentPid == 70 && record.tid == 81 && record.parentTid == 71);
        Words body{pair(70, 71)};
        append(body, text("busy thread"));
        const Words comm = withTrailer(PERF_RECORD_COMM, PERF_RECORD_MISC_COMM_EXEC, body, 5);
        QVERIFY(decodeRecord(comm, {}, record));
        QVERIFY(record.kind == PerfKind::Comm && record.exec);
        QCOMPARE(record.text, std::string_view("busy thread"));
        QVERIFY(decodeRecord(withTrailer(PERF_RECORD_LOST, 0, {1, 42}, 5), {}, record));
        QVERIFY(record.kind == PerfKind::Lost && record.lost == 42);
        QVERIFY(decodeRecord(withTrailer(PERF_RECORD_LOST_SAMPLES, 0, {43}, 5), {}, record));
        QVERIFY(record.kind == PerfKind::Lost && record.lost == 43);
        QVERIFY(decodeRecord(withTrailer(PERF_RECORD_THROTTLE, 0, {5, 1, 1}, 5), {}, record));
        QVERIFY(record.kind == PerfKind::Throttle);
    }
    void aMappingHasItsPlaceAndPath()
    {
        Words body{pair(70, 71), 0x1000, 0x2000, 0x3000, pair(8, 1), 77, 0, pair(5, 2)};
        append(body, text("/usr/lib/libc.so.6"));
        const Words words = withTrailer(PERF_RECORD_MMAP2, 0, body, 5);
        PerfRecord record;
        QVERIFY(decodeRecord(words, {}, record));
        QVERIFY(record.kind == PerfKind::Mmap && record.executable);
        QCOMPARE(record.start, 0x1000u);
        QCOMPARE(record.length, 0x2000u);
        QCOMPARE(record.offset, 0x3000u);
        QCOMPARE(record.device, 0x801u);
        QCOMPARE(record.inode, 77u);
        QCOMPARE(record.text, std::string_view("/usr/lib/libc.so.6"));
    }
    void aPathWithoutEndStopsBeforeTheTrailer()
    {
        PerfRecord record;
        const Words words = withTrailer(PERF_RECORD_COMM, 0, {pair(70, 71), 0x4141414141414141}, 0x4242424242424242);
        QVERIFY(decodeRecord(words, {}, record));
        QCOMPARE(record.text, std::string_view("AAAAAAAA"));
    }

    // --- the ring
    void recordsThatWrapComeOutWhole()
    {
        FakeRing ring(128);
        Words expected;
        for (std::uint64_t i = 0; i < 50; ++i) {
            const Words one = sample(i, {1, i});
            ring.write(one);
            QCOMPARE(ring.drained(), one);
        }
        QCOMPARE(ring.control.data_tail, ring.control.data_head);
    }
    void aFullRingIsTakenInOnePiece()
    {
        FakeRing ring(128);
        ring.write(Words(5, 0)); // no records: that is for the merge to see
        QCOMPARE(ring.drained().size(), std::size_t{5});
        Words all;
        for (std::uint64_t i = 0; i < 16; ++i) all.push_back(i);
        ring.write(all);
        QCOMPARE(ring.drained(), all);
        QVERIFY(ring.drained().empty());
    }
    void ofEachStackOnlyWhatWasWrittenIsTaken()
    {
        const SampleLayout layout{.chain = true, .userRegisters = 2};
        const auto withStack = [](std::uint64_t written) { return sample(99, {1, 0x10, PERF_SAMPLE_REGS_ABI_64, 11, 12, 64, 1, 2, 3, 4, 5, 6, 7, 8, written}); };
        FakeRing ring(256, layout); // two wrap, at different words
        for (std::uint64_t i = 0; i < 40; ++i) {
            const std::uint64_t written = i % 12 * 7; // 77 is more than there is
            ring.write(withStack(written));
            ring.write(switchAt(i));
            const Words all = ring.drained();
            const std::size_t kept = std::min<std::size_t>((written + 7) / 8 + 1, 8); // and a word that tells it from a stack that goes on
            QCOMPARE(all.size(), withStack(0).size() - 8 + kept + switchAt(0).size());
            PerfRecord record;
            const std::size_t first = recordWords(all);
            QVERIFY(decodeRecord(std::span(all).first(first), layout, record));
            QCOMPARE(record.time, 99u);
            QCOMPARE(Words(record.registers.begin(), record.registers.end()), (Words{11, 12}));
            QCOMPARE(record.stack.size(), std::min<std::size_t>(written, 64));
            QCOMPARE(record.stackFull, written >= 64);
            for (std::size_t byte = 0; byte < record.stack.size(); ++byte)
                QCOMPARE(static_cast<int>(record.stack[byte]), byte % 8 ? 0 : static_cast<int>(byte / 8 + 1));
            QVERIFY(decodeRecord(std::span(all).subspan(first), layout, record) && record.kind == PerfKind::Switch && record.time == i);
        }
    }
    void samplesThatClaimTooMuchComeOutAsTheyAre()
    {
        const SampleLayout layout{.chain = true, .userRegisters = 2};
        const std::uint64_t large = ~std::uint64_t{0};
        for (const Words& rest : {Words{}, Words{large}, Words{0}, Words{0, 2}, Words{0, 2, 1}, Words{0, 2, 11, 12, large, 0, 0}, Words{0, 2, 11, 12, 16, 0, 0},
                                  Words{0, 0, 0}, Words{0, 0, 8}, Words{3, 0, 0, 0}, Words{4, 0, 0, 0}}) {
            FakeRing ring(256, layout);
            ring.write(sample(99, rest));
            QCOMPARE(ring.drained(), sample(99, rest));
        }
    }
    void headsThatMakeNoSenseAreLeftOut()
    {
        FakeRing ring(64);
        ring.control.data_head = 4096;
        QVERIFY(ring.drained().empty());
        QCOMPARE(ring.control.data_tail, 4096u);
    }

    // --- the merge
    void ringsAreMergedByTime()
    {
        RecordMerge merge;
        for (const std::uint64_t time : {10, 30, 50}) merge.add(0, sample(time));
        for (const std::uint64_t time : {20, 40}) merge.add(2, switchAt(time));
        QCOMPARE(times(merge, 35), std::string("10 20 30"));
        QCOMPARE(merge.latest(), 50u);
        merge.add(2, switchAt(45));
        QCOMPARE(times(merge, UINT64_MAX), std::string("40 45 50"));
        QCOMPARE(merge.waitingBytes(), std::size_t{0});
    }
    void equalTimesKeepTheOrderOfTheRings()
    {
        RecordMerge merge;
        merge.add(1, sample(10, {}, 2));
        merge.add(0, sample(10, {}, 1));
        std::string order;
        merge.releaseAll([&](std::span<const std::uint64_t> record) { order += std::to_string(record[2] >> 32); });
        QCOMPARE(order, std::string("12"));
    }
    void noMoreThanTheLimitWaits()
    {
        RecordMerge merge(10 * 5 * 8);
        for (std::uint64_t time = 1; time <= 12; ++time) merge.add(time % 2, sample(time));
        QCOMPARE(times(merge, 0), std::string("1 2"));
        QCOMPARE(merge.waitingBytes(), std::size_t{400});
    }
    void wordsThatAreNoRecordsAreDroppedWithWhatFollowsThem()
    {
        RecordMerge merge;
        Words words = sample(10);
        append(words, {0, 1, 2});
        append(words, sample(20));
        merge.add(0, std::move(words));
        merge.add(1, sample(15));
        QCOMPARE(times(merge, UINT64_MAX), std::string("10 15"));
        merge.add(0, sample(30));
        QCOMPARE(times(merge, UINT64_MAX), std::string("30"));
    }
    void memoryOfBlocksIsUsedAgain()
    {
        RecordMerge merge;
        Words block = merge.spare();
        QCOMPARE(block.capacity(), std::size_t{0});
        block.reserve(1000);
        const std::uint64_t* const memory = block.data();
        append(block, sample(10));
        append(block, sample(20));
        merge.add(0, std::move(block));
        QCOMPARE(times(merge, 10), std::string("10"));
        QVERIFY(merge.spare().empty());
        QCOMPARE(times(merge, 20), std::string("20"));
        block = merge.spare();
        QVERIFY(block.empty() && block.data() == memory);
        Words large;
        large.reserve(1 << 20); // of a stall
        merge.add(0, std::move(large));
        QCOMPARE(merge.spare().capacity(), std::size_t{0});
    }
    void aRecordLargerThanWhatThereIsIsNone()
    {
        const Words words{header(PERF_RECORD_SWITCH, 0, 9), 1, 2};
        QCOMPARE(recordWords(words), std::size_t{0});
        QCOMPARE(recordWords(Words{PERF_RECORD_SWITCH | std::uint64_t{12} << 48}), std::size_t{0});
        QCOMPARE(recordWords({}), std::size_t{0});
    }
};

QTEST_GUILESS_MAIN(tst_SamplingRecords)
#include "tst_SamplingRecords.moc"
