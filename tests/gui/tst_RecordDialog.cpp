#include <QComboBox>
#include <QLineEdit>
#include <QRadioButton>
#include <QSpinBox>
#include <QTabBar>
#include <QToolButton>

#include "app/gui/RecordFields.h"
#include "app/gui/RecordWays.h"
#include "tests/support/RecordScene.h"

using namespace opscope;
using namespace opscope::test;

namespace {

QString shown(RecordProcessTable& table)
{
    QStringList pids;
    for (int row = 0; row < table.processes().rowCount(); ++row)
        pids << QString::number(table.processes().at(row)->info.pid);
    return pids.join(QLatin1Char(' '));
}

} // namespace

/// What the record dialog asks, with a backend that does what it is told.
class tst_RecordDialog : public QObject, private RecordScene
{
    Q_OBJECT

private Q_SLOTS:
    void init() { openScene(); }
    void cleanup() { closeScene(); }

    void theKeyAndTheButtonsOpenIt();
    void theBusiestIsProposedAndStaysWhenOthersAreBusier();
    void whatIsTypedFindsAProcess();
    void keysOfTheFieldWalkTheList();
    void whatHasEndedIsNotReplacedByItsNeighbour();
    void onlyWhatIsPossibleCanBeChosen();
    void optionsAreDrawnFromTheBackend();
    void anOptionCanMakeAWayImpossible();
    void aCommandIsSplitAndGivenAFolder();
    void aFileThatIsThereIsAskedAbout();
    void settingsAreRememberedAndTheProcessIsNot();
    void rememberedChoicesThatAreGoneAreNotAsked();
    void tabGoesFromWhatToHowToStart();
    void itFitsASmallScreen();
};

void tst_RecordDialog::theKeyAndTheButtonsOpenIt()
{
    QTest::keyClick(m_window.get(), Qt::Key_R, Qt::ControlModifier);
    QTRY_VERIFY(m_window->recordings().dialog() && m_window->recordings().dialog()->isVisible());
    RecordDialog* dialog = m_window->recordings().dialog();
    QVERIFY(!dialog->isModal());
    m_window->record(); // not a second one
    QCOMPARE(m_window->recordings().dialog(), dialog);
    QTRY_VERIFY(dialog->setup().search().hasFocus());
    QTest::keyClick(dialog, Qt::Key_Escape);
    QVERIFY(!dialog->isVisible());
}

void tst_RecordDialog::theBusiestIsProposedAndStaysWhenOthersAreBusier()
{
    RecordDialog& d = open();
    const pid_t child = static_cast<pid_t>(m_child->processId());
    QCOMPARE(d.setup().table().chosen()->info.pid, child);
    QCOMPARE(d.setup().heading(), QStringLiteral("How to record process %1").arg(child));
    m_processes[0].cpu = 3;
    m_processes.push_back(process(14, "late", "late", 9));
    QTRY_COMPARE(d.setup().table().processes().rowCount(), 4); // the next look finds it
    QVERIFY(shown(d.setup().table()).startsWith(QStringLiteral("14 11")));
    QCOMPARE(d.setup().table().chosen()->info.pid, child);
    QCOMPARE(d.setup().table().currentIndex().row(), *d.setup().table().processes().rowOf(d.setup().table().chosen()->key()));
}

void tst_RecordDialog::whatIsTypedFindsAProcess()
{
    RecordDialog& d = open();
    QTest::keyClicks(&d.setup().search(), QStringLiteral("OWL 9000"));
    QCOMPARE(shown(d.setup().table()), QStringLiteral("13"));
    QCOMPARE(d.setup().table().chosen()->info.pid, 13);
    QTest::keyClicks(&d.setup().search(), QStringLiteral(" nobody"));
    QCOMPARE(d.setup().table().processes().rowCount(), 0);
    QVERIFY(!d.setup().table().chosen());
    QVERIFY(!d.mainButton().isEnabled());
    QTest::keyClick(&d.setup().search(), Qt::Key_Escape); // first the text goes, then the dialog
    QVERIFY(d.isVisible() && d.setup().search().text().isEmpty());
    QCOMPARE(d.setup().table().processes().rowCount(), 3);
    QVERIFY2(d.setup().hiddenText().startsWith(QLatin1Char('1')), qPrintable(d.setup().hiddenText()));
    d.setup().showHidden().click();
    QCOMPARE(d.setup().table().processes().rowCount(), 4);
}

void tst_RecordDialog::keysOfTheFieldWalkTheList()
{
    RecordDialog& d = open();
    const int row = d.setup().table().currentIndex().row();
    QTest::keyClick(&d.setup().search(), Qt::Key_Down);
    QCOMPARE(d.setup().table().currentIndex().row(), row + 1);
    QTest::keyClick(&d.setup().search(), Qt::Key_Up);
    QCOMPARE(d.setup().table().currentIndex().row(), row);
}

void tst_RecordDialog::whatHasEndedIsNotReplacedByItsNeighbour()
{
    RecordDialog& d = ready();
    m_processes.pop_back();
    QTRY_VERIFY(!d.setup().table().chosen());
    QVERIFY2(d.foot().contains(QStringLiteral("has ended")), qPrintable(d.foot()));
    QVERIFY(!d.mainButton().isEnabled());
    QVERIFY(!d.setup().table().currentIndex().isValid());
    QCOMPARE(d.setup().table().processes().rowCount(), 2);
}

void tst_RecordDialog::onlyWhatIsPossibleCanBeChosen()
{
    RecordDialog& d = ready();
    RecordWays& ways = d.setup().ways();
    QCOMPARE(ways.chosen()->id, std::string_view("fake"));
    QCOMPARE(ways.way(0).statusText(), QStringLiteral("Ready"));
    QVERIFY(!ways.way(2).radio().isEnabled());
    QCOMPARE(ways.way(2).statusText(), QStringLiteral("No Intel Processor Trace here"));
    QVERIFY(ways.way(2).detailText().contains(QStringLiteral("Intel CPU")));
    QTest::mouseClick(&ways.way(2), Qt::LeftButton);
    QCOMPARE(ways.chosen()->id, std::string_view("fake"));
    QTest::mouseClick(&ways.way(1), Qt::LeftButton);
    QCOMPARE(ways.chosen()->id, std::string_view("other"));
    FakeSession::permitted = false;
    QTest::keyClick(&d, Qt::Key_F5);
    QTRY_VERIFY(!ways.chosen());
    QCOMPARE(ways.way(0).statusText(), QStringLiteral("perf_event_paranoid is 3"));
    QVERIFY(ways.way(0).detailText().contains(QStringLiteral("sysctl")));
    QTRY_VERIFY(!d.mainButton().isEnabled());
    FakeSession::permitted = true;
    QTest::keyClick(&d, Qt::Key_F5);
    QTRY_VERIFY(ways.chosen());
    QCOMPARE(ways.chosen()->id, std::string_view("other")); // as wished
}

void tst_RecordDialog::optionsAreDrawnFromTheBackend()
{
    RecordDialog& d = ready();
    RecordFields* fields = d.setup().fields();
    QVERIFY(fields->values().empty()); // all at their standard
    auto* frequency = qobject_cast<QSpinBox*>(fields->field("frequency"));
    QVERIFY(frequency && frequency->minimum() == 1 && frequency->maximum() == 9999 && frequency->value() == 999);
    frequency->setValue(99);
    auto* stacks = qobject_cast<QComboBox*>(fields->field("stacks"));
    QVERIFY(stacks);
    stacks->setCurrentIndex(1);
    fields->field("kernel")->setFocus();
    QTest::keyClick(fields->field("kernel"), Qt::Key_Space);
    QVERIFY(!fields->field("debug")->isVisible());
    fields->showAdvanced(true);
    QCOMPARE(d.setup().fields(), fields);
    QVERIFY(fields->isVisible());
    QVERIFY(fields->field("debug")->isVisible());
    qobject_cast<QLineEdit*>(fields->field("debug"))->setText(QStringLiteral("/x"));
    const OptionValues expected{{"frequency", "99"}, {"stacks", "cfi"}, {"kernel", "off"}, {"debug", "/x"}};
    QCOMPARE(d.setup().fields()->values(), expected);
    QCOMPARE(d.setup().wish()->request.options, expected);
}

void tst_RecordDialog::anOptionCanMakeAWayImpossible()
{
    RecordDialog& d = ready();
    auto* only = qobject_cast<QLineEdit*>(d.setup().fields()->field("only"));
    only->setFocus();
    only->insert(QStringLiteral("x"));
    Q_EMIT only->textEdited(only->text());
    QTRY_COMPARE(d.setup().ways().way(0).statusText(), QStringLiteral("No such thread"));
}

void tst_RecordDialog::aCommandIsSplitAndGivenAFolder()
{
    RecordDialog& d = ready();
    d.setup().tabs().setCurrentIndex(RecordSetup::NewCommand);
    QVERIFY(d.setup().commandLine().hasFocus());
    QVERIFY(!d.mainButton().isEnabled());
    QTest::keyClicks(&d.setup().commandLine(), QStringLiteral("python 'my file.py' \"a b"));
    QTRY_VERIFY2(d.foot().contains(QStringLiteral("never closed")), qPrintable(d.foot()));
    QTest::keyClicks(&d.setup().commandLine(), QStringLiteral("\""));
    d.setup().workingFolder().setText(m_folder->path());
    QTRY_VERIFY(d.mainButton().isEnabled());
    const RecordTarget target = d.setup().wish()->request.target;
    QCOMPARE(target.command, (std::vector<std::string>{"python", "my file.py", "a b"}));
    QCOMPARE(QString::fromStdString(target.folder), m_folder->path());
    QVERIFY(!d.setup().ways().way(1).radio().isEnabled()); // it starts no commands
    QCOMPARE(QString::fromStdString(d.setup().wish()->request.path), path("python.fxt"));
}

void tst_RecordDialog::aFileThatIsThereIsAskedAbout()
{
    RecordDialog& d = ready();
    writeFile(path("mine.fxt"), "mine");
    d.setup().saveTo().setText(path("mine.fxt"));
    press(d.mainButton());
    QVERIFY2(d.foot().contains(QStringLiteral("is there already")), qPrintable(d.foot()));
    QCOMPARE(d.page(), RecordDialog::Page::Setup);
    press(d.mainButton());
    QCOMPARE(d.page(), RecordDialog::Page::Progress);
}

void tst_RecordDialog::settingsAreRememberedAndTheProcessIsNot()
{
    RecordDialog& d = ready();
    qobject_cast<QSpinBox*>(d.setup().fields()->field("frequency"))->setValue(499);
    d.setup().setLength(RecordSettings::Length::Kind::UntilStop);
    d.setup().sizeLimit().setValue(7);
    press(d.mainButton());
    QVERIFY(!FakeSession::current->request.duration);
    QCOMPARE(FakeSession::current->request.maxBytes, std::uint64_t{7} << 20);
    m_window->recordings().recorder().cancel();
    d.reject();
    RecordDialog& again = open();
    QVERIFY(&again.setup().search() && again.setup().search().text().isEmpty());
    QTRY_VERIFY(again.setup().fields());
    QCOMPARE(qobject_cast<QSpinBox*>(again.setup().fields()->field("frequency"))->value(), 499);
    QCOMPARE(again.setup().lengthKind().currentIndex(), 1);
    QCOMPARE(again.setup().sizeLimit().value(), 7);
    QCOMPARE(again.setup().saveTo().text(), path("{name}-{pid}.fxt"));
    QVERIFY(!m_opener->settings().recording().contains(QByteArray::number(m_child->processId())));
    const RecordSettings strange = RecordSettings::fromJson("{\"length\": {\"seconds\": -4, \"kind\": 5}, \"mebibytes\": 1e9, \"options\": {\"fake\": {\"frequency\": 7}}}");
    QCOMPARE(strange.length.seconds, 30);
    QCOMPARE(strange.mebibytes, 1024);
    QCOMPARE(RecordSettings::fromJson("nonsense").length, RecordSettings().length);
}

void tst_RecordDialog::rememberedChoicesThatAreGoneAreNotAsked()
{
    m_opener->settings().setRecording(R"({"options": {"fake": {"stacks": "of an older version", "frequency": "499"}}})");
    RecordDialog& d = ready();
    QCOMPARE(d.setup().ways().chosen()->id, std::string_view("fake"));
    QCOMPARE(qobject_cast<QComboBox*>(d.setup().fields()->field("stacks"))->currentIndex(), 0);
    QCOMPARE(qobject_cast<QSpinBox*>(d.setup().fields()->field("frequency"))->value(), 499);
    press(d.mainButton());
    QVERIFY(FakeSession::current->request.options == (OptionValues{{"frequency", "499"}}));
}

void tst_RecordDialog::tabGoesFromWhatToHowToStart()
{
    RecordDialog& d = ready();
    QList<const QWidget*> order;
    for (const QWidget* w = &d.setup().search(); order.size() < 300 && !order.contains(w); w = w->nextInFocusChain())
        order << w;
    const qsizetype table = order.indexOf(&d.setup().table()), way = order.indexOf(&d.setup().ways().way(0).radio());
    const qsizetype option = order.indexOf(d.setup().fields()->field("frequency")), save = order.indexOf(&d.setup().saveTo()), button = order.indexOf(&d.mainButton());
    QVERIFY2(0 < table && table < way && way < option && option < save && save < button,
             qPrintable(QStringLiteral("%1 %2 %3 %4 %5").arg(table).arg(way).arg(option).arg(save).arg(button)));
    for (const QWidget* w : {static_cast<const QWidget*>(&d.setup().search()), static_cast<const QWidget*>(&d.setup().table()), static_cast<const QWidget*>(&d.setup().saveTo())})
        QVERIFY(!w->accessibleName().isEmpty());
}

void tst_RecordDialog::itFitsASmallScreen()
{
    RecordDialog& d = ready();
    QVERIFY2(d.minimumSizeHint().height() <= 590 && d.minimumSizeHint().width() <= 1080, qPrintable(QStringLiteral("%1 x %2").arg(d.minimumSizeHint().width()).arg(d.minimumSizeHint().height())));
}

QTEST_MAIN(tst_RecordDialog)
#include "tst_RecordDialog.moc"
