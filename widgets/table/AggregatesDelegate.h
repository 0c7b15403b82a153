#pragma once

#include "widgets/common/SliceColors.h"
#include "widgets/common/Theme.h"

#include <QStyledItemDelegate>

namespace opscope {

/// A square in the colour of slices, with the second sign of their family (rails, foot, outline).
void paintSwatch(QPainter& painter, const QRect& square, const QColor& fill, Fill kind, const Theme& theme);

/// Paints one cell: square and name, what tells it apart dim behind it; right-aligned numbers in the fixed font; a bar left of the total.
class AggregatesDelegate : public QStyledItemDelegate
{
    Q_OBJECT

public:
    static constexpr int kRowHeight = 22;
    static constexpr int kLeastBar = 48, kMostBar = 100, kBarGap = 14;

    explicit AggregatesDelegate(QObject* parent) : QStyledItemDelegate(parent) {}
    void setTheme(const Theme& theme);
    const QFont& numbers() const { return m_numbers; }

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;

private:
    void paintName(QPainter& painter, QRect rect, const QModelIndex& index, bool selected) const;
    void paintNumber(QPainter& painter, QRect rect, const QModelIndex& index, bool selected) const;
    void paintBar(QPainter& painter, QRect rect, const QModelIndex& index, double share, int length) const;

    Theme m_theme = Theme::dark();
    QFont m_words = Theme::uiFont(12);
    QFont m_numbers = Theme::fixedFont(11);
};

} // namespace opscope
