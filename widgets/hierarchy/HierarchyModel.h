#pragma once

#include "widgets/common/SliceColors.h"
#include "widgets/hierarchy/HierarchyTree.h"

#include <QAbstractItemModel>

#include <memory>
#include <vector>

namespace opscope {

/// The tree for item views. internalId of an index is the row number of HierarchyTree: no objects per row, no cache, so
/// a million rows cost what their HierarchyTree costs. UI thread only.
class HierarchyModel : public QAbstractItemModel
{
    Q_OBJECT

public:
    enum class Column : std::uint8_t { Name, Start, Duration, Host, Self, Device, Kernels, Node, Thread, Inputs, Outputs, Calls };
    enum Role {
        PrefixRole = Qt::UserRole, ///< QString: drawn dim before the name ("evaluate_function: ")
        FillRole,                  ///< QColor of the name's square; invalid for rows without one
        OutlineRole,               ///< bool: only the edge of the square is drawn
        ShareRole,                 ///< double 0 to 1, of the enclosing slice; absent where it means nothing
        DimRole,                   ///< bool: only there for what it encloses, the filter does not match it
        PlainRole                  ///< QString: what a copy gives ("345242379 ns")
    };

    explicit HierarchyModel(QObject* parent = nullptr);

    /// `shown` is `all` or a filtered part of it; null for nothing.
    /// `matches`: of the document's filter; rows that are none of them are dim. Null: no filter.
    void set(TracePtr trace, std::shared_ptr<const HierarchyTree> all, std::shared_ptr<const HierarchyTree> shown,
             MatchesPtr matches = nullptr);
    void setLook(const Theme& theme, ColorBy by);
    const HierarchyTree* tree() const { return m_shown.get(); }
    Column column(int section) const;

    /// Invalid when the row is not in the tree that is shown.
    QModelIndex indexOf(SliceId slice, int column = 0) const;
    QModelIndex indexOf(NodeId node, int column = 0) const;
    SliceId sliceAt(const QModelIndex& index) const;
    NodeId nodeAt(const QModelIndex& index) const;

    QModelIndex index(int row, int column, const QModelIndex& parent = {}) const override;
    QModelIndex parent(const QModelIndex& child) const override;
    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    bool hasChildren(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    std::uint32_t rowOf(const QModelIndex& index) const;
    QModelIndex indexOfRow(std::uint32_t row, int column) const;
    QString text(std::uint32_t row, Column column) const;
    QString nameOf(std::uint32_t row) const;
    QString timeText(std::uint32_t row, Column column, bool plain) const;
    QVariant share(std::uint32_t row, Column column) const;
    DeviceWork deviceWork(std::uint32_t row) const;
    QString deviceText(std::uint32_t row, Column column, bool plain) const;
    QString example(std::uint32_t row, Column column) const;
    QVariant fill(std::uint32_t row, int role) const;
    bool isDim(std::uint32_t row) const;
    QVariant nodeFill(NodeId node, int role) const;
    QString toolTip(std::uint32_t row, Column column) const;

    TracePtr m_trace;
    std::shared_ptr<const HierarchyTree> m_all, m_shown;
    MatchesPtr m_matches;
    Theme m_theme = Theme::dark();
    ColorBy m_colorBy = ColorBy::Family;
    std::vector<Column> m_columns;
    std::unique_ptr<SliceColors> m_colors; // of m_trace
};

} // namespace opscope
