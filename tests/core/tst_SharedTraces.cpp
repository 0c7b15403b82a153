#include "core/format/EventReader.h"
#include "core/format/JsonReader.h"
#include "core/io/Loader.h"
#include "tests/support/Golden.h"

#include <QTest>
#include <algorithm>
#include <filesystem>

using namespace opscope;
using namespace opscope::test;

namespace {

/// What the catalogue of the shared traces promises for one file.
enum class Says : std::uint8_t {
    Quiet, ///< no warning; notes are fine
    Warns,
    Either,
    Fails  ///< with a sentence
};
struct Expected
{
    const char* file;
    Says says;
    int kept = -1;             ///< events that are not malformed, or nodes; -1: not said
    int slices = -1;
    const char* sentence = ""; ///< part of the error
};

constexpr Expected kBad[] = {
    {"truncated.json.gz", Says::Warns, 74},
    {"truncated_mid_event.json", Says::Warns, 80},
    {"damaged_middle.json.gz", Says::Warns},
    {"trailing_garbage.json.gz", Says::Warns, 40},
    {"two_members.json.gz", Says::Quiet, 40},
    {"empty.json", Says::Fails, -1, -1, "the file is empty"},
    {"empty_inside.json.gz", Says::Fails, -1, -1, "the file is empty"},
    {"bomb_1gb.json.gz", Says::Fails, -1, -1, "the first byte is 0"},
    {"picture.json", Says::Fails, -1, -1, "a PNG picture, not a trace"},
    {"page.json", Says::Fails, -1, -1, "an HTML page, not a trace"},
    {"utf8_bom.json", Says::Quiet, 40},
    {"utf16.json", Says::Fails, -1, -1, "UTF-16"},
    {"non_utf8_names.json", Says::Warns, 4},
    {"odd_escapes.json", Says::Either, 4},
    {"raw_control_characters.json", Says::Warns, 3},
    {"gzip_named.json", Says::Quiet, 40},
    {"plain_named.json.gz", Says::Quiet, 40},
    {"trace_without_extension", Says::Quiet, 40},
    {"trailing_comma.json", Says::Either, 40},
    {"array_top_level.json", Says::Quiet, 40},
    {"array_unclosed.json", Says::Either, 40},
    {"json_lines.json", Says::Either, 40},
    {"nan_infinity.json", Says::Warns, 4},
    {"duplicate_keys.json", Says::Either, 3},
    {"comments.json", Says::Either, 40},
    {"single_quotes.json", Says::Fails, -1, -1, "line 1"},
    {"deep_args.json", Says::Either, 3},
    {"empty_array.json", Says::Either, 0, 0},
    {"wrong_top_level.json", Says::Fails, -1, -1, "traceEvents is not an array"},
    {"scalar.json", Says::Fails, -1, -1, "not a trace"},
    {"mixed_elements.json", Says::Warns, 2, 2},
    {"missing_fields.json", Says::Warns},
    {"string_numbers.json", Says::Either, -1, 6},
    {"extreme_times.json", Says::Warns},
    {"odd_pid_tid.json", Says::Either, 5, 5},
    {"unbalanced_begin_end.json", Says::Warns, 8, 3},
    {"odd_flows.json", Says::Either, -1, 5},
    {"self_links.json", Says::Either, 4},
    {"et_cycle.json", Says::Warns, 31},
    {"et_missing_parents.json", Says::Warns, 31},
    {"et_duplicate_ids.json", Says::Warns, 31},
    {"et_out_of_order_ids.json", Says::Quiet, 31},
    {"et_no_root.json", Says::Warns},
    {"et_wrong_types.json", Says::Warns, 31},
    {"et_unknown_schema.json", Says::Warns, 31},
    {"et_truncated.json", Says::Warns, 21},
    {"et_escape/in/et_escape.json", Says::Either, 12},
    {"truncated.fxt", Says::Warns, 1667, 834},
    {"no_magic.fxt", Says::Fails, -1, -1, "Fuchsia"},
    {"zero_size_record.fxt", Says::Warns, 0, 0},
    {"unknown_string_refs.fxt", Says::Warns, 5, 0},
    {"other_format.fxt", Says::Fails, -1, -1, "nor a Fuchsia trace"},
    {"magic_only.fxt", Says::Warns, 0, 0},
};

Result<TracePtr> load(const std::string& path)
{
    return loadTrace(std::span(&path, 1));
}

bool warns(const Trace& trace)
{
    return trace.diagnostics().countOf(Severity::Warning) + trace.diagnostics().countOf(Severity::Error) > 0;
}

std::uint64_t kept(const Trace& trace)
{
    return trace.executionTrace() ? trace.etStats().nodes : trace.stats().elements - trace.stats().malformedEvents;
}

std::string defects(const Trace& trace)
{
    std::string text = "says:";
    for (const Defect defect : trace.diagnostics().seen()) {
        text += " " + std::string(info(defect).id) + "*" + std::to_string(trace.diagnostics().count(defect));
    }
    return text;
}

bool isSentence(const std::string& text)
{
    const bool controls = std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
    return !text.empty() && text.size() < 1000 && !controls && isValidUtf8(text);
}

/// Every hundredth slice stands where the trace says.
void checkPlaces(const Trace& trace)
{
    const std::size_t step = std::max<std::size_t>(1, trace.slices().size() / 20);
    for (std::size_t row = 0; row < trace.slices().size(); row += step) {
        const SliceId slice(row);
        if (const NodeId node = trace.nodeOf(slice); node && trace.executionTrace()->node(node).synthetic) continue;
        auto text = readEvent(trace, slice);
        QVERIFY2(text.ok(), text.ok() ? "" : text.error().text().c_str());
        auto json = JsonDocument::parse(text->json);
        QVERIFY(json.ok());
        const auto name = json->root().member("name");
        if (name.isString()) QCOMPARE(std::string(name.string()), std::string(trace.name(slice)));
    }
}

} // namespace

class tst_SharedTraces : public QObject
{
    Q_OBJECT

private slots:
    void badFilesBehaveAsTheirCatalogueSays_data()
    {
        QTest::addColumn<int>("row");
        int row = 0;
        for (const Expected& expected : kBad) QTest::newRow(expected.file) << row++;
    }

    void badFilesBehaveAsTheirCatalogueSays()
    {
        QFETCH(int, row);
        const Expected& expected = kBad[row];
        const std::string path = sharedPath(std::string("traces/bad/") + expected.file);
        if (path.empty()) QSKIP("skipped: the shared traces are not here");
        auto trace = load(path);
        if (!trace) {
            const std::string text = trace.error().text();
            QVERIFY2(expected.says == Says::Fails, text.c_str());
            QVERIFY2(isSentence(text), text.c_str());
            QVERIFY2(text.starts_with(std::filesystem::path(path).filename().string() + ": "), text.c_str());
            QVERIFY2(text.find(expected.sentence) != std::string::npos, text.c_str());
            return;
        }
        const std::string said = defects(**trace);
        QVERIFY2(expected.says != Says::Fails, said.c_str());
        if (expected.says == Says::Warns) QVERIFY2(warns(**trace), said.c_str());
        if (expected.says == Says::Quiet) QVERIFY2(!warns(**trace), said.c_str());
        if (expected.kept >= 0) QVERIFY2(kept(**trace) == static_cast<std::uint64_t>(expected.kept), (said + " kept " + std::to_string(kept(**trace))).c_str());
        if (expected.slices >= 0) QVERIFY2((*trace)->slices().size() == static_cast<std::size_t>(expected.slices), (said + " slices " + std::to_string((*trace)->slices().size())).c_str());
        checkPlaces(**trace);
    }

    void everyBadFileHasItsLine()
    {
        const std::string folder = sharedPath("traces/bad");
        if (folder.empty()) QSKIP("skipped: the shared traces are not here");
        for (const auto& entry : std::filesystem::directory_iterator(folder)) {
            const std::string name = entry.path().filename().string();
            if (!entry.is_regular_file() || name.ends_with(".facts.json")) continue;
            const bool known = std::any_of(std::begin(kBad), std::end(kBad), [&](const Expected& e) { return name == e.file; });
            QVERIFY2(known, name.c_str());
        }
    }

    void damagedDataGivesOnlyWholeEvents()
    {
        const std::string path = sharedPath("traces/bad/damaged_middle.json.gz");
        if (path.empty()) QSKIP("skipped: the shared traces are not here");
        auto trace = load(path);
        QVERIFY(trace.ok());
        QVERIFY((*trace)->diagnostics().count(Defect::CompressedDataDamaged) > 0);
        QVERIFY(kept(**trace) >= 40 && kept(**trace) <= 64);
        QCOMPARE((*trace)->stats().malformedEvents, std::uint64_t{0});
    }

    void everyFileLoads_data()
    {
        QTest::addColumn<QString>("path");
        const std::string root = sharedPath("traces");
        if (root.empty()) QSKIP("skipped: the shared traces are not here");
        for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
            const std::string name = entry.path().lexically_relative(root).string();
            const bool isTrace = (name.ends_with(".json") || name.ends_with(".gz") || name.ends_with(".fxt")) && name.find("facts.json") == std::string::npos &&
                                 !name.ends_with(".pair.json") && name.find("_resources/") == std::string::npos;
            const bool isOther = name.starts_with("bad/") || name.starts_with("other/");
            if (entry.is_regular_file() && isTrace && !isOther) QTest::newRow(name.c_str()) << QString::fromStdString(entry.path().string());
        }
    }

    void everyFileLoads()
    {
        QFETCH(QString, path);
        auto trace = load(path.toStdString());
        QVERIFY2(trace.ok(), trace.ok() ? "" : trace.error().text().c_str());
        QVERIFY((*trace)->stats().elements + (*trace)->etStats().nodes > 0);
        QVERIFY2((*trace)->diagnostics().count(Defect::DamagedEvent) == 0, defects(**trace).c_str());
        checkPlaces(**trace);
    }

    void whatIsNoTraceFailsClearly_data()
    {
        QTest::addColumn<QString>("path");
        const std::string root = sharedPath("traces/other");
        if (root.empty()) QSKIP("skipped: the shared traces are not here");
        for (const auto& entry : std::filesystem::directory_iterator(root)) {
            if (entry.path().string().ends_with(".facts.json")) continue;
            QTest::newRow(entry.path().filename().c_str()) << QString::fromStdString(entry.path().string());
        }
    }

    void whatIsNoTraceFailsClearly()
    {
        QFETCH(QString, path);
        auto trace = load(path.toStdString());
        QVERIFY(!trace.ok());
        QVERIFY2(isSentence(trace.error().text()), trace.error().text().c_str());
        QVERIFY(trace.error().code == ErrorCode::NotATrace || trace.error().code == ErrorCode::Unsupported);
    }

    void aPairIsOneTrace()
    {
        const std::string et = sharedPath("traces/pairs/resnet_2gpu_rf/resnet_et.json.gz");
        const std::string kineto = sharedPath("traces/pairs/resnet_2gpu_rf/resnet_kineto.json.gz");
        if (et.empty()) QSKIP("skipped: the shared traces are not here");
        const std::string both[] = {et, kineto};
        auto trace = loadTrace(both);
        QVERIFY2(trace.ok(), trace.ok() ? "" : trace.error().text().c_str());
        QCOMPARE((*trace)->sources().size(), std::size_t{2});
        QCOMPARE((*trace)->timeBase(), TimeBase::Nanoseconds);
        QVERIFY((*trace)->executionTrace() != nullptr);
        const std::string twice[] = {et, et};
        auto refused = loadTrace(twice);
        QVERIFY(!refused.ok());
        QCOMPARE(refused.error().text(), std::string("resnet_et.json.gz was given twice"));
    }
};

QTEST_GUILESS_MAIN(tst_SharedTraces)
#include "tst_SharedTraces.moc"
