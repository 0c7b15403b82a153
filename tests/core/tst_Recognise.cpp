#include "core/format/Format.h"
#include "core/format/JsonOutline.h"
#include "core/io/ByteSource.h"
#include "tests/support/Golden.h"
#include "tests/support/Json.h"

#include <QTest>

using namespace opscope;
using namespace opscope::test;
using namespace std::string_literals;

namespace {

/// The format's id, or the sentence that says what else it is.
std::string recognised(const std::string& head, bool whole = true)
{
    auto format = recognise(head, whole);
    return format ? std::string((*format)->id) : format.error().message;
}

std::string recognisedFile(const std::string& path)
{
    auto bytes = ByteSource::openFile(path);
    if (!bytes) return bytes.error().message;
    auto head = (*bytes)->head(1 << 20);
    if (!head) return head.error().message;
    return recognised(std::string(*head), head->size() < (1 << 20));
}

const std::string kEvent = json("{'ph': 'X', 'name': 'a', 'ts': 1, 'dur': 2, 'pid': 1, 'tid': 1}");
const std::string kFlatNode = json("{'name': 'aten::add', 'id': 4, 'rf_id': 2, 'parent': 3, 'fw_parent': 0, 'op_schema': '', 'inputs': []}");
const std::string kAttrsNode = json("{'id': 2, 'name': 'x', 'ctrl_deps': 1, 'inputs': {}, 'outputs': {}, 'attrs': []}");

} // namespace

class tst_Recognise : public QObject
{
    Q_OBJECT

private slots:
    void formatsInAnyOrderOfKeys_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("id");
        const auto row = [](const char* name, const std::string& text, const char* id) {
            QTest::newRow(name) << QString::fromStdString(text) << id;
        };
        row("traceEvents first", json("{'traceEvents': [") + kEvent + "]}", "kineto");
        row("no events", json("{'traceEvents': []}"), "kineto");
        row("traceEvents last", json("{'schemaVersion': 1, 'nodes': [1], 'traceEvents': [") + kEvent + "]}", "kineto");
        row("array", "[" + kEvent + "]", "kineto");
        row("array, blank", "\n  [\n " + kEvent, "kineto");
        row("empty array", "[]", "kineto");
        row("byte order mark", "\xEF\xBB\xBF[" + kEvent, "kineto");
        row("nodes first", json("{'nodes': [") + kFlatNode + json("], 'schema': '1.0.1', 'pid': 1}"), "et");
        row("nodes last", json("{'schema': '1.0.1', 'pid': 1, 'time': '', 'nodes': [") + kFlatNode + "]}", "et");
        row("attrs layout", json("{'schema': '1.0.2-chakra.0.0.4', 'nodes': [") + kAttrsNode + "]}", "et");
        row("no nodes", json("{'schema': '1.1.1-chakra.0.0.4', 'pid': 1, 'nodes': []}"), "et");
    }

    void formatsInAnyOrderOfKeys()
    {
        QFETCH(QString, text);
        QFETCH(QString, id);
        QCOMPARE(QString::fromStdString(recognised(text.toStdString())), id);
    }

    void traceEventsBehindABigHead()
    {
        const std::string big = json("{'deviceProperties': [], 'INFO': ['") + std::string(2 << 20, 'x');
        QCOMPARE(recognised(big.substr(0, 1 << 20), false), "kineto"s);
        const std::string strange = json("{'my own key': {'a': [") + std::string(2 << 20, '1');
        QCOMPARE(recognised(strange.substr(0, 1 << 20), false), "kineto"s);
    }

    void whatIsNoTraceIsNamed_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<QString>("sentence");
        const auto row = [](const char* name, const std::string& bytes, const char* sentence) {
            QTest::newRow(name) << QByteArray::fromStdString(bytes) << sentence;
        };
        row("PNG", "\x89PNG\r\n\x1a\n\0\0\0\rIHDR"s, "this is a PNG picture, not a trace");
        row("JPEG", "\xFF\xD8\xFF\xE0"s, "this is a JPEG picture, not a trace");
        row("ELF", "\x7f""ELF\2\1\1", "this is a program (ELF), not a trace");
        row("zip", "PK\x03\x04....", "this is a zip archive, not a trace");
        row("zstd", "\x28\xB5\x2F\xFD...."s, "this is a zstd archive (unpack it first), not a trace");
        row("gzip in gzip", "\x1f\x8b\x08...."s, "this is gzip data (inside gzip: unpack it once), not a trace");
        row("pickle", "\x80\x04\x95...."s, "this is a Python pickle, not a trace");
        row("fxt", "\x10\0\x04""FxT\x16\0...."s, "fxt");
        row("big-endian fxt", "\0\x16TxF\x04\0\x10...."s, "this is a big-endian Fuchsia trace, which is not supported");
        row("three words of a fxt", "\x10\0\x04"s, "the file is too short to be a trace");
        row("fxt without magic", "\x22\0\x01\0\1\0\0\0a\0\0\0\0\0\0\0\x22\0\2\0\1\0\0\0b\0\0\0\0\0\0\0\x22\0\3\0\1\0\0\0c\0\0\0\0\0\0\0"s,
            "this looks like a Fuchsia trace, but its beginning is missing: it does not start with the magic number");
        row("perf.data", "PERFILE2\x68\0\0\0"s, "this is a perf recording, not a trace");
        row("s-expressions", "(V5 ((events ())))", "this is a magic-trace recording as s-expressions; recorded with -o NAME.fxt it can be opened");
        row("Perfetto", "\x0A\3\x08\1\x10\x0A\2\x08\2\x0A\2\x08\3"s, "this is a Perfetto trace in protobuf form, which is not supported");
        row("Chakra protobuf", "\x07\x0A\x05""0.0.4\x10"s,
            "this is a Chakra trace in protobuf form; the execution trace that PyTorch wrote can be opened instead");
        row("UTF-16", "\xFF\xFE{\0\"\0"s, "the text is UTF-16; traces are read as UTF-8");
        row("UTF-16 without mark", "{\0\"\0"s, "the text is UTF-16; traces are read as UTF-8");
        row("zeros", std::string(100, '\0'), "neither JSON nor a Fuchsia trace: the first byte is 0");
        row("binary", "ab\x01\x02\x03\x04\x05\x06\x07"s, "neither JSON nor a Fuchsia trace: binary data");
        row("HTML", "<!DOCTYPE html><html></html>", "this is an HTML page, not a trace");
        row("XML", "<?xml version=\"1.0\"?>", "this is an XML document, not a trace");
        row("text", "hello", "this is text, but not JSON, so not a trace");
        row("blank", " \n\t ", "the file is empty but for white space");
        row("number", "42\n", "JSON, but not a trace: a single value");
        row("text value", "\"traceEvents\"", "JSON, but not a trace: a single value");
        row("null", "null", "JSON, but not a trace: a single value");
        row("object", "{}", "JSON, but not a trace: it has no traceEvents and no nodes of an execution trace");
        row("keys", json("{'a': 1, 'b\\u0001': {}, 'c': [], 'd': ''}"),
            "JSON, but not a trace: it has no traceEvents and no nodes of an execution trace (its keys: a, b\\u0001, c, …)");
        row("V8", json("{'nodes': [{'id': 1, 'callFrame': {}}], 'startTime': 1}"), "this is a V8 CPU profile, not a trace");
        row("memory timeline", json("[[1, 'create', 12, 0]]"),
            "this is JSON with rows in rows, such as a PyTorch memory timeline, not a trace");
        row("single quotes", "[\n{'ph': 'X'}]", "line 2: text stands in single quotes, which is not JSON");
    }

    void whatIsNoTraceIsNamed()
    {
        QFETCH(QByteArray, bytes);
        QFETCH(QString, sentence);
        QCOMPARE(QString::fromStdString(recognised(bytes.toStdString())), sentence);
    }

    void sharedFiles_data()
    {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QString>("expected");
        const auto row = [](const char* file, const char* expected) { QTest::newRow(file) << file << expected; };
        row("other/node20.cpuprofile", "this is a V8 CPU profile, not a trace");
        row("other/chakra_small.0.json", "this is a Chakra workload (JSON of its converter), not a trace");
        row("other/cpu_op_map.json", "JSON, but not a trace: it has no traceEvents and no nodes of an execution trace (its keys: "
                                     "aten::_softmax, aten::copy_, aten::bmm, …)");
        row("bad/picture.json", "this is a PNG picture, not a trace");
        row("bad/page.json", "this is an HTML page, not a trace");
        row("bad/bomb_1gb.json.gz", "neither JSON nor a Fuchsia trace: the first byte is 0");
        row("bad/utf16.json", "the text is UTF-16; traces are read as UTF-8");
        row("bad/scalar.json", "JSON, but not a trace: a single value");
        row("bad/single_quotes.json", "line 1: text stands in single quotes, which is not JSON");
        row("bad/empty.json", "the file is empty");
        row("bad/empty_inside.json.gz", "the file is empty");
        row("bad/truncated.fxt", "fxt");
        row("bad/no_magic.fxt", "this looks like a Fuchsia trace, but its beginning is missing: it does not start with the magic number");
        row("bad/other_format.fxt", "neither JSON nor a Fuchsia trace: the first byte is 0");
        row("bad/comments.json", "kineto");
        row("bad/wrong_top_level.json", "kineto");
        row("bad/json_lines.json", "kineto");
        row("bad/gzip_named.json", "kineto");
        row("bad/plain_named.json.gz", "kineto");
        row("bad/mixed_elements.json", "kineto");
        row("bad/et_unknown_schema.json", "et");
        row("bad/et_truncated.json", "et");
    }

    void sharedFiles()
    {
        QFETCH(QString, file);
        QFETCH(QString, expected);
        const std::string path = sharedPath("traces/" + file.toStdString());
        if (path.empty()) QSKIP("skipped: the shared traces are not here");
        QCOMPARE(QString::fromStdString(recognisedFile(path)), expected);
    }

    void theOutlineSurvivesAnyCut()
    {
        const std::string text = json("{'a': [{'b': 'x\\'y', 'c': [1, {'d': 2}]}], 'e': {'f': '}'}, 'g': null, 'traceEvents': [") + kEvent + "]}";
        for (std::size_t cut = 0; cut <= text.size(); ++cut) {
            const JsonOutline outline = JsonOutline::of(std::string_view(text).substr(0, cut));
            QCOMPARE(outline.cut, cut > 0 && cut < text.size());
        }
        const JsonOutline whole = JsonOutline::of(text);
        QCOMPARE(whole.members.size(), std::size_t{4});
        QVERIFY(JsonOutline::hasKey(whole.members[0], "c"));
        QVERIFY(!JsonOutline::hasKey(whole.members[0], "d"));
        QCOMPARE(whole.find("traceEvents")->elementKeys.size(), std::size_t{6});
    }
};

QTEST_GUILESS_MAIN(tst_Recognise)
#include "tst_Recognise.moc"
