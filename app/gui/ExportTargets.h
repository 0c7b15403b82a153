#pragma once

#include <QStringList>
#include <QWidget>

#include "core/io/SubsetWriter.h"
#include "core/query/Subset.h"
#include "core/trace/Trace.h"

#include <vector>

class QCheckBox;
class QComboBox;
class QGridLayout;
class QLabel;
class QLineEdit;
class QPushButton;

namespace opscope {

/// Where the part of each file goes: one line a source, with a tick, a path, and about how big it will be. Or the line of one Fuchsia
/// trace, which takes all files together.
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
    /// Null where there is nothing to choose: an .fxt stays one, and what has no times cannot become one.
    QComboBox* format() { return m_format; }
    QLineEdit& fxtPath() { return *m_fxt.path; }

Q_SIGNALS:
    void changed();

private:
    struct Line
    {
        QCheckBox* tick = nullptr;                      ///< of a source
        QLabel* label = nullptr;                        ///< else
        QLineEdit* path = nullptr;
        QPushButton* browse = nullptr;
        QLabel* size = nullptr;
        QString agreed = {};                            ///< a path whose file may be replaced
        bool chosen() const;
        void setVisible(bool visible);
    };
    void addFormat(QGridLayout* grid);
    Line makeLine(QGridLayout* grid, int row, const QString& name, const QString& path);
    void addSource(QGridLayout* grid, std::size_t source);
    void addFxt(QGridLayout* grid);
    void formatChosen();
    void browse(Line& line);
    QString pathIn(const Line& line) const;
    bool asFxt() const;
    QString fxtSize(const Subset* subset) const;
    const Trace& m_trace;
    QComboBox* m_format = nullptr;
    std::vector<Line> m_lines;                          ///< by SourceId
    Line m_fxt;                                         ///< without format() empty
};

} // namespace opscope
