#pragma once

#include "core/base/Diagnostics.h"
#include "core/trace/PlaceLookup.h"
#include "widgets/document/Job.h"

#include <QWidget>

#include <array>

class QLabel;
class QSplitter;
class QStackedLayout;
class QTableWidget;
class QToolButton;
class QTreeView;

namespace opscope {

class DiagnosticsModel;
class TraceDocument;
class ViewSettings;

/// The Problems panel: every counted defect, and below it the first places of the chosen one. A click on a place goes there.
class DiagnosticsPanel : public QWidget
{
    Q_OBJECT

public:
    DiagnosticsPanel(TraceDocument& document, ViewSettings& settings, QWidget* parent = nullptr);

    DiagnosticsModel& model() { return *m_model; }
    QTreeView& findings() { return *m_findings; }
    QTableWidget& places() { return *m_places; }
    QToolButton& chip(Severity severity) { return *m_chips[static_cast<std::size_t>(severity)]; }
    QString message() const;    ///< what stands below the places: where the last click led

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    QWidget* makeTools();
    QWidget* makeFindings();
    QWidget* makePlaces();
    void traceChanged();
    void lookChanged();
    void chooseFirst();
    void showDefect();
    void goTo(int row);
    void arrived(const Place& found, std::uint64_t offset);

    TraceDocument& m_document;
    ViewSettings& m_settings;
    DiagnosticsModel* m_model;
    QStackedLayout* m_pages = nullptr;
    QLabel* m_empty = nullptr;
    QWidget* m_tools = nullptr;
    QLabel* m_summary = nullptr;
    std::array<QToolButton*, 3> m_chips{};
    QToolButton* m_copy = nullptr;
    QSplitter* m_split = nullptr;
    QTreeView* m_findings = nullptr;
    QLabel* m_icon = nullptr;
    QLabel* m_title = nullptr;
    QLabel* m_action = nullptr;
    QTableWidget* m_places = nullptr;
    QLabel* m_message = nullptr;
    QLabel* m_excerpt = nullptr;
    Job m_job, m_excerptJob;
};

} // namespace opscope
