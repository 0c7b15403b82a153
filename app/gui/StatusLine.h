#pragma once

#include "widgets/document/TraceDocument.h"
#include "widgets/document/ViewSettings.h"

#include <QTimer>
#include <QWidget>

#include <optional>

class QHBoxLayout;
class QLabel;
class QToolButton;

namespace opscope {

/// The last row of the window: files, counts, problems, time per pixel, time at the pointer. 24 px.
class StatusLine : public QWidget
{
    Q_OBJECT

public:
    StatusLine(TraceDocument& document, ViewSettings& settings, QWidget* parent = nullptr);
    /// Width of the part of the timeline that shows time; 0 when there is none.
    void setTimelineWidth(int px);
    void setPointerTime(std::optional<Nanos> time);

Q_SIGNALS:
    void problemsClicked();
    void linksClicked();

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void showTrace();
    void showFiles();
    void showRelation();
    void showFilter();
    void showProblems();
    void showResolution();
    void showPointer();
    void announce(const QString& text);

    TraceDocument& m_document;
    ViewSettings& m_settings;
    QHBoxLayout* m_files;
    QLabel* m_counts;
    QToolButton* m_relation;            ///< what the files are to each other
    QLabel* m_filter;                   ///< how much it matches; not there without one
    QToolButton* m_problems;
    QLabel* m_resolution;
    QLabel* m_pointer;
    QTimer m_announced;
    int m_timelineWidth = 0;
    std::optional<Nanos> m_pointerTime;
};

} // namespace opscope
