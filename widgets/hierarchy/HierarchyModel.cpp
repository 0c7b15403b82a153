#include "widgets/hierarchy/HierarchyModel.h"

#include "core/base/Time.h"
#include "widgets/common/Text.h"
#include "widgets/hierarchy/HierarchyText.h"

#include <QColor>

namespace opscope {

namespace {

using Column = HierarchyModel::Column;

/// What there is to say: device work only where some is known, times of nodes only beside a timed trace.
std::vector<Column> columnsOf(const Trace* trace, const HierarchyTree* tree)
{
    using enum Column;
    const LinkCount* work = trace ? trace->links().count("device_to_op") : nullptr;
    const bool device = work && work->matched() > 0;
    if (!tree || tree->source() == HierarchySource::Slices)
        return device ? std::vector{Name, Start, Duration, Self, Device, Kernels, Calls} : std::vector{Name, Start, Duration, Self, Calls};
    if (trace->timeBase() == TimeBase::NodeOrder || trace->links().pairings().empty()) return {Name, Node, Thread, Inputs, Outputs, Calls};
    return device ? std::vector{Name, Node, Inputs, Host, Self, Device, Kernels} : std::vector{Name, Node, Inputs, Outputs, Host, Self, Calls};
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
    case Column::Host: return QStringLiteral("Host");
    case Column::Self: return QStringLiteral("Self");
    case Column::Device: return QStringLiteral("Device");
    case Column::Kernels: return QStringLiteral("Kernels");
    case Column::Node: return QStringLiteral("Node");
    case Column::Thread: return QStringLiteral("Thread");
    case Column::Inputs: return QStringLiteral("Input shapes");
    case Column::Outputs: return QStringLiteral("Output shapes");
    case Column::Calls: return QStringLiteral("Calls");
    }
    return {};
}

} // namespace

HierarchyModel::HierarchyModel(QObject* parent) : QAbstractItemModel(parent), m_columns(columnsOf(nullptr, nullptr)) {}

void HierarchyModel::set(TracePtr trace, std::shared_ptr<const HierarchyTree> all, std::shared_ptr<const HierarchyTree> shown,
                         MatchesPtr matches)
{
    beginResetModel();
    if (m_trace != trace || !m_colors) m_colors = trace ? std::make_unique<SliceColors>(*trace, m_theme, m_colorBy) : nullptr;
    m_trace = std::move(trace);
    m_all = std::move(all);
    m_shown = std::move(shown);
    m_matches = std::move(matches);
    m_columns = columnsOf(m_trace.get(), m_shown.get());
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
    return m_columns[static_cast<std::size_t>(section)];
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
    return static_cast<int>(m_columns.size());
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
    case ShareRole: return share(row, what);
    case DimRole: return isDim(row);
    case PlainRole: {
        if (what == Column::Name) return fullName(*m_trace, *m_shown, row);
        const QString time = timeText(row, what, true), device = deviceText(row, what, true);
        return !time.isEmpty() ? time : !device.isEmpty() ? device : text(row, what);
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
    if (role != Qt::ToolTipRole) return {};
    switch (what) {
    case Column::Duration: return QStringLiteral("The bar is its share of the enclosing slice");
    case Column::Host: return QStringLiteral("From start to end of the event that the node is");
    case Column::Self: return QStringLiteral("Without what it calls on its thread");
    case Column::Device: return QStringLiteral("Sum over all that a device did for it and what it calls; the bar is its share of the enclosing row");
    case Column::Kernels: return QStringLiteral("Kernels, copies and sets");
    default: return {};
    }
}

QString HierarchyModel::text(std::uint32_t row, Column what) const
{
    switch (what) {
    case Column::Name: return shownName(*m_trace, *m_shown, row);
    case Column::Start:
    case Column::Duration:
    case Column::Host:
    case Column::Self: return timeText(row, what, false);
    case Column::Device:
    case Column::Kernels: return deviceText(row, what, false);
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
    if (what != Column::Start && what != Column::Duration && what != Column::Host && what != Column::Self) return {};
    const std::optional<RowTimes> times = timesOf(*m_trace, *m_shown, row);
    if (!times) return noneText();
    if (what == Column::Start) return displayText(plain ? formatPlain(times->start) : formatExact(times->start));
    const std::optional<Nanos> length = what == Column::Self ? times->self : times->duration;
    if (!length) return noneText();
    return displayText(plain ? formatPlain(*length) : formatDuration(*length));
}

DeviceWork HierarchyModel::deviceWork(std::uint32_t row) const
{
    if (row == HierarchyTree::kRoot) return {};
    if (const NodeId node = m_shown->node(row)) return m_trace->deviceWork(node);
    if (const SliceId slice = m_shown->slice(row)) return m_trace->deviceWork(slice);
    return {};
}

QString HierarchyModel::deviceText(std::uint32_t row, Column what, bool plain) const
{
    if (what != Column::Device && what != Column::Kernels) return {};
    const DeviceWork work = deviceWork(row);
    if (work.ops == 0) return noneText();
    if (what == Column::Device) return displayText(plain ? formatPlain(work.time) : formatDuration(work.time));
    return plain ? QString::number(work.ops) : displayText(formatCount(static_cast<std::int64_t>(work.ops)));
}

QVariant HierarchyModel::share(std::uint32_t row, Column what) const
{
    if (what == Column::Device) {
        const std::int64_t time = deviceWork(row).time, above = deviceWork(m_shown->parent(row)).time;
        if (time <= 0 || above <= 0) return {}; // tracks have no device time of their own: nothing to compare with
        return static_cast<double>(time) / static_cast<double>(above);
    }
    if (what != Column::Duration) return {};
    const SliceId slice = m_shown->slice(row);
    const SliceId above = slice ? m_trace->slices().parent(slice) : SliceId();
    if (!above || m_trace->slices().duration(above) <= 0) return {};
    return static_cast<double>(m_trace->slices().duration(slice)) / static_cast<double>(m_trace->slices().duration(above));
}

/// Times of a node that were taken in another run than its own.
QString HierarchyModel::example(std::uint32_t row, Column what) const
{
    const NodeId node = m_shown->node(row);
    if (!node || (what != Column::Host && what != Column::Self && what != Column::Device && what != Column::Kernels)) return {};
    const EtPairing* pairing = m_trace->links().pairing(m_trace->executionTrace()->fileOf(node).source);
    if (!pairing || pairing->relation == RunRelation::SameRun || pairing->relation == RunRelation::Unrelated) return {};
    return QStringLiteral(", an example from another %1")
        .arg(pairing->relation == RunRelation::OtherIteration ? QStringLiteral("iteration") : QStringLiteral("process"));
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

bool HierarchyModel::isDim(std::uint32_t row) const
{
    if (!m_matches) return false;
    if (const SliceId slice = m_shown->slice(row)) return !m_matches->slices.contains(slice);
    const NodeId node = m_shown->node(row);
    return node && !m_matches->nodes.contains(node) && !m_matches->slices.contains(m_trace->sliceOf(node));
}

/// Beside a timed trace nodes have no slices of their own, so no style of theirs.
QVariant HierarchyModel::nodeFill(NodeId node, int role) const
{
    constexpr std::uint8_t kUserScope = 7; // execution-trace.md 4.4
    const EtNode& row = m_trace->executionTrace()->node(node);
    const CategoryClass kind = row.scope == kUserScope ? CategoryClass::UserAnnotation : CategoryClass::CpuOp;
    const Family family = familyOf(m_trace->text(row.name), kind);
    if (role == OutlineRole) return family == Family::Annotation;
    return QColor::fromRgb(familyColor(family, m_theme));
}

QString HierarchyModel::toolTip(std::uint32_t row, Column what) const
{
    if (what == Column::Name) return richText(fullName(*m_trace, *m_shown, row));
    const QString time = timeText(row, what, true), device = deviceText(row, what, true);
    const QString exact = time.isEmpty() ? device : time;
    return exact.isEmpty() || exact == noneText() ? QString() : exact + example(row, what);
}

} // namespace opscope
