#include "widgets/panel/LinkReportPanel.h"

#include "core/base/Time.h"
#include "widgets/common/Icons.h"
#include "widgets/common/Text.h"
#include "widgets/document/TraceDocument.h"
#include "widgets/document/ViewSettings.h"
#include "widgets/panel/LinkBar.h"
#include "widgets/panel/LinkBlock.h"
#include "widgets/panel/LinkLegend.h"
#include "widgets/panel/LinkLine.h"
#include "widgets/panel/LinkReportText.h"
#include "widgets/panel/Panel.h"

#include <QApplication>
#include <QClipboard>
#include <QGridLayout>
#include <QLabel>
#include <QResizeEvent>
#include <QScrollArea>
#include <QScrollBar>
#include <QToolButton>

#include <algorithm>

namespace opscope {

namespace {

constexpr int kColumnWidth = 400;   // at least, where there is more than one
constexpr int kMostColumns = 4;
constexpr int kFootHeight = 28;

QLabel* makeLabel(const QFont& font, const char* role)
{
    auto* label = new QLabel;
    label->setTextFormat(Qt::PlainText);
    label->setFont(font);
    label->setProperty("role", QLatin1String(role));
    return label;
}

QToolButton* makeButton(const QString& tip)
{
    auto* button = new QToolButton;
    button->setToolTip(tip);
    button->setAccessibleName(tip);
    button->setFixedSize(22, 22);
    button->setIconSize({14, 14});
    return button;
}

QString number(std::uint64_t n) { return displayText(formatCount(static_cast<std::int64_t>(n))); }

} // namespace

LinkReportPanel::LinkReportPanel(TraceDocument& document, ViewSettings& settings, QWidget* parent)
    : QWidget(parent), m_document(document), m_settings(settings)
{
    m_content = new QWidget;
    m_grid = new QGridLayout(m_content);
    m_grid->setContentsMargins(0, 0, 0, 0);
    m_grid->setSpacing(0);
    m_scroll = new QScrollArea;
    m_scroll->setWidgetResizable(true);
    m_scroll->setFrameShape(QFrame::NoFrame);
    m_scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_scroll->setFocusPolicy(Qt::NoFocus);
    m_scroll->setWidget(m_content);
    m_content->setAutoFillBackground(false); // the dock's colour shows through, in every theme
    m_scroll->viewport()->setAutoFillBackground(false);
    m_empty = makeLabel(Theme::uiFont(12), "dim");
    m_empty->setAlignment(Qt::AlignCenter);
    m_empty->setWordWrap(true);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(makeTools());
    column->addWidget(m_scroll, 1);
    column->addWidget(m_empty, 1);
    column->addWidget(makeFoot());
    connect(&m_document, &TraceDocument::traceChanged, this, &LinkReportPanel::traceChanged);
    connect(&m_settings, &ViewSettings::changed, this, &LinkReportPanel::lookChanged);
    m_dark = !m_settings.theme().isDark; // so that the first look is taken
    lookChanged();
    traceChanged();
}

QWidget* LinkReportPanel::makeTools()
{
    m_tools = new QWidget;
    m_tools->setObjectName(QString::fromLatin1(kPanelTools));
    auto* row = new QHBoxLayout(m_tools);
    row->setContentsMargins(12, 2, 8, 2);
    row->setSpacing(6);
    row->addStretch(1);
    m_relation = makeLabel(Theme::uiFont(12), "dim");
    m_copy = new QToolButton;
    m_copy->setToolTip(QStringLiteral("Copy as text"));
    m_copy->setAccessibleName(QStringLiteral("Copy as text"));
    connect(m_copy, &QToolButton::clicked, this, [this] {
        if (m_document.trace()) QApplication::clipboard()->setText(linkReportText(*m_document.trace()));
    });
    row->addWidget(m_relation);
    row->addWidget(m_copy);
    return m_tools;
}

QWidget* LinkReportPanel::makeFoot()
{
    m_foot = new QWidget;
    m_foot->setFixedHeight(kFootHeight);
    m_legend = new LinkLegend(m_settings);
    m_position = makeLabel(Theme::uiFont(12), "dim");
    m_back = makeButton(QStringLiteral("Previous place (Left)"));
    m_on = makeButton(QStringLiteral("Next place (Right)"));
    connect(m_back, &QToolButton::clicked, this, [this] { walk(-1); });
    connect(m_on, &QToolButton::clicked, this, [this] { walk(1); });
    auto* row = new QHBoxLayout(m_foot);
    row->setContentsMargins(16, 0, 8, 0);
    row->setSpacing(4);
    row->addWidget(m_legend);
    row->addStretch(1);
    row->addWidget(m_position);
    row->addWidget(m_back);
    row->addWidget(m_on);
    return m_foot;
}

void LinkReportPanel::lookChanged()
{
    const Theme& theme = m_settings.theme();
    if (theme.isDark == m_dark) return; // density and colours of slices are no concern of ours
    m_dark = theme.isDark;
    m_copy->setIcon(icon("copy", theme.text));
    m_back->setIcon(icon("back", theme.text));
    m_on->setIcon(icon("forward", theme.text));
    setStyleSheet(QStringLiteral("QLabel[tag=\"true\"] { border: 1px solid %1; border-radius: 3px; padding: 0 4px; }").arg(theme.line.name()));
    rebuild();
}

void LinkReportPanel::traceChanged()
{
    const TracePtr& trace = m_document.trace();
    m_relation->setText(trace ? relationText(*trace) : QString());
    rebuild();
}

QString LinkReportPanel::emptyText() const { return m_empty->isHidden() ? QString() : m_empty->text(); }

void LinkReportPanel::rebuild()
{
    m_current = nullptr;
    m_lines.clear();
    for (LinkBlock* block : m_blocks) delete block;
    m_blocks.clear();
    const TracePtr& trace = m_document.trace();
    if (trace) {
        for (const EtPairing& pairing : trace->links().pairings())
            m_blocks.push_back(new LinkBlock(*trace, pairing, m_settings.theme(), m_content));
        for (const LinkCount& row : trace->links().report())
            if (row.total) m_blocks.push_back(new LinkBlock(*trace, row, m_settings.theme(), m_content));
    }
    for (LinkBlock* block : m_blocks) {
        for (LinkLine* line : block->lines()) {
            m_lines.push_back(line);
            connect(line, &LinkLine::walked, this, [this, line](int direction) { chosen(line, direction); });
            connect(line, &LinkLine::left, this, [this, line](int direction) { moveFocus(line, direction); });
        }
    }
    m_empty->setText(trace ? QStringLiteral("Nothing to link: this trace has neither device ops nor an execution trace.")
                           : QStringLiteral("No trace is open."));
    const bool any = !m_blocks.empty();
    m_empty->setVisible(!any);
    m_scroll->setVisible(any);
    m_foot->setVisible(any);
    m_copy->setVisible(any);
    const auto first = std::ranges::find_if(m_lines, [](const LinkLine* line) { return line->isEnabled(); });
    setFocusProxy(first == m_lines.end() ? nullptr : *first);
    m_columns = 0;
    arrange();
    showPosition();
}

/// As many columns as there is room for; from left to right, then down.
void LinkReportPanel::arrange()
{
    const int columns = std::clamp(width() / kColumnWidth, 1, std::max(1, std::min(kMostColumns, static_cast<int>(m_blocks.size()))));
    if (columns == m_columns) return;
    m_columns = columns;
    while (QLayoutItem* item = m_grid->takeAt(0)) delete item;
    for (int c = 0; c <= kMostColumns; ++c) m_grid->setColumnStretch(c, c < columns ? 1 : 0);
    for (int r = 0; r < m_grid->rowCount(); ++r) m_grid->setRowStretch(r, 0);
    for (std::size_t i = 0; i < m_blocks.size(); ++i) {
        const int at = static_cast<int>(i);
        m_grid->addWidget(m_blocks[i], at / columns, at % columns);
        m_blocks[i]->show();
    }
    m_grid->setRowStretch((static_cast<int>(m_blocks.size()) + columns - 1) / columns, 1);
}

void LinkReportPanel::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    arrange();
    fitFoot();
}

void LinkReportPanel::chosen(LinkLine* line, int direction)
{
    const std::size_t count = line->places().places.size();
    if (count == 0) return;
    if (line == m_current) {
        m_at = direction > 0 ? (m_at + 1) % count : (m_at + count - 1) % count;
    } else {
        if (m_current) m_current->setCurrent(false);
        m_current = line;
        m_at = direction > 0 ? 0 : count - 1;
        line->setCurrent(true);
    }
    showPosition();
    const LinkPlace place = line->places().places[m_at];
    if (place.slice) m_document.reveal(place.slice);
    else if (place.node) m_document.reveal(place.node);
}

void LinkReportPanel::walk(int direction)
{
    if (m_current) chosen(m_current, direction);
}

void LinkReportPanel::moveFocus(LinkLine* from, int direction)
{
    const auto count = static_cast<std::ptrdiff_t>(m_lines.size());
    std::ptrdiff_t at = std::ranges::find(m_lines, from) - m_lines.begin();
    do at += direction;
    while (at >= 0 && at < count && !m_lines[static_cast<std::size_t>(at)]->isEnabled());
    if (at < 0 || at >= count) return;
    LinkLine* next = m_lines[static_cast<std::size_t>(at)];
    next->setFocus(Qt::OtherFocusReason);
    m_scroll->ensureWidgetVisible(next, 0, 40);
}

QString LinkReportPanel::position() const
{
    if (!m_current) return {};
    const LinkPlaces& places = m_current->places();
    const QString at = number(m_at + 1) + QStringLiteral(" of ");
    if (places.total == places.places.size()) return at + number(places.total);
    return at + QStringLiteral("the first ") + number(places.places.size()) + QStringLiteral(" (") + number(places.total) + QStringLiteral(" in all)");
}

void LinkReportPanel::showPosition()
{
    const bool any = m_current != nullptr;
    m_position->setText(any ? elided(m_current->places().about, m_position->font(), 360) + QStringLiteral("   ") + position() : QString());
    m_position->setVisible(any);
    m_back->setVisible(any);
    m_on->setVisible(any);
    fitFoot();
}

/// Where there is no room for both, the legend gives way to where one is.
void LinkReportPanel::fitFoot()
{
    const int taken = m_current ? m_position->sizeHint().width() + 80 : 24;
    m_legend->setVisible(width() > m_legend->sizeHint().width() + taken);
}

} // namespace opscope
