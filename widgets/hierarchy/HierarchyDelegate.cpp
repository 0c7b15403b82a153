#include "widgets/hierarchy/HierarchyDelegate.h"

#include "widgets/hierarchy/HierarchyModel.h"

#include <QFontMetrics>
#include <QPainter>

#include <algorithm>

namespace opscope {

namespace {

constexpr int kSquare = 10;
constexpr int kGap = 7;
constexpr int kPadding = 6;

} // namespace

void HierarchyDelegate::setTheme(const Theme& theme) { m_theme = theme; }

QSize HierarchyDelegate::sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const { return {0, kRowHeight}; }

void HierarchyDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    const bool selected = option.state & QStyle::State_Selected;
    if (selected) painter->fillRect(option.rect, m_theme.selectedRow);
    else if (option.state & QStyle::State_MouseOver) painter->fillRect(option.rect, m_theme.hover);
    painter->save();
    if (index.column() == 0) paintName(*painter, option.rect, index, selected);
    else paintValue(*painter, option.rect.adjusted(kPadding, 0, -kPadding, 0), index, selected);
    painter->restore();
}

void HierarchyDelegate::paintName(QPainter& painter, QRect rect, const QModelIndex& index, bool selected) const
{
    int x = rect.left() + 2;
    const QColor fill = index.data(HierarchyModel::FillRole).value<QColor>();
    if (fill.isValid()) {
        const QRect square(x, rect.center().y() - kSquare / 2 + 1, kSquare, kSquare);
        if (index.data(HierarchyModel::OutlineRole).toBool()) {
            painter.setPen(m_theme.lineStrong);
            painter.drawRect(square.adjusted(0, 0, -1, -1));
        } else {
            constexpr float kDimmed = 0.26f; // as in the timeline
            QColor shown = fill;
            if (index.data(HierarchyModel::DimRole).toBool()) shown.setAlphaF(kDimmed);
            painter.fillRect(square, shown);
        }
        x += kSquare + kGap;
    }
    painter.setFont(m_words);
    const QFontMetrics metrics(m_words);
    const int right = rect.right() - kPadding;
    const QString prefix = index.data(HierarchyModel::PrefixRole).toString();
    if (const int width = metrics.horizontalAdvance(prefix); !prefix.isEmpty() && x + width < right) {
        painter.setPen(m_theme.textDim);
        painter.drawText(QRect(x, rect.top(), width, rect.height()), Qt::AlignVCenter, prefix);
        x += width;
    }
    const bool dim = index.data(HierarchyModel::DimRole).toBool() && !selected;
    painter.setPen(dim ? m_theme.textDim : selected || !fill.isValid() ? m_theme.textHi : m_theme.text);
    const QRect space(x, rect.top(), std::max(0, right - x), rect.height());
    painter.drawText(space, Qt::AlignVCenter | Qt::TextSingleLine,
                     metrics.elidedText(index.data().toString(), Qt::ElideRight, space.width()));
}

void HierarchyDelegate::paintValue(QPainter& painter, QRect rect, const QModelIndex& index, bool selected) const
{
    const QString text = index.data().toString();
    const QFontMetrics metrics(m_numbers);
    const QVariant share = index.data(HierarchyModel::ShareRole);
    const int room = rect.width() - metrics.horizontalAdvance(text) - 8;
    if (share.isValid() && room >= kBarWidth) paintBar(painter, rect, share.toDouble());
    painter.setFont(m_numbers);
    const bool words = !(Qt::Alignment(index.data(Qt::TextAlignmentRole).toInt()) & Qt::AlignRight);
    const bool dim = words || index.data(HierarchyModel::DimRole).toBool();
    painter.setPen(selected ? m_theme.textHi : dim ? m_theme.textDim : m_theme.text);
    painter.drawText(rect, Qt::AlignVCenter | Qt::TextSingleLine | (words ? Qt::AlignLeft : Qt::AlignRight),
                     metrics.elidedText(text, Qt::ElideRight, rect.width()));
}

void HierarchyDelegate::paintBar(QPainter& painter, QRect rect, double share) const
{
    const QRect track(rect.left(), rect.center().y() - 2, kBarWidth, 5);
    painter.fillRect(track, m_theme.lineSoft);
    const int width = static_cast<int>(std::clamp(share, 0.0, 1.0) * kBarWidth + 0.5);
    painter.fillRect(QRect(track.topLeft(), QSize(std::max(width, 1), track.height())), m_theme.accentFill);
}

} // namespace opscope
