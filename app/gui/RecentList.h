#pragma once

#include "app/gui/RecentFiles.h"
#include "widgets/document/ViewSettings.h"

#include <QAbstractListModel>
#include <QStyledItemDelegate>

namespace opscope {

/// The recent files whose names contain a text. Whether files are missing is asked once per refresh, not once per paint.
class RecentModel : public QAbstractListModel
{
    Q_OBJECT

public:
    explicit RecentModel(RecentFiles& recent, QObject* parent = nullptr);
    void setFilter(const QString& text);
    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    const RecentEntry& entry(int row) const { return m_rows[static_cast<std::size_t>(row)].entry; }
    bool missing(int row) const { return m_rows[static_cast<std::size_t>(row)].missing; }

private:
    struct Row
    {
        RecentEntry entry;
        bool missing = false;
    };
    void refresh();

    RecentFiles& m_recent;
    QString m_filter;
    std::vector<Row> m_rows;
};

/// Two lines: name and folder on the left, length and counts, then the day on the right.
class RecentDelegate : public QStyledItemDelegate
{
    Q_OBJECT

public:
    RecentDelegate(const RecentModel& model, ViewSettings& settings, QObject* parent = nullptr);
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;

private:
    const RecentModel& m_model;
    ViewSettings& m_settings;
};

/// "today, 09:41", "yesterday", "18 Nov", "3 Jan 2025"
QString dayText(const QDateTime& moment, const QDateTime& now);

} // namespace opscope
