#include <QTest>

#include "core/format/fxt/FxtWriter.h"
#include "core/io/Loader.h"
#include "tests/support/Difference.h"
#include "tests/support/ExportText.h"
#include "tests/support/FxtText.h"
#include "tests/support/Golden.h"
#include "tests/support/TraceFixture.h"

#include <algorithm>
#include <filesystem>
#include <random>

using namespace opscope;
using namespace opscope::test;

namespace {

constexpr FxtWriter::Thread kMain{7, 7}, kOther{7, 8};

/// Without what stands at the front of all files of FxtWriter.
std::vector<std::string> linesOf(const std::string& bytes)
{
    std::vector<std::string> lines = fxtText(bytes).lines;
    lines.erase(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(3, lines.size())));
    return lines;
}

void compare(const std::vector<std::string>& lines, const std::vector<std::string>& expected)
{
    const auto joined = [](const std::vector<std::string>& all) {
        QString text;
        for (const std::string& line : all) text += QString::fromStdString(line) + QLatin1Char('\n');
        return text;
    };
    QCOMPARE(joined(lines), joined(expected));
}

/// A file with a bit of everything that FxtWriter writes; threads that switch, tables that are full when `many`.
std::string someFile(bool many)
{
    std::string bytes;
    FxtWriter w(bytes, {"Opscope", 1'700'000'000'000'000'000});
    const std::uint64_t threads = many ? 300 : 3;
    w.processName(7, "program");
    for (std::uint64_t t = 0; t < threads; ++t) w.threadName({7, 100 + t}, "worker " + std::to_string(t));
    for (int round = 0; round < (many ? 130 : 4); ++round)
        for (std::uint64_t t = 0; t < threads; ++t) {
            const Nanos at = round * 100'000;
            const FxtWriter::Thread who{7, 100 + t};
            const std::string name = "f" + std::to_string(many ? round * 300 + static_cast<int>(t) : round), value = "value of " + name;
            const FxtWriter::Argument arguments[] = {{"text", std::string_view(value)}, {"n", std::int64_t{round}}, {"at", FxtWriter::Pointer{0x1000 + t}}};
            w.slice(who, at, at + 900, "cat", name, arguments);
            w.begin(who, at + 100, "cat", "pair");
            w.slice(who, at + 200, at + 300, "", "inner");
            w.end(who, at + 400, "cat", "pair");
            w.instant(who, at + 500, "", "mark");
            if (t == 0) {
                const FxtWriter::Argument series[] = {{"used", std::int64_t{round}}, {"free", 0.5}};
                w.counter(who, at, "", "memory", 0, series);
                w.linked(fxt::EventType::AsyncBegin, who, at, "io", "read", static_cast<std::uint64_t>(round));
                w.linked(fxt::EventType::AsyncEnd, who, at + 700, "io", "read", static_cast<std::uint64_t>(round));
                w.linked(fxt::EventType::FlowBegin, who, at + 210, "x", "arrow", static_cast<std::uint64_t>(round));
                w.linked(fxt::EventType::FlowEnd, {7, 101}, at + 220, "x", "arrow", static_cast<std::uint64_t>(round));
            }
            w.contextSwitch(static_cast<std::uint16_t>(t % 2), at + 950 + static_cast<Nanos>(t) * 100, 100 + t, fxt::ThreadState::Blocked, 100 + (t + 2) % threads);
            w.wakeup(0, at + 970 + static_cast<Nanos>(t) * 100, 100 + t);
        }
    return bytes;
}

std::vector<std::pair<std::string, std::string>> samples()
{
    std::vector<std::pair<std::string, std::string>> all{{"written", someFile(false)}, {"written, tables full", someFile(true)}};
    const std::string path = sharedPath("traces/fxt");
    if (path.empty()) return all;
    for (const auto& entry : std::filesystem::directory_iterator(path))
        if (entry.path().extension() == ".fxt" && entry.file_size() < (20u << 20)) all.push_back({entry.path().filename(), readFile(entry.path())});
    return all;
}

} // namespace

class tst_FxtExporter : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void withoutFilterTheBytesAreTheSame_data() { files(); }
    void withoutFilterTheBytesAreTheSame();
    void partsSayWhatTheyAreAPartOf_data() { files(); }
    void partsSayWhatTheyAreAPartOf();
    void aPartHasTheRecordsAndWhatTheyNeed();
    void numbersGivenAnewAreGivenAnew();
    void providersKeepTheirTablesApart();
    void pairsStayPairs();
    void whatIsNotKeptOfASwitchDoesNotBegin_data();
    void whatIsNotKeptOfASwitchDoesNotBegin();
    void namesOfObjectsInArgumentsComeAlong();
    void aClipCutsTimes();
    void aClipKeepsNestingAtItsBorders();
    void privateTextsAreReplaced();
    void nothingKeptIsAFileThatOpens();
    void aFileThatGotShorterIsNoticed();
    void damagedFilesAreSavedAsFarAsTheyAreRead();

private:
    void files();
};

void tst_FxtExporter::files()
{
    QTest::addColumn<QByteArray>("file");
    for (const auto& [name, bytes] : samples()) QTest::newRow(name.c_str()) << QByteArray(bytes.data(), static_cast<qsizetype>(bytes.size()));
}

void tst_FxtExporter::withoutFilterTheBytesAreTheSame()
{
    QFETCH(QByteArray, file);
    const std::string bytes = file.toStdString();
    const TracePtr trace = traceFromText(bytes);
    QVERIFY(mustExport(*trace, bytes, wholeTrace(*trace)) == bytes);
}

void tst_FxtExporter::partsSayWhatTheyAreAPartOf()
{
    QFETCH(QByteArray, file);
    const std::string bytes = file.toStdString();
    const TracePtr trace = traceFromText(bytes);
    for (const std::size_t every : {1, 2, 7}) {
        const Subset part = someRows(*trace, [&](std::size_t row) { return row % every == 0; });
        ExportReport::File report;
        const std::string text = mustExport(*trace, bytes, part, &report);
        const FxtText records = fxtText(text);
        QVERIFY2(records.error.empty(), records.error.c_str());
        const auto again = loadTraceFromMemory(text, "part.fxt");
        QVERIFY2(again.ok(), again.ok() ? "" : again.error().text().c_str());
        SAME(eventDump(**again), eventDump(*trace, part));
        const Subset all = someRows(**again, [](std::size_t) { return true; });
        SAME(eventDump(*traceFromText(mustExport(**again, text, all))), eventDump(**again)); // and once more
        QVERIFY2(text.size() <= bytes.size() + 4096, (std::to_string(text.size()) + " of " + std::to_string(bytes.size())).c_str());
    }
}

void tst_FxtExporter::aPartHasTheRecordsAndWhatTheyNeed()
{
    std::string bytes;
    FxtWriter w(bytes, {"Opscope", {}});
    w.processName(7, "program");
    w.threadName(kMain, "main");
    w.threadName(kOther, "other");
    const FxtWriter::Argument argument{"key", std::string_view("text")};
    w.slice(kMain, 1, 2, "cat", "gone", {&argument, 1});
    w.slice(kOther, 3, 4, "cat", "kept", {&argument, 1});
    const std::string part = partOf(bytes, {"kept"});
    const FxtText text = fxtText(part);
    compare(text.lines, {R"(provider 1 "Opscope")", "ticks 1000000000", R"(process 7 "program" {})", R"(thread 8 "other" {process=koid:7})",
                         R"(complete 7/8 3 "cat" "kept" {key="text"} tail 4)"});
    compare(text.registrations, {R"(string 1 "program")", R"(string 4 "other")", R"(string 3 "process")", R"(string 5 "cat")", R"(string 9 "kept")", R"(string 7 "key")",
                                 R"(string 8 "text")", "threadref 2 7/8"});
}

namespace {

/// Records by hand, for what FxtWriter never writes.
struct Raw
{
    std::string bytes;
    Raw& words(std::initializer_list<std::uint64_t> all)
    {
        for (const std::uint64_t word : all) bytes.append(reinterpret_cast<const char*>(&word), sizeof word);
        return *this;
    }
    Raw& text(std::string_view text)
    {
        bytes.append(text);
        bytes.append((8 - text.size() % 8) % 8, '\0');
        return *this;
    }
    static std::uint64_t size(std::string_view text) { return 1 + (text.size() + 7) / 8; }
    Raw& magic() { return words({0x0016547846040010}); }
    Raw& provider(std::uint64_t id, std::string_view name) { return words({0 | size(name) << 4 | 1 << 16 | id << 20 | std::uint64_t{name.size()} << 52}).text(name); }
    Raw& section(std::uint64_t id) { return words({0 | 1 << 4 | 2 << 16 | id << 20}); }
    Raw& ticks(std::uint64_t rate) { return words({1 | 2 << 4, rate}); }
    Raw& string(std::uint64_t index, std::string_view name) { return words({2 | size(name) << 4 | index << 16 | std::uint64_t{name.size()} << 32}).text(name); }
    Raw& thread(std::uint64_t index, std::uint64_t process, std::uint64_t id) { return words({3 | 3 << 4 | index << 16, process, id}); }
    Raw& complete(std::uint64_t thread, std::uint64_t name, std::uint64_t start, std::uint64_t end)
    {
        return words({4 | 3 << 4 | 4 << 16 | thread << 24 | name << 48, start, end});
    }
};

} // namespace

void tst_FxtExporter::numbersGivenAnewAreGivenAnew()
{
    Raw file;
    file.magic().string(1, "a").thread(1, 5, 6).complete(1, 1, 10, 20).string(1, "b").thread(1, 5, 7).complete(1, 1, 10, 20).complete(1, 1, 30, 40);
    file.string(1, "c").complete(1, 1, 50, 60).string(1, "a").thread(1, 5, 6).complete(1, 1, 70, 80);
    const FxtText text = fxtText(partOf(file.bytes, {"a", "c"}));
    compare(text.lines, {R"(complete 5/6 10 "" "a" {} tail 20)", R"(complete 5/7 50 "" "c" {} tail 60)", R"(complete 5/6 70 "" "a" {} tail 80)"});
    compare(text.registrations, {R"(string 1 "a")", "threadref 1 5/6", R"(string 1 "c")", "threadref 1 5/7", R"(string 1 "a")", "threadref 1 5/6"});
}

void tst_FxtExporter::providersKeepTheirTablesApart()
{
    Raw file;
    file.magic().string(1, "nobody's").complete(0, 0, 0, 0); // a slice of a thread that is not there: inline ids are its next words
    file.bytes.resize(file.bytes.size() - 24);
    file.thread(1, 1, 1).complete(1, 1, 5, 6);
    file.provider(3, "three").ticks(500'000'000).string(1, "slow").thread(1, 3, 33).complete(1, 1, 10, 20);
    file.provider(4, "four").string(1, "fast").thread(1, 4, 44).complete(1, 1, 10, 20);
    file.section(3).complete(1, 1, 30, 40).provider(3, "three again").string(1, "new").thread(1, 3, 34).complete(1, 1, 50, 60);
    file.section(4).complete(1, 1, 70, 80).section(9).string(1, "unknown").thread(1, 9, 99).complete(1, 1, 90, 95);
    const TracePtr trace = traceFromText(file.bytes);
    const Subset all = someRows(*trace, [](std::size_t) { return true; });
    compare(fxtText(mustExport(*trace, file.bytes, all)).lines,
            {R"(complete 1/1 5 "" "nobody's" {} tail 6)", R"(provider 3 "three")", "ticks 500000000", R"(complete 3/33 10 "" "slow" {} tail 20)", R"(provider 4 "four")",
             R"(complete 4/44 10 "" "fast" {} tail 20)", "section 3", R"(complete 3/33 30 "" "slow" {} tail 40)", R"(provider 3 "three again")",
             R"(complete 3/34 50 "" "new" {} tail 60)", "section 4", R"(complete 4/44 70 "" "fast" {} tail 80)", R"(provider 9 "")", R"(complete 9/99 90 "" "unknown" {} tail 95)"});
    compare(fxtText(partOf(file.bytes, {"fast"})).lines, {R"(provider 4 "four")", R"(complete 4/44 10 "" "fast" {} tail 20)", R"(complete 4/44 70 "" "fast" {} tail 80)"});
}

void tst_FxtExporter::pairsStayPairs()
{
    std::string bytes;
    FxtWriter w(bytes, {});
    const FxtWriter::Argument argument{"result", std::int64_t{5}};
    w.begin(kMain, 1, "", "outer");
    w.begin(kMain, 2, "", "inner");
    w.end(kMain, 3, "", "inner", {&argument, 1});
    w.end(kMain, 4, "", "outer");
    w.begin(kMain, 5, "", "open");
    compare(linesOf(partOf(bytes, {"inner", "open"})).size() ? fxtText(partOf(bytes, {"inner", "open"})).lines : std::vector<std::string>(),
            {R"(provider 1 "Opscope")", "ticks 1000000000", R"(begin 7/7 2 "" "inner" {})", R"(end 7/7 3 "" "inner" {result=int32:5})", R"(begin 7/7 5 "" "open" {})"});
}

/// Two threads take turns on one CPU; of each switch only the kept side may be written, or the other one would run for ever.
void tst_FxtExporter::whatIsNotKeptOfASwitchDoesNotBegin_data()
{
    QTest::addColumn<bool>("legacy");
    QTest::newRow("by thread") << false;
    QTest::newRow("by thread and process, the older form") << true;
}

void tst_FxtExporter::whatIsNotKeptOfASwitchDoesNotBegin()
{
    QFETCH(const bool, legacy);
    std::string bytes;
    FxtWriter w(bytes, {});
    w.processName(7, "program");
    w.threadName(kMain, "main");
    w.threadName(kOther, "other");
    const auto change = [&](Nanos time, std::uint64_t out, fxt::ThreadState state, std::uint64_t in) {
        const auto thread = [](std::uint64_t id) { return id ? FxtWriter::Thread{7, id} : FxtWriter::Thread(); };
        if (legacy) w.contextSwitch(0, time, thread(out), state, thread(in));
        else w.contextSwitch(0, time, out, state, in);
    };
    change(10, 7, fxt::ThreadState::Blocked, 8);
    w.wakeup(0, 20, 7);
    change(30, 8, fxt::ThreadState::Blocked, 7);
    change(40, 7, fxt::ThreadState::Running, 8);
    change(50, 8, fxt::ThreadState::Dead, 0);
    change(60, 0, fxt::ThreadState::Running, 7);
    change(70, 7, fxt::ThreadState::Blocked, 0);
    const TracePtr trace = traceFromText(bytes);
    for (std::size_t mask = 1; mask < (std::size_t{1} << std::min<std::size_t>(trace->slices().size(), 12)); ++mask) {
        const Subset part = someRows(*trace, [&](std::size_t row) { return mask >> row & 1; }, {.links = false});
        const std::string text = mustExport(*trace, bytes, part);
        QCOMPARE(fxtText(text).error, std::string());
        // What ran on a CPU is what the thread did: one of both brings the other. Nothing else may be there, and nothing may be missing.
        const TracePtr again = traceFromText(text);
        std::vector<std::string> wanted, found;
        const auto rows = [](const Trace& t, const SliceSet& set, std::vector<std::string>& out) {
            set.forEach([&](SliceId s) {
                const Track& track = t.track(t.trackOf(s));
                const bool runs = track.kind == TrackKind::Cpu || t.name(s) == "Running";
                const std::string range = std::to_string(t.slices().start(s)) + (t.slices().flags(s) & kUnclosed ? " open" : " " + std::to_string(t.slices().end(s)));
                if (!runs) out.push_back(t.trackName(t.trackOf(s)) + " " + std::string(t.name(s)) + " " + range);
                else out.push_back("runs " + range);
            });
            std::sort(out.begin(), out.end());
            out.erase(std::unique(out.begin(), out.end()), out.end());
        };
        rows(*trace, part.rows.slices, wanted);
        rows(*again, Matches::all(*again).slices, found);
        compare(found, wanted);
        if (QTest::currentTestFailed()) {
            qWarning("of the rows %zx:\n%s", mask, fxtText(text).text().c_str());
            return;
        }
    }
}

void tst_FxtExporter::namesOfObjectsInArgumentsComeAlong()
{
    std::string bytes;
    FxtWriter w(bytes, {});
    w.processName(7, "program");
    w.processName(70, "somebody else");
    w.threadName({70, 71}, "their thread");
    const FxtWriter::Argument waker{"waker", FxtWriter::Koid{71}};
    w.slice(kMain, 1, 2, "", "woken", {&waker, 1});
    const FxtText text = fxtText(partOf(bytes, {"woken"}));
    QCOMPARE(text.error, std::string());
    QCOMPARE(text.objects.at({2, 71}).name, "their thread");
    QCOMPARE(text.objects.at({2, 71}).argument("process"), "koid:70");
    QCOMPARE(text.objects.at({1, 70}).name, "somebody else");
}

void tst_FxtExporter::aClipCutsTimes()
{
    Raw file; // 500 MHz: 2 ns a tick
    file.magic().provider(3, "three").ticks(500'000'000).string(1, "slow").thread(1, 3, 33).complete(1, 1, 10, 100).complete(1, 1, 40, 50);
    const TracePtr trace = traceFromText(file.bytes);
    ExportOptions options;
    options.clip = TimeRange{41, 151};
    ExportReport::File report;
    const FxtText text = fxtText(mustExport(*trace, file.bytes, wholeTrace(*trace), &report, 0, options));
    compare(text.lines, {R"(provider 3 "three")", "ticks 500000000", R"(complete 3/33 21 "" "slow" {} tail 75)", R"(complete 3/33 40 "" "slow" {} tail 50)"});
    QCOMPARE(report.clipped, 1u);
}

/// Begins of several levels that meet at the border, written in any order, and a slice that ends exactly there.
void tst_FxtExporter::aClipKeepsNestingAtItsBorders()
{
    std::string bytes;
    FxtWriter w(bytes, {});
    const FxtWriter::Argument result{"result", std::int64_t{5}};
    w.begin(kMain, 8, "", "inner");
    w.end(kMain, 30, "", "inner");
    w.begin(kMain, 2, "", "early"), w.end(kMain, 7, "", "early");
    w.begin(kMain, 32, "", "late"), w.end(kMain, 36, "", "late");
    w.begin(kMain, 0, "", "outer"); // magic-trace writes the outer ones last
    w.end(kMain, 50, "", "outer");
    w.begin(kOther, 0, "", "with result");
    w.end(kOther, 50, "", "with result", {&result, 1});
    const TracePtr trace = traceFromText(bytes);
    ExportOptions options;
    options.clip = TimeRange{10, 32};
    const std::string text = mustExport(*trace, bytes, wholeTrace(*trace), nullptr, 0, options);
    const TracePtr again = traceFromText(text);
    std::vector<std::string> rows;
    for (std::uint32_t row = 0; row < again->slices().size(); ++row) {
        const SliceId s(row);
        rows.push_back(std::string(again->name(s)) + " " + std::to_string(again->slices().start(s)) + " " + std::to_string(again->slices().end(s)));
    }
    std::sort(rows.begin(), rows.end());
    compare(rows, {"early 2 7", "inner 10 30", "late 32 36", "outer 10 32", "with result 10 32"});
    QVERIFY(fxtText(text).text().find("{result=int32:5}") != std::string::npos);
}

void tst_FxtExporter::privateTextsAreReplaced()
{
    std::string bytes;
    FxtWriter w(bytes, {});
    w.processName(7, "python /home/alice/train.py");
    w.threadName(kMain, "worker of /home/alice/x");
    const FxtWriter::Argument arguments[] = {{"hostname", std::string_view("gpu7.example.com")}, {"file", std::string_view("/home/alice/src/a.py")}, {"gpu7.example.com", std::int64_t{1}}};
    w.slice(kMain, 1, 2, "cat", "/home/alice/src/train.py(12): step", arguments);
    w.slice(kMain, 3, 4, "cat", "aten::linear");
    w.log(kMain, 5, "reading /home/alice/data");
    // Inline: by hand, since FxtWriter registers what it can.
    const std::string_view name = "/home/alice/src/b.py(3): f", key = "path", value = "/home/alice/src/c.py";
    Raw raw;
    const auto words = [](std::string_view t) { return (t.size() + 7) / 8; };
    const std::uint64_t argumentWords = 1 + words(key) + words(value);
    raw.words({4 | (2 + 2 + words(name) + argumentWords + 1) << 4 | 4 << 16 | 1 << 20 | (0x8000 | std::uint64_t{name.size()}) << 48, 6, 7, 7}).text(name);
    raw.words({6 | argumentWords << 4 | (0x8000 | std::uint64_t{key.size()}) << 16 | (0x8000 | std::uint64_t{value.size()}) << 32}).text(key).text(value).words({9});
    bytes += raw.bytes;
    const TracePtr trace = traceFromText(bytes);
    ExportOptions options;
    options.redactor = Redactor::of(*trace);
    ExportReport::File report;
    const std::string out = mustExport(*trace, bytes, wholeTrace(*trace), &report, 0, options);
    const FxtText text = fxtText(out);
    QVERIFY2(text.error.empty(), text.text().c_str());
    QVERIFY2(out.find("alice") == std::string::npos && out.find("gpu7") == std::string::npos, text.text().c_str());
    QVERIFY(report.redactions >= 6);
    QVERIFY2(text.text().find("train.py(12): step") != std::string::npos && text.text().find("b.py(3): f") != std::string::npos &&
                 text.text().find("c.py") != std::string::npos && text.text().find("tail 9") != std::string::npos,
             text.text().c_str());
    QVERIFY(text.text().find(R"("aten::linear")") != std::string::npos);
    QCOMPARE(traceFromText(out)->slices().size(), trace->slices().size());
}

void tst_FxtExporter::nothingKeptIsAFileThatOpens()
{
    const std::string bytes = someFile(false);
    const TracePtr trace = traceFromText(bytes);
    const std::string part = mustExport(*trace, bytes, slicesNamed(*trace, {}));
    QCOMPARE(part.size(), 8u);
    const auto again = loadTraceFromMemory(part, "empty.fxt");
    QVERIFY2(again.ok(), again.ok() ? "" : again.error().text().c_str());
    QCOMPARE((*again)->slices().size(), 0u);
}

void tst_FxtExporter::aFileThatGotShorterIsNoticed()
{
    const std::string bytes = someFile(false);
    const TracePtr trace = traceFromText(bytes);
    const std::string_view shorter = std::string_view(bytes).substr(0, bytes.size() / 2);
    for (const Subset& part : {wholeTrace(*trace), slicesNamed(*trace, {"f3"})}) {
        const auto text = exportedText(*trace, shorter, part);
        QVERIFY(!text.ok());
        QCOMPARE(text.error().code, ErrorCode::CannotRead);
    }
}

/// Bits that are wrong, anywhere: what could be read can be saved, and is the same again.
void tst_FxtExporter::damagedFilesAreSavedAsFarAsTheyAreRead()
{
    const std::string whole = someFile(false);
    std::minstd_rand random(11);
    std::size_t opened = 0;
    for (int round = 0; round < 400; ++round) {
        std::string bytes = whole;
        for (int i = 0; i < 1 + round % 5; ++i) bytes[8 + random() % (bytes.size() - 8)] = static_cast<char>(random());
        const auto trace = loadTraceFromMemory(bytes, "damaged.fxt");
        if (!trace) continue;
        ++opened;
        const Subset part = someRows(**trace, [&](std::size_t row) { return row % 2 == 0; });
        ExportOptions options;
        if (round % 2) options.redactor = Redactor::of(**trace);
        if (round % 3 == 0) options.clip = TimeRange{50'000, 250'000};
        const auto text = exportedText(**trace, bytes, part, nullptr, 0, options);
        QVERIFY2(text.ok(), text.ok() ? "" : text.error().text().c_str());
        const auto again = loadTraceFromMemory(*text, "part.fxt");
        QVERIFY2(again.ok(), again.ok() ? "" : again.error().text().c_str());
        if (round % 2 || round % 3 == 0) continue;
        // Where the record that says the base time is damaged for some, the others may be all that is kept.
        const auto rows = [](const std::string& dump) { return dump.substr(dump.find('\n')); };
        SAME(rows(eventDump(**again)), rows(eventDump(**trace, part)));
    }
    QVERIFY(opened > 200);
}

QTEST_GUILESS_MAIN(tst_FxtExporter)
#include "tst_FxtExporter.moc"
