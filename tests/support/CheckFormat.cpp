#include "tests/support/CheckFormat.h"

#include "core/format/EventReader.h"
#include "core/format/JsonReader.h"
#include "core/format/text/TextDump.h"
#include "core/io/Loader.h"
#include "tests/support/Difference.h"
#include "tests/support/Golden.h"
#include "tests/support/Gzip.h"

#include <QTemporaryDir>
#include <QTest>
#include <algorithm>
#include <sstream>
#include <thread>

namespace opscope::test {

namespace {

constexpr int kCuts = 50;
constexpr std::size_t kReadBack = 300; ///< rows read back from each file

std::string dump(const Result<TracePtr>& trace)
{
    if (!trace) return "error: " + trace.error().text();
    std::ostringstream out;
    const Status status = writeDump(**trace, out);
    return status ? out.str() : "error: " + status.error().text();
}

Result<TracePtr> loadFile(const std::string& path)
{
    return loadTrace(std::span(&path, 1));
}

void checkSameEverywhere(const std::string& bytes, const std::string& golden)
{
    const auto same = [&](const char* how, std::string_view text, const ImportOptions& options) {
        const std::string now = dump(loadTraceFromMemory(text, "nameless", {}, options));
        QVERIFY2(now == golden, (std::string(how) + ": " + firstDifference(now, golden)).c_str());
    };
    same("nameless", bytes, {});
    same("gzip", gzip(bytes), {});
    const std::size_t middle = bytes.size() / 2;
    same("two gzip members", gzip(std::string_view(bytes).substr(0, middle)) + gzip(std::string_view(bytes).substr(middle)), {});
    for (const unsigned threads : {1u, 2u, 3u}) {
        for (const std::size_t window : {std::size_t{64}, std::size_t{500}, std::size_t{4096}}) {
            same("small windows", bytes, {threads, window});
            same("small windows of gzip", gzip(bytes), {threads, window});
        }
    }
}

void checkRead(const Result<EventText>& text, std::string_view name, const char* what)
{
    QVERIFY2(text.ok(), what);
    QVERIFY2(!text->cut, what);
    auto json = JsonDocument::parse(text->json);
    QVERIFY2(json.ok() && json->root().isObject(), what);
    QCOMPARE(json->consumed(), text->json.size());
    const JsonDocument::Ref named = json->root().member("name");
    if (!named.isString()) return; // "(unnamed)", or a number
    QCOMPARE(QString::fromStdString(std::string(named.string())), QString::fromStdString(std::string(name)));
}

void checkReadBack(const std::string& path)
{
    auto loaded = loadFile(path);
    QVERIFY2(loaded.ok(), path.c_str());
    const Trace& trace = **loaded;
    const std::size_t slices = trace.slices().size(), step = std::max<std::size_t>(1, slices / kReadBack);
    for (std::size_t row = 0; row < slices && !QTest::currentTestFailed(); row += step) {
        const SliceId slice{row};
        if (const NodeId node = trace.nodeOf(slice); node && trace.executionTrace()->node(node).synthetic) continue;
        checkRead(readEvent(trace, slice), trace.name(slice), "a slice");
    }
    const std::size_t instants = std::min(trace.instants().size(), kReadBack);
    for (std::size_t row = 0; row < instants && !QTest::currentTestFailed(); ++row) {
        const InstantId instant{row};
        checkRead(readEvent(trace, instant), trace.text(trace.instants().name(instant)), "an instant");
    }
}

void checkCutShort(const std::string& bytes, const Trace& whole, CutBetweenLines lines)
{
    const std::size_t end = bytes.find_last_not_of(" \t\r\n");
    for (int i = 1; i <= kCuts && !QTest::currentTestFailed(); ++i) {
        const std::size_t length = end * static_cast<std::size_t>(i) / (kCuts + 1);
        const std::string_view part = std::string_view(bytes).substr(0, length);
        for (const bool packed : {false, true}) {
            const std::string text = packed ? gzip(part) : std::string(part);
            auto trace = loadTraceFromMemory(text, "cut", {}, {});
            if (!trace) {
                QVERIFY(!trace.error().message.empty() && trace.error().message.starts_with("cut: "));
                continue;
            }
            const std::string where = "cut at " + std::to_string(length);
            QVERIFY2((*trace)->stats().elements <= whole.stats().elements, where.c_str());
            QVERIFY2((*trace)->etStats().nodes <= whole.etStats().nodes, where.c_str());
            const bool betweenLines = bytes.find_first_not_of(" \n", length) == bytes.find('{', length) &&
                                      part.find_last_not_of(" \n") == part.rfind('}');
            const bool betweenRecords = !bytes.starts_with('{') && length % 8 == 0; // of binary formats
            const bool hidden = lines == CutBetweenLines::DoesNotShow && (betweenLines || betweenRecords);
            QVERIFY2(hidden || !(*trace)->diagnostics().empty(), where.c_str());
        }
    }
}

void checkCancelled(const std::string& bytes)
{
    const auto stop = std::make_unique<std::stop_source>(); // on the stack GCC 12 takes it for uninitialised
    stop->request_stop();
    JobControl job{nullptr, stop->get_token()};
    auto none = loadTraceFromMemory(bytes, "cancelled", job);
    QVERIFY(!none.ok());
    QCOMPARE(none.error().code, ErrorCode::Cancelled);

    const auto halfWay = std::make_unique<std::stop_source>();
    Progress progress;
    std::atomic<bool> over = false;
    std::jthread user([&] {
        while (!over && (progress.total == 0 || progress.done * 2 < progress.total)) std::this_thread::yield();
        halfWay->request_stop();
    });
    job = {&progress, halfWay->get_token()};
    auto half = loadTraceFromMemory(bytes, "cancelled", job, {2, 64});
    over = true;
    QVERIFY(half.ok() || half.error().code == ErrorCode::Cancelled); // a small file may be through by then
}

} // namespace

void checkFormat(std::string_view name, CutBetweenLines lines)
{
    const std::string path = dataPath(name), bytes = readFile(path);
    QVERIFY2(!bytes.empty(), path.c_str());
    auto whole = loadFile(path);
    QVERIFY2(whole.ok(), whole.ok() ? "" : whole.error().text().c_str());
    const std::string golden = dump(whole);
    const std::string difference = compareGolden(golden, std::string(name) + ".dump");
    QVERIFY2(difference.empty(), difference.c_str());
    QTemporaryDir folder;
    const std::string packed = folder.filePath("packed").toStdString();
    QVERIFY(writeFile(packed, gzip(bytes)));

    if (!QTest::currentTestFailed()) checkSameEverywhere(bytes, golden);
    if (!QTest::currentTestFailed()) checkReadBack(path);
    if (!QTest::currentTestFailed()) checkReadBack(packed);
    if (!QTest::currentTestFailed()) checkCutShort(bytes, **whole, lines);
    if (!QTest::currentTestFailed()) checkCancelled(bytes);
}

} // namespace opscope::test
