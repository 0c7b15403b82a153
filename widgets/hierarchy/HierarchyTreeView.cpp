#include "widgets/hierarchy/HierarchyTreeView.h"

#include "widgets/hierarchy/HierarchyDelegate.h"
#include "widgets/hierarchy/HierarchyModel.h"

#include <QApplication>
#include <QClipboard>
#include <QContextMenuEvent>
#include <QHeaderView>
#include <QKeyEvent>
#include <QMenu>
#include <QPainter>
#include <QPainterPath>

#include <algorithm>

namespace opscope {

namespace {

constexpr int kIndent = 16;
constexpr int kSmallestIndent = 9; // a chevron must fit
constexpr int kIndentsWidth = 480; // what all indents together may take, about

int widthOf(HierarchyModel::Column column)
{
    using Column = HierarchyModel::Column;
    switch (column) {
    case Column::Start: return 124;
    case Column::Duration: return 158;
    case Column::Host: return 92;
    case Column::Self: return 92;
    case Column::Device: return 158;
    case Column::Kernels: return 72;
    case Column::Node: return 76;
    case Column::Thread: return 66;
    case Column::Inputs: return 330;
    case Column::Outputs: return 190;
    case Column::Calls: return 72;
    case Column::Name: break;
    }
    return 240;
}

constexpr int kNameWidth = 280;
constexpr int kSmallestShapes = 40;

bool isShapes(HierarchyModel::Column column)
{
    return column == HierarchyModel::Column::Inputs || column == HierarchyModel::Column::Outputs;
}

} // namespace

HierarchyTreeView::HierarchyTreeView(QWidget* parent) : QTreeView(parent)
{
    setUniformRowHeights(true);
    setAlternatingRowColors(true);
    setSelectionBehavior(SelectRows);
    setSelectionMode(SingleSelection);
    setIndentation(kIndent);
    setExpandsOnDoubleClick(false);
    setFrameShape(NoFrame);
    setMouseTracking(true);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollMode(ScrollPerItem);
    header()->setFixedHeight(24);
    header()->setFont(Theme::uiFont(11, QFont::Medium));
    header()->setStretchLastSection(false);
    header()->setHighlightSections(false);
    header()->setSectionsMovable(false);
    header()->setMinimumSectionSize(40);
    setAccessibleName(QStringLiteral("Hierarchy"));
}

void HierarchyTreeView::setTheme(const Theme& theme)
{
    m_theme = theme;
    viewport()->update();
}

void HierarchyTreeView::layOutColumns(int depth)
{
    const auto* hierarchy = qobject_cast<const HierarchyModel*>(model());
    if (!hierarchy) return;
    setIndentation(depth * kIndent <= kIndentsWidth ? kIndent : std::max(kSmallestIndent, kIndentsWidth / depth));
    for (int i = 0; i < hierarchy->columnCount(); ++i) {
        header()->setSectionResizeMode(i, i == 0 ? QHeaderView::Stretch : QHeaderView::Interactive);
        if (i > 0) header()->resizeSection(i, widthOf(hierarchy->column(i)));
    }
    leaveRoomForNames();
}

void HierarchyTreeView::resizeEvent(QResizeEvent* event)
{
    QTreeView::resizeEvent(event);
    leaveRoomForNames();
}

/// In a narrow dock shapes give way, names do not.
void HierarchyTreeView::leaveRoomForNames()
{
    const auto* hierarchy = qobject_cast<const HierarchyModel*>(model());
    if (!hierarchy || header()->count() != hierarchy->columnCount()) return;
    int left = viewport()->width() - kNameWidth;
    for (int i = 1; i < hierarchy->columnCount(); ++i)
        if (!isShapes(hierarchy->column(i))) left -= header()->sectionSize(i);
    for (int i = 1; i < hierarchy->columnCount(); ++i) {
        if (!isShapes(hierarchy->column(i))) continue;
        const int width = std::clamp(left, kSmallestShapes, widthOf(hierarchy->column(i)));
        header()->resizeSection(i, width);
        left -= width;
    }
}

void HierarchyTreeView::drawBranches(QPainter* painter, const QRect& rect, const QModelIndex& index) const
{
    const bool selected = selectionModel() && selectionModel()->isSelected(index);
    if (selected) painter->fillRect(rect, m_theme.selectedRow);
    if (!model()->hasChildren(index)) return;
    // The chevron stands in the last indent; the look of look.md section 11: stroke 1.4, round ends.
    const QPointF middle(rect.right() - indentation() / 2.0 + 0.5, rect.center().y() + 0.5);
    QPainterPath path;
    if (isExpanded(index)) {
        path.moveTo(middle + QPointF(-3.5, -1.75));
        path.lineTo(middle + QPointF(0, 1.75));
        path.lineTo(middle + QPointF(3.5, -1.75));
    } else {
        path.moveTo(middle + QPointF(-1.75, -3.5));
        path.lineTo(middle + QPointF(1.75, 0));
        path.lineTo(middle + QPointF(-1.75, 3.5));
    }
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(QPen(selected ? m_theme.textHi : m_theme.textDim, 1.4, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    painter->drawPath(path);
    painter->restore();
}

void HierarchyTreeView::drawRow(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    QTreeView::drawRow(painter, option, index);
    if (selectionModel() && selectionModel()->isSelected(index))
        painter->fillRect(QRect(0, option.rect.top(), 2, option.rect.height()), m_theme.accent);
}

void HierarchyTreeView::keyPressEvent(QKeyEvent* event)
{
    if (event->matches(QKeySequence::Copy)) return copyRow(currentIndex());
    if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) {
        Q_EMIT frameRequested(currentIndex());
        return;
    }
    QTreeView::keyPressEvent(event);
}

void HierarchyTreeView::mouseDoubleClickEvent(QMouseEvent* event)
{
    const QModelIndex index = indexAt(event->pos()).siblingAtColumn(0);
    const auto* hierarchy = qobject_cast<const HierarchyModel*>(model());
    if (!index.isValid() || !hierarchy) return;
    if (hierarchy->sliceAt(index) || hierarchy->nodeAt(index)) Q_EMIT frameRequested(index);
    else setExpanded(index, !isExpanded(index));
}

void HierarchyTreeView::copyRow(const QModelIndex& index) const
{
    if (!index.isValid()) return;
    QStringList cells;
    for (int column = 0; column < model()->columnCount(); ++column)
        cells += index.siblingAtColumn(column).data(HierarchyModel::PlainRole).toString();
    QApplication::clipboard()->setText(cells.join(QLatin1Char('\t')));
}

void HierarchyTreeView::contextMenuEvent(QContextMenuEvent* event)
{
    const QModelIndex index = indexAt(event->pos());
    if (!index.isValid()) return;
    const QPersistentModelIndex cell(index), row(index.siblingAtColumn(0)); // the trace may change under an open menu
    QMenu menu(this);
    menu.addAction(QStringLiteral("Copy value"), [cell] {
        QApplication::clipboard()->setText(cell.data(HierarchyModel::PlainRole).toString());
    });
    menu.addAction(QStringLiteral("Copy row"), [this, row] { copyRow(row); });
    menu.addSeparator();
    menu.addAction(QStringLiteral("Show on the timeline"), [this, row] { Q_EMIT frameRequested(row); });
    menu.addAction(QStringLiteral("Expand everything below"), [this, row] { expandRecursively(row); })
        ->setEnabled(model()->hasChildren(row));
    menu.addAction(QStringLiteral("Collapse all"), [this] { collapseAll(); });
    menu.exec(event->globalPos());
}

} // namespace opscope
