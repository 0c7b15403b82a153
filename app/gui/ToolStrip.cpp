#include "app/gui/ToolStrip.h"

#include "app/gui/SearchField.h"
#include "widgets/common/Icons.h"

#include <QComboBox>
#include <QFrame>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QResizeEvent>
#include <QToolButton>

namespace opscope {

namespace {

constexpr int kCompactBelow = 1360; // labels of the buttons go (look.md section 2)

QString inViewText(const TraceDocument& document)
{
    const auto length = static_cast<Nanos>(std::min<std::uint64_t>(document.visibleRange().length(), INT64_MAX));
    const bool ordered = document.trace() && document.trace()->timeBase() == TimeBase::NodeOrder;
    const std::string amount = ordered ? formatCount(length) + " nodes" : formatDuration(length);
    return QString::fromStdString(amount) + QStringLiteral(" in view");
}

} // namespace

ToolStrip::ToolStrip(TraceDocument& document, NameSearch& search, ViewSettings& settings, QWidget* parent)
    : QWidget(parent), m_document(document), m_settings(settings)
{
    setFixedHeight(38);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(8, 0, 10, 1);
    row->setSpacing(4);
    m_open = addButton("open", QStringLiteral(" Open"), QStringLiteral("Open a trace (Ctrl+O)"));
    m_record = addButton("record", QStringLiteral(" Record"), QStringLiteral("Record a process that runs, or a new command (Ctrl+R)"));
    m_export = addButton("export", QStringLiteral(" Export"), QStringLiteral("Save a part of the trace (Ctrl+E)"));
    addSeparator();
    m_back = addButton("back", {}, QStringLiteral("Back to the view, filter and selection before (Alt+Left)"));
    m_forward = addButton("forward", {}, QStringLiteral("Forward again (Alt+Right)"));
    addSeparator();
    QToolButton* zoomOut = addButton("zoom-out", {}, QStringLiteral("Zoom out (S)"));
    QToolButton* fit = addButton("fit", {}, QStringLiteral("Show the whole trace (0)"));
    QToolButton* zoomIn = addButton("zoom-in", {}, QStringLiteral("Zoom in (W)"));
    addSeparator();
    m_search = new SearchField(search, document, settings, this);
    m_search->setFixedWidth(320);
    row->addWidget(m_search);
    addSeparator();
    m_links = addButton("link", QStringLiteral(" Links"), QStringLiteral("Arrows from the selection to what it is linked to (] and [ follow them)"));
    m_links->setCheckable(true);
    row->addStretch(1);
    m_colorLabel = new QLabel(QStringLiteral("Colour by"), this);
    m_colorLabel->setProperty("role", QStringLiteral("dim"));
    m_colorBy = new QComboBox(this);
    m_colorBy->addItems({QStringLiteral("Family"), QStringLiteral("Name"), QStringLiteral("Category"), QStringLiteral("Duration")});
    m_colorBy->setAccessibleName(QStringLiteral("Colour by"));
    m_colorBy->setToolTip(QStringLiteral("What the colours of the slices mean"));
    m_inView = new QLabel(this);
    m_inView->setFont(Theme::fixedFont(11, QFont::Medium));
    m_inView->setProperty("role", QStringLiteral("value"));
    m_inView->setToolTip(QStringLiteral("Length of the stretch of time that the timeline shows"));
    row->addWidget(m_colorLabel);
    row->addSpacing(4);
    row->addWidget(m_colorBy);
    row->addSpacing(12);
    row->addWidget(m_inView);

    connect(m_open, &QToolButton::clicked, this, &ToolStrip::openClicked);
    connect(m_record, &QToolButton::clicked, this, &ToolStrip::recordClicked);
    connect(m_export, &QToolButton::clicked, this, &ToolStrip::exportClicked);
    connect(m_back, &QToolButton::clicked, &m_document, &TraceDocument::goBack);
    connect(m_forward, &QToolButton::clicked, &m_document, &TraceDocument::goForward);
    connect(&m_document, &TraceDocument::historyChanged, this, &ToolStrip::showHistory);
    connect(zoomOut, &QToolButton::clicked, this, &ToolStrip::zoomOutClicked);
    connect(fit, &QToolButton::clicked, this, &ToolStrip::fitClicked);
    connect(zoomIn, &QToolButton::clicked, this, &ToolStrip::zoomInClicked);
    connect(m_links, &QToolButton::clicked, &m_settings, &ViewSettings::setShowLinks);
    connect(m_colorBy, &QComboBox::activated, this, [this](int row_) { m_settings.setColorBy(static_cast<ColorBy>(row_)); });
    connect(&m_settings, &ViewSettings::changed, this, &ToolStrip::showTheme);
    connect(&m_document, &TraceDocument::visibleRangeChanged, this, &ToolStrip::showRange);
    connect(&m_document, &TraceDocument::traceChanged, this, &ToolStrip::showRange);
    showTheme();
    showHistory();
    showRange();
}

QToolButton* ToolStrip::addButton(const char* iconName, const QString& text, const QString& tip)
{
    auto* button = new QToolButton(this);
    button->setText(text.isEmpty() ? tip : text);
    button->setToolButtonStyle(text.isEmpty() ? Qt::ToolButtonIconOnly : Qt::ToolButtonTextBesideIcon);
    button->setToolTip(tip);
    button->setAccessibleName(tip);
    button->setIconSize({16, 16});
    button->setFixedHeight(26);
    m_buttons.emplace_back(button, iconName);
    layout()->addWidget(button);
    return button;
}

void ToolStrip::addSeparator()
{
    auto* line = new QFrame(this);
    line->setObjectName(QStringLiteral("separator"));
    line->setFixedSize(1, 20);
    auto* row = static_cast<QHBoxLayout*>(layout());
    row->addSpacing(6);
    row->addWidget(line);
    row->addSpacing(6);
}

void ToolStrip::showTheme()
{
    for (const auto& [button, name] : m_buttons)
        button->setIcon(icon(name, button == m_record ? m_settings.theme().err : m_settings.theme().text)); // red as on every recorder
    m_links->setChecked(m_settings.showLinks());
    m_colorBy->setCurrentIndex(static_cast<int>(m_settings.colorBy()));
    update();
}

void ToolStrip::showHistory()
{
    m_back->setEnabled(m_document.canGoBack());
    m_forward->setEnabled(m_document.canGoForward());
}

void ToolStrip::showRange()
{
    m_inView->setText(m_document.trace() ? inViewText(m_document) : QString());
}

void ToolStrip::resizeEvent(QResizeEvent* event)
{
    const bool compact = event->size().width() < kCompactBelow;
    m_open->setToolButtonStyle(compact ? Qt::ToolButtonIconOnly : Qt::ToolButtonTextBesideIcon);
    m_record->setToolButtonStyle(compact ? Qt::ToolButtonIconOnly : Qt::ToolButtonTextBesideIcon);
    m_export->setToolButtonStyle(compact ? Qt::ToolButtonIconOnly : Qt::ToolButtonTextBesideIcon);
    m_links->setToolButtonStyle(compact ? Qt::ToolButtonIconOnly : Qt::ToolButtonTextBesideIcon);
    m_search->setFixedWidth(compact ? 240 : 320);
    m_colorLabel->setVisible(event->size().width() >= 860);
    QWidget::resizeEvent(event);
}

void ToolStrip::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), m_settings.theme().panel);
    painter.fillRect(0, height() - 1, width(), 1, m_settings.theme().line);
}

} // namespace opscope
