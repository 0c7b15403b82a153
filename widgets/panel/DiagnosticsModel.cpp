#include "widgets/panel/DiagnosticsModel.h"

#include "core/base/Path.h"
#include "core/base/Time.h"
#include "widgets/common/Icons.h"
#include "widgets/common/Text.h"

#include <QIcon>

#include <algorithm>

namespace opscope {

namespace {

QString count(std::uint64_t number) { return displayText(formatCount(static_cast<std::int64_t>(number))); }

QString severityWord(Severity severity)
{
    switch (severity) {
    case Severity::Error: return QStringLiteral("error");
    case Severity::Warning: return QStringLiteral("warning");
    case Severity::Note: break;
    }
    return QStringLiteral("note");
}

} // namespace

QIcon severityIcon(Severity severity, const Theme& theme)
{
    switch (severity) {
    case Severity::Error: return icon("error", theme.err);
    case Severity::Warning: return icon("warning", theme.warn);
    case Severity::Note: break;
    }
    return icon("note", theme.accent);
}

QString sourceName(const Trace& trace, std::uint32_t source)
{
    if (source >= trace.sources().size()) return {};
    return displayText(fileName(trace.sources()[source].path));
}

void DiagnosticsModel::setTrace(TracePtr trace)
{
    m_trace = std::move(trace);
    list();
}

void DiagnosticsModel::setTheme(const Theme& theme)
{
    m_theme = theme;
    if (!m_rows.empty()) Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, ColumnCount - 1));
}

void DiagnosticsModel::setShown(Severity severity, bool shown)
{
    m_shown[static_cast<std::size_t>(severity)] = shown;
    list();
}

void DiagnosticsModel::list()
{
    beginResetModel();
    m_rows = m_trace ? m_trace->diagnostics().seen() : std::vector<Defect>{};
    std::erase_if(m_rows, [this](Defect defect) { return !isShown(info(defect).severity); });
    endResetModel();
}

std::optional<Defect> DiagnosticsModel::defectAt(int row) const
{
    if (row < 0 || static_cast<std::size_t>(row) >= m_rows.size()) return std::nullopt;
    return m_rows[static_cast<std::size_t>(row)];
}

int DiagnosticsModel::rowOf(Defect defect) const
{
    const auto found = std::ranges::find(m_rows, defect);
    return found == m_rows.end() ? -1 : static_cast<int>(found - m_rows.begin());
}

int DiagnosticsModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int DiagnosticsModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : ColumnCount; }

QString DiagnosticsModel::cell(Defect defect, int column) const
{
    const auto& places = m_trace->diagnostics().places(defect);
    switch (column) {
    case Finding: return displayText(info(defect).title);
    case Where: {
        if (places.empty()) return {};
        const QString detail = displayText(places.front().detail);
        return detail.isEmpty() ? sourceName(*m_trace, places.front().source) : detail;
    }
    case Action: return displayText(info(defect).action);
    case Events: return count(m_trace->diagnostics().count(defect));
    case FirstByte: return places.empty() ? QStringLiteral("–") : count(places.front().offset);
    default: return {};
    }
}

QVariant DiagnosticsModel::data(const QModelIndex& index, int role) const
{
    const auto defect = index.isValid() ? defectAt(index.row()) : std::nullopt;
    if (!defect) return {};
    const int column = index.column();
    const bool number = column == Events || column == FirstByte;
    switch (role) {
    case Qt::DisplayRole: return cell(*defect, column);
    case Qt::ToolTipRole: return column == Where ? QVariant(richText(cell(*defect, column))) : QVariant();
    case Qt::DecorationRole: return column == Finding ? QVariant(severityIcon(info(*defect).severity, m_theme)) : QVariant();
    case Qt::FontRole: return number ? Theme::fixedFont(11) : Theme::uiFont(12);
    case Qt::ForegroundRole: return column == Where || column == FirstByte ? m_theme.textDim : m_theme.text;
    case Qt::TextAlignmentRole: return QVariant::fromValue(Qt::AlignVCenter | (number ? Qt::AlignRight : Qt::AlignLeft));
    case Qt::AccessibleTextRole:
        if (column == Finding) return severityWord(info(*defect).severity) + QStringLiteral(": ") + cell(*defect, column);
        return cell(*defect, column);
    default: return {};
    }
}

QVariant DiagnosticsModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal) return {};
    static const std::array<QString, ColumnCount> titles{QStringLiteral("Finding"), QStringLiteral("Where"),
                                                         QStringLiteral("What Opscope did"), QStringLiteral("Events"),
                                                         QStringLiteral("First byte")};
    if (section < 0 || section >= ColumnCount) return {};
    if (role == Qt::DisplayRole) return titles[static_cast<std::size_t>(section)];
    const bool number = section == Events || section == FirstByte;
    if (role == Qt::TextAlignmentRole) return QVariant::fromValue(Qt::AlignVCenter | (number ? Qt::AlignRight : Qt::AlignLeft));
    return {};
}

QString DiagnosticsModel::text() const
{
    QStringList lines;
    for (const Defect defect : m_rows) {
        lines += severityWord(info(defect).severity) + QStringLiteral(": ") + cell(defect, Finding) + QStringLiteral(" (") +
                 QString::number(m_trace->diagnostics().count(defect)) + QStringLiteral("). ") + cell(defect, Action) +
                 QStringLiteral(".");
        for (const DefectPlace& place : m_trace->diagnostics().places(defect)) {
            const QString detail = displayText(place.detail);
            lines += QStringLiteral("  %1, byte %2%3")
                         .arg(sourceName(*m_trace, place.source))
                         .arg(place.offset)
                         .arg(detail.isEmpty() ? QString() : QStringLiteral(": ") + detail);
        }
    }
    return lines.join(QLatin1Char('\n'));
}

} // namespace opscope
