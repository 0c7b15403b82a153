#pragma once

#include "widgets/document/Job.h"
#include "widgets/tensor/CodeFiles.h"

#include <QWidget>

#include <optional>

class QLabel;
class QPlainTextEdit;
class QSplitter;
class QStackedLayout;
class QToolButton;
class QTreeView;

namespace opscope {

class ElidedLabel;
class FxGraphView;
class SourceView;
class TraceDocument;
class ViewSettings;

/// The Code panel: the files that torch.compile left in the resources folder, the source of the selected node's kernel at the
/// line where it is defined, and the FX graph behind it. Text only: nothing is run, nothing outside of the folder is read.
class CodePanel : public QWidget
{
    Q_OBJECT

public:
    CodePanel(TraceDocument& document, ViewSettings& settings, QWidget* parent = nullptr);

    SourceView& source() { return *m_source; }
    FxGraphView& graph() { return *m_graph; }
    CodeFileModel& files() { return *m_model; }
    QTreeView& fileList() { return *m_files; }
    bool busy() const { return m_filesJob.running() || m_codeJob.running(); }
    /// "triton_poi_fused_add_0   triton, grid (100,), stream 0, k.py line 12"
    QString facts() const;
    /// What stands there instead of source, graph or files; "" when they are there.
    QString sourceMessage() const;
    QString graphMessage() const;
    QString filesMessage() const;
    QString graphText() const;

protected:
    void showEvent(QShowEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    /// What a worker read about a node.
    struct Read
    {
        KernelFacts facts;
        std::optional<Result<KernelSource>> source;
        std::optional<Result<FxGraph>> graph;
    };
    QWidget* makeHead();
    QWidget* makeFiles();
    QWidget* makeSource();
    QWidget* makeGraph();
    void lookChanged();
    void follow();
    void readFiles();
    void readNode();
    void received(const Read& read);
    void showFile(int row);
    void showSource(const KernelSource& source);
    void showGraph(FxGraph graph);
    void sayInSource(const QString& text);
    void sayInGraph(const QString& text);
    void showFacts(const QString& name, const QString& facts);
    void goToNode(int row);
    const EtFile* shownFile() const;

    TraceDocument& m_document;
    ViewSettings& m_settings;
    TracePtr m_trace;
    NodeId m_node;
    std::optional<SourceId> m_listed;           ///< execution trace whose files are listed
    std::shared_ptr<const Resources> m_resources;
    CodeFileModel* m_model;
    QStackedLayout *m_filePages = nullptr, *m_sourcePages = nullptr, *m_graphPages = nullptr;
    QSplitter* m_split = nullptr;
    QTreeView* m_files = nullptr;
    SourceView* m_source = nullptr;
    FxGraphView* m_graph = nullptr;
    QPlainTextEdit* m_graphText = nullptr;
    QLabel *m_fileMessage = nullptr, *m_sourceMessage = nullptr, *m_graphMessage = nullptr, *m_name = nullptr, *m_graphTitle = nullptr;
    ElidedLabel *m_facts = nullptr, *m_graphFacts = nullptr;
    QToolButton *m_asGraph = nullptr, *m_asText = nullptr, *m_toNode = nullptr;
    bool m_choosing = false;                    ///< the list follows the node, not the user
    Job m_filesJob, m_codeJob;
};

} // namespace opscope
