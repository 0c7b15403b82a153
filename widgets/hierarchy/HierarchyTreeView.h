#pragma once

#include "widgets/common/Theme.h"

#include <QTreeView>

namespace opscope {

/// The tree itself: rows of 22 px, chevrons in the colours of the theme, the mark of the selected row, copying.
class HierarchyTreeView : public QTreeView
{
    Q_OBJECT

public:
    explicit HierarchyTreeView(QWidget* parent = nullptr);
    void setTheme(const Theme& theme);
    /// Widths of the columns for the source that is shown; deep trees get a smaller indent, so that names stay in sight.
    void layOutColumns(int depth);

Q_SIGNALS:
    void frameRequested(const QModelIndex& index);  ///< Enter or double click

protected:
    void drawBranches(QPainter* painter, const QRect& rect, const QModelIndex& index) const override;
    void drawRow(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    void keyPressEvent(QKeyEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void leaveRoomForNames();
    void copyRow(const QModelIndex& index) const;

    Theme m_theme = Theme::dark();
};

} // namespace opscope
