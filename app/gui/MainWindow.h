#pragma once

#include "app/gui/Docks.h"
#include "core/base/Result.h"
#include "widgets/document/Job.h"
#include "widgets/document/NameSearch.h"
#include "widgets/document/TraceDocument.h"
#include "widgets/document/ViewSettings.h"

#include <QMainWindow>
#include <QStringList>

class QLabel;
class QMenuBar;
class QStackedWidget;

namespace opscope {

class DropChoice;
class ErrorView;
class FilterBar;
class JoinController;
class LoadingView;
class NoticeBar;
class OpenController;
class RecordController;
class StartView;
class StatusLine;
class TimelineView;
class ToolStrip;

/// One window: one trace, or the start page, or why there is no trace. Wires the parts and holds no logic of theirs.
class MainWindow : public QMainWindow
{
    Q_OBJECT

public:
    explicit MainWindow(OpenController& opener);
    ~MainWindow() override;

    /// Reads the files as one trace in the background; loaded() or failed() follows, nothing after a cancel.
    void load(const QStringList& files);
    /// Nothing is open or being opened here.
    bool isFree() const { return m_page == Page::Start || m_page == Page::Error; }
    void applyTheme(const Theme& theme);

    TraceDocument& document() { return m_document; }
    ViewSettings& viewSettings() { return m_settings; }
    OpenController& opener() { return m_opener; }
    NameSearch& search() { return m_search; }
    TimelineView& timeline() { return *m_timeline; }
    Docks& docks() { return *m_docks; }
    JoinController& joiner() { return *m_joiner; }
    RecordController& recordings() { return *m_recordings; }
    NoticeBar& notice() { return *m_notice; }
    FilterBar& filterBar() { return *m_filterBar; }
    bool showsTrace() const { return m_page == Page::Trace; }

    // What the menu asks for.
    void closeTrace();
    void copy();
    void find();
    void filter();
    /// What `--filter` and `--hide` ask for; the text is valid.
    void setFilter(const std::string& text, bool hide);
    void firstProblem();
    void restoreLayout();
    void exportPart();
    void record();
    void recordAgain();
    void savePicture();
    /// Brings the busiest stretch of the trace into view, as soon as a worker has found it.
    void frameBusiest();
    void showKeys();
    void showAboutOpscope();

Q_SIGNALS:
    void loaded();
    void failed(const QString& sentence);

protected:
    void changeEvent(QEvent* event) override;
    void closeEvent(QCloseEvent* event) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dragMoveEvent(QDragMoveEvent* event) override;
    void dragLeaveEvent(QDragLeaveEvent* event) override;
    void dropEvent(QDropEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override; ///< of the canvas: where the pointer is, the last Esc

private:
    enum class Page : std::uint8_t { Start, Loading, Error, Trace };
    void makePages();
    void makeHeader();
    void makeStatus();
    void connectParts();
    void showPage(Page page);
    void leaveTracePage();
    void enterTracePage();
    void escape();
    void received(const QStringList& files, Result<TracePtr> result);
    void showTitle();
    void showMatches();
    QString selectionText() const;

    OpenController& m_opener;
    TraceDocument m_document;
    ViewSettings m_settings;
    NameSearch m_search;
    Job m_loading, m_framing;
    QStringList m_files;                ///< of the last load, for "Try again"
    Page m_page = Page::Start;
    bool m_arranged = false;            ///< the docks stand where this window wants them

    QStackedWidget* m_pages = nullptr;
    StartView* m_start = nullptr;
    LoadingView* m_loadingView = nullptr;
    ErrorView* m_error = nullptr;
    NoticeBar* m_notice = nullptr;
    TimelineView* m_timeline = nullptr;
    DropChoice* m_drop = nullptr;
    JoinController* m_joiner = nullptr;
    RecordController* m_recordings = nullptr;
    ToolStrip* m_tools = nullptr;
    FilterBar* m_filterBar = nullptr;
    StatusLine* m_status = nullptr;
    Docks* m_docks = nullptr;
    QMenuBar* m_menus = nullptr;
    QLabel* m_title = nullptr;
};

} // namespace opscope
