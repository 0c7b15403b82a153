#pragma once

#include "widgets/common/Theme.h"

#include <QStyledItemDelegate>

namespace opscope {

/// Paints one cell: family square, dim prefix and name; right-aligned numbers in the fixed font; a bar left of a duration.
class HierarchyDelegate : public QStyledItemDelegate
{
    Q_OBJECT

public:
    static constexpr int kRowHeight = 22;
    static constexpr int kBarWidth = 52;

    explicit HierarchyDelegate(QObject* parent) : QStyledItemDelegate(parent) {}
    void setTheme(const Theme& theme);

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;

private:
    void paintName(QPainter& painter, QRect rect, const QModelIndex& index, bool selected) const;
    void paintValue(QPainter& painter, QRect rect, const QModelIndex& index, bool selected) const;
    void paintBar(QPainter& painter, QRect rect, double share) const;

    Theme m_theme = Theme::dark();
    QFont m_words = Theme::uiFont(12);
    QFont m_numbers = Theme::fixedFont(11);
};

} // namespace opscope
