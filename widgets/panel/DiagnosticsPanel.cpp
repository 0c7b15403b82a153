#include "widgets/panel/DiagnosticsPanel.h"

#include "core/base/Time.h"
#include "core/format/EventReader.h"
#include "widgets/common/Icons.h"
#include "widgets/common/Text.h"
#include "widgets/document/TraceDocument.h"
#include "widgets/document/ViewSettings.h"
#include "widgets/panel/DiagnosticsModel.h"
#include "widgets/panel/Panel.h"

#include <QApplication>
#include <QClipboard>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QResizeEvent>
#include <QSplitter>
#include <QStackedLayout>
#include <QTableWidget>
#include <QToolButton>
#include <QTreeView>

#include <algorithm>

namespace opscope {

namespace {

constexpr std::size_t kLookedUpAtOnce = 200'000; // rows; more are searched on a worker
constexpr std::size_t kExcerptBytes = 320; // the places above must keep their room
constexpr int kLeastPlaces = 42;                 // pixels: head and most of a row, so that a low dock can be low
constexpr std::array kSeverities{Severity::Error, Severity::Warning, Severity::Note};

QLabel* makeLabel(const QFont& font)
{
    auto* label = new QLabel;
    label->setTextFormat(Qt::PlainText);
    label->setFont(font);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    return label;
}

void setColour(QWidget* widget, const QColor& colour)
{
    QPalette palette = widget->palette();
    palette.setColor(QPalette::WindowText, colour);
    widget->setPalette(palette);
}

QString chipText(Severity severity, std::uint64_t count)
{
    const QString number = displayText(formatCount(static_cast<std::int64_t>(count)));
    const bool one = count == 1;
    switch (severity) {
    case Severity::Error: return number + (one ? QStringLiteral(" error") : QStringLiteral(" errors"));
    case Severity::Warning: return number + (one ? QStringLiteral(" warning") : QStringLiteral(" warnings"));
    case Severity::Note: break;
    }
    return number + (one ? QStringLiteral(" note") : QStringLiteral(" notes"));
}

/// Line ends and indents of the file would only take room here.
QString onOneLine(std::string json)
{
    std::ranges::replace_if(json, [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
    return displayText(json).simplified();
}

void setUpTable(QHeaderView* header)
{
    header->setFixedHeight(24);
    header->setFont(Theme::uiFont(11, QFont::Medium));
    header->setStretchLastSection(false);
    header->setHighlightSections(false);
    header->setMinimumSectionSize(40);
}

} // namespace

DiagnosticsPanel::DiagnosticsPanel(TraceDocument& document, ViewSettings& settings, QWidget* parent)
    : QWidget(parent), m_document(document), m_settings(settings), m_model(new DiagnosticsModel(this))
{
    auto* body = new QWidget;
    m_split = new QSplitter(Qt::Horizontal);
    m_split->setChildrenCollapsible(false);
    m_split->setHandleWidth(1);
    m_split->addWidget(makeFindings());
    m_split->addWidget(makePlaces());
    // One above the other, and whatever a finding has to say, they must not make a low dock high.
    m_split->widget(0)->setMinimumHeight(kLeastPlaces);
    m_split->widget(1)->setMinimumHeight(kLeastPlaces);
    m_split->setStretchFactor(0, 5);
    m_split->setStretchFactor(1, 3);
    m_empty = makeLabel(Theme::uiFont(12));
    m_empty->setAlignment(Qt::AlignCenter);
    m_pages = new QStackedLayout(body);
    m_pages->addWidget(m_split);
    m_empty->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Ignored); // its wrapped lines must not make the whole dock high
    m_pages->addWidget(m_empty);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(makeTools());
    column->addWidget(body, 1);
    setFocusProxy(m_findings);
    connect(&m_document, &TraceDocument::traceChanged, this, &DiagnosticsPanel::traceChanged);
    connect(&m_settings, &ViewSettings::changed, this, &DiagnosticsPanel::lookChanged);
    lookChanged();
    traceChanged();
}

QWidget* DiagnosticsPanel::makeTools()
{
    m_tools = new QWidget;
    m_tools->setObjectName(QString::fromLatin1(kPanelTools));
    auto* row = new QHBoxLayout(m_tools);
    row->setContentsMargins(12, 2, 8, 2);
    row->setSpacing(6);
    m_summary = makeLabel(Theme::uiFont(12));
    row->addWidget(m_summary);
    row->addStretch(1);
    for (const Severity severity : kSeverities) {
        auto* chip = new QToolButton;
        chip->setProperty("chip", true); // for the style sheet
        chip->setFont(Theme::uiFont(12));
        chip->setCheckable(true);
        chip->setChecked(true);
        chip->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
        chip->setFixedHeight(24);
        connect(chip, &QToolButton::toggled, this, [this, severity](bool on) {
            m_model->setShown(severity, on);
            chooseFirst();
        });
        m_chips[static_cast<std::size_t>(severity)] = chip;
        row->addWidget(chip);
    }
    m_copy = new QToolButton;
    m_copy->setToolTip(QStringLiteral("Copy as text"));
    m_copy->setAccessibleName(QStringLiteral("Copy as text"));
    connect(m_copy, &QToolButton::clicked, this, [this] { QApplication::clipboard()->setText(m_model->text()); });
    row->addWidget(m_copy);
    return m_tools;
}

QWidget* DiagnosticsPanel::makeFindings()
{
    m_findings = new QTreeView;
    m_findings->setModel(m_model);
    m_findings->setRootIsDecorated(false);
    m_findings->setUniformRowHeights(true);
    m_findings->setAlternatingRowColors(true);
    m_findings->setIndentation(0);
    m_findings->setFrameShape(QFrame::NoFrame);
    m_findings->setMinimumWidth(240);
    m_findings->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_findings->setAccessibleName(QStringLiteral("Findings"));
    setUpTable(m_findings->header());
    m_findings->header()->setSectionResizeMode(QHeaderView::Interactive);
    m_findings->header()->setSectionResizeMode(DiagnosticsModel::Where, QHeaderView::Stretch);
    connect(m_findings->selectionModel(), &QItemSelectionModel::currentChanged, this, &DiagnosticsPanel::showDefect);
    return m_findings;
}

QWidget* DiagnosticsPanel::makePlaces()
{
    auto* pane = new QWidget;
    pane->setMinimumWidth(240);
    m_icon = new QLabel;
    m_title = makeLabel(Theme::uiFont(13, QFont::DemiBold));
    m_action = makeLabel(Theme::uiFont(12));
    m_action->setWordWrap(true);
    m_places = new QTableWidget(0, 3);
    m_places->setHorizontalHeaderLabels({QStringLiteral("Byte"), QStringLiteral("File"), QStringLiteral("Found there")});
    m_places->verticalHeader()->hide();
    m_places->verticalHeader()->setDefaultSectionSize(22);
    m_places->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_places->setSelectionMode(QAbstractItemView::SingleSelection);
    m_places->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_places->setShowGrid(false);
    m_places->setFrameShape(QFrame::NoFrame);
    m_places->setAccessibleName(QStringLiteral("First places"));
    setUpTable(m_places->horizontalHeader());
    m_places->horizontalHeader()->setSectionResizeMode(2, QHeaderView::Stretch);
    m_places->horizontalHeaderItem(0)->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
    m_places->horizontalHeaderItem(1)->setTextAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    m_places->horizontalHeaderItem(2)->setTextAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    m_message = makeLabel(Theme::uiFont(12));
    m_message->setWordWrap(true);
    m_excerpt = makeLabel(Theme::fixedFont(11));
    m_excerpt->setWordWrap(true);

    auto* head = new QHBoxLayout;
    head->setContentsMargins(12, 8, 12, 0);
    head->setSpacing(8);
    head->addWidget(m_icon);
    head->addWidget(m_title, 1);
    auto* words = new QVBoxLayout;
    words->setContentsMargins(36, 2, 12, 6);
    words->addWidget(m_action);
    auto* foot = new QVBoxLayout;
    foot->setContentsMargins(12, 4, 12, 8);
    foot->setSpacing(4);
    foot->addWidget(m_message);
    foot->addWidget(m_excerpt);
    auto* column = new QVBoxLayout(pane);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addLayout(head);
    column->addLayout(words);
    m_places->setMinimumHeight(kLeastPlaces);
    column->addWidget(m_places, 1);
    column->addLayout(foot);
    connect(m_places, &QTableWidget::cellClicked, this, [this](int row) { goTo(row); });
    connect(m_places, &QTableWidget::cellActivated, this, [this](int row) { goTo(row); });
    return pane;
}

QString DiagnosticsPanel::message() const { return m_message->text(); }

/// Beside each other in the flat bottom dock, one above the other where the panel is narrow.
void DiagnosticsPanel::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    const bool narrow = event->size().width() < 760;
    m_split->setOrientation(narrow ? Qt::Vertical : Qt::Horizontal);
    const int left = narrow ? event->size().width() : event->size().width() * 5 / 8;
    if (!narrow) m_split->setSizes({left, event->size().width() - left});
    QHeaderView* header = m_findings->header();
    header->resizeSection(DiagnosticsModel::Finding, left * 36 / 100);
    header->resizeSection(DiagnosticsModel::Action, left * 30 / 100);
    header->resizeSection(DiagnosticsModel::Events, 64);
    header->resizeSection(DiagnosticsModel::FirstByte, 92);
}

void DiagnosticsPanel::lookChanged()
{
    const Theme& theme = m_settings.theme();
    m_model->setTheme(theme);
    for (const Severity severity : kSeverities) chip(severity).setIcon(severityIcon(severity, theme));
    m_copy->setIcon(icon("copy", theme.text));
    m_tools->setStyleSheet(
        QStringLiteral("QToolButton[chip=\"true\"] { background: %1; color: %2; border: 1px solid %3; padding: 1px 8px 1px 5px; }"
                       "QToolButton[chip=\"true\"]:checked { background: %4; border-color: %5; color: %6; }"
                       "QToolButton[chip=\"true\"]:disabled { background: transparent; border-color: %3; color: %7; }")
            .arg(theme.input.name(), theme.text.name(), theme.line.name(), theme.selectedRow.name(), theme.accent.name(),
                 theme.textHi.name(), theme.textOff.name()));
    setColour(m_summary, theme.textDim);
    setColour(m_empty, theme.textDim);
    setColour(m_title, theme.textHi);
    setColour(m_action, theme.text);
    setColour(m_message, theme.textDim);
    setColour(m_excerpt, theme.textDim);
    showDefect();
}

void DiagnosticsPanel::traceChanged()
{
    m_job.cancel();
    m_excerptJob.cancel();
    const TracePtr& trace = m_document.trace();
    m_model->setTrace(trace);
    for (const Severity severity : kSeverities) {
        const std::uint64_t count = trace ? trace->diagnostics().countOf(severity) : 0;
        chip(severity).setText(chipText(severity, count));
        chip(severity).setEnabled(count > 0);
    }
    const bool none = !trace || trace->diagnostics().empty();
    m_tools->setVisible(!none);
    m_empty->setText(trace ? QStringLiteral("No problems were found in this file.") : QStringLiteral("No trace is open."));
    m_pages->setCurrentIndex(none ? 1 : 0);
    const std::uint64_t lost = trace ? trace->stats().malformedEvents : 0;
    m_summary->setText(lost == 0   ? QStringLiteral("No event was lost.")
                       : lost == 1 ? QStringLiteral("1 event could not be shown.")
                                   : displayText(formatCount(static_cast<std::int64_t>(lost))) +
                                         QStringLiteral(" events could not be shown."));
    chooseFirst();
}

void DiagnosticsPanel::chooseFirst()
{
    m_findings->setCurrentIndex(m_model->index(0, 0));
    showDefect();
}

void DiagnosticsPanel::showDefect()
{
    const auto defect = m_model->defectAt(m_findings->currentIndex().row());
    const TracePtr& trace = m_document.trace();
    m_message->clear();
    m_message->hide();
    m_excerpt->hide();
    m_places->setRowCount(0);
    m_icon->setVisible(defect.has_value());
    m_title->setText(defect ? displayText(info(*defect).title) : QString());
    m_action->setText(defect ? displayText(info(*defect).action) + QLatin1Char('.') : QString());
    m_places->setVisible(defect && !trace->diagnostics().places(*defect).empty());
    if (!defect) return;
    const Theme& theme = m_settings.theme();
    m_icon->setPixmap(severityIcon(info(*defect).severity, theme).pixmap(16, 16));
    const auto& places = trace->diagnostics().places(*defect);
    const std::uint64_t count = trace->diagnostics().count(*defect);
    if (count > places.size() && !places.empty())
        m_action->setText(m_action->text() + QStringLiteral(" The first %1 of %2 places:")
                                                 .arg(places.size())
                                                 .arg(displayText(formatCount(static_cast<std::int64_t>(count)))));
    m_places->setRowCount(static_cast<int>(places.size()));
    m_places->setColumnHidden(1, trace->sources().size() < 2);
    for (int row = 0; row < m_places->rowCount(); ++row) {
        const DefectPlace& place = places[static_cast<std::size_t>(row)];
        auto* byte = new QTableWidgetItem(displayText(formatCount(static_cast<std::int64_t>(place.offset))));
        byte->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
        byte->setFont(Theme::fixedFont(11));
        m_places->setItem(row, 0, byte);
        m_places->setItem(row, 1, new QTableWidgetItem(sourceName(*trace, place.source)));
        const QString detail = displayText(place.detail);
        m_places->setItem(row, 2, new QTableWidgetItem(detail.isEmpty() ? QStringLiteral("–") : detail));
        for (int column = 1; column < 3; ++column) m_places->item(row, column)->setForeground(theme.text);
        byte->setForeground(theme.textDim);
    }
}

void DiagnosticsPanel::goTo(int row)
{
    const auto defect = m_model->defectAt(m_findings->currentIndex().row());
    const TracePtr trace = m_document.trace();
    if (!defect || row < 0) return;
    const auto& places = trace->diagnostics().places(*defect);
    if (static_cast<std::size_t>(row) >= places.size()) return;
    const DefectPlace& place = places[static_cast<std::size_t>(row)];
    const SourceId source(place.source);
    const std::uint64_t offset = place.offset;
    const auto look = [trace, source, offset](const JobControl& job) { return placeAt(*trace, source, offset, job); };
    if (trace->slices().size() + trace->instants().size() <= kLookedUpAtOnce) arrived(look({}), offset);
    else m_job.run(look, [this, offset](const Place& found) { arrived(found, offset); });
    m_excerptJob.run([trace, source, offset](const JobControl&) { return readPlace(*trace, source, offset, kExcerptBytes); },
                     [this](const Result<EventText>& text) {
                         m_excerpt->setText(text.ok() ? onOneLine(text.value().json.substr(0, kExcerptBytes)) +
                                                            (text.value().cut ? QStringLiteral(" …") : QString())
                                                      : displayText(text.error().text()));
                         m_excerpt->show();
                     });
}

void DiagnosticsPanel::arrived(const Place& found, std::uint64_t offset)
{
    const QString byte = displayText(formatCount(static_cast<std::int64_t>(offset)));
    if (found.slice) m_document.reveal(found.slice);
    if (found.instant) m_document.reveal(found.instant);
    if (found.node) m_document.reveal(found.node);
    m_message->setText(!found.found() ? QStringLiteral("Nothing that stands at byte %1 can be shown.").arg(byte)
                       : found.exact  ? QStringLiteral("Selected: what stands at byte %1.").arg(byte)
                                      : QStringLiteral("What stands at byte %1 is not drawn. Selected: the last thing before it.").arg(byte));
    m_message->show();
}

} // namespace opscope
