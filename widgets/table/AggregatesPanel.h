#pragma once

#include <QWidget>

#include "widgets/document/Job.h"
#include "widgets/table/AggregateAnswer.h"

#include <QTimer>

#include <memory>
#include <optional>
#include <vector>

class QComboBox;
class QLabel;
class QMenu;
class QSplitter;
class QStackedLayout;
class QToolButton;

namespace opscope {

class AggregatesModel;
class AggregatesTable;
class ElidedLabel;
class OccurrencePane;
class PopulationBar;
class TraceDocument;
class ViewSettings;

/// The Aggregates panel: slices of the range (else of the trace, on request of what is in view) that the filter matches, put
/// together by name, shapes, track ...; beside it what is known of the chosen row. Computed on a worker, only while it is seen.
class AggregatesPanel : public QWidget
{
    Q_OBJECT
    Q_PROPERTY(QByteArray panelState READ panelState WRITE setPanelState)

public:
    AggregatesPanel(TraceDocument& document, ViewSettings& settings, QWidget* parent = nullptr);

    AggregatesModel& model() { return *m_model; }
    AggregatesTable& table() { return *m_table; }
    OccurrencePane& occurrences() { return *m_side; }
    PopulationBar& populations() { return *m_populations; }
    QComboBox& grouping() { return *m_grouping; }
    QString scopeText() const;          ///< "In the range 336.000 – 356.000 ms"
    QString totalsText() const;         ///< "159 slices, 9.552 ms of device time"
    QString message() const;            ///< what stands there instead of rows; "" when there are some
    bool busy() const;                  ///< an answer is on its way
    void setFollowsView(bool follows);
    /// The row becomes part of the filter, or what the filter leaves out.
    void filterTo(int row, bool exclude);
    void copyRow();                     ///< the chosen one, times whole and plain
    /// The table as it is sorted: JSON where the name ends so, else CSV. On a worker; the document announces how it went.
    void save(const QString& path);
    /// Columns, to be remembered between runs. Anything else than what panelState() gave is read as far as it goes.
    QByteArray panelState() const;
    void setPanelState(const QByteArray& state);

protected:
    void showEvent(QShowEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void build();
    QWidget* makeTools();
    QWidget* makeTable();
    void traceChanged();
    void rangeChanged();
    void lookChanged();
    void fillGroupings();
    void later();
    void compute();
    std::optional<TimeRange> scope() const;
    AggregateAsk ask() const;
    void received(const AggregateAsk& asked, AggregateAnswer answer);
    void showTotals();
    void choosePopulation();
    bool chooseRow();
    void keepRow();
    void sort(TableOrder sort);
    void showRow();
    void showScope();
    void showMessage(const QString& text);
    void showScopeMenu();
    void fillRowMenu(QMenu& menu);
    void showRowMenu(const QPoint& global);
    void copyTable();
    void saveByDialog();
    void arrange();

    TraceDocument& m_document;
    ViewSettings& m_settings;
    QWidget* m_tools = nullptr;
    PopulationBar* m_populations = nullptr;
    QToolButton* m_scope = nullptr;
    ElidedLabel* m_totals = nullptr;
    QLabel* m_byWord = nullptr;
    QComboBox* m_grouping = nullptr;
    QToolButton* m_sideToggle = nullptr;
    QStackedLayout* m_pages = nullptr;
    QLabel* m_message = nullptr;
    QSplitter* m_split = nullptr;
    AggregatesModel* m_model = nullptr;
    AggregatesTable* m_table = nullptr;
    OccurrencePane* m_side = nullptr;

    AggregateAsk m_asked;                      ///< of the answer that is shown
    TableOrder m_sort;
    std::vector<std::vector<GroupBy>> m_groupings; ///< of the chooser
    std::optional<TimeRange> m_scopeShown;
    bool m_followsView = false;
    bool m_chosenByHand = false;               ///< the population
    std::vector<std::string> m_keptRow;        ///< keys of the row that a person chose; empty: the panel chooses
    bool m_dirty = true;                       ///< to be computed when shown
    double m_tableShare = 0.64;                ///< of the width, the rest is the side's
    QTimer m_delay;                            ///< the range is still being drawn
    QTimer m_patience;                         ///< then it is worth saying that it takes time
    Job m_job, m_sortJob, m_saveJob;
};

} // namespace opscope
