#include "widgets/table/AggregatesModel.h"

#include "widgets/common/Text.h"
#include "widgets/table/AggregateWords.h"

#include <algorithm>

namespace opscope {

namespace {

constexpr std::size_t kLongestShown = 2000; // bytes of a name in a tip

QString none() { return QStringLiteral("–"); }

AggregateColumn columnOf(int section) { return static_cast<AggregateColumn>(section); }

QString exact(std::int64_t nanos) { return displayText(formatExact(nanos)); }

/// A cut in the middle of a letter would show as damage.
std::string_view upTo(std::string_view text, std::size_t bytes)
{
    if (text.size() <= bytes) return text;
    while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) --bytes;
    return text.substr(0, bytes);
}

QString shown(std::string_view text)
{
    return text.empty() ? QStringLiteral("(no name)") : displayText(upTo(text, kLongestShown));
}

} // namespace

void AggregatesModel::set(std::shared_ptr<const AggregateAnswer> answer, Population population)
{
    beginResetModel();
    const bool sameTrace = m_answer && answer && m_answer->trace == answer->trace;
    m_population = population;
    if (!sameTrace) m_colors.reset(); // they borrow the trace
    m_answer = std::move(answer);
    m_order = m_answer ? m_answer->order : std::vector<std::uint32_t>();
    m_longest = 0;
    if (m_answer) {
        m_sort = m_answer->sort;
        if (!m_answer->table->rows.empty()) m_longest = m_answer->table->rows.front().total; // largest first, whatever is shown first
        if (!m_colors) m_colors = std::make_unique<SliceColors>(*m_answer->trace, m_theme, m_colorBy);
    }
    endResetModel();
}

void AggregatesModel::setTheme(const Theme& theme, ColorBy by)
{
    m_theme = theme;
    m_colorBy = by == ColorBy::Duration ? ColorBy::Family : by; // slices of one row differ in length
    if (m_answer) m_colors = std::make_unique<SliceColors>(*m_answer->trace, m_theme, m_colorBy);
    if (rowCount() > 0) Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1));
}

void AggregatesModel::setOrder(std::vector<std::uint32_t> order, TableOrder sort)
{
    if (!m_answer || order.size() != m_order.size()) return;
    Q_EMIT layoutAboutToBeChanged({}, VerticalSortHint);
    const QModelIndexList before = persistentIndexList();
    std::vector<std::uint32_t> places;              // row of the table -> where it is shown now
    if (!before.isEmpty()) {
        places.resize(order.size());
        for (std::uint32_t i = 0; i < order.size(); ++i) places[order[i]] = i;
    }
    QModelIndexList after;
    for (const QModelIndex& old : before) {
        const std::uint32_t place = places[m_order[static_cast<std::size_t>(old.row())]];
        after << (place < kMostRows ? index(static_cast<int>(place), old.column()) : QModelIndex());
    }
    m_order = std::move(order);
    m_sort = sort;
    changePersistentIndexList(before, after);
    Q_EMIT layoutChanged({}, VerticalSortHint);
    Q_EMIT headerDataChanged(Qt::Horizontal, 0, columnCount() - 1);
}

const AggregateRow* AggregatesModel::rowAt(int row) const
{
    if (row < 0 || row >= rowCount()) return nullptr;
    return &m_answer->table->rows[m_order[static_cast<std::size_t>(row)]];
}

int AggregatesModel::rowOf(const std::vector<std::string>& keys) const
{
    for (int row = 0; row < rowCount(); ++row)
        if (rowAt(row)->keys == keys) return row;
    return -1;
}

bool AggregatesModel::countsNodes() const { return m_answer && m_answer->trace->timeBase() == TimeBase::NodeOrder; }

bool AggregatesModel::isColoured() const
{
    const GroupBy first = m_answer->table->by.empty() ? GroupBy::Name : m_answer->table->by.front();
    return first == GroupBy::Name || first == GroupBy::ShortName || first == GroupBy::Family;
}

const SliceColors::Style* AggregatesModel::style(int row) const
{
    const AggregateRow* found = rowAt(row);
    if (!found || !isColoured()) return nullptr;
    const auto members = m_answer->table->of(*found);
    return members.empty() ? nullptr : &m_colors->style(members.front(), *m_answer->trace);
}

QColor AggregatesModel::fill(int row) const
{
    const SliceColors::Style* found = style(row);
    if (!found) return {};
    return found->kind == Fill::Muted ? m_theme.lineStrong : QColor::fromRgb(found->fill); // Python's is hardly seen on a panel
}

Fill AggregatesModel::fillKind(int row) const
{
    const SliceColors::Style* found = style(row);
    return found ? found->kind : Fill::Solid;
}

QString AggregatesModel::keyText(const AggregateRow& row, std::size_t number) const
{
    if (number >= row.keys.size()) return {};
    const GroupBy by = number < m_answer->table->by.size() ? m_answer->table->by[number] : GroupBy::Name;
    const std::string& key = row.keys[number];
    if (by == GroupBy::Name) return shown(shortName(key));
    if (by == GroupBy::Shapes && key.empty()) return none();
    if (by == GroupBy::Family) {
        const std::optional<Family> family = familyById(key);
        if (family) return familyTitle(*family);
    }
    return shown(key);
}

QString AggregatesModel::label(int row) const
{
    const AggregateRow* found = rowAt(row);
    return found ? keyText(*found, 0) : QString();
}

QString AggregatesModel::tail(int row) const
{
    if (!rowAt(row)) return {};
    const auto found = m_answer->tails.find(m_order[static_cast<std::size_t>(row)]);
    return found == m_answer->tails.end() ? QString() : displayText(upTo(found->second, 200));
}

QString AggregatesModel::fullName(int row) const
{
    const AggregateRow* found = rowAt(row);
    QStringList parts;
    for (std::size_t i = 0; found && i < found->keys.size(); ++i) parts << displayText(found->keys[i]);
    return parts.join(QStringLiteral(", "));
}

int AggregatesModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(std::min(m_order.size(), kMostRows));
}

int AggregatesModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(kAggregateColumns);
}

QString AggregatesModel::cell(int row, AggregateColumn column) const
{
    const AggregateRow& r = *rowAt(row);
    if (isTime(column) && countsNodes()) return none(); // they have none
    switch (column) {
    case AggregateColumn::Key: return keyText(r, 0);
    case AggregateColumn::Second: return keyText(r, 1);
    case AggregateColumn::Calls: return displayText(formatCount(static_cast<std::int64_t>(r.count)));
    case AggregateColumn::Total: return durationText(r.total);
    case AggregateColumn::Share: return displayText(formatShare(m_answer->table->share(r)));
    case AggregateColumn::Self: return durationText(r.self);
    case AggregateColumn::Mean: return durationText(meanOf(r));
    case AggregateColumn::Median: return durationText(r.median);
    case AggregateColumn::P99: return durationText(r.p99);
    case AggregateColumn::Min: return durationText(r.min);
    case AggregateColumn::Max: return durationText(r.max);
    case AggregateColumn::Device: return r.device.ops ? durationText(r.device.time) : none();
    case AggregateColumn::Count_: break;
    }
    return {};
}

/// The whole name, or the figure to the nanosecond.
QString AggregatesModel::tip(int row, AggregateColumn column) const
{
    const AggregateRow& r = *rowAt(row);
    switch (column) {
    case AggregateColumn::Key:
    case AggregateColumn::Second: {
        const std::size_t number = column == AggregateColumn::Key ? 0 : 1;
        return number < r.keys.size() ? QStringLiteral("<div style='white-space:normal'>") + richText(upTo(r.keys[number], kLongestShown)) + QStringLiteral("</div>")
                                      : QString();
    }
    case AggregateColumn::Calls:
    case AggregateColumn::Share:
    case AggregateColumn::Count_: return {};
    default: break;
    }
    if (countsNodes()) return {};
    switch (column) {
    case AggregateColumn::Total: return exact(r.total);
    case AggregateColumn::Self: return exact(r.self);
    case AggregateColumn::Mean: return exact(meanOf(r));
    case AggregateColumn::Median: return exact(r.median);
    case AggregateColumn::P99: return exact(r.p99);
    case AggregateColumn::Min: return exact(r.min);
    case AggregateColumn::Max: return exact(r.max);
    case AggregateColumn::Device:
        return r.device.ops ? exact(r.device.time) + QStringLiteral(" in ") + counted(r.device.ops, "device op", "device ops") : QString();
    default: return {};
    }
}

QVariant AggregatesModel::data(const QModelIndex& index, int role) const
{
    if (!index.isValid() || !rowAt(index.row())) return {};
    const AggregateColumn column = columnOf(index.column());
    switch (role) {
    case Qt::DisplayRole: return cell(index.row(), column);
    case Qt::ToolTipRole: return tip(index.row(), column);
    case Qt::TextAlignmentRole: return QVariant::fromValue(Qt::AlignVCenter | (isText(column) ? Qt::AlignLeft : Qt::AlignRight));
    case FillRole: return fill(index.row());
    case KindRole: return static_cast<int>(fillKind(index.row()));
    case TailRole: return column == AggregateColumn::Key ? tail(index.row()) : QString();
    case ShareRole:
        if (column != AggregateColumn::Total || m_longest <= 0) return {};
        return static_cast<double>(rowAt(index.row())->total) / static_cast<double>(m_longest);
    case Qt::AccessibleTextRole:
        return isText(column) ? cell(index.row(), column) : title(column) + QLatin1Char(' ') + cell(index.row(), column);
    default: return {};
    }
}

QString AggregatesModel::headText(AggregateColumn column) const
{
    if (!isText(column)) return column == AggregateColumn::Calls && countsNodes() ? QStringLiteral("Count") : title(column);
    const std::size_t number = column == AggregateColumn::Key ? 0 : 1;
    if (!m_answer || number >= m_answer->table->by.size()) return number ? QString() : QStringLiteral("Name");
    return headOf(m_answer->table->by[number], m_population, countsNodes());
}

QVariant AggregatesModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || section < 0 || section >= columnCount()) return {};
    const AggregateColumn column = columnOf(section);
    switch (role) {
    case Qt::DisplayRole: {
        if (column != m_sort.column) return headText(column);
        return headText(column) + (m_sort.descending ? QStringLiteral(" ↓") : QStringLiteral(" ↑"));
    }
    case Qt::AccessibleTextRole:
        if (column != m_sort.column) return headText(column);
        return headText(column) + (m_sort.descending ? QStringLiteral(", largest first") : QStringLiteral(", smallest first"));
    case Qt::ToolTipRole: return explained(column);
    case Qt::TextAlignmentRole: return QVariant::fromValue(Qt::AlignVCenter | (isText(column) ? Qt::AlignLeft : Qt::AlignRight));
    default: return {};
    }
}

} // namespace opscope
