#include <QtTest>

#include "core/io/Loader.h"
#include "core/trace/Trace.h"
#include "tests/support/CheckFormat.h"
#include "tests/support/FxtWords.h"

#include <algorithm>
#include <array>
#include <random>

using namespace opscope;
using namespace opscope::test;

namespace {

struct Event
{
    bool begins = false;
    std::uint8_t thread = 1;
    Nanos time = 0;
    std::string name;
    bool hasField = false;
};

struct Expected
{
    std::vector<std::string> slices;                   ///< "thread name start+duration", sorted
    std::uint64_t loose = 0, unclosed = 0, renamed = 0;
};

std::string line(int thread, std::string_view name, Nanos start, Nanos duration)
{
    return std::to_string(thread) + " " + std::string(name) + " " + std::to_string(start) + "+" + std::to_string(duration);
}

/// What the format asks for, done as it is written there: each thread by time, those of one time in the order of the file.
Expected expected(std::vector<Event> events)
{
    Expected out;
    std::array<Nanos, 4> last{};
    for (const Event& e : events) last[e.thread] = std::max(last[e.thread], e.time);
    std::ranges::stable_sort(events, {}, &Event::time);
    std::array<std::vector<Event>, 4> open;
    for (const Event& e : events) {
        std::vector<Event>& stack = open[e.thread];
        if (e.begins) {
            stack.push_back(e);
        } else if (stack.empty()) {
            ++out.loose;
        } else {
            out.renamed += !e.name.empty() && e.name != stack.back().name;
            out.slices.push_back(line(e.thread, stack.back().name, stack.back().time, e.time - stack.back().time));
            stack.pop_back();
        }
    }
    for (std::uint8_t thread = 0; thread < open.size(); ++thread)
        for (const Event& e : open[thread]) {
            ++out.unclosed;
            out.slices.push_back(line(thread, e.name, e.time, last[thread] - e.time));
        }
    std::ranges::sort(out.slices);
    return out;
}

std::string file(const std::vector<Event>& events)
{
    FxtWords w;
    for (std::uint8_t thread = 1; thread < 4; ++thread) w.thread(thread, 100, thread);
    for (const Event& e : events) {
        FxtWords::Arguments arguments;
        if (e.hasField) arguments.push_back(FxtWords::arg32("correlation", 1, 7)); // a column of its own: the slice must have it
        w.event(e.begins ? 2 : 3, e.thread, "c", e.name, static_cast<std::uint64_t>(e.time), arguments);
    }
    return w.bytes();
}

/// Slices, counts, and for each slice of a pair the place of its end.
void compare(const std::vector<Event>& events)
{
    const auto trace = loadTraceFromMemory(file(events), "a.fxt");
    QVERIFY2(trace.ok(), trace.ok() ? "" : trace.error().text().c_str());
    const Trace& t = **trace;
    const Expected want = expected(events);
    std::vector<std::string> slices;
    std::uint64_t ended = 0;
    for (std::uint32_t i = 0; i < t.slices().size(); ++i) {
        const SliceId s(i);
        const Track& track = t.tracks()[t.trackOf(s).index()];
        slices.push_back(line(static_cast<int>(track.tid.number), t.name(s), t.slices().start(s), t.slices().duration(s)));
        const ExtraElement* end = t.elements().endOf(s);
        QCOMPARE(end == nullptr, (t.slices().flags(s) & kUnclosed) != 0);
        ended += end != nullptr;
    }
    std::ranges::sort(slices);
    QVERIFY2(slices == want.slices, "other slices");
    QCOMPARE(ended, want.slices.size() - want.unclosed);
    QVERIFY(std::ranges::is_sorted(t.elements().all(), {}, [](const ExtraElement& e) { return std::uint64_t{e.offset}; }));
    QCOMPARE(t.diagnostics().count(Defect::EndWithoutBegin), want.loose);
    QCOMPARE(t.diagnostics().count(Defect::BeginWithoutEnd), want.unclosed);
    QCOMPARE(t.diagnostics().count(Defect::EndNameDiffers), want.renamed);
}

} // namespace

/// Begins and ends are matched while they are read where that is right, and by the builder where it is not: nobody can tell which.
class tst_FxtPairs : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void pairsAreThoseOfTheFormat_data()
    {
        QTest::addColumn<int>("backwards"); // of a hundred
        QTest::addColumn<int>("fields");
        QTest::addColumn<int>("otherNames");
        QTest::newRow("in order") << 0 << 0 << 0;
        QTest::newRow("ends of other names") << 0 << 0 << 20;
        QTest::newRow("ends with arguments") << 0 << 3 << 0;
        QTest::newRow("times that go back") << 4 << 0 << 0;
        QTest::newRow("everything") << 2 << 2 << 10;
    }
    void pairsAreThoseOfTheFormat()
    {
        QFETCH(int, backwards);
        QFETCH(int, fields);
        QFETCH(int, otherNames);
        std::mt19937 random(11);
        const auto chance = [&](int hundredths) { return static_cast<int>(random() % 100) < hundredths; };
        for (int round = 0; round < 40; ++round) {
            std::vector<Event> events;
            std::array<Nanos, 4> now{};
            const std::size_t count = 1 + random() % 120;
            for (std::size_t i = 0; i < count; ++i) {
                Event e;
                e.begins = chance(52);
                e.thread = static_cast<std::uint8_t>(1 + random() % 3);
                now[e.thread] += random() % 4; // equal times as well
                const bool isOdd = e.thread != 3; // one thread keeps the rules
                e.time = isOdd && chance(backwards) ? now[e.thread] / 2 : now[e.thread];
                e.name = !e.begins && chance(otherNames) ? (chance(30) ? "" : "other") : "f";
                e.hasField = !e.begins && isOdd && chance(fields);
                events.push_back(e);
            }
            compare(events);
            if (QTest::currentTestFailed()) return;
        }
    }

    void moreThanOnePartIsRead()
    {
        std::vector<Event> events; // the first begin ends two parts later
        events.push_back({true, 1, 0, "root", false});
        for (Nanos i = 0; i < 70'000; ++i) {
            events.push_back({true, 1, 2 * i + 1, "f", false});
            events.push_back({false, 1, 2 * i + 2, "f", false});
        }
        events.push_back({false, 1, 200'000, "root", false});
        compare(events);
        events.push_back({true, 1, 150'000, "late", false}); // and all of it is taken apart
        compare(events);
    }

    void twoNumbersOfOneThreadAreMatchedTogether()
    {
        FxtWords w; // magic-trace gives a thread another number where it starts anew; the names say that it is the same one
        w.provider(0, "jane_tracing");
        w.kernelObject(1, 1, "app [pid=7]").kernelObject(2, 2, "main", {FxtWords::arg64("process", 8, 1)});
        w.kernelObject(1, 3, "app [pid=7]").kernelObject(2, 4, "main", {FxtWords::arg64("process", 8, 3)});
        w.thread(1, 1, 2).thread(2, 3, 4);
        w.event(2, 1, "", "outer", 10).event(2, 2, "", "inner", 20).event(3, 1, "", "inner", 30).event(3, 2, "", "outer", 40);
        const auto trace = loadTraceFromMemory(w.bytes(), "a.fxt");
        QVERIFY(trace.ok());
        std::vector<std::string> slices;
        for (std::uint32_t i = 0; i < (*trace)->slices().size(); ++i) {
            const SliceId s(i);
            slices.push_back(line(0, (*trace)->name(s), (*trace)->slices().start(s), (*trace)->slices().duration(s)));
        }
        const std::vector<std::string> want{"0 outer 10+30", "0 inner 20+10"};
        QCOMPARE(slices, want);
        QCOMPARE((*trace)->diagnostics().count(Defect::EndNameDiffers), std::uint64_t{0});
    }
};

QTEST_GUILESS_MAIN(tst_FxtPairs)
#include "tst_FxtPairs.moc"
