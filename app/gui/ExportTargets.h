#pragma once

#include <QStringList>
#include <QWidget>

#include "core/io/SubsetWriter.h"
#include "core/query/Subset.h"
#include "core/trace/Trace.h"

#include <vector>

class QCheckBox;
class QLabel;
class QLineEdit;

namespace opscope {

/// Where the part of each file goes: one line a source, with a tick, a path, and about how big it will be.
class ExportTargets : public QWidget
{
    Q_OBJECT

public:
    ExportTargets(const Trace& trace, QWidget* parent = nullptr);
    std::vector<ExportTarget> chosen() const;
    /// Files that are there already and were not agreed to in a file dialog.
    QStringList existing() const;
    void setSizes(const Subset* subset);                ///< null: not known
    QLineEdit& pathOf(std::size_t source) { return *m_lines[source].path; }
    QCheckBox& tickOf(std::size_t source) { return *m_lines[source].tick; }

Q_SIGNALS:
    void changed();

private:
    struct Line
    {
        QCheckBox* tick;
        QLineEdit* path;
        QLabel* size;
        QString agreed;                                 ///< a path whose file may be replaced
    };
    void browse(std::size_t line);
    QString pathIn(const Line& line) const;
    const Trace& m_trace;
    std::vector<Line> m_lines;                          ///< by SourceId
};

} // namespace opscope
