#include "widgets/tensor/CodePanel.h"

#include "core/base/Path.h"
#include "core/base/Time.h"
#include "widgets/common/Text.h"
#include "widgets/document/TraceDocument.h"
#include "widgets/document/ViewSettings.h"
#include "widgets/tensor/FxGraphView.h"
#include "widgets/common/Parts.h"
#include "widgets/tensor/SourceView.h"
#include "widgets/tensor/TensorRows.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QPlainTextEdit>
#include <QResizeEvent>
#include <QSplitter>
#include <QStackedLayout>
#include <QToolButton>
#include <QTreeView>

namespace opscope {

namespace {

constexpr int kWide = 760;
constexpr int kLeastPane = 32; // one above the other they must not make a low dock high: this may be a tab that nobody looks at

QString sentence(const Error& error)
{
    QString text = displayText(error.text());
    if (!text.isEmpty()) text[0] = text[0].toUpper();
    return text.endsWith(QLatin1Char('.')) ? text : text + QLatin1Char('.');
}

QLabel* makeMessage(const QString& name)
{
    QLabel* label = makeTextLabel(Theme::uiFont(12));
    label->setWordWrap(true);
    label->setAlignment(Qt::AlignCenter);
    label->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Ignored); // wrapped in a narrow pane it would make the whole dock high
    label->setContentsMargins(16, 8, 16, 8);
    label->setAccessibleName(name);
    return label;
}

QString graphAsText(const FxGraph& graph)
{
    QStringList lines;
    if (!graph.sourceNodes.empty()) {
        QStringList names;
        for (const std::string& name : graph.sourceNodes) names += displayText(name);
        lines += QStringLiteral("Source nodes: ") + names.join(QStringLiteral(", "));
        lines += QString();
    }
    for (const FxNode& node : graph.nodes)
        lines += node.text.empty() ? displayText("%" + node.name + " : " + node.target) : displayText(node.text);
    if (graph.cut) lines += QStringLiteral("… cut after %1 nodes").arg(graph.nodes.size());
    return lines.join(QLatin1Char('\n'));
}

} // namespace

CodePanel::CodePanel(TraceDocument& document, ViewSettings& settings, QWidget* parent)
    : QWidget(parent), m_document(document), m_settings(settings), m_model(new CodeFileModel(this)), m_filesJob(this), m_codeJob(this)
{
    m_split = new QSplitter(Qt::Horizontal);
    m_split->setChildrenCollapsible(false);
    m_split->setHandleWidth(1);
    m_split->addWidget(makeFiles());
    m_split->addWidget(makeSource());
    m_split->addWidget(makeGraph());
    for (int i = 0; i < m_split->count(); ++i) m_split->widget(i)->setMinimumHeight(kLeastPane);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(makeHead());
    column->addWidget(makeLine(Qt::Horizontal));
    column->addWidget(m_split, 1);
    setFocusProxy(m_files);
    connect(&m_document, &TraceDocument::traceChanged, this, &CodePanel::follow);
    connect(&m_document, &TraceDocument::selectionChanged, this, &CodePanel::follow);
    connect(&m_document, &TraceDocument::resourcesReady, this, &CodePanel::readFiles);
    connect(&m_settings, &ViewSettings::changed, this, &CodePanel::lookChanged);
    lookChanged();
    follow();
}

QWidget* CodePanel::makeHead()
{
    auto* head = new QWidget;
    auto* row = new QHBoxLayout(head);
    row->setContentsMargins(12, 3, 8, 3);
    row->setSpacing(10);
    m_name = makeTextLabel(Theme::uiFont(12, QFont::DemiBold));
    m_facts = new ElidedLabel(Theme::uiFont(12));
    m_toNode = new QToolButton;
    m_toNode->setText(QStringLiteral("Go to its node"));
    connect(m_toNode, &QToolButton::clicked, this, [this] { goToNode(m_files->currentIndex().row()); });
    row->addWidget(m_name);
    row->addWidget(m_facts, 1);
    row->addWidget(m_toNode);
    head->setFixedHeight(32);
    return head;
}

QWidget* CodePanel::makeFiles()
{
    auto* pane = new QWidget;
    pane->setMinimumWidth(100);
    m_files = new QTreeView;
    m_files->setModel(m_model);
    m_files->setRootIsDecorated(false);
    m_files->setUniformRowHeights(true);
    m_files->setIndentation(0);
    m_files->setFrameShape(QFrame::NoFrame);
    m_files->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_files->setIconSize({14, 14});
    m_files->setAccessibleName(QStringLiteral("Resource files"));
    m_files->header()->setFixedHeight(24);
    m_files->header()->setFont(Theme::uiFont(11, QFont::Medium));
    m_files->header()->setStretchLastSection(false);
    m_files->header()->setSectionResizeMode(CodeFileModel::Name, QHeaderView::Stretch);
    m_files->header()->resizeSection(CodeFileModel::Size, 72);
    m_files->header()->resizeSection(CodeFileModel::Node, 170);
    m_fileMessage = makeMessage(QStringLiteral("Resource files"));
    m_filePages = new QStackedLayout(pane);
    m_filePages->addWidget(m_files);
    m_filePages->addWidget(m_fileMessage);
    connect(m_files->selectionModel(), &QItemSelectionModel::currentChanged, this, [this](const QModelIndex& current) {
        if (!m_choosing && current.isValid()) showFile(current.row());
    });
    connect(m_files, &QTreeView::activated, this, [this](const QModelIndex& index) { goToNode(index.row()); });
    return pane;
}

QWidget* CodePanel::makeSource()
{
    auto* pane = new QWidget;
    pane->setMinimumWidth(120);
    m_source = new SourceView;
    m_sourceMessage = makeMessage(QStringLiteral("Source"));
    m_sourcePages = new QStackedLayout(pane);
    m_sourcePages->addWidget(m_source);
    m_sourcePages->addWidget(m_sourceMessage);
    return pane;
}

QWidget* CodePanel::makeGraph()
{
    auto* pane = new QWidget;
    pane->setMinimumWidth(100);
    m_graphTitle = makeTextLabel(Theme::uiFont(12, QFont::DemiBold));
    m_graphTitle->setText(QStringLiteral("FX graph"));
    m_graphFacts = new ElidedLabel(Theme::uiFont(11));
    auto* head = new QHBoxLayout;
    head->setContentsMargins(12, 2, 6, 2);
    head->setSpacing(8);
    head->addWidget(m_graphTitle);
    head->addWidget(m_graphFacts, 1);
    m_graph = new FxGraphView;
    m_graphText = new QPlainTextEdit;
    m_graphText->setReadOnly(true);
    m_graphText->setLineWrapMode(QPlainTextEdit::NoWrap);
    m_graphText->setFont(Theme::fixedFont(11));
    m_graphText->setAccessibleName(QStringLiteral("FX graph as text"));
    m_graphMessage = makeMessage(QStringLiteral("FX graph"));
    auto* pages = new QWidget;
    m_graphPages = new QStackedLayout(pages);
    for (QWidget* page : {static_cast<QWidget*>(m_graph), static_cast<QWidget*>(m_graphText), static_cast<QWidget*>(m_graphMessage)})
        m_graphPages->addWidget(page);
    m_graphPages->setCurrentWidget(m_graphMessage);
    const auto button = [&](const QString& text, QWidget* page) {
        auto* made = new QToolButton;
        made->setText(text);
        made->setCheckable(true);
        made->setAutoExclusive(true);
        head->addWidget(made);
        connect(made, &QToolButton::clicked, this, [this, page] { m_graphPages->setCurrentWidget(page); });
        return made;
    };
    m_asGraph = button(QStringLiteral("Graph"), m_graph);
    m_asText = button(QStringLiteral("Text"), m_graphText);
    m_asGraph->setChecked(true);
    auto* column = new QVBoxLayout(pane);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addLayout(head);
    column->addWidget(makeLine(Qt::Horizontal));
    column->addWidget(pages, 1);
    return pane;
}

QString CodePanel::facts() const { return m_name->text() + QStringLiteral("   ") + m_facts->text(); }

QString CodePanel::sourceMessage() const { return m_sourcePages->currentWidget() == m_source ? QString() : m_sourceMessage->text(); }

QString CodePanel::graphMessage() const { return m_graphPages->currentWidget() == m_graphMessage ? m_graphMessage->text() : QString(); }

QString CodePanel::filesMessage() const { return m_filePages->currentWidget() == m_files ? QString() : m_fileMessage->text(); }

QString CodePanel::graphText() const { return m_graphText->toPlainText(); }

void CodePanel::lookChanged()
{
    const Theme& theme = m_settings.theme();
    m_model->setTheme(theme);
    m_source->setTheme(theme);
    m_graph->setTheme(theme);
    for (QWidget* label : {static_cast<QWidget*>(m_name), static_cast<QWidget*>(m_graphTitle)}) setTextColour(label, theme.textHi);
    for (QWidget* label : {static_cast<QWidget*>(m_facts), static_cast<QWidget*>(m_graphFacts), static_cast<QWidget*>(m_fileMessage),
                           static_cast<QWidget*>(m_sourceMessage), static_cast<QWidget*>(m_graphMessage)})
        setTextColour(label, theme.textDim);
    m_graphText->setStyleSheet(QStringLiteral("QPlainTextEdit { background: %1; color: %2; border: none; border-radius: 0; }").arg(theme.canvas.name(), theme.text.name()));
    m_files->viewport()->update();
}

void CodePanel::showEvent(QShowEvent* event)
{
    QWidget::showEvent(event);
    follow();
}

/// Three panes beside each other in the flat bottom dock, one above the other where the panel is narrow.
void CodePanel::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    const int width = event->size().width(), height = event->size().height();
    const bool wide = width >= kWide;
    m_split->setOrientation(wide ? Qt::Horizontal : Qt::Vertical);
    if (wide) m_split->setSizes({width * 26 / 100, width * 44 / 100, width * 30 / 100});
    else m_split->setSizes({height * 25 / 100, height * 45 / 100, height * 30 / 100});
    const int files = wide ? width * 26 / 100 : width;
    m_files->header()->resizeSection(CodeFileModel::Node, files * 38 / 100);
    m_files->setColumnHidden(CodeFileModel::Size, files < 300);
}

/// The execution trace that the node stands in, else the first one.
const EtFile* CodePanel::shownFile() const
{
    const ExecutionTrace* et = m_trace ? m_trace->executionTrace() : nullptr;
    if (!et || et->files().empty()) return nullptr;
    return m_node ? &et->fileOf(m_node) : &et->files().front();
}

/// What the document has selected now. A hidden panel reads nothing; it catches up when it is shown.
void CodePanel::follow()
{
    const TracePtr trace = isVisible() ? m_document.trace() : nullptr;
    if (!isVisible() && m_document.trace() == m_trace) return;
    const NodeId node = trace && trace->executionTrace() ? m_document.selectedNode() : NodeId();
    if (trace == m_trace && node == m_node && m_listed) return;
    if (trace != m_trace) {
        m_filesJob.cancel();
        m_listed.reset();
        m_resources.reset();
        m_model->setFiles(nullptr, {});
    }
    m_trace = trace;
    m_node = node;
    readFiles();
    readNode();
}

void CodePanel::readFiles()
{
    const EtFile* et = shownFile();
    const auto say = [this](const QString& text, const QString& tip = {}) {
        m_fileMessage->setText(text);
        m_fileMessage->setToolTip(tip);
        m_filePages->setCurrentWidget(m_fileMessage);
    };
    if (!et) return say(m_trace ? QStringLiteral("No execution trace is open. Open one to see nodes, tensors and data.")
                                : QStringLiteral("No trace is open."));
    if (m_listed == et->source && m_resources) return;
    m_listed = et->source;
    m_resources = m_document.resources(et->firstNode);
    if (!m_resources) return say(QStringLiteral("Reading the resources folder…"));
    const std::string_view path = m_trace->sources()[et->source.index()].path;
    if (!m_resources->exists())
        return say(QStringLiteral("There is no resources folder beside %1.").arg(displayText(fileName(path))),
                   QStringLiteral("PyTorch makes one with ENABLE_PYTORCH_EXECUTION_TRACE_EXTRAS=1.")); // wider than the column
    if (m_resources->names().empty()) return say(QStringLiteral("resources: empty"));
    say(QStringLiteral("Reading the resources folder…"));
    m_filesJob.run([trace = m_trace, file = *et, resources = m_resources](const JobControl&) { return codeFiles(*trace, file, *resources); },
                   [this](std::vector<CodeFile> files) {
                       m_choosing = true;
                       m_model->setFiles(m_trace, std::move(files));
                       m_choosing = false;
                       m_filePages->setCurrentWidget(m_files);
                       readNode();
                   });
}

void CodePanel::readNode()
{
    m_codeJob.cancel();
    m_toNode->hide();
    if (!m_trace || !m_trace->executionTrace()) {
        showFacts({}, {});
        sayInSource(m_fileMessage->text());
        return sayInGraph({});
    }
    if (!m_node) {
        showFacts({}, {});
        sayInSource(QStringLiteral("No node is selected. Select one, or choose a file."));
        return sayInGraph({});
    }
    const EtNode& node = m_trace->executionTrace()->node(m_node);
    const std::string_view path = m_trace->text(node.kernelFile);
    if (path.empty()) {
        showFacts(displayText(m_trace->text(node.name).substr(0, 200)), {});
        sayInSource(QStringLiteral("This node has no generated code. Kernels that torch.compile made have."));
        return sayInGraph({});
    }
    m_choosing = true;
    const int row = m_model->rowOf(fileName(path));
    m_files->setCurrentIndex(row < 0 ? QModelIndex() : m_model->index(row, 0));
    m_choosing = false;
    m_codeJob.run(
        [trace = m_trace, read = m_node, resources = m_resources](const JobControl&) {
            // Without the shared list the folder is looked at for this node alone.
            if (!resources) return Read{kernelFacts(*trace, read), kernelSource(*trace, read), fxGraph(*trace, read)};
            return Read{kernelFacts(*trace, read), kernelSource(*trace, read, *resources), fxGraph(*trace, read, *resources)};
        },
        [this](const Read& read) { received(read); });
}

void CodePanel::received(const Read& read)
{
    const EtNode& node = m_trace->executionTrace()->node(m_node);
    QStringList words;
    if (!read.facts.backend.isEmpty()) words += read.facts.backend;
    words += read.facts.grid.isEmpty() ? QStringLiteral("grid not recorded")
             : read.facts.grid.startsWith(QStringLiteral("grid")) ? read.facts.grid
                                                                  : QStringLiteral("grid ") + read.facts.grid;
    words += read.facts.stream.isEmpty() ? QStringLiteral("stream not recorded") : QStringLiteral("stream ") + read.facts.stream;
    if (read.source->ok()) {
        const KernelSource& source = read.source->value();
        words += displayText(source.fileName) + (source.kernelLine > 0 ? QStringLiteral(" line %1").arg(source.kernelLine) : QString());
        showSource(source);
    } else {
        sayInSource(sentence(read.source->error()));
    }
    if (read.graph->ok()) showGraph(read.graph->value());
    else sayInGraph(sentence(read.graph->error()));
    showFacts(displayText(m_trace->text(node.name).substr(0, 200)), words.join(QStringLiteral(", ")));
}

void CodePanel::showSource(const KernelSource& source)
{
    m_source->setSource(QString::fromStdString(source.text) +
                            (source.cut ? QStringLiteral("\n# … cut after %1").arg(displayText(formatBytes(KernelSource::kMaxBytes))) : QString()),
                        static_cast<int>(source.kernelLine));
    m_sourcePages->setCurrentWidget(m_source);
}

void CodePanel::sayInSource(const QString& text)
{
    m_sourceMessage->setText(text);
    m_sourcePages->setCurrentWidget(m_sourceMessage);
}

void CodePanel::showGraph(FxGraph graph)
{
    m_graphFacts->setText(QStringLiteral("%1, %2 line %3")
                              .arg(graph.nodes.size() == 1 ? QStringLiteral("1 node") : QStringLiteral("%1 nodes").arg(graph.nodes.size()))
                              .arg(displayText(graph.fileName))
                              .arg(graph.line) +
                          (graph.nodes.size() > FxLayout::kMaxDrawn ? QStringLiteral(", the first %1 are drawn").arg(FxLayout::kMaxDrawn) : QString()));
    m_graphText->setPlainText(graphAsText(graph));
    m_graph->setGraph(std::move(graph));
    m_graphPages->setCurrentWidget(m_asText->isChecked() ? static_cast<QWidget*>(m_graphText) : m_graph);
    m_asGraph->setEnabled(true);
    m_asText->setEnabled(true);
}

void CodePanel::sayInGraph(const QString& text)
{
    m_graph->setGraph({});
    m_graphText->clear();
    m_graphFacts->clear();
    m_graphMessage->setText(text);
    m_graphPages->setCurrentWidget(m_graphMessage);
    m_asGraph->setEnabled(false);
    m_asText->setEnabled(false);
}

void CodePanel::showFacts(const QString& name, const QString& facts)
{
    m_name->setText(name.size() > 80 ? name.left(79) + QChar(0x2026) : name);
    m_name->setVisible(!name.isEmpty());
    m_facts->setText(facts);
}

/// A file chosen in the list: shown as it is; captured data has a panel of its own.
void CodePanel::showFile(int row)
{
    const CodeFile* file = m_model->fileAt(row);
    if (!file || !m_resources) return;
    m_codeJob.cancel();
    m_toNode->setVisible(file->node.valid());
    const QString uses = !file->node ? QStringLiteral("no node names it") : QStringLiteral("named by ") + m_model->index(row, CodeFileModel::Node).data().toString();
    showFacts(displayText(file->file.name), uses);
    sayInGraph({});
    switch (file->file.kind) {
    case ResourceName::Kind::Unsafe: return sayInSource(QStringLiteral("This is no plain file inside the folder. It is not read."));
    case ResourceName::Kind::Capture: return sayInSource(QStringLiteral("Captured values of a tensor. The Tensors panel shows them."));
    case ResourceName::Kind::Code:
    case ResourceName::Kind::Other: break;
    }
    m_codeJob.run([resources = m_resources, name = file->file.name](const JobControl&) { return sourceFile(*resources, name, {}); },
                  [this](const Result<KernelSource>& source) { source.ok() ? showSource(*source) : sayInSource(sentence(source.error())); });
}

void CodePanel::goToNode(int row)
{
    const CodeFile* file = m_model->fileAt(row);
    if (!file || !file->node) return;
    const NodeId node = file->node;
    const ResourceName name = file->file;
    m_document.reveal(node);
    const EtNode& n = m_trace->executionTrace()->node(node);
    if (name.kind == ResourceName::Kind::Capture && name.tensor >= 0 && name.tensor < n.inputTensors) {
        m_document.selectTensor(TensorId(n.firstTensor + static_cast<std::uint32_t>(name.tensor)));
        m_document.requestPanel(QStringLiteral("tensors"));
    }
}

} // namespace opscope
