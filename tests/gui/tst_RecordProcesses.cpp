#include <QAbstractItemModelTester>
#include <QScrollBar>
#include <QtTest>

#include "app/gui/RecordProcessModel.h"
#include "app/gui/RecordProcessTable.h"
#include "app/gui/RecordText.h"

#include <random>

#include <unistd.h>

using namespace opscope;
using Column = RecordProcessModel;

namespace {

int g_asked = 0;
Readiness g_answer{Readiness::State::Ready, "", ""};

Readiness check(const RecordTarget&, const OptionValues&)
{
    ++g_asked;
    return g_answer;
}

std::vector<RecordOption> noOptions() { return {}; }

const std::vector<RecorderBackend>& backends()
{
    static const std::vector<RecorderBackend> kBackends{
        {.id = "one", .title = "One", .summary = "", .startsCommands = true, .options = noOptions, .check = check, .session = nullptr},
        {.id = "two", .title = "Two", .summary = "", .options = noOptions, .check = check, .session = nullptr},
        {.id = "start", .title = "Start", .summary = "", .startsCommands = true, .onlyCommands = true, .options = noOptions, .check = check, .session = nullptr},
    };
    return kBackends;
}

ProcessInfo info(pid_t pid, const std::string& command = "program --flag", double cpu = 0, std::uint64_t startTicks = 1)
{
    ProcessInfo one;
    one.pid = pid;
    one.startTicks = startTicks;
    one.command = command;
    const std::string program = command.substr(0, command.find(' '));
    one.name = program.substr(program.find_last_of('/') + 1);
    one.userName = "someone";
    one.cpu = cpu;
    one.state = 'R';
    one.threads = 1;
    one.kernelThread = command.empty();
    return one;
}

std::vector<RecordProcess> rows(const std::vector<ProcessInfo>& infos)
{
    std::vector<RecordProcess> made;
    for (const ProcessInfo& one : infos)
        made.push_back(describeProcess(one, {{}, {Readiness::State::NotPossible, "no", "do that"}}));
    return made;
}

QString pids(const RecordProcessModel& model)
{
    QStringList list;
    for (int row = 0; row < model.rowCount(); ++row)
        list << model.index(row, Column::Pid).data().toString();
    return list.join(QLatin1Char(' '));
}

} // namespace

class tst_RecordProcesses : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void busiestFirstThenWhatWasStartedLast();
    void whoReusesAPidIsAnotherProcess();
    void manyUpdatesKeepTheModelSound();
    void sortingByEveryColumnKeepsWhatIsMarked();
    void heldRowsStayUntilTheyAreLetGo();
    void hiddenOnesAreCountedAmongThoseFound();
    void cellsSayWhatBackendsSay();
    void textsOfProcessesAreMadePresentable();
    void theListStaysWhereItIsWhileItIsUpdated();
    void backendsAreAskedOnceAndAgainWhenTold();
    void programsWithPyTorchComeFirstAndSayWhatTheyHave();
    void namesForPeople();
    void timesForPeople();
    void fileNamesAreFilledIn();
    void commandLinesAreSplitAsAShellDoes();
    void twoThousandProcesses();
};

void tst_RecordProcesses::busiestFirstThenWhatWasStartedLast()
{
    RecordProcessModel model(backends());
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.setProcesses(rows({info(1), info(2, "b", 0.5), info(3), info(4, "d", 1.5)}));
    QCOMPARE(pids(model), QStringLiteral("4 2 3 1"));
    model.sort(Column::Pid, Qt::AscendingOrder);
    QCOMPARE(pids(model), QStringLiteral("1 2 3 4"));
    QVERIFY(model.knowsCpu());
    model.setProcesses(rows({info(1, "a", -1), info(2, "b", -1)}));
    QVERIFY(!model.knowsCpu());
    QCOMPARE(model.index(0, Column::Cpu).data().toString(), QStringLiteral("–"));
}

void tst_RecordProcesses::whoReusesAPidIsAnotherProcess()
{
    RecordProcessModel model(backends());
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.setProcesses(rows({info(7, "old", 0, 100)}));
    const QPersistentModelIndex marked = model.index(0, 0);
    model.setProcesses(rows({info(7, "new", 0, 200)}));
    QVERIFY(!marked.isValid());
    QCOMPARE(model.rowCount(), 1);
    QVERIFY(!model.rowOf({7, 100}) && model.rowOf({7, 200}));
}

void tst_RecordProcesses::manyUpdatesKeepTheModelSound()
{
    RecordProcessModel model(backends());
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    std::mt19937 random(5);
    for (int round = 0; round < 60; ++round) {
        std::vector<ProcessInfo> infos;
        for (pid_t pid = 1; pid < 150; ++pid)
            if (random() % (round % 3 ? 20 : 2))
                infos.push_back(info(pid, random() % 9 ? "program" : "", static_cast<double>(random() % 4) / 2, random() % 30 ? 1 : 2));
        model.setProcesses(rows(infos));
        model.setSearch(round % 5 ? QString() : QString::number(round));
        model.setShowHidden(round % 7 == 0);
        model.setHolding(round % 4 == 0);
        std::vector<ProcessKey> keys;
        for (int row = 0; row < model.rowCount(); ++row)
            keys.push_back(model.at(row)->key());
        for (std::size_t row = 0; row < keys.size(); ++row)
            QCOMPARE(model.rowOf(keys[row]), std::optional(static_cast<int>(row))); // none twice
    }
}

void tst_RecordProcesses::sortingByEveryColumnKeepsWhatIsMarked()
{
    RecordProcessModel model(backends());
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.setProcesses(rows({info(3, "c", 0.1), info(1, "b", 0.3), info(2, "a", 0.2)}));
    const QPersistentModelIndex marked = model.index(*model.rowOf({2, 1}), 0);
    for (int column = 0; column < model.columnCount(); ++column)
        for (const Qt::SortOrder order : {Qt::AscendingOrder, Qt::DescendingOrder}) {
            model.sort(column, order);
            QCOMPARE(model.at(marked.row())->info.pid, 2);
        }
    model.sort(Column::Command, Qt::AscendingOrder);
    QCOMPARE(pids(model), QStringLiteral("2 1 3"));
}

void tst_RecordProcesses::heldRowsStayUntilTheyAreLetGo()
{
    RecordProcessModel model(backends());
    model.setProcesses(rows({info(1, "a", 0.1), info(2, "b", 0.2)}));
    model.setHolding(true);
    model.setProcesses(rows({info(1, "a", 0.9), info(2, "b", 0.2), info(3, "c", 5)}));
    QCOMPARE(pids(model), QStringLiteral("2 1 3"));
    QCOMPARE(model.index(1, Column::Cpu).data().toString(), QStringLiteral("90 %"));
    model.setHolding(false);
    QCOMPARE(pids(model), QStringLiteral("3 1 2"));
}

void tst_RecordProcesses::hiddenOnesAreCountedAmongThoseFound()
{
    RecordProcessModel model(backends());
    ProcessInfo zombie = info(8, "gone");
    zombie.state = 'Z';
    model.setProcesses(rows({info(1), info(2, ""), zombie, info(static_cast<pid_t>(getpid()), "this test")}));
    QCOMPARE(pids(model), QStringLiteral("1"));
    QCOMPARE(model.hiddenCount(), 3);
    model.setSearch(QStringLiteral("GONE"));
    QCOMPARE(model.rowCount(), 0);
    QCOMPARE(model.hiddenCount(), 1);
    model.setShowHidden(true);
    QCOMPARE(pids(model), QStringLiteral("8"));
}

void tst_RecordProcesses::cellsSayWhatBackendsSay()
{
    RecordProcessModel model(backends());
    std::vector<RecordProcess> processes = rows({info(1), info(2)});
    processes[1].ready.clear();
    model.setProcesses(processes);
    model.sort(Column::Pid, Qt::AscendingOrder);
    QCOMPARE(model.headerData(Column::FirstBackend, Qt::Horizontal).toString(), QStringLiteral("One"));
    QCOMPARE(model.index(0, Column::FirstBackend).data().toString(), QStringLiteral("ready"));
    QCOMPARE(model.index(0, Column::FirstBackend + 1).data().toString(), QStringLiteral("not possible"));
    QCOMPARE(model.index(0, Column::FirstBackend + 1).data(Qt::ToolTipRole).toString(), QStringLiteral("not possible<br>no<br>do that"));
    QVERIFY(!model.index(1, Column::FirstBackend).data(Column::StateRole).isValid());
    QCOMPARE(model.index(1, Column::FirstBackend).data(Qt::AccessibleTextRole).toString(), QStringLiteral("One: not asked yet"));
}

void tst_RecordProcesses::textsOfProcessesAreMadePresentable()
{
    RecordProcessModel model(backends());
    model.setProcesses(rows({info(1, "evil\x1b[2J\u202E <b> --x")}));
    const QString text = model.index(0, Column::Command).data().toString();
    QVERIFY(!text.contains(QChar(0x1b)) && !text.contains(QChar(0x202E)) && text.contains(QStringLiteral("<b>")));
    QVERIFY(model.index(0, Column::Command).data(Qt::ToolTipRole).toString().contains(QStringLiteral("&lt;b&gt;")));
}

void tst_RecordProcesses::theListStaysWhereItIsWhileItIsUpdated()
{
    RecordProcessTable table(Theme::dark(), backends());
    table.resize(800, 300);
    table.show();
    std::vector<ProcessInfo> infos;
    for (pid_t pid = 1; pid <= 200; ++pid)
        infos.push_back(info(pid));
    table.showProcesses(rows(infos));
    QSignalSpy changed(&table, &RecordProcessTable::chosenChanged);
    table.choose({100, 1});
    QCOMPARE(changed.size(), 1);
    table.scrollTo(table.currentIndex(), QAbstractItemView::PositionAtCenter);
    const int y = table.visualRect(table.currentIndex()).top();
    for (pid_t pid = 201; pid <= 230; ++pid) // above it: started later
        infos.push_back(info(pid, "busy", 1));
    infos.erase(infos.begin() + 120, infos.begin() + 140);
    table.showProcesses(rows(infos));
    QCOMPARE(table.chosen()->info.pid, 100);
    QCOMPARE(table.visualRect(table.currentIndex()).top(), y);
    QCOMPARE(changed.size(), 1);
    table.verticalScrollBar()->setValue(0); // away from it: the list itself stays
    table.showProcesses(rows(infos));
    QCOMPARE(table.verticalScrollBar()->value(), 0);
    std::erase_if(infos, [](const ProcessInfo& one) { return one.pid == 100; });
    table.showProcesses(rows(infos));
    QVERIFY(!table.chosen() && !table.currentIndex().isValid());
    QCOMPARE(table.ended(), std::optional<pid_t>(100));
    QCOMPARE(changed.size(), 2);
}

void tst_RecordProcesses::backendsAreAskedOnceAndAgainWhenTold()
{
    std::vector<ProcessInfo> infos{info(1), info(2)};
    RecordSurvey survey(backends(), [&] { return infos; }, [](const std::vector<ProcessInfo>&) { return std::vector<torch::TorchProcess>(); });
    g_asked = 0;
    g_answer = {};
    QCOMPARE(survey.look().size(), std::size_t{2});
    QCOMPARE(g_asked, 4); // one of the three starts commands only
    infos.push_back(info(3));
    infos[0].startTicks = 9; // another process of that number
    survey.look();
    QCOMPARE(g_asked, 8);
    g_answer.state = Readiness::State::NeedsPermission;
    const auto forgotten = survey.look(RecordSurvey::Answers::Forget);
    QCOMPARE(g_asked, 14);
    QCOMPARE(forgotten[1].ready[1].state, Readiness::State::NeedsPermission);
    const auto command = askBackends(backends(), {.command = {"x"}}, {});
    QCOMPARE(command[0].state, Readiness::State::NeedsPermission);
    QCOMPARE(command[1].state, Readiness::State::NotPossible); // it does not start commands
    QCOMPARE(command[2].state, Readiness::State::NeedsPermission);
    QCOMPARE(askBackends(backends(), {.pid = 1}, {})[2].reason, std::string("Needs a new start"));
}

void tst_RecordProcesses::programsWithPyTorchComeFirstAndSayWhatTheyHave()
{
    RecordProcessModel model(backends());
    ProcessInfo busy = info(1, "compile", 1.9), rank1 = info(2, "python train.py", 0.1), rank0 = info(3, "python train.py", 0.1), worker = info(4, "python train.py", 0.5);
    const auto torch = [](pid_t pid, int rank, bool isWorker) {
        return torch::TorchProcess{.pid = pid, .startTicks = 1, .python = true, .pythonMajor = 3, .pythonMinor = 12, .torchVersion = "2.13.0+cpu", .gpuInUse = pid == 2,
                                   .gpus = {0, 3}, .rank = rank, .worldSize = 2, .worker = isWorker, .parent = isWorker ? 3 : 0};
    };
    std::vector<RecordProcess> all{describeProcess(busy, {}), describeProcess(rank1, {}, torch(2, 1, false)), describeProcess(rank0, {}, torch(3, 0, false)),
                                   describeProcess(worker, {}, torch(4, 0, true))};
    model.setProcesses(all);
    model.sortAsAtFirst();
    QCOMPARE(model.rowCount(), 3); // without the worker
    QCOMPARE(model.hiddenCount(), 1);
    QCOMPARE(model.workerCount(), 1);
    QVERIFY(model.showsTorch() && model.showsRanks() && model.showsGpus());
    QCOMPARE(model.at(2)->info.pid, 1);
    using Model = RecordProcessModel;
    const int row = *model.rowOf({2, 1});
    const auto cell = [&](int column) { return model.index(row, column).data().toString(); };
    const QStringList cells{cell(Model::Rank), cell(Model::Python), cell(Model::Torch), cell(Model::Gpu)};
    QCOMPARE(cells.join(QLatin1Char(' ')), QStringLiteral("1 3.12 2.13.0+cpu 0,3"));
    QCOMPARE(model.index(*model.rowOf({1, 1}), Model::Torch).data().toString(), QString());
    QCOMPARE(model.columnCount(), Model::FirstBackend + 2); // none for what only starts commands
    const auto ranks = ranksOf(all[1], model.all());
    QCOMPARE(ranks.size(), std::size_t{2});
    QCOMPARE(ranks[0]->info.pid, 3);
    QCOMPARE(ranks[1]->info.pid, 2);
    QVERIFY(ranksOf(all[0], model.all()).empty());
    model.sort(Model::Cpu, Qt::DescendingOrder); // a person's order knows no PyTorch
    QCOMPARE(model.at(0)->info.pid, 1);
    model.setSearch(QStringLiteral("PyTorch"));
    QCOMPARE(model.rowCount(), 2);
}

void tst_RecordProcesses::namesForPeople()
{
    QCOMPARE(commandText(info(1, "/usr/bin/python3.12 train.py -x")), QStringLiteral("python3.12 train.py -x"));
    ProcessInfo renamed = info(1, "/opt/worker --id 4");
    renamed.name = "ray::step";
    QCOMPARE(commandText(renamed), QStringLiteral("ray::step · worker --id 4"));
    ProcessInfo title = info(1, "sshd: someone@pts/0");
    QCOMPARE(commandText(title), QStringLiteral("sshd: someone@pts/0"));
    ProcessInfo kernel = info(1, "");
    kernel.name = "kworker/0:1";
    QCOMPARE(commandText(kernel), QStringLiteral("[kworker/0:1]"));
    QCOMPARE(cpuText(1.5), QStringLiteral("150 %"));
}

void tst_RecordProcesses::timesForPeople()
{
    using namespace std::chrono_literals;
    QCOMPARE(clockText(12'345ms), QStringLiteral("12.3 s"));
    QCOMPARE(clockText(65'300ms), QStringLiteral("1:05.3"));
    QCOMPARE(clockText(3'725'000ms), QStringLiteral("1:02:05"));
    const QDateTime now(QDate(2025, 11, 22), QTime(15, 0), Qt::UTC);
    const auto ns = [](const QDateTime& t) { return t.toMSecsSinceEpoch() * 1'000'000; };
    QCOMPARE(startedText(ns(now.addSecs(-60)), now), QStringLiteral("14:59:00"));
    QCOMPARE(startedText(ns(now.addDays(-2)), now), QStringLiteral("20 Nov"));
    QCOMPARE(startedText(ns(now.addYears(-2)), now), QStringLiteral("2023-11-22"));
    QCOMPARE(outcomeText(RecordEnd::SizeLimit, {.elapsed = 2s, .samples = 5, .lost = 2}, {}), QStringLiteral("Recorded for 2.0 s, until the size limit: 5 samples, 2 lost."));
}

void tst_RecordProcesses::fileNamesAreFilledIn()
{
    const QDateTime now(QDate(2025, 11, 22), QTime(15, 1, 2));
    QCOMPARE(expandedPath(QStringLiteral("/a/{name}-{pid}-{time}.fxt"), QStringLiteral("x"), 7, now), QStringLiteral("/a/x-7-20251122-150102.fxt"));
    QCOMPARE(expandedPath(QStringLiteral("/a/{name}-{pid}.fxt"), QStringLiteral("x"), 0, now), QStringLiteral("/a/x.fxt"));
    QVERIFY(!expandedPath(QStringLiteral("~/x"), {}, 0, now).contains(QLatin1Char('~')));
    QCOMPARE(shortPath(expandedPath(QStringLiteral("~/x"), {}, 0, now)), QStringLiteral("~/x"));
    QCOMPARE(fileStem("../../etc/pass wd;rm"), QStringLiteral("pass_wd_rm"));
    QCOMPARE(fileStem(".."), QStringLiteral("_."));
    QCOMPARE(fileStem(""), QStringLiteral("process"));
}

void tst_RecordProcesses::commandLinesAreSplitAsAShellDoes()
{
    const auto words = [](const char* line) { return *splitCommand(line); };
    using List = std::vector<std::string>;
    QCOMPARE(words("  a  b\tc "), (List{"a", "b", "c"}));
    QCOMPARE(words("a 'b c' \"d \\\" e\" f\\ g ''"), (List{"a", "b c", "d \" e", "f g", ""}));
    QCOMPARE(words("a\"b\"'c'"), (List{"abc"}));
    QCOMPARE(words("'a\\b' \"a\\b\""), (List{"a\\b", "a\\b"}));
    QVERIFY(words("").empty());
    QVERIFY(!splitCommand("a 'b") && !splitCommand("\""));
}

/// Not how long it takes, which depends on the machine: that 2,000 processes come and go without being lost or doubled.
void tst_RecordProcesses::twoThousandProcesses()
{
    RecordProcessTable table(Theme::light(), backends());
    QAbstractItemModelTester tester(&table.processes(), QAbstractItemModelTester::FailureReportingMode::QtTest);
    table.resize(1000, 400);
    table.show();
    std::vector<ProcessInfo> infos;
    for (pid_t pid = 1; pid <= 2000; ++pid)
        infos.push_back(info(pid, "program --number " + std::to_string(pid), pid % 17 / 10.0));
    QElapsedTimer clock;
    clock.start();
    table.showProcesses(rows(infos));
    const qint64 first = clock.restart();
    for (ProcessInfo& one : infos)
        one.cpu = (one.pid * 7 % 19) / 10.0;
    std::vector<RecordProcess> next = rows(infos);
    clock.restart();
    table.showProcesses(std::move(next));
    qInfo("first look %lld ms, next %lld ms (with the model tester)", static_cast<long long>(first), static_cast<long long>(clock.restart()));
    table.setSearch(QStringLiteral("number 1999"));
    QCOMPARE(pids(table.processes()), QStringLiteral("1999"));
    table.setSearch({});
    QCOMPARE(table.processes().rowCount(), 2000);
}

QTEST_MAIN(tst_RecordProcesses)
#include "tst_RecordProcesses.moc"
