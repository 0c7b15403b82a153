#pragma once

#include <QAbstractTableModel>

#include "widgets/common/SliceColors.h"
#include "widgets/table/AggregateAnswer.h"

#include <memory>
#include <optional>

namespace opscope {

/// The Aggregates table: index = row number of what is shown, looked up in the answer. No object of its own per row.
class AggregatesModel : public QAbstractTableModel
{
    Q_OBJECT

public:
    enum Role {
        FillRole = Qt::UserRole + 1,   ///< QColor of the square and the bar; invalid: none
        KindRole,                      ///< int(Fill) of the square
        TailRole,                      ///< behind the name: what tells it from others
        ShareRole                      ///< length of the bar, of the longest
    };

    explicit AggregatesModel(QObject* parent = nullptr) : QAbstractTableModel(parent) {}

    /// Rows that are listed at most, the first of the order: nobody reads more, and views keep numbers for each.
    static constexpr std::size_t kMostRows = 100'000;

    /// Null: nothing. The answer must have a table.
    void set(std::shared_ptr<const AggregateAnswer> answer, Population population);
    void setTheme(const Theme& theme, ColorBy by);
    /// Row numbers of the table in a new order, and what it is.
    void setOrder(std::vector<std::uint32_t> order, TableOrder sort);

    const std::shared_ptr<const AggregateAnswer>& answer() const { return m_answer; }
    const AggregateRow* rowAt(int row) const;       ///< null: no such row
    int rowOf(const std::vector<std::string>& keys) const; ///< -1: none
    TableOrder order() const { return m_sort; }
    /// Rows of the table as they are shown, all of them.
    const std::vector<std::uint32_t>& rows() const { return m_order; }
    Population population() const { return m_population; }
    /// Long names in short: "vectorized_elementwise_kernel".
    QString label(int row) const;
    QString tail(int row) const;
    QString fullName(int row) const;                ///< all keys
    QColor fill(int row) const;
    Fill fillKind(int row) const;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    QString cell(int row, AggregateColumn column) const;
    QString keyText(const AggregateRow& row, std::size_t number) const;
    QString tip(int row, AggregateColumn column) const;
    QString headText(AggregateColumn column) const;
    const SliceColors::Style* style(int row) const;
    bool isColoured() const;                        ///< rows are names or families: all slices of one look alike
    bool countsNodes() const;

    std::shared_ptr<const AggregateAnswer> m_answer;
    std::vector<std::uint32_t> m_order;
    TableOrder m_sort;
    Population m_population = Population::All;
    std::int64_t m_longest = 0;                     ///< largest total
    Theme m_theme = Theme::dark();
    ColorBy m_colorBy = ColorBy::Family;
    std::unique_ptr<SliceColors> m_colors;
};

} // namespace opscope
