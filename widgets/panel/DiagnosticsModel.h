#pragma once

#include "core/trace/Trace.h"
#include "widgets/common/Theme.h"

#include <QAbstractTableModel>

#include <optional>
#include <vector>

namespace opscope {

/// One row per kind of defect: finding, where, what Opscope did, events, first byte. Errors, then warnings, then notes.
class DiagnosticsModel : public QAbstractTableModel
{
    Q_OBJECT

public:
    enum Column { Finding, Where, Action, Events, FirstByte, ColumnCount };

    explicit DiagnosticsModel(QObject* parent = nullptr) : QAbstractTableModel(parent) {}

    void setTrace(TracePtr trace);
    void setTheme(const Theme& theme);
    /// Which severities are listed; all at first.
    void setShown(Severity severity, bool shown);
    bool isShown(Severity severity) const { return m_shown[static_cast<std::size_t>(severity)]; }
    std::optional<Defect> defectAt(int row) const;
    int rowOf(Defect defect) const;                 ///< -1 when it is not listed
    /// Everything listed, with all first places, one finding a paragraph: for a copy.
    QString text() const;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    void list();
    QString cell(Defect defect, int column) const;

    TracePtr m_trace;
    Theme m_theme = Theme::dark();
    std::array<bool, 3> m_shown{true, true, true};
    std::vector<Defect> m_rows;
};

/// Shape and colour of a severity: octagon, triangle, circle.
QIcon severityIcon(Severity severity, const Theme& theme);
/// "resnet.json.gz" of a source; "" when the trace has no such source.
QString sourceName(const Trace& trace, std::uint32_t source);

} // namespace opscope
