#include <QTest>

#include "core/record/torch/ScriptStatus.h"
#include "tests/support/Json.h"

using namespace opscope;
using namespace opscope::torch;
using test::json;

namespace {

const char kWhole[] = "{'id': '0123456789abcdef', 'phase': 'done', 'error': null, 'notes': ['one', 'two'], 'pid': 4711, 'rank': 3, 'python': '3.11.7',"
                      " 'torch': '2.13.0+cpu', 'kineto': true, 'cuda': false, 'start_ns': 1795372762767693963, 'stop_ns': 1795372763172423379,"
                      " 'events': 6755, 'nodes': 6339, 'step': 12, 'stall_ms': 155.471, 'files': ['h_4711.pt.trace.json', 'h_4711.et.json', 'h_4711.et_resources']}";

ScriptStatus parsed(std::string text)
{
    const auto status = parseStatus(json(std::move(text)));
    if (!status) qFatal("%s", status.error().message.c_str());
    return *status;
}

} // namespace

class tst_ScriptStatus : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyKeyArrives()
    {
        const ScriptStatus status = parsed(kWhole);
        QCOMPARE(status.phase, ScriptStatus::Phase::Done);
        QCOMPARE(status.id, std::string("0123456789abcdef"));
        QVERIFY(status.errorCode.empty() && status.error.empty());
        QCOMPARE(status.notes, (std::vector<std::string>{"one", "two"}));
        QCOMPARE(status.pid, 4711);
        QCOMPARE(status.rank.value_or(-1), 3);
        QCOMPARE(status.python, std::string("3.11.7"));
        QCOMPARE(status.torch, std::string("2.13.0+cpu"));
        QVERIFY(status.kineto && !status.cuda);
        QCOMPARE(status.startNs, 1795372762767693963);
        QCOMPARE(status.stopNs, 1795372763172423379);
        QCOMPARE(status.events, 6755);
        QCOMPARE(status.nodes, 6339);
        QCOMPARE(status.step, 12);
        QCOMPARE(status.stallMs, 155.471);
        QCOMPARE(status.files, (std::vector<std::string>{"h_4711.pt.trace.json", "h_4711.et.json", "h_4711.et_resources"}));
    }
    void whatIsMissingIsNotKnown()
    {
        const ScriptStatus status = parsed("{'phase': 'waiting'}");
        QCOMPARE(status.phase, ScriptStatus::Phase::Waiting);
        QVERIFY(!status.rank && status.files.empty() && status.notes.empty());
        QCOMPARE(status.events, -1);
        QCOMPARE(status.step, -1);
        QVERIFY(status.stallMs < 0);
    }
    void keysOfTheFutureAreLeftAlone() { QCOMPARE(parsed("{'phase': 'done', 'colour': {'of': ['it']}}").phase, ScriptStatus::Phase::Done); }
    void errorsHaveCodeAndText()
    {
        const ScriptStatus status = parsed("{'phase': 'error', 'error': {'code': 'busy', 'text': 'The profiler is in use'}}");
        QCOMPARE(status.errorCode, std::string("busy"));
        QCOMPARE(status.error, std::string("The profiler is in use"));
        QCOMPARE(parsed("{'phase': 'error', 'error': {'text': 'x'}}").errorCode, std::string("failed"));
    }
    void textsAreMadePresentableAndCut()
    {
        const ScriptStatus status = parsed("{'phase': 'done', 'notes': ['a\\u0007b\\u001b[31m', '" + std::string(10'000, 'x') + "'], 'torch': '\\u202e2.13'}");
        QVERIFY(status.notes.at(0).find('\x1b') == std::string::npos && status.notes.at(0).find('\a') == std::string::npos);
        QCOMPARE(status.notes.at(1).size(), std::size_t(4096));
        QVERIFY(status.torch.find("2.13") != std::string::npos);
    }
    void notesAreCounted()
    {
        std::string text = "{'phase': 'done', 'notes': ['n'";
        for (int i = 0; i < 1000; ++i) text += ", 'n'";
        QCOMPARE(parsed(text + "]}").notes.size(), std::size_t(64));
    }
    void strangersAreRefused_data()
    {
        QTest::addColumn<QString>("text");
        const auto row = [](const char* name, const std::string& text) { QTest::newRow(name) << QString::fromStdString(json(text)); };
        row("empty", "");
        row("cut", "{'phase': 'do");
        row("a list", "[]");
        row("a number", "7");
        row("no phase", "{'id': 'x'}");
        row("unknown phase", "{'phase': 'dancing'}");
        row("phase of a wrong kind", "{'phase': 7}");
        row("two documents", "{'phase': 'done'}{'phase': 'done'}");
        row("pid as text", "{'phase': 'done', 'pid': '7'}");
        row("negative pid", "{'phase': 'done', 'pid': -1}");
        row("large pid", "{'phase': 'done', 'pid': 4294967297}");
        row("time beyond all", "{'phase': 'done', 'start_ns': 18446744073709551615}");
        row("time as a fraction", "{'phase': 'done', 'start_ns': 1e18}");
        row("huge stall", "{'phase': 'done', 'stall_ms': 1e999}");
        row("files as text", "{'phase': 'done', 'files': 'x'}");
        row("a number for a file", "{'phase': 'done', 'files': [1]}");
        row("a path", "{'phase': 'done', 'files': ['a/b']}");
        row("the folder above", "{'phase': 'done', 'files': ['..']}");
        row("an absolute path", "{'phase': 'done', 'files': ['/etc/passwd']}");
        row("an empty name", "{'phase': 'done', 'files': ['']}");
        row("a name with NUL", "{'phase': 'done', 'files': ['a\\u0000b']}");
        row("a long name", "{'phase': 'done', 'files': ['" + std::string(300, 'a') + "']}");
        row("error as text", "{'phase': 'error', 'error': 'x'}");
        row("error code as a number", "{'phase': 'error', 'error': {'code': 1}}");
        row("deep", "{'phase': 'done', 'x': " + std::string(100'000, '[') + std::string(100'000, ']') + "}");
        row("long", "{'phase': 'done', 'x': '" + std::string(2u << 20, 'x') + "'}");
    }
    void strangersAreRefused()
    {
        QFETCH(QString, text);
        const auto status = parseStatus(text.toStdString());
        QVERIFY(!status);
        QVERIFY(!status.error().message.empty());
    }
    void everyCutOfAStatusIsRefused()
    {
        const std::string whole = json(kWhole);
        for (std::size_t length = 0; length < whole.size(); ++length) QVERIFY(!parseStatus(std::string_view(whole).substr(0, length)));
    }
    void changedBytesNeverHurt()
    {
        const std::string whole = json(kWhole);
        std::uint32_t random = 7;
        for (int round = 0; round < 20'000; ++round) {
            std::string text = whole;
            for (int change = 0; change < 3; ++change) {
                random = random * 1664525u + 1013904223u;
                text[(random >> 8) % text.size()] = static_cast<char>(random >> 24);
            }
            if (const auto status = parseStatus(text)) {
                for (const std::string& name : status->files) QVERIFY(name.find('/') == std::string::npos && name.front() != '.');
                QVERIFY(status->startNs >= 0 && status->pid >= 0);
            }
        }
    }
};

QTEST_GUILESS_MAIN(tst_ScriptStatus)
#include "tst_ScriptStatus.moc"
