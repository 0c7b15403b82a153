#include "app/gui/Menus.h"

#include "app/gui/JoinController.h"
#include "app/gui/MainWindow.h"
#include "app/gui/OpenController.h"
#include "widgets/timeline/TimelineCanvas.h"
#include "widgets/timeline/TimelineView.h"

#include <QActionGroup>
#include <QApplication>
#include <QFileInfo>
#include <QKeyEvent>
#include <QMenu>
#include <QMenuBar>

namespace opscope {

namespace {

template <class Do>
QAction* add(QMenu& menu, const char* text, const QList<QKeySequence>& keys, Do act)
{
    QAction* action = menu.addAction(QString::fromUtf8(text));
    action->setShortcuts(keys);
    QObject::connect(action, &QAction::triggered, &menu, act);
    return action;
}

struct Choice
{
    const char* text;
    int value;
};

/// A submenu of which one entry is ticked; the tick is set when it opens, so that nothing has to be kept in step.
template <class Current, class Choose>
void addChoices(QMenu& parent, const char* title, std::initializer_list<Choice> choices, Current current, Choose choose)
{
    QMenu* menu = parent.addMenu(QString::fromUtf8(title));
    auto* group = new QActionGroup(menu);
    for (const Choice& choice : choices) {
        QAction* action = menu->addAction(QString::fromUtf8(choice.text));
        action->setCheckable(true);
        action->setData(choice.value);
        group->addAction(action);
        QObject::connect(action, &QAction::triggered, menu, [choose, value = choice.value] { choose(value); });
    }
    QObject::connect(menu, &QMenu::aboutToShow, menu, [menu, current] {
        for (QAction* action : menu->actions())
            action->setChecked(action->data().toInt() == current());
    });
}

/// As if the key had been typed there: what a view does with its keys stays its own affair.
void sendKey(QWidget& to, Qt::Key key, Qt::KeyboardModifiers modifiers = Qt::NoModifier)
{
    QKeyEvent press(QEvent::KeyPress, key, modifiers, modifiers ? QString() : QString(QChar(key)));
    QApplication::sendEvent(&to, &press);
}

/// Views copy what they have selected; what none of them wants comes to the window.
void sendCopy(MainWindow& window)
{
    QWidget* focus = QApplication::focusWidget();
    sendKey(focus ? *focus : window, Qt::Key_C, Qt::ControlModifier);
}

void fillRecent(QMenu& menu, MainWindow& window)
{
    menu.clear();
    RecentFiles& recent = window.opener().recent();
    for (const RecentEntry& entry : recent.entries()) {
        QStringList names;
        for (const QString& file : entry.files)
            names << QFileInfo(file).fileName();
        QString text = names.join(QStringLiteral(" + "));
        QAction* action = menu.addAction(text.replace(QLatin1Char('&'), QLatin1String("&&")));
        action->setEnabled(!entry.missing());
        QObject::connect(action, &QAction::triggered, &window,
                         [&window, files = entry.files] { window.opener().openTogether(files, &window); });
    }
    if (recent.entries().empty()) {
        menu.addAction(QStringLiteral("Nothing yet"))->setEnabled(false);
        return;
    }
    menu.addSeparator();
    QObject::connect(menu.addAction(QStringLiteral("Clear the list")), &QAction::triggered, &recent, &RecentFiles::clear);
}

void buildFile(QMenu& menu, MainWindow& window)
{
    add(menu, "&Open…", {QKeySequence::Open}, [&window] { window.opener().openByDialog(&window); });
    QMenu* recent = menu.addMenu(QStringLiteral("Open &recent"));
    QObject::connect(recent, &QMenu::aboutToShow, recent, [recent, &window] { fillRecent(*recent, window); });
    QAction* join = add(menu, "&Join…", {QKeySequence(Qt::CTRL | Qt::Key_J)}, [&window] { window.joiner().openDialog(&window); });
    QAction* resources = add(menu, "Re&sources folder…", {}, [&window] { window.joiner().chooseResourcesFolder(&window); });
    QObject::connect(&menu, &QMenu::aboutToShow, &menu, [join, resources, &window] {
        join->setEnabled(window.showsTrace());
        resources->setEnabled(window.showsTrace() && window.document().trace()->executionTrace());
    });
    // A disabled entry keeps its key from working; only while the menu is open is that of any use.
    QObject::connect(&menu, &QMenu::aboutToHide, &menu, [join] { join->setEnabled(true); });
    menu.addSeparator();
    add(menu, "&Record…", {QKeySequence(Qt::CTRL | Qt::Key_R)}, [&window] { window.record(); });
    add(menu, "Record a&gain", {QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_R)}, [&window] { window.recordAgain(); });
    menu.addSeparator();
    QAction* part = add(menu, "&Export part…", {QKeySequence(Qt::CTRL | Qt::Key_E)}, [&window] { window.exportPart(); });
    QAction* picture = add(menu, "Save &picture…", {}, [&window] { window.savePicture(); });
    QObject::connect(&menu, &QMenu::aboutToShow, &menu, [part, picture, &window] {
        part->setEnabled(window.showsTrace());
        picture->setEnabled(window.showsTrace());
    });
    QObject::connect(&menu, &QMenu::aboutToHide, &menu, [part] { part->setEnabled(true); });
    menu.addSeparator();
    add(menu, "&New window", {QKeySequence::New}, [&window] { window.opener().newWindow()->show(); });
    menu.addSeparator();
    add(menu, "&Close", {QKeySequence::Close}, [&window] { window.closeTrace(); });
    add(menu, "&Quit", {QKeySequence(Qt::CTRL | Qt::Key_Q)}, [] { QApplication::closeAllWindows(); });
}

void buildEdit(QMenu& menu, MainWindow& window)
{
    add(menu, "C&opy\tCtrl+C", {}, [&window] { sendCopy(window); });
    add(menu, "&Find", {QKeySequence(Qt::Key_Slash), QKeySequence(Qt::CTRL | Qt::Key_F)}, [&window] { window.find(); });
    add(menu, "Fi&lter", {QKeySequence(Qt::Key_Backslash), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_F)}, [&window] { window.filter(); });
    menu.addSeparator();
    TraceDocument& document = window.document();
    QAction* hide = add(menu, "&Hide what the filter does not match", {}, [&document] {
        document.setFilterMode(document.filterMode() == FilterMode::Hide ? FilterMode::Dim : FilterMode::Hide);
    });
    hide->setCheckable(true);
    QAction* range = add(menu, "Filter to the selected &range", {}, [&document] {
        if (document.trace() && document.selection().range)
            document.setFilter(both(document.filter(), rangeFilter(*document.trace(), *document.selection().range)));
    });
    QAction* clear = add(menu, "&Clear the filter", {}, [&document] { document.setFilter({}); });
    QObject::connect(&menu, &QMenu::aboutToShow, &menu, [hide, range, clear, &document] {
        hide->setChecked(document.filterMode() == FilterMode::Hide);
        range->setEnabled(document.trace() && document.selection().range);
        clear->setEnabled(!document.filter().empty());
    });
}

void buildView(QMenu& menu, MainWindow& window)
{
    window.docks().addToMenu(menu);
    add(menu, "&Restore layout", {}, [&window] { window.restoreLayout(); });
    menu.addSeparator();
    Settings& settings = window.opener().settings();
    addChoices(menu, "&Theme", {{"System", 0}, {"Light", 1}, {"Dark", 2}}, [&settings] { return static_cast<int>(settings.theme()); },
               [&window](int value) { window.opener().setTheme(static_cast<ThemeChoice>(value)); });
    ViewSettings& view = window.viewSettings();
    addChoices(menu, "&Density", {{"Comfortable", 0}, {"Normal", 1}, {"Dense", 2}}, [&view] { return static_cast<int>(view.density()); },
               [&view](int value) { view.setDensity(static_cast<Density>(value)); });
    addChoices(menu, "&Colour by", {{"Family", 0}, {"Name", 1}, {"Category", 2}, {"Duration", 3}},
               [&view] { return static_cast<int>(view.colorBy()); },
               [&view](int value) { view.setColorBy(static_cast<ColorBy>(value)); });
    menu.addSeparator();
    QAction* links = add(menu, "Show &links", {}, [&view] { view.setShowLinks(!view.showLinks()); });
    links->setCheckable(true);
    QObject::connect(&menu, &QMenu::aboutToShow, links, [links, &view] { links->setChecked(view.showLinks()); });
    menu.addSeparator();
    add(menu, "Zoom &in\tW", {}, [&window] { window.timeline().zoomIn(); });
    add(menu, "Zoom &out\tS", {}, [&window] { window.timeline().zoomOut(); });
    add(menu, "&Frame the selection\tF", {}, [&window] { window.timeline().frameSelection(); });
    add(menu, "Show the &whole trace\t0", {}, [&window] { window.document().showAll(); });
}

void buildGo(QMenu& menu, MainWindow& window)
{
    TraceDocument& document = window.document();
    QAction* back = add(menu, "&Back", {QKeySequence(Qt::ALT | Qt::Key_Left)}, [&document] { document.goBack(); });
    QAction* forward = add(menu, "&Forward", {QKeySequence(Qt::ALT | Qt::Key_Right)}, [&document] { document.goForward(); });
    const auto showHistory = [back, forward, &document] {
        back->setEnabled(document.canGoBack());
        forward->setEnabled(document.canGoForward());
    };
    QObject::connect(&document, &TraceDocument::historyChanged, &menu, showHistory);
    showHistory();
    menu.addSeparator();
    add(menu, "&Next match", {QKeySequence(Qt::Key_F3), QKeySequence(Qt::CTRL | Qt::Key_G)}, [&window] { window.search().next(); });
    add(menu, "Pre&vious match", {QKeySequence(Qt::SHIFT | Qt::Key_F3), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_G)},
        [&window] { window.search().previous(); });
    menu.addSeparator();
    add(menu, "Next on the track\t.", {}, [&window] { sendKey(window.timeline().canvas(), Qt::Key_Period); });
    add(menu, "Previous on the track\t,", {}, [&window] { sendKey(window.timeline().canvas(), Qt::Key_Comma); });
    menu.addSeparator();
    QWidget& canvas = window.timeline().canvas();
    add(menu, "Follow the link to what it &caused\t]", {}, [&canvas] { sendKey(canvas, Qt::Key_BracketRight); });
    add(menu, "Follow the link to its c&ause\t[", {}, [&canvas] { sendKey(canvas, Qt::Key_BracketLeft); });
    add(menu, "Next of several links\tCtrl+]", {}, [&canvas] { sendKey(canvas, Qt::Key_BracketRight, Qt::ControlModifier); });
    add(menu, "Previous of several links\tCtrl+[", {}, [&canvas] { sendKey(canvas, Qt::Key_BracketLeft, Qt::ControlModifier); });
    menu.addSeparator();
    add(menu, "First &problem", {QKeySequence(Qt::Key_F8)}, [&window] { window.firstProblem(); });
    menu.addSeparator();
    QWidget* home = &window.timeline();
    add(menu, "Next panel", {QKeySequence(Qt::Key_F6)}, [&window, home] { window.docks().walk(home, 1); });
    add(menu, "Previous panel", {QKeySequence(Qt::SHIFT | Qt::Key_F6)}, [&window, home] { window.docks().walk(home, -1); });
}

void buildHelp(QMenu& menu, MainWindow& window)
{
    add(menu, "&Keys", {QKeySequence(Qt::Key_Question), QKeySequence(Qt::SHIFT | Qt::Key_Question)}, [&window] { window.showKeys(); });
    add(menu, "&About Opscope", {}, [&window] { window.showAboutOpscope(); });
}

} // namespace

void buildMenus(QMenuBar& bar, MainWindow& window)
{
    buildFile(*bar.addMenu(QStringLiteral("&File")), window);
    buildEdit(*bar.addMenu(QStringLiteral("&Edit")), window);
    buildView(*bar.addMenu(QStringLiteral("&View")), window);
    buildGo(*bar.addMenu(QStringLiteral("&Go")), window);
    buildHelp(*bar.addMenu(QStringLiteral("&Help")), window);
}

} // namespace opscope
