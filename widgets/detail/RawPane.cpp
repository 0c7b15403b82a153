#include "widgets/detail/RawPane.h"

#include "widgets/common/Text.h"
#include "widgets/detail/JsonHighlighter.h"
#include "widgets/document/TraceDocument.h"
#include "widgets/document/ViewSettings.h"

#include <QPlainTextEdit>
#include <QVBoxLayout>

namespace opscope {

namespace {

QString textOf(const EventJson& event) { return event.text.json.empty() ? displayText(event.error) : prettyJson(event); }

} // namespace

RawPane::RawPane(TraceDocument& document, ViewSettings& settings, QWidget* parent)
    : QWidget(parent), m_document(document), m_settings(settings), m_text(new QPlainTextEdit)
{
    m_text->setReadOnly(true);
    m_text->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    m_text->setUndoRedoEnabled(false);
    m_text->setFrameShape(QFrame::NoFrame);
    m_text->setFont(Theme::fixedFont(11));
    m_text->document()->setDocumentMargin(12);
    m_text->setWordWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
    m_text->setAccessibleName(QStringLiteral("Raw JSON"));
    m_highlighter = new JsonHighlighter(m_text->document());
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(m_text);
    setFocusProxy(m_text);
    connect(&m_document, &TraceDocument::traceChanged, this, &RawPane::follow);
    connect(&m_document, &TraceDocument::selectionChanged, this, &RawPane::follow);
    connect(&m_settings, &ViewSettings::changed, this, &RawPane::lookChanged);
    lookChanged();
    follow();
}

void RawPane::lookChanged()
{
    const Theme& theme = m_settings.theme();
    m_text->setStyleSheet(QStringLiteral("QPlainTextEdit { background: %1; color: %2; border: none; border-radius: 0; "
                                         "selection-background-color: %3; selection-color: %4; }")
                              .arg(theme.panel.name(), theme.textHi.name(), theme.accentFill.name(), theme.onAccent.name()));
    m_highlighter->setTheme(theme);
}

void RawPane::showEvent(QShowEvent* event)
{
    QWidget::showEvent(event);
    follow();
}

void RawPane::follow()
{
    Selection selection = m_document.selection();
    selection.range.reset();
    if (m_trace == m_document.trace() && m_shown == selection && (m_complete || m_job.running())) return;
    m_job.cancel();
    m_trace = m_document.trace();
    m_shown = selection;
    m_complete = false;
    if (!m_trace || selection.empty()) {
        m_text->setPlainText(m_trace ? QStringLiteral("Nothing selected. Click a slice, or press / to find one.")
                                     : QStringLiteral("No trace is open."));
        m_complete = true;
        return;
    }
    if (!isVisible()) return;
    m_job.run(
        [trace = m_trace, selection](const JobControl&) {
            const DetailFacts facts = readDetailFacts(*trace, selection);
            QString text = textOf(*facts.event);
            if (selection.node && facts.node && facts.node != facts.event)
                text += QStringLiteral("\n\nNode %1 of the execution trace\n").arg(trace->executionTrace()->node(selection.node).id) + textOf(*facts.node);
            return Read{trace, selection, text};
        },
        [this](const Read& read) {
            if (read.trace != m_trace || read.selection != m_shown) return;
            m_complete = true;
            m_text->setPlainText(read.text);
        });
}

} // namespace opscope
