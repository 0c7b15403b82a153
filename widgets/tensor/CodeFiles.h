#pragma once

#include "core/tensor/KernelSource.h"
#include "core/tensor/Resources.h"
#include "core/trace/Trace.h"
#include "widgets/common/Theme.h"

#include <QAbstractTableModel>
#include <QString>

#include <cstdint>
#include <memory>
#include <vector>

namespace opscope {

/// A file of the resources folder and the first node that it belongs to.
struct CodeFile
{
    ResourceName file;
    NodeId node;                    ///< none: no node names it
    std::uint32_t nodes = 0;        ///< that name it
};
/// All files of the folder, in the order of their names. For workers: looks at every node of the execution trace.
std::vector<CodeFile> codeFiles(const Trace& trace, const EtFile& et, const Resources& resources);

/// What a node says of the launch of its kernel; "" where it does not.
struct KernelFacts
{
    QString grid, stream, backend;
};
/// From the node's last inputs, else from the linked event of the timed trace. For workers: reads the files.
KernelFacts kernelFacts(const Trace& trace, NodeId node);

/// Name, size, node.
class CodeFileModel : public QAbstractTableModel
{
    Q_OBJECT

public:
    enum Column { Name, Size, Node, ColumnCount };
    explicit CodeFileModel(QObject* parent = nullptr) : QAbstractTableModel(parent) {}
    void setFiles(TracePtr trace, std::vector<CodeFile> files);
    void setTheme(const Theme& theme) { m_theme = theme; }
    const CodeFile* fileAt(int row) const;
    int rowOf(std::string_view name) const;     ///< -1: not there

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override { return parent.isValid() ? 0 : ColumnCount; }
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    TracePtr m_trace;
    std::vector<CodeFile> m_files;
    Theme m_theme = Theme::dark();
};

} // namespace opscope
