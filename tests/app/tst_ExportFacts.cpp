#include <QtTest>

#include "core/format/text/EventDump.h"
#include "core/io/Loader.h"
#include "core/io/SubsetWriter.h"
#include "core/query/Query.h"
#include "core/query/Subset.h"
#include "tests/app/RunOpscope.h"

#include <nlohmann/json.hpp>

#include <QFile>
#include <QProcess>
#include <QTemporaryDir>

#include <sstream>

using namespace opscope;
using Json = nlohmann::json;
using test::Ran;
using test::runOpscope;

// Parts of real traces against what programs say of them that know nothing of ours: tests/support/filter_oracle.py counts what a
// filter is true of and looks for what dangles, tools/trace_facts.py of the shared files counts what was written.
namespace {

QString sharedFile(const char* name) { return QStringLiteral(OPSCOPE_SHARED "/") + QLatin1String(name); }

QByteArray python(const QStringList& arguments, const QString& folder = {})
{
    QProcess process;
    if (!folder.isEmpty()) process.setWorkingDirectory(folder);
    process.start(QStringLiteral("python3"), arguments);
    if (!process.waitForFinished(120'000) || process.exitCode() != 0) qFatal("python3 %s: %s", qPrintable(arguments.join(QLatin1Char(' '))), process.readAllStandardError().constData());
    return process.readAllStandardOutput();
}

Json oracle(const QStringList& arguments)
{
    return Json::parse(python(QStringList{QStringLiteral(OPSCOPE_TEST_DATA "/../support/filter_oracle.py")} + arguments).toStdString());
}

bool hasPython()
{
    QProcess process;
    process.start(QStringLiteral("python3"), {QStringLiteral("--version")});
    return process.waitForFinished(10'000) && process.exitCode() == 0;
}

TracePtr loaded(const std::vector<std::string>& paths)
{
    const Result<TracePtr> trace = loadTrace(paths);
    if (!trace) qFatal("%s", trace.error().message.c_str());
    return *trace;
}

Filter filterOf(const std::string& text)
{
    const auto parsed = Filter::parse(text);
    if (const auto* error = std::get_if<FilterError>(&parsed)) qFatal("%s: %s", text.c_str(), error->message.c_str());
    return std::get<Filter>(parsed);
}

Subset subsetOf(const Trace& trace, const std::string& filter, const SubsetOptions& options)
{
    Result<Matches> matches = runQuery(trace, filterOf(filter));
    if (!matches) qFatal("%s: %s", filter.c_str(), matches.error().message.c_str());
    Result<Subset> subset = closeSubset(trace, std::move(*matches), options);
    if (!subset) qFatal("%s: %s", filter.c_str(), subset.error().message.c_str());
    return std::move(*subset);
}

std::string dump(const Trace& trace, const Subset& subset)
{
    std::ostringstream out;
    if (!writeEventDump(trace, subset, out)) qFatal("no dump");
    return out.str();
}

ExportReport save(const Trace& trace, const Subset& subset, const std::vector<QString>& paths)
{
    std::vector<ExportTarget> targets;
    for (std::size_t i = 0; i < paths.size(); ++i) targets.push_back({SourceId(i), paths[i].toStdString()});
    ExportOptions options;
    options.evenIfEmpty = true;
    const Result<ExportReport> report = writeSubset(trace, subset, targets, options);
    if (!report) qFatal("%s", report.error().message.c_str());
    return *report;
}

QByteArray contents(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray("(missing)");
}

/// The first line that differs, for people.
QString difference(const std::string& a, const std::string& b)
{
    std::istringstream first(a), second(b);
    std::string x, y;
    while (true) {
        const bool one = bool(std::getline(first, x)), two = bool(std::getline(second, y));
        if (!one && !two) return {};
        if (one && two && x == y) continue;
        return QStringLiteral("\n  %1\n  %2").arg(QString::fromStdString(one ? x : "(end)"), QString::fromStdString(two ? y : "(end)"));
    }
}

/// Events by category without metadata and flows, which facts count among all.
std::map<std::string, std::int64_t> rowsByCategory(const Json& facts)
{
    std::map<std::string, std::int64_t> out = facts["events"]["by_cat"];
    for (const auto& [category, ends] : facts["flow_events_by_cat"].items())
        for (const char* end : {"s", "t", "f"}) out[category] -= ends[end].get<std::int64_t>();
    out[""] -= facts["events"]["by_ph"].value("M", 0);
    std::erase_if(out, [](const auto& row) { return row.second == 0; });
    return out;
}

QString text(const std::map<std::string, std::int64_t>& rows)
{
    QStringList list;
    for (const auto& [category, count] : rows) list << QStringLiteral("%1 %2").arg(QString::fromStdString(category)).arg(count);
    return list.join(QStringLiteral(", "));
}

} // namespace

class tst_ExportFacts : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void aPartIsWhatItsFilterPromises_data();
    void aPartIsWhatItsFilterPromises();
    void aPairLinksWithTheSameCounts_data();
    void aPairLinksWithTheSameCounts();
    void theCommandLineSaysTheSame();
};

void tst_ExportFacts::initTestCase()
{
    if (!QFile::exists(sharedFile("tools/trace_facts.py"))) QSKIP("skipped: no shared traces");
    if (!hasPython()) QSKIP("skipped: no python3");
}

void tst_ExportFacts::aPartIsWhatItsFilterPromises_data()
{
    QTest::addColumn<QString>("path");
    for (const char* name : {"pairs/resnet_2gpu_rf/resnet_kineto.json.gz", "pairs/dlrm_8ranks/worker0_step_12.pt.trace.json.gz",
                             "kineto/mi300_bert_small.json.gz", "kineto/h100_qwen15_05b.json.gz", "chrome/big_trace.json"})
        QTest::newRow(name) << sharedFile("traces/") + QLatin1String(name);
}

void tst_ExportFacts::aPartIsWhatItsFilterPromises()
{
    QFETCH(QString, path);
    const TracePtr trace = loaded({path.toStdString()});
    const Json filters = oracle({QStringLiteral("ask"), path})["filters"];
    QCOMPARE(filters.size(), 10u);
    QTemporaryDir folder;
    QStringList parts;
    std::vector<Subset> subsets;
    for (const Json& filter : filters) {
        const std::string filterText = filter["text"];
        for (const bool links : {false, true}) {
            const Subset& subset = subsets.emplace_back(subsetOf(*trace, filterText, {.links = links}));
            const QString part = folder.filePath(QStringLiteral("%1%2.json").arg(parts.size() / 2).arg(links ? QStringLiteral("+") : QString()));
            const ExportReport report = save(*trace, subset, {part});
            QCOMPARE(report.files.front().events, subset.sources.front().events);
            const TracePtr again = loaded({part.toStdString()});
            const QString other = difference(dump(*again, wholeTrace(*again)), dump(*trace, subset));
            QVERIFY2(other.isEmpty(), qPrintable(QString::fromStdString(filterText) + other));
            if (links) {
                save(*trace, subset, {folder.filePath(QStringLiteral("second.json"))});
                QVERIFY2(contents(folder.filePath(QStringLiteral("second.json"))) == contents(part), filterText.c_str());
            }
            parts << part;
        }
    }
    python(QStringList{sharedFile("tools/trace_facts.py"), QStringLiteral("--write")} + parts);
    const Json checked = oracle(QStringList{QStringLiteral("check"), path} + parts);
    for (qsizetype i = 0; i < parts.size(); ++i) {
        const bool links = i % 2;
        const Json& filter = filters[static_cast<std::size_t>(i / 2)];
        const Json facts = Json::parse(contents(parts[i] + QStringLiteral(".facts.json")).toStdString());
        const Json& dangling = checked[static_cast<std::size_t>(i)];
        const QByteArray where = QByteArray::fromStdString(filter["text"].get<std::string>()) + (links ? ", links: " : ": ") + QByteArray::fromStdString(dangling.dump());
        const std::map<std::string, std::int64_t> promised = filter["by_cat"], found = rowsByCategory(facts);
        if (!links) QCOMPARE(QLatin1String(filter["name"].get<std::string>().c_str()) + QStringLiteral(": ") + text(found),
                             QLatin1String(filter["name"].get<std::string>().c_str()) + QStringLiteral(": ") + text(promised));
        for (const auto& [category, count] : promised) QVERIFY2(found.contains(category) && found.at(category) >= count, where.constData());
        QCOMPARE(facts["events"]["total"], dangling["events"]);
        QVERIFY2(facts["malformed"]["events"] == 0, where.constData());
        QVERIFY2(facts["unmatched_E"] == 0, where.constData());
        QVERIFY2(dangling["strangers"] == 0, where.constData());
        QVERIFY2(dangling["half_flows"] == 0, where.constData());
        QVERIFY2(dangling["unnamed"] == 0, where.constData());
        if (!links) continue;
        QVERIFY2(dangling["lost_calls"] == 0, where.constData());
        QVERIFY2(dangling["lost_ops"] == 0, where.constData());
    }
}

void tst_ExportFacts::aPairLinksWithTheSameCounts_data()
{
    QTest::addColumn<QString>("kineto");
    QTest::addColumn<QString>("et");
    QTest::addColumn<QString>("filter");
    const auto pair = [](const char* name, const char* kineto, const char* et) {
        for (const char* filter : {"cat == kernel and dur > 50us and type == slice", "name == \"aten::mm\" or name ~ \"convolution\"",
                                   "type == node and input[0].dtype == f32 and input[0].dim[-1] >= 7", "name ~ \"all\" and not (cat == kernel)"})
            QTest::addRow("%s, %s", name, filter) << sharedFile("traces/pairs/") + QLatin1String(kineto) << sharedFile("traces/pairs/") + QLatin1String(et)
                                                  << QString::fromLatin1(filter);
    };
    pair("ids", "resnet_2gpu_rf/resnet_kineto.json.gz", "resnet_2gpu_rf/resnet_et.json.gz");
}

void tst_ExportFacts::aPairLinksWithTheSameCounts()
{
    QFETCH(QString, kineto);
    QFETCH(QString, et);
    QFETCH(QString, filter);
    const TracePtr trace = loaded({kineto.toStdString(), et.toStdString()});
    const Subset subset = subsetOf(*trace, filter.toStdString(), {});
    std::uint64_t nodes = 0, deviceOps = 0, withCall = 0, withOp = 0;
    subset.rows.nodes.forEach([&](NodeId n) {
        const SliceId slice = trace->sliceOf(n);
        nodes += slice.valid();
        QVERIFY(!slice || subset.rows.slices.contains(slice));
    });
    subset.rows.slices.forEach([&](SliceId s) {
        const CategoryClass kind = trace->kindOf(s);
        if (kind != CategoryClass::Kernel && kind != CategoryClass::Memcpy && kind != CategoryClass::Memset) return;
        ++deviceOps;
        withCall += trace->links().into(s, LinkKind::Launch) != nullptr;
        withOp += trace->links().into(s, LinkKind::Operator) != nullptr;
    });
    QVERIFY(nodes > 3);
    QTemporaryDir folder;
    const QString first = folder.filePath(QStringLiteral("part.json.gz")), second = folder.filePath(QStringLiteral("part_et.json"));
    save(*trace, subset, {first, second});
    const TracePtr again = loaded({first.toStdString(), second.toStdString()});
    QCOMPARE(difference(dump(*again, wholeTrace(*again)), dump(*trace, subset)), QString());
    const auto matched = [&](const char* row) { return again->links().count(row) ? again->links().count(row)->matched() : 0; };
    QCOMPARE(matched("node_to_event"), nodes);
    QCOMPARE(matched("device_to_call"), withCall);
    QCOMPARE(matched("device_to_op"), withOp);
    QCOMPARE(again->links().pairings().front().method, trace->links().pairings().front().method);
    QCOMPARE(again->links().pairings().front().relation, trace->links().pairings().front().relation);
    QCOMPARE(again->etStats().rootIds, trace->etStats().rootIds);
    QCOMPARE(again->etStats().danglingParent, 0u);
    QCOMPARE(again->etStats().nodes, subset.sources[1].events);
    const Ran ran = runOpscope({QStringLiteral("info"), QStringLiteral("--links"), QStringLiteral("--json"), first, second});
    QCOMPARE(ran.status, 0);
    const Json links = Json::parse(ran.out.toStdString())["links"];
    QCOMPARE(links["device_ops"]["total"].get<std::uint64_t>(), deviceOps);
    QCOMPARE(links["device_ops"]["to_call"].get<std::uint64_t>(), withCall);
}

void tst_ExportFacts::theCommandLineSaysTheSame()
{
    const QString path = sharedFile("traces/pairs/dlrm_8ranks/worker0_step_12.pt.trace.json.gz");
    const QString filter = QStringLiteral("cat == kernel and dur > 20us");
    QTemporaryDir folder;
    const QString part = folder.filePath(QStringLiteral("part.json"));
    const Ran exported = runOpscope({QStringLiteral("export"), path, QStringLiteral("--filter"), filter, QStringLiteral("-o"), part});
    QVERIFY2(exported.status == 0, exported.err.constData());
    const Ran before = runOpscope({QStringLiteral("dump"), QStringLiteral("--events"), QStringLiteral("--filter"), filter, path});
    const Ran after = runOpscope({QStringLiteral("dump"), QStringLiteral("--events"), part});
    QCOMPARE(before.status, 0);
    QVERIFY(before.out.count('\n') > 10);
    QCOMPARE(difference(after.out.toStdString(), before.out.toStdString()), QString());
    const Ran strict = runOpscope({QStringLiteral("dump"), QStringLiteral("--events"), QStringLiteral("--no-links"), QStringLiteral("--filter"), filter, path});
    QVERIFY(strict.out.count('\n') < before.out.count('\n'));
    for (const QStringList& wrong : {QStringList{QStringLiteral("--filter"), QStringLiteral("dur >")}, QStringList{QStringLiteral("--range"), QStringLiteral("soon..later")}}) {
        const Ran refused = runOpscope(QStringList{QStringLiteral("dump"), QStringLiteral("--events"), path} + wrong);
        QCOMPARE(refused.status, 2);
        QVERIFY(refused.out.isEmpty() && !refused.err.isEmpty());
    }
    QCOMPARE(runOpscope({QStringLiteral("dump"), QStringLiteral("--no-links"), path}).status, 2);
    QCOMPARE(runOpscope({QStringLiteral("dump"), path, path}).status, 2);
}

QTEST_GUILESS_MAIN(tst_ExportFacts)
#include "tst_ExportFacts.moc"
