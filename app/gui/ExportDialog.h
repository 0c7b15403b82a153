#pragma once

#include <QDialog>
#include <QStringList>
#include <QTimer>

#include "app/gui/ExportPlan.h"
#include "core/io/Redactor.h"
#include "core/io/SubsetWriter.h"
#include "widgets/common/Theme.h"
#include "widgets/document/Job.h"
#include "widgets/timeline/TimelineModel.h"

#include <memory>
#include <optional>

class QCheckBox;
class QComboBox;
class QLabel;
class QLineEdit;
class QListWidget;
class QProgressBar;
class QPushButton;
class QTreeWidget;

namespace opscope {

class ExportOverview;
class ExportTargets;
class TraceDocument;

/// File › Export part: which part of the trace, what goes with it, where to, and what is left out; with the number of events and the
/// size as they will be. Counting and writing run on workers; a change counts anew. Stays open when it cannot be written, and says why.
class ExportDialog : public QDialog
{
    Q_OBJECT

public:
    /// `model`: of the timeline, for the overview; may be null.
    ExportDialog(const Theme& theme, const TraceDocument& document, TimelineModelPtr model, QWidget* parent = nullptr);
    ~ExportDialog() override;

    ExportWish wish() const;
    bool counting() const { return m_wait.isActive() || m_counting.running(); }
    bool writing() const { return m_writing.running(); }
    const ExportPlan& plan() const { return m_plan; }
    QString summary() const;
    QString problem() const;
    void done(int result) override;          ///< while writing: cancels, and stays

    // For tests
    QCheckBox& filterTick() { return *m_useFilter; }
    QLineEdit& filterText() { return *m_filter; }
    QCheckBox& timeTick() { return *m_useTime; }
    QCheckBox& tracksTick() { return *m_useTracks; }
    QListWidget& tracks() { return *m_tracks; }
    QCheckBox& links() { return *m_links; }
    QCheckBox& redact() { return *m_redact; }
    QTreeWidget& replacements() { return *m_replacements; }
    ExportTargets& targets() { return *m_targets; }
    QPushButton& exportButton() { return *m_export; }
    /// Opens or closes the list of what is replaced.
    void showReplacements(bool on);

Q_SIGNALS:
    void counted();
    /// `sentence`: what was written where, for people.
    void exported(const QString& sentence, const QStringList& files);

private:
    static constexpr int kTrackId = Qt::UserRole; ///< of the list of tracks

    QWidget* makeWhat(const TraceDocument& document);
    QWidget* makeWith();
    QWidget* makeKept(TimelineModelPtr model);
    QWidget* makePrivate();
    QLayout* makeFoot();
    void fillTracks(const TraceDocument& document);
    void changed();
    void count();
    void received(Result<ExportPlan> plan);
    void findPrivate();
    void showState();
    void showSummary();
    void say(const QString& sentence);
    void write();
    void written(Result<ExportReport> report);

    Theme m_theme;
    TracePtr m_trace;
    std::optional<TimeRange> m_selected;
    TimeRange m_view;
    QCheckBox *m_useFilter, *m_useTime, *m_useTracks, *m_links, *m_parents, *m_effects, *m_clip;
    QCheckBox *m_producers = nullptr, *m_subtrees = nullptr, *m_resources = nullptr; ///< only with an execution trace
    QLineEdit* m_filter;
    QLabel *m_filterProblem, *m_summary, *m_problem;
    QComboBox* m_time;
    QListWidget* m_tracks;
    ExportOverview* m_overview;
    QCheckBox* m_redact;
    QPushButton *m_showReplacements, *m_export, *m_cancel;
    QTreeWidget* m_replacements;
    ExportTargets* m_targets;
    QProgressBar* m_bar;
    QTimer m_wait;                            ///< typing comes in bursts
    ExportPlan m_plan;
    std::shared_ptr<const Redactor> m_redactor; ///< null until it is made
    QStringList m_mayReplace;                 ///< files that were there when Export was pressed, and were named
    bool m_writeWhenRedacted = false;
    Job m_counting, m_redacting, m_writing;
};

} // namespace opscope
