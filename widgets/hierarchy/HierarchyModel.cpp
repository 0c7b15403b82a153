#include "widgets/hierarchy/HierarchyModel.h"

#include "core/base/Time.h"
#include "widgets/common/Text.h"
#include "widgets/hierarchy/HierarchyText.h"

#include <QColor>

#include <array>

namespace opscope {

namespace {

using Column = HierarchyModel::Column;
constexpr std::array kSliceColumns{Column::Name, Column::Start, Column::Duration, Column::Self, Column::Calls};
constexpr std::array kNodeColumns{Column::Name, Column::Node, Column::Thread, Column::Inputs, Column::Outputs, Column::Calls};

std::span<const Column> columnsOf(const HierarchyTree* tree)
{
    if (tree && tree->source() == HierarchySource::Nodes) return kNodeColumns;
    return kSliceColumns;
}

bool isNumber(Column column)
{
    return column != Column::Name && column != Column::Inputs && column != Column::Outputs;
}

QString title(Column column, bool nodes)
{
    switch (column) {
    case Column::Name: return nodes ? QStringLiteral("Execution trace node") : QStringLiteral("Slice");
    case Column::Start: return QStringLiteral("Start");
    case Column::Duration: return QStringLiteral("Duration");
    case Column::Self: return QStringLiteral("Self");
    case Column::Node: return QStringLiteral("Node");
    case Column::Thread: return QStringLiteral("Thread");
    case Column::Inputs: return QStringLiteral("Input shapes");
    case Column::Outputs: return QStringLiteral("Output shapes");
    case Column::Calls: return QStringLiteral("Calls");
    }
    return {};
}

} // namespace

HierarchyModel::HierarchyModel(QObject* parent) : QAbstractItemModel(parent) {}

void HierarchyModel::set(TracePtr trace, std::shared_ptr<const HierarchyTree> all, std::shared_ptr<const HierarchyTree> shown)
{
    beginResetModel();
    if (m_trace != trace || !m_colors) m_colors = trace ? std::make_unique<SliceColors>(*trace, m_theme, m_colorBy) : nullptr;
    m_trace = std::move(trace);
    m_all = std::move(all);
    m_shown = std::move(shown);
    endResetModel();
}

void HierarchyModel::setLook(const Theme& theme, ColorBy by)
{
    m_theme = theme;
    m_colorBy = by;
    // Views repaint with the theme anyway: no dataChanged over a million rows.
    m_colors = m_trace ? std::make_unique<SliceColors>(*m_trace, theme, by) : nullptr;
}

HierarchyModel::Column HierarchyModel::column(int section) const
{
    return columnsOf(m_shown.get())[static_cast<std::size_t>(section)];
}

std::uint32_t HierarchyModel::rowOf(const QModelIndex& index) const
{
    return index.isValid() ? static_cast<std::uint32_t>(index.internalId()) : HierarchyTree::kRoot;
}

QModelIndex HierarchyModel::indexOfRow(std::uint32_t row, int column) const
{
    if (!m_shown || row == HierarchyTree::kRoot || !m_shown->contains(row)) return {};
    return createIndex(static_cast<int>(m_shown->position(row)), column, quintptr{row});
}

QModelIndex HierarchyModel::indexOf(SliceId slice, int column) const
{
    if (!m_shown || !slice || m_shown->source() != HierarchySource::Slices) return {};
    return indexOfRow(m_shown->rowOf(slice), column);
}

QModelIndex HierarchyModel::indexOf(NodeId node, int column) const
{
    if (!m_shown || !node || m_shown->source() != HierarchySource::Nodes) return {};
    return indexOfRow(m_shown->rowOf(node), column);
}

SliceId HierarchyModel::sliceAt(const QModelIndex& index) const
{
    return m_shown && index.isValid() ? m_shown->slice(rowOf(index)) : SliceId();
}

NodeId HierarchyModel::nodeAt(const QModelIndex& index) const
{
    return m_shown && index.isValid() ? m_shown->node(rowOf(index)) : NodeId();
}

QModelIndex HierarchyModel::index(int row, int column, const QModelIndex& parent) const
{
    if (!m_shown || row < 0 || column < 0 || column >= columnCount(parent) || parent.column() > 0) return {};
    const auto children = m_shown->children(rowOf(parent));
    if (static_cast<std::size_t>(row) >= children.size()) return {};
    return createIndex(row, column, quintptr{children[static_cast<std::size_t>(row)]});
}

QModelIndex HierarchyModel::parent(const QModelIndex& child) const
{
    if (!m_shown || !child.isValid()) return {};
    const std::uint32_t above = m_shown->parent(rowOf(child));
    if (above == HierarchyTree::kRoot) return {};
    return createIndex(static_cast<int>(m_shown->position(above)), 0, quintptr{above});
}

int HierarchyModel::rowCount(const QModelIndex& parent) const
{
    if (!m_shown || parent.column() > 0) return 0;
    return static_cast<int>(m_shown->children(rowOf(parent)).size());
}

bool HierarchyModel::hasChildren(const QModelIndex& parent) const
{
    return m_shown && parent.column() <= 0 && !m_shown->children(rowOf(parent)).empty();
}

int HierarchyModel::columnCount(const QModelIndex&) const
{
    return static_cast<int>(columnsOf(m_shown.get()).size());
}

QVariant HierarchyModel::data(const QModelIndex& index, int role) const
{
    if (!m_shown || !index.isValid()) return {};
    const std::uint32_t row = rowOf(index);
    const Column what = column(index.column());
    switch (role) {
    case Qt::DisplayRole: return text(row, what);
    case Qt::ToolTipRole: return toolTip(row, what);
    case Qt::TextAlignmentRole:
        return QVariant::fromValue(Qt::AlignVCenter | (isNumber(what) ? Qt::AlignRight : Qt::AlignLeft));
    case PrefixRole: return what == Column::Name ? QVariant(dimPrefix(*m_trace, *m_shown, row)) : QVariant();
    case FillRole:
    case OutlineRole: return what == Column::Name ? fill(row, role) : QVariant();
    case ShareRole: return what == Column::Duration ? share(row) : QVariant();
    case PlainRole: {
        const QString time = timeText(row, what, true);
        return time.isEmpty() ? what == Column::Name ? fullName(*m_trace, *m_shown, row) : text(row, what) : time;
    }
    default: return {};
    }
}

QVariant HierarchyModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || section < 0 || section >= columnCount()) return {};
    const Column what = column(section);
    if (role == Qt::DisplayRole) return title(what, m_shown && m_shown->source() == HierarchySource::Nodes);
    if (role == Qt::TextAlignmentRole)
        return QVariant::fromValue(Qt::AlignVCenter | (isNumber(what) ? Qt::AlignRight : Qt::AlignLeft));
    if (role == Qt::ToolTipRole && what == Column::Calls) return QStringLiteral("How many stand directly inside");
    if (role == Qt::ToolTipRole && what == Column::Duration) return QStringLiteral("The bar is its share of the enclosing slice");
    return {};
}

QString HierarchyModel::text(std::uint32_t row, Column what) const
{
    switch (what) {
    case Column::Name: return shownName(*m_trace, *m_shown, row);
    case Column::Start:
    case Column::Duration:
    case Column::Self: return timeText(row, what, false);
    case Column::Node: return QString::number(m_trace->executionTrace()->nodes()[row].id);
    case Column::Thread: return QString::number(m_trace->executionTrace()->nodes()[row].tid);
    case Column::Inputs: return shapesText(*m_trace, m_trace->executionTrace()->inputs(NodeId(row)));
    case Column::Outputs: return shapesText(*m_trace, m_trace->executionTrace()->outputs(NodeId(row)));
    case Column::Calls: break;
    }
    const std::size_t calls = m_all->children(row).size(); // all of them, whatever the filter hides
    return calls ? displayText(formatCount(static_cast<std::int64_t>(calls))) : noneText();
}

QString HierarchyModel::timeText(std::uint32_t row, Column what, bool plain) const
{
    if (what != Column::Start && what != Column::Duration && what != Column::Self) return {};
    const std::optional<RowTimes> times = timesOf(*m_trace, *m_shown, row);
    if (!times) return noneText();
    if (what == Column::Start) return displayText(plain ? formatPlain(times->start) : formatExact(times->start));
    const std::optional<Nanos> length = what == Column::Duration ? times->duration : times->self;
    if (!length) return noneText();
    return displayText(plain ? formatPlain(*length) : formatDuration(*length));
}

QVariant HierarchyModel::share(std::uint32_t row) const
{
    const SliceId slice = m_shown->slice(row);
    const SliceId above = slice ? m_trace->slices().parent(slice) : SliceId();
    if (!above || m_trace->slices().duration(above) <= 0) return {};
    return static_cast<double>(m_trace->slices().duration(slice)) / static_cast<double>(m_trace->slices().duration(above));
}

QVariant HierarchyModel::fill(std::uint32_t row, int role) const
{
    if (!m_colors) return {};
    SliceId slice = m_shown->slice(row);
    if (const NodeId node = m_shown->node(row)) {
        slice = m_trace->sliceOf(node);
        if (!slice) return nodeFill(node, role);
    }
    if (!slice) return {};
    const SliceColors::Style& style = m_colors->style(slice, *m_trace);
    const bool outline = style.kind == Fill::Outline || style.kind == Fill::Hatch;
    return role == OutlineRole ? QVariant(outline) : QVariant(QColor::fromRgb(style.fill));
}

/// Beside a timed trace nodes have no slices of their own, so no style of theirs.
QVariant HierarchyModel::nodeFill(NodeId node, int role) const
{
    constexpr std::uint8_t kUserScope = 7; // execution-trace.md 4.4
    const EtNode& row = m_trace->executionTrace()->node(node);
    const CategoryClass kind = row.scope == kUserScope ? CategoryClass::UserAnnotation : CategoryClass::CpuOp;
    const Family family = familyOf(m_trace->text(row.name), kind, false);
    if (role == OutlineRole) return family == Family::Annotation;
    return QColor::fromRgb(familyColor(family, m_theme));
}

QString HierarchyModel::toolTip(std::uint32_t row, Column what) const
{
    if (what == Column::Name) return richText(fullName(*m_trace, *m_shown, row));
    const QString time = timeText(row, what, true);
    return time.isEmpty() || time == noneText() ? QString() : time;
}

} // namespace opscope
