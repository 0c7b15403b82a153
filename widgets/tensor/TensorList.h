#pragma once

#include "widgets/common/Theme.h"
#include "widgets/tensor/TensorLens.h"

#include <QAbstractListModel>
#include <QListView>
#include <QStyledItemDelegate>

namespace opscope {

/// The tensors of a node under their headings; a heading cannot be chosen.
class TensorListModel : public QAbstractListModel
{
    Q_OBJECT

public:
    enum Role { HeadingRole = Qt::UserRole, IndexRole, SchemaRole, ShapeRole, BytesRole, TagRole };

    /// Borrows the lens, which must outlive it.
    explicit TensorListModel(const TensorLens& lens, QObject* parent = nullptr) : QAbstractListModel(parent), m_lens(lens) {}
    /// Takes over what the lens has now.
    void reset();
    /// Names or tags changed; the rows did not.
    void refresh();
    const TensorRow* rowAt(int line) const;     ///< null for a heading
    int lineOf(TensorId tensor) const;          ///< -1: not listed

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    Qt::ItemFlags flags(const QModelIndex& index) const override;

private:
    static constexpr int kInputsHeading = -1, kOutputsHeading = -2, kMore = -3;
    QString heading(int line) const;
    QString tag(const TensorRow& row) const;

    const TensorLens& m_lens;
    std::vector<int> m_lines;                   ///< row of the lens, or a heading
};

/// Two lines an entry: number, name and tag; shape, type and bytes.
class TensorListDelegate : public QStyledItemDelegate
{
    Q_OBJECT

public:
    static constexpr int kRow = 46, kHeading = 32;
    using QStyledItemDelegate::QStyledItemDelegate;
    void setTheme(const Theme& theme) { m_theme = theme; }
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;

private:
    int paintTag(QPainter& painter, const QRect& line, const QString& tag) const;

    Theme m_theme = Theme::dark();
};

class TensorList : public QListView
{
    Q_OBJECT

public:
    explicit TensorList(const TensorLens& lens, QWidget* parent = nullptr);
    void setTheme(const Theme& theme);
    TensorListModel& lines() { return *m_model; }
    /// The lens has other tensors, or another one chosen.
    void refill();
    void showChosen();
    int contentHeight() const;

Q_SIGNALS:
    void chosen(TensorId tensor);

protected:
    void currentChanged(const QModelIndex& current, const QModelIndex& previous) override;
    void wheelEvent(QWheelEvent* event) override;

private:
    const TensorLens& m_lens;
    TensorListModel* m_model;
    TensorListDelegate* m_delegate;
    bool m_following = false;
};

} // namespace opscope
