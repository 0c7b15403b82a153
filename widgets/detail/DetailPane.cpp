#include "widgets/detail/DetailPane.h"

#include "widgets/common/Icons.h"
#include "widgets/common/SliceColors.h"
#include "widgets/common/Text.h"
#include "widgets/detail/DetailText.h"
#include "widgets/document/TraceDocument.h"
#include "widgets/document/ViewSettings.h"

#include <QApplication>
#include <QClipboard>
#include <QContextMenuEvent>
#include <QMenu>
#include <QScrollBar>
#include <QToolButton>
#include <QUrl>
#include <QVBoxLayout>

namespace opscope {

namespace {

void copyText(const QString& text) { QApplication::clipboard()->setText(text); }

} // namespace

DetailPane::DetailPane(TraceDocument& document, ViewSettings& settings, QWidget* parent)
    : QWidget(parent), m_document(document), m_settings(settings), m_text(new DetailText), m_copy(new QToolButton(m_text))
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(m_text);
    setFocusProxy(m_text);
    m_copy->setToolTip(QStringLiteral("Copy"));
    m_copy->setAccessibleName(QStringLiteral("Copy"));
    m_copy->setFixedSize(24, 24);
    m_text->setContextMenuPolicy(Qt::NoContextMenu); // it comes to the filter below
    m_text->viewport()->installEventFilter(this);
    connect(m_copy, &QToolButton::clicked, this,
            [this] { openMenu(m_copy->mapToGlobal(QPoint(0, m_copy->height())), {}); });
    connect(m_text, &QTextBrowser::anchorClicked, this, &DetailPane::go);
    connect(m_text->verticalScrollBar(), &QScrollBar::valueChanged, this, &DetailPane::placeButton);
    connect(&m_document, &TraceDocument::traceChanged, this, &DetailPane::follow);
    connect(&m_document, &TraceDocument::selectionChanged, this, &DetailPane::follow);
    connect(&m_document, &TraceDocument::tensorFlowReady, this, &DetailPane::read);
    connect(&m_document, &TraceDocument::resourcesReady, this, &DetailPane::read);
    connect(&m_settings, &ViewSettings::changed, this, &DetailPane::lookChanged);
    lookChanged();
    follow();
}

void DetailPane::lookChanged()
{
    m_text->setTheme(m_settings.theme());
    m_copy->setIcon(icon("copy", m_settings.theme().textDim));
    display(true);
}

void DetailPane::showEvent(QShowEvent* event)
{
    QWidget::showEvent(event);
    follow();
}

void DetailPane::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    placeButton();
}

void DetailPane::placeButton()
{
    m_copy->move(m_text->width() - 10 - m_copy->width() - 6, 8 - m_text->verticalScrollBar()->value());
}

/// What the document has selected now. A hidden pane reads nothing; it catches up when it is shown.
void DetailPane::follow()
{
    Selection selection = m_document.selection();
    selection.range.reset();
    const bool same = m_trace == m_document.trace() && m_shown == selection;
    if (same && m_job.running()) return;
    if (same && m_facts.event) { // it may have been hidden when the rest was ready
        if (!m_facts.flow && m_document.selectedNode()) read();
        return;
    }
    m_job.cancel();
    Selection before = m_shown;
    before.tensor = selection.tensor;
    const bool otherTensor = !same && m_trace == m_document.trace() && before == selection;
    m_scrollToTensor = otherTensor || (!same && selection.tensor);
    m_trace = m_document.trace();
    m_shown = selection;
    if (otherTensor && m_facts.event) return read(); // what is shown stays until the tensor is added
    m_facts = {};
    m_blocks.clear();
    if (m_trace && !selection.empty()) m_blocks = detailBlocks(*m_trace, selection, m_facts);
    display(same || otherTensor);
    read();
}

/// Makes the blocks on a worker, with the texts of the files, which are read once.
void DetailPane::read()
{
    if (!m_trace || m_shown.empty() || !isVisible()) return;
    if (const NodeId node = m_document.selectedNode()) {
        m_facts.flow = m_document.tensorFlow();
        m_facts.resources = m_document.resources(node);
    }
    m_job.run(
        [trace = m_trace, selection = m_shown, known = m_facts](const JobControl&) {
            Read read{trace, selection, known, {}};
            if (!known.event) {
                read.facts = readDetailFacts(*trace, selection);
                read.facts.flow = known.flow;
                read.facts.resources = known.resources;
                read.facts.unfolded = known.unfolded;
            }
            read.blocks = detailBlocks(*trace, selection, read.facts);
            return read;
        },
        [this](Read read) { received(read); });
}

void DetailPane::received(const Read& read)
{
    if (read.trace != m_trace || read.selection != m_shown) return;
    m_facts = read.facts;
    m_blocks = read.blocks;
    display(true);
    if (std::exchange(m_scrollToTensor, false)) m_text->bringIntoSight();
}

void DetailPane::display(bool keepPlace)
{
    auto heading = m_trace ? detailHeading(*m_trace, m_shown) : std::nullopt;
    if (!heading) {
        m_text->showMessage(m_trace ? QStringLiteral("Nothing selected. Click a slice, or press / to find one.")
                                    : QStringLiteral("No trace is open."));
    } else {
        colour(*heading, m_blocks);
        m_text->show(*heading, m_blocks, keepPlace);
    }
    m_copy->setVisible(heading.has_value());
    placeButton();
}

void DetailPane::colour(DetailHeading& heading, std::vector<DetailBlock>& blocks) const
{
    const SliceColors colours(*m_trace, m_settings.theme(), m_settings.colorBy());
    const auto ofThing = [&](SliceId slice, NodeId node, QColor& fill, bool& outline) {
        if (!slice && node) slice = m_trace->sliceOf(node);
        if (slice) {
            const SliceColors::Style& style = colours.style(slice, *m_trace);
            fill = QColor::fromRgb(style.fill);
            outline = style.kind == Fill::Outline || style.kind == Fill::Hatch;
        } else if (node) {
            constexpr std::uint8_t kUserScope = 7; // execution-trace.md 4.4
            const EtNode& row = m_trace->executionTrace()->node(node);
            const CategoryClass kind = row.scope == kUserScope ? CategoryClass::UserAnnotation : CategoryClass::CpuOp;
            const Family family = familyOf(m_trace->text(row.name), kind);
            fill = QColor::fromRgb(familyColor(family, m_settings.theme()));
            outline = family == Family::Annotation;
        }
    };
    ofThing(m_shown.slice, m_shown.node, heading.fill, heading.outline);
    const auto inRuns = [&](std::vector<DetailRun>& runs) {
        for (DetailRun& run : runs)
            if (run.mark) ofThing(run.mark->slice, run.mark->node, run.mark->fill, run.mark->outline);
    };
    for (DetailBlock& block : blocks) {
        for (DetailRow& row : block.rows) inRuns(row.runs);
        for (DetailLine& line : block.table.lines) inRuns(line.cells);
    }
}

void DetailPane::go(const QUrl& link)
{
    const QString text = link.toString(), target = text.section(QLatin1Char(':'), 1);
    const std::uint32_t row = target.toUInt();
    if (text.startsWith(QStringLiteral("slice:"))) m_document.reveal(SliceId(row));
    if (text.startsWith(QStringLiteral("node:"))) m_document.reveal(NodeId(row));
    if (text.startsWith(QStringLiteral("tensor:"))) m_document.selectTensor(TensorId(row));
    if (text.startsWith(QStringLiteral("panel:"))) m_document.requestPanel(target);
    if (text.startsWith(QStringLiteral("more:"))) {
        m_facts.unfolded.insert(toUtf8(target));
        read();
    }
}

QString DetailPane::allText() const
{
    const auto heading = m_trace ? detailHeading(*m_trace, m_shown) : std::nullopt;
    return heading ? detailText(*heading, m_blocks) : QString();
}

QString DetailPane::jsonText() const { return m_facts.event ? QString::fromStdString(m_facts.event->text.json) : QString(); }

bool DetailPane::eventFilter(QObject* watched, QEvent* event)
{
    if (watched != m_text->viewport() || event->type() != QEvent::ContextMenu) return QWidget::eventFilter(watched, event);
    const auto* menu = static_cast<QContextMenuEvent*>(event);
    openMenu(menu->globalPos(), m_text->valueAt(menu->pos()));
    return true;
}

void DetailPane::openMenu(QPoint global, const QString& value)
{
    QMenu menu(this);
    const QString selected = m_text->plainSelection();
    if (!selected.isEmpty()) menu.addAction(QStringLiteral("Copy"), [selected] { copyText(selected); });
    if (!value.trimmed().isEmpty()) menu.addAction(QStringLiteral("Copy value"), [value] { copyText(value); });
    menu.addAction(QStringLiteral("Copy all as text"), [this] { copyText(allText()); });
    QAction* json = menu.addAction(QStringLiteral("Copy JSON"), [this] { copyText(jsonText()); });
    json->setEnabled(!jsonText().isEmpty());
    menu.exec(global);
}

} // namespace opscope
