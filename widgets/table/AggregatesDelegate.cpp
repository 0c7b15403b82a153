#include "widgets/table/AggregatesDelegate.h"

#include "widgets/table/AggregatesModel.h"

#include <QFontMetrics>
#include <QPainter>

#include <algorithm>

namespace opscope {

namespace {

constexpr int kSquare = 10;
constexpr int kLeft = 8;      // of the first column, under its head
constexpr int kGap = 7;
constexpr int kPadding = 6;

} // namespace

void paintSwatch(QPainter& painter, const QRect& square, const QColor& fill, Fill kind, const Theme& theme)
{
    const auto foot = [&](int y, const QColor& colour) { painter.fillRect(QRect(square.left(), y, square.width(), 2), colour); };
    switch (kind) {
    case Fill::Outline:
    case Fill::Hatch:
        painter.setPen(theme.lineStrong);
        painter.drawRect(square.adjusted(0, 0, -1, -1));
        if (kind == Fill::Hatch) painter.drawLine(square.bottomLeft() + QPoint(1, -1), square.topRight() + QPoint(-1, 1));
        return;
    case Fill::Rails:
        painter.fillRect(square, fill);
        foot(square.top(), theme.commRail);
        foot(square.bottom() - 1, theme.commRail);
        return;
    case Fill::MemoryFoot: {
        painter.fillRect(square, fill);
        QColor half = theme.sliceText;
        half.setAlphaF(0.45F);
        foot(square.bottom() - 1, half);
        return;
    }
    case Fill::Solid:
    case Fill::Muted: painter.fillRect(square, fill); return;
    }
}

void AggregatesDelegate::setTheme(const Theme& theme) { m_theme = theme; }

QSize AggregatesDelegate::sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const { return {0, kRowHeight}; }

void AggregatesDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    const bool selected = option.state & QStyle::State_Selected;
    if (selected) painter->fillRect(option.rect, m_theme.selectedRow);
    else if (option.state & QStyle::State_MouseOver) painter->fillRect(option.rect, m_theme.hover);
    painter->save();
    if (selected && index.column() == 0) painter->fillRect(QRect(option.rect.topLeft(), QSize(2, option.rect.height())), m_theme.accent);
    if (isText(static_cast<AggregateColumn>(index.column()))) paintName(*painter, option.rect, index, selected);
    else paintNumber(*painter, option.rect.adjusted(kPadding, 0, -kPadding, 0), index, selected);
    painter->restore();
}

void AggregatesDelegate::paintName(QPainter& painter, QRect rect, const QModelIndex& index, bool selected) const
{
    const bool isFirst = index.column() == 0;
    int x = rect.left() + (isFirst ? kLeft : kPadding);
    const QColor fill = index.data(AggregatesModel::FillRole).value<QColor>();
    if (isFirst && fill.isValid()) {
        const QRect square(x, rect.center().y() - kSquare / 2 + 1, kSquare, kSquare);
        paintSwatch(painter, square, fill, static_cast<Fill>(index.data(AggregatesModel::KindRole).toInt()), m_theme);
        x += kSquare + kGap;
    }
    painter.setFont(isFirst ? m_words : m_numbers);
    painter.setPen(!isFirst ? m_theme.textDim : selected ? m_theme.textHi : m_theme.text);
    const QFontMetrics metrics(painter.font());
    const QString name = index.data().toString(), tail = index.data(AggregatesModel::TailRole).toString();
    const QRect room(x, rect.top(), std::max(0, rect.right() - kPadding - x), rect.height());
    const QString behind = tail.isEmpty() ? QString() : QStringLiteral(" · ") + tail;
    const QString both = name + behind;
    const QString shown = metrics.elidedText(both, Qt::ElideRight, room.width());
    if (shown != both || tail.isEmpty()) { // cut: the end that differs is worth more than the middle that does not
        const int behindWidth = metrics.horizontalAdvance(behind);
        const bool keepsTail = !tail.isEmpty() && behindWidth < room.width() / 2;
        painter.drawText(room, Qt::AlignVCenter | Qt::TextSingleLine,
                         keepsTail ? metrics.elidedText(name, Qt::ElideRight, room.width() - behindWidth) + behind : shown);
        return;
    }
    painter.drawText(room, Qt::AlignVCenter | Qt::TextSingleLine, name);
    painter.setPen(selected ? m_theme.text : m_theme.textDim);
    painter.drawText(room.adjusted(metrics.horizontalAdvance(name), 0, 0, 0), Qt::AlignVCenter | Qt::TextSingleLine, behind);
}

void AggregatesDelegate::paintNumber(QPainter& painter, QRect rect, const QModelIndex& index, bool selected) const
{
    const QString text = index.data().toString();
    const QFontMetrics metrics(m_numbers);
    const QVariant share = index.data(AggregatesModel::ShareRole);
    // As long in every row, however many digits stand beside it.
    const int bar = std::min(kMostBar, rect.width() - metrics.horizontalAdvance(QStringLiteral("999.999 ms")) - kBarGap);
    if (share.isValid() && bar >= kLeastBar) paintBar(painter, rect, index, share.toDouble(), bar);
    painter.setFont(m_numbers);
    painter.setPen(selected || share.isValid() ? m_theme.textHi : m_theme.text);
    painter.drawText(rect, Qt::AlignVCenter | Qt::AlignRight | Qt::TextSingleLine, metrics.elidedText(text, Qt::ElideRight, rect.width()));
}

void AggregatesDelegate::paintBar(QPainter& painter, QRect rect, const QModelIndex& index, double share, int length) const
{
    const QRect track(rect.left(), rect.center().y() - 2, length, 6);
    painter.fillRect(track, m_theme.hover);
    const QColor own = index.data(AggregatesModel::FillRole).value<QColor>();
    const int width = share > 0 ? std::max(1, static_cast<int>(std::clamp(share, 0.0, 1.0) * length + 0.5)) : 0;
    painter.fillRect(QRect(track.topLeft(), QSize(width, track.height())), own.isValid() ? own : m_theme.accent);
}

} // namespace opscope
