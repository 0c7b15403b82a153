#include "widgets/hierarchy/HierarchyView.h"

#include "widgets/common/Icons.h"
#include "widgets/common/Text.h"
#include "widgets/document/TraceDocument.h"
#include "widgets/document/ViewSettings.h"
#include "widgets/hierarchy/HierarchyDelegate.h"
#include "widgets/hierarchy/HierarchyModel.h"
#include "widgets/hierarchy/HierarchyTreeView.h"
#include "widgets/panel/Panel.h"

#include <QAction>
#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QScopedValueRollback>
#include <QStackedLayout>

#include <algorithm>

namespace opscope {

namespace {

constexpr std::uint32_t kBuiltAtOnce = 100'000;  // rows; about 5 ms, more goes to a worker
constexpr std::uint32_t kOpenedAtOnce = 20'000;  // rows of a filtered tree that are all opened ...
constexpr std::uint32_t kOpenedOfFilter = 2'000; // ... and of one that only follows the document's filter
constexpr int kFilterDelayMs = 120;

std::size_t rowsOf(const Trace& trace, HierarchySource source)
{
    if (source == HierarchySource::Slices) return trace.slices().size();
    return trace.executionTrace() ? trace.executionTrace()->nodes().size() : 0;
}

} // namespace

HierarchyView::HierarchyView(TraceDocument& document, ViewSettings& settings, QWidget* parent)
    : QWidget(parent), m_document(document), m_settings(settings)
{
    buildTools();
    buildTree();
    m_filterDelay.setSingleShot(true);
    m_filterDelay.setInterval(kFilterDelayMs);
    connect(&m_filterDelay, &QTimer::timeout, this, &HierarchyView::rebuild);
    connect(&m_document, &TraceDocument::traceChanged, this, &HierarchyView::traceChanged);
    connect(&m_document, &TraceDocument::selectionChanged, this, &HierarchyView::showSelection);
    connect(&m_document, &TraceDocument::matchesChanged, this, [this] {
        m_dirty = true;
        if (isVisible() && m_document.trace()) rebuild();
    });
    connect(&m_settings, &ViewSettings::changed, this, &HierarchyView::lookChanged);
    lookChanged();
    traceChanged();
}

void HierarchyView::buildTools()
{
    m_tools = new QWidget(this);
    m_tools->setObjectName(QString::fromLatin1(kPanelTools));
    m_chooser = new QComboBox(m_tools);
    m_chooser->addItem(QStringLiteral("Slices"), static_cast<int>(HierarchySource::Slices));
    m_chooser->addItem(QStringLiteral("Execution trace nodes"), static_cast<int>(HierarchySource::Nodes));
    m_chooser->setFont(Theme::uiFont(12));
    m_chooser->setAccessibleName(QStringLiteral("What the tree shows"));
    m_filter = new QLineEdit(m_tools);
    m_filter->setFont(Theme::uiFont(12));
    m_filter->setClearButtonEnabled(true);
    m_filter->setMinimumWidth(120);
    m_filter->setMaximumWidth(210);
    m_filter->setAccessibleName(QStringLiteral("Filter of the tree"));
    m_filter->installEventFilter(this);
    m_filterIcon = m_filter->addAction(QIcon(), QLineEdit::LeadingPosition);
    auto* row = new QHBoxLayout(m_tools);
    row->setContentsMargins(8, 2, 8, 2);
    row->setSpacing(6);
    row->addStretch(1);
    row->addWidget(m_chooser);
    row->addWidget(m_filter, 2);
    connect(m_chooser, &QComboBox::activated, this, [this](int i) {
        chooseSource(static_cast<HierarchySource>(m_chooser->itemData(i).toInt()));
        rebuild();
    });
    connect(m_filter, &QLineEdit::textChanged, &m_filterDelay, qOverload<>(&QTimer::start));
}

void HierarchyView::buildTree()
{
    m_model = new HierarchyModel(this);
    m_tree = new HierarchyTreeView;
    m_delegate = new HierarchyDelegate(m_tree);
    m_tree->setModel(m_model);
    m_tree->setItemDelegate(m_delegate);
    m_message = new QLabel;
    m_message->setAlignment(Qt::AlignCenter);
    m_message->setWordWrap(true);
    m_message->setTextFormat(Qt::PlainText);
    auto* pages = new QWidget;
    m_pages = new QStackedLayout(pages);
    m_pages->addWidget(m_tree);
    m_pages->addWidget(m_message);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_tools);
    column->addWidget(pages, 1);
    setFocusProxy(m_tree);
    connect(m_tree->selectionModel(), &QItemSelectionModel::currentChanged, this, &HierarchyView::currentChanged);
    connect(m_tree, &HierarchyTreeView::frameRequested, this, &HierarchyView::frame);
}

bool HierarchyView::busy() const { return m_job.running() || m_filterDelay.isActive(); }

void HierarchyView::showEvent(QShowEvent* event)
{
    QWidget::showEvent(event);
    if (m_dirty) rebuild();
    else showSelection();
}

/// Down goes from the filter into the tree, Esc empties it.
bool HierarchyView::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == m_filter && event->type() == QEvent::KeyPress) {
        const int key = static_cast<QKeyEvent*>(event)->key();
        if (key == Qt::Key_Down) {
            m_tree->setFocus();
            return true;
        }
        if (key == Qt::Key_Escape && !m_filter->text().isEmpty()) {
            m_filter->clear();
            return true;
        }
    }
    return QWidget::eventFilter(watched, event);
}

void HierarchyView::lookChanged()
{
    const Theme& theme = m_settings.theme();
    m_model->setLook(theme, m_settings.colorBy());
    m_delegate->setTheme(theme);
    m_tree->setTheme(theme);
    m_filterIcon->setIcon(icon("filter", theme.textDim));
    QPalette dim = m_message->palette();
    dim.setColor(QPalette::WindowText, theme.textDim);
    m_message->setPalette(dim);
}

void HierarchyView::traceChanged()
{
    const TracePtr& trace = m_document.trace();
    const bool timed = trace && trace->timeBase() == TimeBase::Nanoseconds;
    const bool nodes = trace && trace->executionTrace();
    m_chooser->setVisible(timed && nodes);
    chooseSource(nodes && !timed ? HierarchySource::Nodes : HierarchySource::Slices);
    const QSignalBlocker quiet(m_filter);
    m_filter->clear();
    m_job.cancel();
    m_model->set(nullptr, nullptr, nullptr); // nothing may look at the old trace any more
    m_all.reset();
    m_builtFor.reset();
    m_dirty = true;
    if (isVisible()) rebuild();
}

void HierarchyView::chooseSource(HierarchySource source)
{
    if (m_source != source) m_all.reset();
    m_source = source;
    m_chooser->setCurrentIndex(m_chooser->findData(static_cast<int>(source)));
    m_filter->setPlaceholderText(source == HierarchySource::Nodes ? QStringLiteral("Name or #node id")
                                                                  : QStringLiteral("Name or #id"));
}

void HierarchyView::rebuild()
{
    m_filterDelay.stop();
    m_dirty = false;
    const TracePtr trace = m_document.trace();
    if (!trace) return showMessage(QStringLiteral("No trace is open."));
    if (rowsOf(*trace, m_source) == 0)
        return showMessage(m_source == HierarchySource::Nodes ? QStringLiteral("The execution trace has no nodes.")
                                                              : QStringLiteral("This trace has no slices."));
    const auto compute = [trace, source = m_source, all = m_all,
                          filter = toUtf8(m_filter->text().trimmed()), matches = m_document.matches()](const JobControl& job) {
        Built built{trace, all ? all : HierarchyTree::build(*trace, source, job), nullptr, matches};
        built.shown = filter.empty() && !matches ? built.all : HierarchyTree::build(*trace, source, filter, matches.get(), job);
        return built;
    };
    if (rowsOf(*trace, m_source) <= kBuiltAtOnce) {
        m_job.cancel();
        return received(compute(JobControl{}));
    }
    if (!m_model->tree()) showMessage(QStringLiteral("Preparing the tree …"));
    m_job.run(compute, [this](const Built& built) { received(built); });
}

void HierarchyView::received(const Built& built)
{
    if (built.trace != m_document.trace() || !built.all || !built.shown) return;
    m_all = built.all;
    m_builtFor = built.trace;
    const bool first = !m_model->tree() || m_model->tree()->source() != built.shown->source();
    m_model->set(built.trace, built.all, built.shown, built.matches);
    if (first) m_tree->layOutColumns(depth());
    if (built.shown->rows() == 0)
        return showMessage(nothingText(built.matches != nullptr));
    m_pages->setCurrentWidget(m_tree);
    const std::uint32_t opened = m_filter->text().trimmed().isEmpty() ? kOpenedOfFilter : kOpenedAtOnce;
    if (built.shown != built.all && built.shown->rows() <= opened) m_tree->expandAll();
    else openFirstLevels();
    showSelection();
}

QString HierarchyView::nothingText(bool filtered) const
{
    const QString name = m_filter->text().trimmed();
    if (!filtered) return QStringLiteral("Nothing here is called “%1”.").arg(name);
    if (!name.isEmpty()) return QStringLiteral("Nothing that the filter matches is called “%1” here.").arg(name);
    return m_source == HierarchySource::Nodes ? QStringLiteral("No node matches the filter.") : QStringLiteral("No slice matches the filter.");
}

/// Processes and their tracks, or the process node and its threads, as far as that leaves the start in sight.
void HierarchyView::openFirstLevels()
{
    constexpr int kFew = 12;
    for (int i = 0; i < std::min(kFew, m_model->rowCount()); ++i) m_tree->expand(m_model->index(i, 0));
    const QModelIndex top = m_model->index(0, 0);
    if (m_model->rowCount(top) <= kFew && m_model->rowCount(top) > 0) m_tree->expand(m_model->index(0, 0, top));
}

void HierarchyView::showSelection()
{
    if (!m_model->tree() || !isVisible()) return;
    const Selection& selection = m_document.selection();
    // Of a kernel the node tree shows the node that it was launched for. Only what the tree in front does not know changes it.
    const bool nodes = m_source == HierarchySource::Nodes;
    const NodeId node = m_document.selectedNode();
    const bool unknown = nodes ? !node && selection.slice : selection.node && !selection.slice;
    if (unknown && m_chooser->isVisibleTo(this)) {
        chooseSource(nodes ? HierarchySource::Slices : HierarchySource::Nodes);
        return rebuild(); // comes back here
    }
    const QModelIndex index = nodes ? m_model->indexOf(node) : m_model->indexOf(selection.slice);
    if (index == m_tree->currentIndex().siblingAtColumn(0) && index.isValid()) return;
    const QScopedValueRollback guard(m_following, true);
    if (!index.isValid()) {
        // A track or process row stays where it is: it is no selection of the document.
        if (m_model->sliceAt(m_tree->currentIndex()) || m_model->nodeAt(m_tree->currentIndex())) m_tree->setCurrentIndex({});
        return;
    }
    m_tree->setCurrentIndex(index);
    m_tree->scrollTo(index);
}

void HierarchyView::currentChanged(const QModelIndex& index)
{
    if (m_following) return;
    if (const SliceId slice = m_model->sliceAt(index)) m_document.reveal(slice);
    if (const NodeId node = m_model->nodeAt(index)) m_document.reveal(node);
}

void HierarchyView::frame(const QModelIndex& index)
{
    const TracePtr& trace = m_document.trace();
    SliceId slice = m_model->sliceAt(index);
    if (const NodeId node = m_model->nodeAt(index)) slice = trace->sliceOf(node);
    if (slice) m_document.frame(trace->slices().range(slice));
}

void HierarchyView::showMessage(const QString& text)
{
    m_message->setText(text);
    m_pages->setCurrentWidget(m_message);
}

int HierarchyView::depth() const
{
    if (m_source == HierarchySource::Nodes) {
        std::uint16_t deepest = 0;
        for (const EtNode& node : m_builtFor->executionTrace()->nodes()) deepest = std::max(deepest, node.depth);
        return deepest + 1;
    }
    std::uint16_t lanes = 0;
    for (const Track& track : m_builtFor->tracks()) lanes = std::max(lanes, track.laneCount);
    return lanes + 2;
}

} // namespace opscope
