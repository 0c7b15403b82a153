#pragma once

#include "app/gui/RecordProcessModel.h"
#include "widgets/common/Theme.h"

#include <QStyledItemDelegate>
#include <QTreeView>

namespace opscope {

/// Signs for what backends say, numbers in the fixed font.
class RecordProcessDelegate : public QStyledItemDelegate
{
    Q_OBJECT

public:
    RecordProcessDelegate(const Theme& theme, QObject* parent) : QStyledItemDelegate(parent), m_theme(theme) {}
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const override { return {0, 22}; }

private:
    Theme m_theme;
    QFont m_words = Theme::uiFont(12), m_numbers = Theme::fixedFont(11);
};

/// The list of processes. What is chosen stays chosen while the list is told anew how things are, and where it is on the screen; when it
/// ends, nothing is chosen: a key pressed in that moment must not hit its neighbour.
class RecordProcessTable : public QTreeView
{
    Q_OBJECT

public:
    RecordProcessTable(const Theme& theme, std::span<const RecorderBackend> backends, QWidget* parent = nullptr);

    RecordProcessModel& processes() { return *m_model; }
    void showProcesses(std::vector<RecordProcess> processes);
    void setSearch(const QString& text);
    void setShowHidden(bool show);
    /// None when nothing is chosen or it is not in the list.
    const RecordProcess* chosen() const;
    void choose(ProcessKey key);
    void chooseRow(int row);
    /// Chosen before, and gone: its number.
    std::optional<pid_t> ended() const { return m_ended; }

Q_SIGNALS:
    void chosenChanged();   ///< another one, or none
    void chosenUpdated();   ///< the same, with new figures

protected:
    void currentChanged(const QModelIndex& current, const QModelIndex& previous) override;
    bool viewportEvent(QEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void paintEvent(QPaintEvent* event) override;

private:
    template <class Change>
    void changing(Change change);
    void fitColumns();

    Theme m_theme;
    RecordProcessModel* m_model;
    std::optional<ProcessKey> m_chosen, m_lost;
    std::optional<pid_t> m_ended;
    bool m_changing = false;
};

} // namespace opscope
