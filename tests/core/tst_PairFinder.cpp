#include "core/io/Loader.h"
#include "core/link/PairFinder.h"
#include "tests/support/Golden.h"
#include "tests/support/Gzip.h"
#include "tests/support/Json.h"

#include <QTemporaryDir>
#include <QTest>

#include <filesystem>

using namespace opscope;
using namespace opscope::test;

namespace {

std::string etText(int pid)
{
    return json("{'schema': '1.0.2-chakra.0.0.4', 'pid': " + std::to_string(pid) + ", 'time': 'x', 'start_ts': 1, 'nodes': [{'id': 2, 'name': 'a', " +
                "'ctrl_deps': 1, 'attrs': []}, {'id': 1, 'name': '[pytorch|profiler|execution_trace|process]', 'ctrl_deps': 1, 'attrs': []}]}");
}

std::string kinetoText(int pid, const std::string& top = "", const std::string& ts = "1700000000000000")
{
    return json("{" + top + "'traceEvents': [{'ph': 'X', 'cat': 'cpu_op', 'name': 'a', 'pid': " + std::to_string(pid) + ", 'tid': 1, 'ts': " + ts +
                ", 'dur': 5, 'args': {'External id': 1}}]}");
}

std::string world(int rank, int size)
{
    return "'distributedInfo': {'backend': 'nccl', 'rank': " + std::to_string(rank) + ", 'world_size': " + std::to_string(size) + "}, ";
}

} // namespace

class tst_PairFinder : public QObject
{
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;

    std::string path(const std::string& name) { return m_folder->filePath(QString::fromStdString(name)).toStdString(); }
    std::string file(const std::string& name, const std::string& text)
    {
        if (!writeFile(path(name), text)) qFatal("cannot write");
        return path(name);
    }
    static std::string line(const Partner& p)
    {
        return std::string(title(p.kind)) + (p.confidence == PartnerConfidence::Likely ? " likely " : " possible ") +
               std::filesystem::path(p.path).filename().string() + ": " + p.why;
    }
    /// Of a file about to be opened; the open trace must find the same.
    QStringList partners(const std::string& opened)
    {
        QStringList lines, ofTrace;
        for (const Partner& p : findPartners(std::span(&opened, 1))) lines += QString::fromStdString(line(p));
        auto trace = loadTrace(std::span(&opened, 1));
        if (!trace) qFatal("cannot load");
        for (const Partner& p : findPartners(**trace)) ofTrace += QString::fromStdString(line(p));
        if (lines != ofTrace) lines += QStringList{QStringLiteral("BUT OPEN:")} + ofTrace;
        return lines;
    }

private slots:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }

    void aSharedProcessNumberIsLikely()
    {
        const std::string open = file("run.pt.trace.json.gz", gzip(kinetoText(42)));
        const std::string et = file("whatever.json", etText(42));
        file("run_et.json", etText(43)); // a guess beside a sure one is not offered
        file("notes.json", "{\"a\": 1}");
        file("picture.json", "\x89PNG");
        file("readme.txt", etText(42));
        QCOMPARE(partners(open), QStringList{QStringLiteral("execution trace likely whatever.json: The same process number 42")});
        QCOMPARE(partners(et), QStringList{QStringLiteral("timeline likely run.pt.trace.json.gz: The same process number 42")});
    }

    void aNameAlikeIsPossibleAndSaysWhatSpeaksAgainstIt()
    {
        const std::string open = file("training_step.pt.trace.json", kinetoText(42));
        file("training_step_et.json", etText(43));
        file("other_et.json", etText(44));
        QCOMPARE(partners(open), QStringList{QStringLiteral("execution trace possible training_step_et.json: A name alike, but process numbers differ (42 and 43)")});
    }

    void ranksOfOneRunAreFound()
    {
        const std::string open = file("a.json", kinetoText(1, world(3, 8)));
        file("b.json", kinetoText(2, world(4, 8), "1700000000001000"));
        file("c.json", kinetoText(2, world(5, 16)));                      // of another world
        file("d.json", kinetoText(2, world(6, 8), "1700009000000000"));   // of another day
        file("e.json", kinetoText(2, world(3, 8)));                       // the same rank
        QCOMPARE(partners(open), QStringList{QStringLiteral("another rank likely b.json: Rank 4 of the same 8, recorded at the same time")});
    }

    void ranksByNameAreGuesses()
    {
        const std::string open = file("worker0_step_12.json", kinetoText(1));
        file("worker1_step_12.json", kinetoText(2));
        file("worker2_other.json", kinetoText(2));
        const std::string others[] = {open};
        const auto found = findPartners(others);
        QCOMPARE(found.size(), std::size_t{1});
        QVERIFY(found[0].rankIsGuess);
        QCOMPARE(found[0].rank, std::optional<std::int64_t>(1));
        QCOMPARE(found[0].partnerOf, open);
        QCOMPARE(QString::fromStdString(line(found[0])), QStringLiteral("another rank likely worker1_step_12.json: Rank 1 by its name, recorded at the same time"));
    }

    void whatIsOpenIsNoPartner()
    {
        const std::string both[] = {file("run.json", kinetoText(42)), m_folder->path().toStdString() + "/./run_et.json"};
        file("run_et.json", etText(42));
        QCOMPARE(findPartners(both).size(), std::size_t{0});
    }

    void hostileNeighboursDoNoHarm()
    {
        const std::string open = file("run.json", kinetoText(42));
        std::filesystem::create_directory(path("folder.json"));
        std::filesystem::create_symlink("/no/such/file", path("run_dead_et.json"));
        std::filesystem::create_symlink("run_loop_et.json", path("run_loop_et.json"));
        file("run_empty_et.json", "");
        file("run_pid_et.json", json("{'schema': '1', 'pid': 99999999999999999999, 'nodes': [{'id': 1, 'name': 'a', 'parent': 1}]}"));
        QCOMPARE(partners(open), QStringList{QStringLiteral("execution trace possible run_pid_et.json: A name alike")});
        std::stop_source stop;
        stop.request_stop();
        QVERIFY(findPartners(std::span(&open, 1), {nullptr, stop.get_token()}).empty());
        QVERIFY(findPartners(std::span<const std::string>()).empty());
    }

    void realPairs()
    {
        const std::string worker = sharedPath("traces/pairs/dlrm_8ranks/worker2_step_12.pt.trace.json.gz");
        if (worker.empty()) QSKIP("skipped: the shared traces are not here");
        QCOMPARE(partners(worker), (QStringList{QStringLiteral("execution trace likely dlrm_et_2.json.gz: The same process number 59813"),
                                                QStringLiteral("another rank likely worker0_step_12.pt.trace.json.gz: Rank 0 of the same 8, recorded at the same time"),
                                                QStringLiteral("another rank likely worker1_step_12.pt.trace.json.gz: Rank 1 of the same 8, recorded at the same time"),
                                                QStringLiteral("another rank likely worker3_step_12.pt.trace.json.gz: Rank 3 of the same 8, recorded at the same time")}));
        QCOMPARE(partners(sharedPath("traces/pairs/linear/linear_et.json.gz")),
                 QStringList{QStringLiteral("timeline likely linear_kineto.json.gz: The same process number 24248, and a name alike")});
        QCOMPARE(partners(sharedPath("traces/pairs/resnet_2gpu_rf/resnet_kineto.json.gz")),
                 QStringList{QStringLiteral("execution trace possible resnet_et.json.gz: A name alike, but process numbers differ (2910249 and 3233936)")});
    }
};

QTEST_GUILESS_MAIN(tst_PairFinder)
#include "tst_PairFinder.moc"
