#include "core/format/EventReader.h"
#include "core/io/Loader.h"
#include "tests/support/Golden.h"
#include "tests/support/Gzip.h"
#include "tests/support/Json.h"
#include "tests/support/TraceFixture.h"

#include <QTemporaryDir>
#include <QTest>

using namespace opscope;
using namespace opscope::test;

namespace {

std::string eventText(int i, const std::string& args = "{}")
{
    return json("{'ph': 'X', 'cat': 'cpu_op', 'name': 'op" + std::to_string(i) + "', 'pid': 1, 'tid': 1, 'ts': " + std::to_string(10 * i) +
                ", 'dur': 5, 'args': ") + args + "}";
}

std::string manyEvents(int count)
{
    std::string text = json("{'traceEvents': [\n");
    for (int i = 0; i < count; ++i) text += (i == 0 ? "" : ",\n") + eventText(i, json("{'External id': ") + std::to_string(i * 7919 % 10007) + "}");
    return text + "\n]}\n";
}

Result<TracePtr> load(const std::string& path)
{
    return loadTrace(std::span(&path, 1));
}

} // namespace

class tst_Loader : public QObject
{
    Q_OBJECT

private slots:
    void anErrorNamesItsFile()
    {
        QTemporaryDir folder;
        const std::string path = folder.filePath("no such.json").toStdString();
        QCOMPARE(load(path).error().text(), std::string("no such.json: there is no such file"));
        QCOMPARE(load(folder.path().toStdString() + "/").error().code, ErrorCode::CannotOpen);
        QCOMPARE(loadTrace({}).error().code, ErrorCode::Usage);
        QCOMPARE(loadTraceFromMemory("<html>", "a\nb").error().text(), std::string("a\u240Ab: this is an HTML page, not a trace"));
    }

    void theSourceIsDescribed()
    {
        QTemporaryDir folder;
        const std::string path = folder.filePath("t.json").toStdString(), text = manyEvents(50);
        QVERIFY(writeFile(path, text));
        auto plain = load(path);
        QVERIFY(plain.ok());
        const SourceFile& file = (*plain)->sources()[0];
        QCOMPARE(file.path, path);
        QCOMPARE(file.format, std::string("kineto"));
        QCOMPARE(file.packedBytes, std::uint64_t{text.size()});
        QCOMPARE(file.unpackedBytes, std::uint64_t{text.size()});
        QVERIFY(!file.gzip && file.modifiedNs > 0);
        const std::string packed = gzip(text.substr(0, 100)) + gzip(text.substr(100));
        QVERIFY(writeFile(path, packed));
        auto zipped = load(path);
        QVERIFY(zipped.ok());
        const SourceFile& member = (*zipped)->sources()[0];
        QCOMPARE(member.packedBytes, std::uint64_t{packed.size()});
        QCOMPARE(member.unpackedBytes, std::uint64_t{text.size()});
        QCOMPARE(member.gzipMembers, 2u);
        QVERIFY(member.gzip && member.restarts);
    }

    void bytesBehindTheMembersAreSaid()
    {
        auto trace = loadTraceFromMemory(gzip(manyEvents(50)) + "garbage", "t");
        QVERIFY(trace.ok());
        QCOMPARE((*trace)->diagnostics().count(Defect::TrailingBytes), std::uint64_t{1});
        QCOMPARE((*trace)->slices().size(), std::size_t{50});
    }

    void noEventIsMadeOfDamage_data()
    {
        QTest::addColumn<int>("seed");
        for (int seed = 0; seed < 40; ++seed) QTest::addRow("%d", seed) << seed;
    }

    /// Sixteen bytes in the middle are lost: what is shown are events of the file, each as it was written.
    void noEventIsMadeOfDamage()
    {
        QFETCH(int, seed);
        const int events = 4000;
        std::string packed = gzip(manyEvents(events));
        const std::size_t place = packed.size() / 4 + static_cast<std::size_t>(seed) * packed.size() / 100;
        for (std::size_t i = 0; i < 16; ++i) packed[place + i] = static_cast<char>(seed * 31 + static_cast<int>(i) * 57);
        auto trace = loadTraceFromMemory(packed, "t");
        if (!trace) {
            QCOMPARE(trace.error().code, ErrorCode::Malformed);
            return;
        }
        QVERIFY((*trace)->diagnostics().count(Defect::CompressedDataDamaged) > 0);
        QVERIFY((*trace)->slices().size() < events);
        for (std::size_t row = 0; row < (*trace)->slices().size(); ++row) {
            const SliceId slice(row);
            QCOMPARE((*trace)->slices().start(slice), static_cast<Nanos>(row) * 10'000);
            QCOMPARE((*trace)->slices().duration(slice), Nanos{5'000});
            QCOMPARE(std::string((*trace)->name(slice)), "op" + std::to_string(row));
            QCOMPARE((*trace)->slices().arg(slice, ArgField::ExternalId), static_cast<std::int64_t>(row * 7919 % 10007));
        }
    }

    void longEventsAreReadBackUpToTheLimit()
    {
        QTemporaryDir folder;
        const std::string path = folder.filePath("long.json.gz").toStdString();
        const std::string middling = eventText(1, json("{'text': '" + std::string(300'000, 'x') + "}'}"));
        const std::string huge = eventText(2, json("{'text': '" + std::string(EventText::kMaxBytes + 10, 'y') + "'}"));
        QVERIFY(writeFile(path, gzip(json("{'traceEvents': [") + eventText(0) + ", " + middling + ", " + huge + "]}")));
        auto trace = load(path);
        QVERIFY(trace.ok());
        auto first = readEvent(**trace, sliceNamed(**trace, "op1"));
        QVERIFY(first.ok() && !first->cut);
        QCOMPARE(first->json, middling);
        auto second = readEvent(**trace, sliceNamed(**trace, "op2"));
        QVERIFY(second.ok() && second->cut);
        QCOMPARE(second->json, huge.substr(0, EventText::kMaxBytes));
        auto place = readPlace(**trace, SourceId(0), 0, 16);
        QVERIFY(place.ok());
        QVERIFY(place->json.starts_with("{\"traceEvents"));
        QVERIFY(!readPlace(**trace, SourceId(7), 0, 16).ok());
        QVERIFY(writeFile(path, gzip(manyEvents(1))));
        QCOMPARE(readEvent(**trace, sliceNamed(**trace, "op1")).error().code, ErrorCode::CannotRead);
    }

    void progressCountsThePackedFile()
    {
        Progress progress;
        const std::string packed = gzip(manyEvents(5000));
        auto trace = loadTraceFromMemory(packed, "t", {&progress, {}}, {2, 1 << 16});
        QVERIFY(trace.ok());
        QCOMPARE(progress.total.load(), std::uint64_t{packed.size()});
        QVERIFY(progress.done.load() <= progress.total.load() && progress.done.load() * 2 > progress.total.load());
    }
};

QTEST_GUILESS_MAIN(tst_Loader)
#include "tst_Loader.moc"
