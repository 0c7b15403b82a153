#include "widgets/tensor/TensorList.h"

#include "core/base/Time.h"
#include "widgets/common/Text.h"

#include <QPainter>
#include <QScrollBar>
#include <QWheelEvent>

#include <algorithm>

namespace opscope {

void TensorListModel::reset()
{
    beginResetModel();
    m_lines.clear();
    const std::vector<TensorRow>& rows = m_lens.rows();
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (i == 0 || rows[i].output != rows[i - 1].output) m_lines.push_back(rows[i].output ? kOutputsHeading : kInputsHeading);
        m_lines.push_back(static_cast<int>(i));
    }
    if (std::ranges::any_of(rows, [](const TensorRow& row) { return row.index + 1 == kMaxTensorsListed; })) m_lines.push_back(kMore);
    endResetModel();
}

void TensorListModel::refresh()
{
    if (!m_lines.empty()) Q_EMIT dataChanged(index(0), index(rowCount() - 1));
}

const TensorRow* TensorListModel::rowAt(int line) const
{
    if (line < 0 || line >= rowCount() || m_lines[static_cast<std::size_t>(line)] < 0) return nullptr;
    const auto row = static_cast<std::size_t>(m_lines[static_cast<std::size_t>(line)]);
    return row < m_lens.rows().size() ? &m_lens.rows()[row] : nullptr;
}

int TensorListModel::lineOf(TensorId tensor) const
{
    for (int line = 0; line < rowCount(); ++line) {
        if (const TensorRow* row = rowAt(line); row && row->tensor == tensor) return line;
    }
    return -1;
}

int TensorListModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(m_lines.size()); }

Qt::ItemFlags TensorListModel::flags(const QModelIndex& index) const
{
    if (!index.isValid()) return {};
    return rowAt(index.row()) ? Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemNeverHasChildren
                              : Qt::ItemFlags(Qt::ItemNeverHasChildren);
}

QString TensorListModel::heading(int line) const
{
    switch (m_lines[static_cast<std::size_t>(line)]) {
    case kInputsHeading: return QStringLiteral("Input tensors, flattened");
    case kOutputsHeading: return QStringLiteral("Output tensors");
    default:
        return QStringLiteral("Only the first %1 of a side are listed").arg(displayText(formatCount(kMaxTensorsListed)));
    }
}

QString TensorListModel::tag(const TensorRow& row) const
{
    if (row.sameAs) return QStringLiteral("same as %1").arg(*row.sameAs);
    return row.captured ? QStringLiteral("captured") : QString();
}

QVariant TensorListModel::data(const QModelIndex& index, int role) const
{
    if (!index.isValid() || index.row() >= rowCount()) return {};
    const TensorRow* row = rowAt(index.row());
    if (!row) {
        if (role == HeadingRole) return true;
        return role == Qt::DisplayRole || role == Qt::AccessibleTextRole ? QVariant(heading(index.row())) : QVariant();
    }
    const Trace& trace = *m_lens.trace();
    const TensorDesc& tensor = trace.executionTrace()->tensors()[row->tensor.index()];
    const QString dims = shapeText(trace, tensor), dtype = dtypeText(trace, tensor);
    const bool list = dims.endsWith(QLatin1Char(']')); // "[2, 2] int64", but "shape not recorded, float"
    const QString shape = dtype.isEmpty() ? dims : dims + (list ? QStringLiteral(" ") : QStringLiteral(", ")) + dtype;
    switch (role) {
    case Qt::DisplayRole: return m_lens.nameOf(*row);
    case HeadingRole: return false;
    case IndexRole: return row->index;
    case SchemaRole: return m_lens.schemaNameOf(*row);
    case ShapeRole: return shape;
    case BytesRole: return byteText(tensor);
    case TagRole: return tag(*row);
    case Qt::ToolTipRole: return richText(m_lens.nameOf(*row) + QStringLiteral(": ") + shape + QStringLiteral(", ") + byteText(tensor));
    case Qt::AccessibleTextRole: {
        QStringList words{m_lens.nameOf(*row), m_lens.schemaNameOf(*row), shape, byteText(tensor), tag(*row)};
        words.removeAll(QString());
        return words.join(QStringLiteral(", "));
    }
    default: return {};
    }
}

QSize TensorListDelegate::sizeHint(const QStyleOptionViewItem&, const QModelIndex& index) const
{
    return {100, index.data(TensorListModel::HeadingRole).toBool() ? kHeading : kRow};
}

int TensorListDelegate::paintTag(QPainter& painter, const QRect& line, const QString& tag) const
{
    painter.setFont(Theme::uiFont(11));
    const int width = painter.fontMetrics().horizontalAdvance(tag) + 11;
    const QRect box(line.right() + 1 - width, line.center().y() - 8, width, 18);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(m_theme.ok);
    painter.drawRoundedRect(QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3);
    painter.drawText(box, Qt::AlignCenter, tag);
    painter.setRenderHint(QPainter::Antialiasing, false);
    return width + 6;
}

void TensorListDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    painter->save();
    const QRect area = option.rect.adjusted(12, 0, -12, 0);
    if (index.data(TensorListModel::HeadingRole).toBool()) {
        painter->setFont(Theme::uiFont(11, QFont::Medium));
        painter->setPen(m_theme.textDim);
        painter->drawText(area.adjusted(0, 2, 0, 0), Qt::AlignVCenter, elided(index.data().toString(), painter->font(), area.width()));
        painter->restore();
        return;
    }
    const bool selected = option.state & QStyle::State_Selected;
    if (selected) {
        painter->fillRect(option.rect, m_theme.selectedRow);
        painter->fillRect(QRect(option.rect.topLeft(), QSize(2, option.rect.height())), m_theme.accent);
    } else if (option.state & QStyle::State_MouseOver) {
        painter->fillRect(option.rect, m_theme.hover);
    }
    const QRect upper(area.left(), area.top() + 5, area.width(), 20), lower(area.left() + 15, area.top() + 25, area.width() - 15, 17);
    const QString tag = index.data(TensorListModel::TagRole).toString();
    const int tagWidth = tag.isEmpty() ? 0 : paintTag(*painter, upper, tag);
    painter->setFont(Theme::fixedFont(11));
    painter->setPen(m_theme.textDim);
    const QString number = index.data(TensorListModel::IndexRole).toString(), bytes = index.data(TensorListModel::BytesRole).toString();
    const int numberWidth = std::max(15, painter->fontMetrics().horizontalAdvance(number) + 7);
    painter->drawText(upper, Qt::AlignVCenter | Qt::AlignLeft, number);
    painter->drawText(lower, Qt::AlignVCenter | Qt::AlignRight, bytes);
    const int shapeWidth = lower.width() - painter->fontMetrics().horizontalAdvance(bytes) - 8;
    painter->drawText(lower, Qt::AlignVCenter | Qt::AlignLeft,
                      elided(index.data(TensorListModel::ShapeRole).toString(), painter->font(), shapeWidth));
    painter->setFont(Theme::uiFont(12));
    painter->setPen(m_theme.textHi);
    int x = upper.left() + numberWidth;
    const QString name = elided(index.data().toString(), painter->font(), upper.right() - tagWidth - x);
    painter->drawText(QRect(x, upper.top(), upper.right() - x, upper.height()), Qt::AlignVCenter, name);
    x += painter->fontMetrics().horizontalAdvance(name) + 8;
    painter->setPen(m_theme.textDim);
    painter->drawText(QRect(x, upper.top(), upper.right() - x, upper.height()), Qt::AlignVCenter,
                      elided(index.data(TensorListModel::SchemaRole).toString(), painter->font(), upper.right() - tagWidth - x));
    painter->restore();
}

TensorList::TensorList(const TensorLens& lens, QWidget* parent)
    : QListView(parent), m_lens(lens), m_model(new TensorListModel(lens, this)), m_delegate(new TensorListDelegate(this))
{
    setModel(m_model);
    setItemDelegate(m_delegate);
    setMouseTracking(true);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    setAccessibleName(QStringLiteral("Tensors of the node"));
    verticalScrollBar()->setSingleStep(TensorListDelegate::kRow / 2);
}

void TensorList::setTheme(const Theme& theme)
{
    m_delegate->setTheme(theme);
    viewport()->update();
}

void TensorList::refill()
{
    m_following = true;
    m_model->reset();
    m_following = false;
    showChosen();
}

void TensorList::showChosen()
{
    m_following = true;
    const int line = m_lens.chosen() ? m_model->lineOf(m_lens.chosen()->tensor) : -1;
    setCurrentIndex(line < 0 ? QModelIndex() : m_model->index(line));
    m_following = false;
}

int TensorList::contentHeight() const
{
    int height = 4;
    for (int line = 0; line < m_model->rowCount(); ++line) {
        height += m_model->rowAt(line) ? TensorListDelegate::kRow : TensorListDelegate::kHeading;
        if (height > 4000) break;
    }
    return height;
}

void TensorList::currentChanged(const QModelIndex& current, const QModelIndex& previous)
{
    QListView::currentChanged(current, previous);
    if (m_following) return;
    if (const TensorRow* row = m_model->rowAt(current.row())) Q_EMIT chosen(row->tensor);
}

/// At its end the wheel moves what is around the list.
void TensorList::wheelEvent(QWheelEvent* event)
{
    const int before = verticalScrollBar()->value();
    QListView::wheelEvent(event);
    event->setAccepted(verticalScrollBar()->value() != before);
}

} // namespace opscope
