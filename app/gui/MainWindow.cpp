#include "app/gui/MainWindow.h"

#include "app/gui/DropChoice.h"
#include "app/gui/ErrorView.h"
#include "app/gui/ExportDialog.h"
#include "app/gui/FilterBar.h"
#include "app/gui/FilterEdit.h"
#include "app/gui/JoinController.h"
#include "app/gui/KeysDialog.h"
#include "app/gui/LoadingView.h"
#include "app/gui/Menus.h"
#include "app/gui/NoticeBar.h"
#include "app/gui/OpenController.h"
#include "app/gui/RecordController.h"
#include "app/gui/RecordIndicator.h"
#include "app/gui/Sample.h"
#include "app/gui/SearchField.h"
#include "app/gui/StartView.h"
#include "app/gui/StatusLine.h"
#include "app/gui/ToolStrip.h"
#include "core/analysis/BusiestRange.h"
#include "widgets/common/Text.h"
#include "widgets/timeline/Picture.h"
#include "widgets/timeline/TimelineCanvas.h"
#include "widgets/timeline/TimelineView.h"

#include <QApplication>
#include <QClipboard>
#include <QDragEnterEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenuBar>
#include <QMimeData>
#include <QScreen>
#include <QStackedWidget>
#include <QStatusBar>
#include <QUrl>
#include <QVBoxLayout>

namespace opscope {

namespace {

constexpr int kLayoutVersion = 2; // raise it when docks change so much that an old layout makes no sense

QSize defaultSize(const QScreen* screen)
{
    const QSize wanted(1440, 900);
    return screen ? wanted.boundedTo(screen->availableSize() * 0.95) : wanted;
}

/// QStatusBar keeps a few pixels for its own decoration; ours fills all of it.
class StatusFrame : public QStatusBar
{
public:
    StatusFrame(QWidget* content, QWidget* parent) : QStatusBar(parent), m_content(content)
    {
        setSizeGripEnabled(false);
        setFixedHeight(content->height());
        content->setParent(this);
    }

protected:
    void resizeEvent(QResizeEvent* event) override
    {
        QStatusBar::resizeEvent(event);
        m_content->setGeometry(rect());
    }
    void paintEvent(QPaintEvent*) override {}

private:
    QWidget* m_content;
};

QStringList localFiles(const QMimeData* data)
{
    QStringList files;
    for (const QUrl& url : data->urls()) {
        if (url.isLocalFile())
            files << url.toLocalFile();
    }
    return files;
}

} // namespace

MainWindow::MainWindow(OpenController& opener) : m_opener(opener), m_search(m_document), m_loading(this)
{
    setAcceptDrops(true);
    setMinimumSize(640, 400);
    setWindowIcon(QIcon(QStringLiteral(":/opscope.svg")));
    m_settings.setTheme(themeFor(opener.settings().theme()));
    m_settings.setDensity(opener.settings().density());
    m_settings.setColorBy(opener.settings().colorBy());
    m_settings.setShowLinks(opener.settings().showLinks());
    applyTheme(m_settings.theme());
    makeHeader();
    makePages();
    m_docks = new Docks(*this, m_document, m_settings);
    makeStatus();
    buildMenus(*m_menus, *this);
    connectParts();
    resize(defaultSize(screen()));
    if (const QByteArray geometry = opener.settings().geometry(); !geometry.isEmpty())
        restoreGeometry(geometry);
    m_docks->setAllHidden();
    showPage(Page::Start);
}

MainWindow::~MainWindow() = default;

void MainWindow::makeHeader()
{
    auto* header = new QWidget(this);
    m_menus = new QMenuBar(header);
    m_menus->setFixedHeight(26);
    m_title = new QLabel(header);
    m_title->setProperty("role", QStringLiteral("dim"));
    m_title->setTextFormat(Qt::PlainText);
    m_title->setContentsMargins(0, 0, 14, 0);
    auto* first = new QHBoxLayout;
    first->setSpacing(0);
    first->addWidget(m_menus, 1);
    first->addWidget(m_title);
    m_recordings = new RecordController(*this);
    auto* indicator = new RecordIndicator(m_recordings->recorder(), m_settings, header);
    first->addWidget(indicator);
    connect(indicator, &RecordIndicator::showClicked, this, &MainWindow::record);
    m_tools = new ToolStrip(m_document, m_search, m_settings, header);
    auto* column = new QVBoxLayout(header);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addLayout(first);
    column->addWidget(m_tools);
    m_filterBar = new FilterBar(m_document, m_settings, header);
    column->addWidget(m_filterBar);
    setMenuWidget(header);
}

void MainWindow::makePages()
{
    m_pages = new QStackedWidget(this);
    const auto sample = sampleFiles().isEmpty() ? StartView::Sample::Missing : StartView::Sample::Present;
    m_start = new StartView(m_opener.recent(), m_settings, sample, m_pages);
    m_loadingView = new LoadingView(m_pages);
    m_error = new ErrorView(m_settings, m_pages);
    auto* trace = new QWidget(m_pages);
    m_notice = new NoticeBar(m_settings, trace);
    m_timeline = new TimelineView(m_document, m_settings, trace);
    auto* column = new QVBoxLayout(trace);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_notice);
    column->addWidget(m_timeline, 1);
    m_joiner = new JoinController(m_document, m_settings, *m_notice, this);
    m_pages->addWidget(m_start); // in the order of Page
    m_pages->addWidget(m_loadingView);
    m_pages->addWidget(m_error);
    m_pages->addWidget(trace);
    setCentralWidget(m_pages);
    m_drop = new DropChoice(m_settings, this);
}

void MainWindow::makeStatus()
{
    m_status = new StatusLine(m_document, m_settings, this);
    setStatusBar(new StatusFrame(m_status, this));
}

void MainWindow::connectParts()
{
    m_timeline->canvas().installEventFilter(this);
    connect(m_tools, &ToolStrip::openClicked, this, [this] { m_opener.openByDialog(this); });
    connect(m_tools, &ToolStrip::recordClicked, this, &MainWindow::record);
    connect(m_start, &StartView::recordClicked, this, &MainWindow::record);
    connect(m_tools, &ToolStrip::exportClicked, this, &MainWindow::exportPart);
    connect(m_tools, &ToolStrip::zoomOutClicked, m_timeline, &TimelineView::zoomOut);
    connect(m_tools, &ToolStrip::fitClicked, &m_document, &TraceDocument::showAll);
    connect(m_tools, &ToolStrip::zoomInClicked, m_timeline, &TimelineView::zoomIn);
    connect(&m_tools->search(), &SearchField::left, this, [this] { m_timeline->setFocus(); });
    connect(&m_filterBar->field(), &FilterEdit::left, this, [this] { m_timeline->setFocus(); });
    connect(&m_document, &TraceDocument::filterFailed, &m_document, &TraceDocument::announced);
    connect(&m_search, &NameSearch::changed, this, &MainWindow::showMatches);
    connect(&m_document, &TraceDocument::panelRequested, this, [this](const QString& id) { m_docks->raise(id.toUtf8().constData()); });
    connect(m_status, &StatusLine::problemsClicked, this, [this] { m_docks->raise("problems"); });
    connect(m_status, &StatusLine::linksClicked, this, [this] { m_docks->raise("links"); });
    connect(m_joiner, &JoinController::joined, this, [this](const QStringList& files) {
        m_files = files;
        m_opener.recent().add(files, *m_document.trace());
        showTitle();
    });
    connect(m_start, &StartView::openClicked, this, [this] { m_opener.openByDialog(this); });
    connect(m_start, &StartView::sampleClicked, this, [this] { m_opener.openSample(this); });
    connect(m_start, &StartView::filesChosen, this, [this](const QStringList& files) { m_opener.openTogether(files, this); });
    connect(m_error, &ErrorView::openClicked, this, [this] { m_opener.openByDialog(this); });
    connect(m_error, &ErrorView::retryClicked, this, [this] { load(m_files); });
    connect(m_loadingView, &LoadingView::cancelled, this, [this] {
        m_loading.cancel();
        showPage(Page::Start);
    });
    connect(&m_loading, &Job::progressed, this, [this] { m_loadingView->show(m_loading.progress()); });
    connect(&m_settings, &ViewSettings::changed, this, [this] {
        m_opener.settings().setColorBy(m_settings.colorBy());
        m_opener.settings().setDensity(m_settings.density());
        m_opener.settings().setShowLinks(m_settings.showLinks());
    });
}

void MainWindow::load(const QStringList& files)
{
    m_files = files;
    m_joiner->reset();
    m_loadingView->begin(files);
    showPage(Page::Loading);
    m_loading.run([files](const JobControl& job) { return loadFiles(files, {}, job); },
                  [this, files](Result<TracePtr> result) { received(files, std::move(result)); });
}

void MainWindow::received(const QStringList& files, Result<TracePtr> result)
{
    if (!result) {
        const QString sentence = displayText(result.error().text());
        m_error->setError(sentence);
        showPage(Page::Error);
        Q_EMIT failed(sentence);
        return;
    }
    m_document.setTrace(std::move(result).value());
    m_opener.recent().add(files, *m_document.trace());
    showPage(Page::Trace);
    m_joiner->opened(files);
    Q_EMIT loaded();
}

void MainWindow::showPage(Page page)
{
    if (m_page == Page::Trace && page != Page::Trace)
        leaveTracePage();
    m_page = page;
    const bool isTrace = page == Page::Trace;
    m_tools->setVisible(isTrace);
    m_filterBar->setVisible(isTrace);
    statusBar()->setVisible(isTrace);
    // Pages that are not shown ask for no height: the docks may have it.
    for (int i = 0; i < m_pages->count(); ++i) {
        QSizePolicy policy = m_pages->widget(i)->sizePolicy();
        policy.setVerticalPolicy(i == static_cast<int>(page) ? QSizePolicy::Preferred : QSizePolicy::Ignored);
        m_pages->widget(i)->setSizePolicy(policy);
    }
    m_pages->setCurrentIndex(static_cast<int>(page));
    if (isTrace)
        enterTracePage();
    else if (page == Page::Start)
        m_start->setFocus();
    showTitle();
}

void MainWindow::enterTracePage()
{
    const QByteArray layout = m_opener.settings().layout();
    if (!m_arranged && (layout.isEmpty() || !restoreState(layout, kLayoutVersion)))
        m_docks->arrange();
    if (!m_arranged)
        m_docks->readStates(m_opener.settings());
    m_arranged = true;
    m_timeline->setFocus();
}

void MainWindow::leaveTracePage()
{
    m_opener.settings().setLayout(saveState(kLayoutVersion));
    m_docks->writeStates(m_opener.settings());
    m_arranged = false;
    m_docks->setAllHidden();
}

void MainWindow::showTitle()
{
    const bool isTrace = m_page == Page::Trace;
    const QString name = isTrace ? m_document.title() : QString();
    m_title->setText(elided(name, m_title->font(), 420));
    setWindowTitle(isTrace ? name + QStringLiteral(" – Opscope") : QStringLiteral("Opscope"));
}

void MainWindow::applyTheme(const Theme& theme)
{
    setPalette(theme.palette());
    setStyleSheet(theme.styleSheet());
    m_settings.setTheme(theme);
}

void MainWindow::closeTrace()
{
    if (m_page == Page::Start || m_opener.windowCount() > 1) {
        close();
        return;
    }
    m_loading.cancel();
    m_joiner->reset();
    showPage(Page::Start);
    m_document.setTrace(nullptr);
}

void MainWindow::find()
{
    if (m_page == Page::Trace)
        m_tools->search().begin();
}

void MainWindow::filter()
{
    if (m_page == Page::Trace)
        m_filterBar->field().begin();
}

void MainWindow::setFilter(const std::string& text, bool hide)
{
    m_document.setFilterMode(hide ? FilterMode::Hide : FilterMode::Dim);
    if (auto parsed = Filter::parse(text); std::holds_alternative<Filter>(parsed))
        m_document.setFilter(std::get<Filter>(parsed));
}

/// Selection and range went first; the timeline clears those.
void MainWindow::escape()
{
    if (!m_search.text().isEmpty())
        m_tools->search().clear();
    else
        m_document.setFilter({});
}

void MainWindow::firstProblem()
{
    if (m_page == Page::Trace)
        m_docks->raise("problems");
}

void MainWindow::restoreLayout()
{
    if (m_page == Page::Trace)
        m_docks->arrange();
}

void MainWindow::exportPart()
{
    if (!showsTrace() || findChild<ExportDialog*>())
        return;
    auto* dialog = new ExportDialog(m_settings.theme(), m_document, m_timeline->scene().model, this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &ExportDialog::exported, this, [this](const QString& sentence, const QStringList& files) {
        m_notice->showNotice(NoticeBar::Kind::Offer, sentence,
                             {{QStringLiteral("Open"), [this, files] { m_opener.openTogether(files, this); }}, {QStringLiteral("Close"), {}}});
    });
    dialog->open();
}

void MainWindow::record() { m_recordings->open(); }
void MainWindow::recordAgain() { m_recordings->again(); }

void MainWindow::frameBusiest()
{
    m_framing.run([trace = m_document.trace()](const JobControl&) { return std::pair(trace, busiestRange(*trace)); },
                  [this](const std::pair<TracePtr, TimeRange>& found) {
                      if (m_document.trace() == found.first && found.second != found.first->extent())
                          m_document.setVisibleRange(found.second);
                  });
}

void MainWindow::savePicture()
{
    if (!showsTrace())
        return;
    const QString first = m_files.isEmpty() ? QString() : QFileInfo(m_files.front()).absolutePath() + QStringLiteral("/timeline.png");
    const QString path = QFileDialog::getSaveFileName(this, QStringLiteral("Save the timeline as a picture"), first,
                                                      QStringLiteral("PNG (*.png);;SVG (*.svg)"));
    if (path.isEmpty())
        return;
    if (const Status saved = saveTimelinePicture(*m_timeline, path); !saved)
        m_notice->showNotice(NoticeBar::Kind::Warning, displayText(saved.error().text()), {{QStringLiteral("Close"), {}}});
}

void MainWindow::showKeys()
{
    auto* dialog = new KeysDialog(m_settings.theme(), this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->open();
}

void MainWindow::showAboutOpscope()
{
    showAbout(m_settings.theme(), this);
}

void MainWindow::showMatches()
{
    std::vector<SliceId> slices;
    slices.reserve(m_search.matches().size());
    std::vector<InstantId> instants;
    for (const Match& match : m_search.matches()) {
        if (match.slice)
            slices.push_back(match.slice);
        else if (match.instant)
            instants.push_back(match.instant);
    }
    m_timeline->setFound(std::move(slices), instants);
}

bool MainWindow::eventFilter(QObject* watched, QEvent* event)
{
    const TimelineCanvas& canvas = m_timeline->canvas();
    if (event->type() == QEvent::MouseMove) {
        const int x = static_cast<QMouseEvent*>(event)->position().toPoint().x();
        const bool overTime = x >= canvas.width() - canvas.canvasWidth();
        m_status->setPointerTime(overTime ? std::optional(canvas.timeAt(x)) : std::nullopt);
    } else if (event->type() == QEvent::Leave) {
        m_status->setPointerTime(std::nullopt);
    } else if (event->type() == QEvent::Resize || event->type() == QEvent::Show) {
        m_status->setTimelineWidth(canvas.canvasWidth());
    } else if (event->type() == QEvent::KeyPress && static_cast<QKeyEvent*>(event)->key() == Qt::Key_Escape
               && m_document.selection().empty()) {
        escape();
    }
    return QMainWindow::eventFilter(watched, event);
}

QString MainWindow::selectionText() const
{
    const TracePtr& trace = m_document.trace();
    const Selection& selection = m_document.selection();
    if (!trace)
        return {};
    if (selection.slice) {
        const SliceTable& slices = trace->slices();
        const QString name = displayText(trace->name(selection.slice));
        if (trace->timeBase() == TimeBase::NodeOrder)
            return name;
        const std::string times = "\t" + formatPlain(slices.start(selection.slice)) + "\t" + formatPlain(slices.duration(selection.slice));
        return name + QString::fromStdString(times);
    }
    if (selection.instant)
        return displayText(trace->text(trace->instants().name(selection.instant)))
            + QString::fromStdString("\t" + formatPlain(trace->instants().time(selection.instant)));
    if (selection.node && trace->executionTrace())
        return displayText(trace->text(trace->executionTrace()->node(selection.node).name));
    if (selection.range)
        return QString::fromStdString(formatPlain(selection.range->start) + "\t" + formatPlain(selection.range->end));
    return {};
}

void MainWindow::copy()
{
    const QString text = selectionText();
    if (!text.isEmpty())
        QApplication::clipboard()->setText(text);
}

void MainWindow::keyPressEvent(QKeyEvent* event)
{
    // Comes here only when the widget with the focus has no use for it.
    if (event->matches(QKeySequence::Copy))
        return copy();
    QMainWindow::keyPressEvent(event);
}

void MainWindow::changeEvent(QEvent* event)
{
    QMainWindow::changeEvent(event);
    if (event->type() == QEvent::ApplicationPaletteChange && m_opener.settings().theme() == ThemeChoice::System) {
        const Theme theme = Theme::system();
        if (theme.isDark != m_settings.theme().isDark)
            applyTheme(theme);
    }
}

void MainWindow::closeEvent(QCloseEvent* event)
{
    if (!m_recordings->mayClose())
        return event->ignore(); // it closes by itself once the recording is saved
    m_opener.settings().setGeometry(saveGeometry());
    if (m_page == Page::Trace) {
        m_opener.settings().setLayout(saveState(kLayoutVersion));
        m_docks->writeStates(m_opener.settings());
    }
    QMainWindow::closeEvent(event);
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event)
{
    const QStringList files = localFiles(event->mimeData());
    if (files.isEmpty())
        return;
    event->acceptProposedAction();
    if (showsTrace())
        m_drop->begin(files);
    m_drop->follow(event->position().toPoint());
}

void MainWindow::dragMoveEvent(QDragMoveEvent* event)
{
    event->acceptProposedAction();
    m_drop->follow(event->position().toPoint());
}

void MainWindow::dragLeaveEvent(QDragLeaveEvent*)
{
    m_drop->hide();
}

void MainWindow::dropEvent(QDropEvent* event)
{
    event->acceptProposedAction();
    m_drop->hide();
    const QStringList files = localFiles(event->mimeData());
    if (showsTrace() && m_drop->answerAt(event->position().toPoint()) == DropChoice::Answer::Join)
        m_joiner->join(files);
    else
        m_opener.open(files, this);
}

} // namespace opscope
