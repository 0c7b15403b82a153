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
    if (m_trace == m_document.trace() && m_shown == selection && (m_event || m_job.running())) return;
    const bool same = m_trace == m_document.trace() && m_shown == selection;
    m_job.cancel();
    m_trace = m_document.trace();
    m_shown = selection;
    m_event.reset();
    m_blocks.clear();
    if (m_trace && !selection.empty()) m_blocks = detailBlocks(*m_trace, selection, nullptr);
    display(same);
    if (!m_trace || selection.empty() || !isVisible()) return;
    m_job.run(
        [trace = m_trace, selection](const JobControl&) {
            Read read{trace, selection, readEventJson(*trace, selection), {}};
            read.blocks = detailBlocks(*trace, selection, read.event.get());
            return read;
        },
        [this](Read read) { received(read); });
}

void DetailPane::received(const Read& read)
{
    if (read.trace != m_trace || read.selection != m_shown) return;
    m_event = read.event;
    m_blocks = read.blocks;
    display(true);
}

void DetailPane::display(bool keepPlace)
{
    auto heading = m_trace ? detailHeading(*m_trace, m_shown) : std::nullopt;
    if (!heading) {
        m_text->showMessage(m_trace ? QStringLiteral("Nothing selected. Click a slice, or press / to find one.")
                                    : QStringLiteral("No trace is open."));
    } else {
        colour(*heading);
        m_text->show(*heading, m_blocks, keepPlace);
    }
    m_copy->setVisible(heading.has_value());
    placeButton();
}

void DetailPane::colour(DetailHeading& heading) const
{
    SliceId slice = m_shown.slice;
    if (!slice && m_shown.node) slice = m_trace->sliceOf(m_shown.node);
    if (slice) {
        const SliceColors colours(*m_trace, m_settings.theme(), m_settings.colorBy());
        const SliceColors::Style& style = colours.style(slice, *m_trace);
        heading.fill = QColor::fromRgb(style.fill);
        heading.outline = style.kind == Fill::Outline || style.kind == Fill::Hatch;
    } else if (m_shown.node) {
        const std::string_view name = m_trace->text(m_trace->executionTrace()->node(m_shown.node).name);
        heading.fill = QColor::fromRgb(familyColor(familyOf(name, CategoryClass::CpuOp, false), m_settings.theme()));
    }
}

void DetailPane::go(const QUrl& link)
{
    const QString text = link.toString();
    const std::uint32_t row = text.section(QLatin1Char(':'), 1).toUInt();
    if (text.startsWith(QStringLiteral("slice:"))) m_document.reveal(SliceId(row));
    if (text.startsWith(QStringLiteral("node:"))) m_document.reveal(NodeId(row));
}

QString DetailPane::allText() const
{
    const auto heading = m_trace ? detailHeading(*m_trace, m_shown) : std::nullopt;
    return heading ? detailText(*heading, m_blocks) : QString();
}

QString DetailPane::jsonText() const { return m_event ? QString::fromStdString(m_event->text.json) : QString(); }

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
