#pragma once

#include <QWidget>

#include "widgets/common/SliceColors.h"
#include "widgets/document/Job.h"
#include "widgets/table/AggregateAnswer.h"
#include "widgets/table/DurationView.h"

#include <memory>
#include <optional>
#include <vector>

class QLabel;
class QToolButton;

namespace opscope {

class BarList;
class ElidedLabel;
class TraceDocument;

/// What is known of the chosen row: how its durations are distributed, its slowest slices, and a way from one to the next.
/// Long rows are looked at on a worker.
class OccurrencePane : public QWidget
{
    Q_OBJECT

public:
    explicit OccurrencePane(TraceDocument& document, QWidget* parent = nullptr);

    struct Row
    {
        std::shared_ptr<const AggregateAnswer> answer;
        const AggregateRow* row = nullptr;     ///< of answer->table; null: nothing
        QString name, fullName;
        QColor fill;
        Fill kind = Fill::Solid;
    };
    void show(Row row);
    void setTheme(const Theme& theme);
    /// To the next (+1) or previous (-1) occurrence, round and round; from the selected slice where it is one of them.
    void step(int direction);
    /// Number of the selected slice among the occurrences.
    std::optional<std::size_t> position() const;
    QString positionText() const;              ///< "3 of 34", "34 calls"
    DurationView& histogram() { return *m_histogram; }
    BarList& list() { return *m_list; }
    QString listTitle() const;
    bool busy() const { return m_job.running() || m_listJob.running(); }

Q_SIGNALS:
    /// A person looked into this row: stepped, chose a bin, went to a slice.
    void used();

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    QWidget* makeHead();
    QWidget* makeListHead();
    std::span<const SliceId> members() const;
    bool countsNodes() const;
    void received(DurationHistogram histogram);
    void listBin(int bin);
    void list(std::vector<SliceId> slices, const QString& title, bool isBin);
    void go(std::size_t number);
    void showPosition();
    void showSwatch();
    void fit();

    TraceDocument& m_document;
    Theme m_theme = Theme::dark();
    Row m_row;
    std::vector<SliceId> m_listed;
    QWidget* m_head = nullptr;
    QLabel* m_swatch = nullptr;
    ElidedLabel* m_name = nullptr;
    QLabel* m_position = nullptr;
    QToolButton* m_back = nullptr;
    QToolButton* m_on = nullptr;
    DurationView* m_histogram = nullptr;
    QLabel* m_noTimes = nullptr;
    QWidget* m_listHead = nullptr;
    ElidedLabel* m_listTitle = nullptr;
    QToolButton* m_closeBin = nullptr;
    BarList* m_list = nullptr;
    Job m_job, m_listJob;
};

} // namespace opscope
