#pragma once

#include <QTableView>

#include "widgets/table/AggregateColumns.h"
#include "widgets/common/Theme.h"

#include <bitset>
#include <map>

namespace opscope {

class AggregatesDelegate;
class AggregatesModel;

/// The rows of the Aggregates panel. Columns that a person chose stand as long as there is room, most telling first; the head
/// has a menu of them. `.` and `,` step through the occurrences, Enter makes the row the filter.
class AggregatesTable : public QTableView
{
    Q_OBJECT

public:
    AggregatesTable(AggregatesModel& model, QWidget* parent = nullptr);
    void setTheme(const Theme& theme);
    /// What is of use here: kernels have no time of their own apart from the total. People's choices come first.
    void setUseful(std::bitset<kAggregateColumns> useful);
    /// Whether the column is wanted; it may yet lack the room.
    bool isWanted(AggregateColumn column) const;
    void setWanted(AggregateColumn column, bool wanted);
    /// "self:1 p99:0": what people chose, to be remembered.
    QByteArray choices() const;
    void setChoices(const QByteArray& text);
    void showColumnMenu(const QPoint& where);

Q_SIGNALS:
    void sortRequested(TableOrder sort);
    void stepRequested(int direction);
    void filterRequested();
    void copyRequested();
    void menuRequested(const QPoint& global);

protected:
    void resizeEvent(QResizeEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;
    bool event(QEvent* event) override;

private:
    void headClicked(int section);
    void layOut();
    int widthOf(AggregateColumn column) const;

    AggregatesModel& m_model;
    AggregatesDelegate* m_delegate;
    std::bitset<kAggregateColumns> m_useful;
    std::map<AggregateColumn, bool> m_chosen;
};

} // namespace opscope
