// The parts of the Tensors panel and how they are laid out; what stands in them is TensorPanel.cpp.
#include "widgets/tensor/TensorPanel.h"

#include "widgets/common/Icons.h"
#include "widgets/document/TraceDocument.h"
#include "widgets/document/ViewSettings.h"
#include "widgets/common/BarList.h"
#include "widgets/tensor/CheckList.h"
#include "widgets/tensor/FlowSection.h"
#include "widgets/tensor/HistogramView.h"
#include "widgets/common/Parts.h"
#include "widgets/tensor/StatisticsStrip.h"
#include "widgets/tensor/TensorHeading.h"
#include "widgets/tensor/TensorList.h"
#include "widgets/tensor/ValueGrid.h"

#include <QBoxLayout>
#include <QCoreApplication>
#include <QKeyEvent>
#include <QLineEdit>
#include <QProgressBar>
#include <QResizeEvent>
#include <QScrollArea>
#include <QStackedLayout>
#include <QToolButton>

#include <algorithm>

namespace opscope {

namespace {

constexpr int kWide = 760, kListWidth = 295;
constexpr int kShapeHeight = 234, kHistogramNarrow = 190;
constexpr int kLeastValues = 7, kValuesNarrow = 16; // lines

QToolButton* makeButton(const QString& tip)
{
    auto* button = new QToolButton;
    button->setFixedSize(26, 24);
    button->setToolTip(tip);
    button->setAccessibleName(tip);
    return button;
}

QScrollArea* makeScroll(QWidget* body)
{
    auto* scroll = new QScrollArea;
    scroll->setWidget(body);
    scroll->setWidgetResizable(true);
    body->setAutoFillBackground(false); // setWidget() switches it on, in the colour of the application instead of the window
    scroll->viewport()->setAutoFillBackground(false);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setFocusPolicy(Qt::NoFocus);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    return scroll;
}

QVBoxLayout* makeColumn(QWidget* parent)
{
    auto* column = new QVBoxLayout(parent);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    return column;
}

/// A section with a line of one pixel below it.
QWidget* underlined(QWidget* body)
{
    auto* section = new QWidget;
    QVBoxLayout* column = makeColumn(section);
    column->addWidget(body);
    column->addWidget(makeLine(Qt::Horizontal));
    return section;
}

} // namespace

TensorPanel::TensorPanel(TraceDocument& document, ViewSettings& settings, QWidget* parent)
    : QWidget(parent), m_document(document), m_settings(settings), m_lens(new TensorLens(document, this)),
      m_heading(new TensorHeading), m_list(new TensorList(*m_lens)), m_strip(new StatisticsStrip), m_checks(new CheckList),
      m_flow(new FlowSection)
{
    makePages();
    follow();
    setFocusProxy(m_list);
    lookChanged();
    showNode();
}

void TensorPanel::follow()
{
    connect(m_lens, &TensorLens::nodeChanged, this, &TensorPanel::showNode);
    connect(m_lens, &TensorLens::rowsChanged, this, [this] {
        m_list->lines().refresh();
        showHeading();
    });
    connect(m_lens, &TensorLens::tensorChanged, this, &TensorPanel::showTensor);
    connect(m_lens, &TensorLens::valuesChanged, this, &TensorPanel::showValues);
    connect(m_lens, &TensorLens::statisticsChanged, this, &TensorPanel::showStatistics);
    connect(m_lens, &TensorLens::flowChanged, this, &TensorPanel::showFlow);
    connect(m_lens, &TensorLens::savingChanged, this, &TensorPanel::showSaving);
    connect(m_lens, &TensorLens::said, this, &TensorPanel::say);
    connect(m_list, &TensorList::chosen, m_lens, &TensorLens::choose);
    connect(m_flow, &FlowSection::chosen, this, [this](NodeId node) { m_document.reveal(node); });
    connect(m_grid, &ValueGrid::said, this, &TensorPanel::say);
    connect(m_bags, &BarList::chosen, this, [this](std::uint64_t bag) { say(m_grid->goTo(QStringLiteral("bag %1").arg(bag))); });
    connect(m_place, &QLineEdit::returnPressed, this, [this] { say(m_grid->goTo(m_place->text())); });
    connect(m_stop, &QToolButton::clicked, this, [this] { m_lens->counting() ? m_lens->stopCounting() : m_lens->count(); });
    connect(m_copy, &QToolButton::clicked, this, [this] {
        QKeyEvent copy(QEvent::KeyPress, Qt::Key_C, Qt::ControlModifier);
        QCoreApplication::sendEvent(m_grid, &copy);
    });
    connect(m_save, &QToolButton::clicked, this, [this] { m_lens->saving() ? m_lens->stopSaving() : askWhereToSave(); });
    connect(&m_settings, &ViewSettings::changed, this, &TensorPanel::lookChanged);
    connect(&m_document, &TraceDocument::traceChanged, this, &TensorPanel::showFooter);
}

QWidget* TensorPanel::makeProgress()
{
    auto* row = new QWidget;
    auto* line = new QHBoxLayout(row);
    line->setContentsMargins(14, 6, 10, 6);
    m_progressText = makeTextLabel(Theme::uiFont(12));
    m_progress = new QProgressBar;
    m_progress->setTextVisible(false);
    m_progress->setAccessibleName(QStringLiteral("Counting values"));
    m_stop = new QToolButton;
    line->addWidget(m_progressText);
    line->addWidget(m_progress, 1);
    line->addWidget(m_stop);
    m_progressRow = underlined(row);
    m_progressRow->hide();
    return m_progressRow;
}

QWidget* TensorPanel::makeDistribution()
{
    m_distribution = new QWidget;
    QVBoxLayout* column = makeColumn(m_distribution);
    auto* title = makeTextLabel(Theme::uiFont(12, QFont::DemiBold));
    title->setText(QStringLiteral("Distribution"));
    m_titles.push_back(title);
    m_distributionText = new ElidedLabel(Theme::uiFont(12));
    m_dimTexts.push_back(m_distributionText);
    auto* head = new QHBoxLayout;
    head->setContentsMargins(14, 10, 14, 0);
    head->setSpacing(8);
    head->addWidget(title);
    head->addWidget(m_distributionText, 1);
    m_histogram = new HistogramView;
    column->addLayout(head);
    column->addWidget(m_histogram, 1);
    return m_distribution;
}

QWidget* TensorPanel::makeFrequent()
{
    m_frequentSection = new QWidget;
    QVBoxLayout* column = makeColumn(m_frequentSection);
    auto* title = makeTextLabel(Theme::uiFont(12, QFont::DemiBold));
    title->setText(QStringLiteral("Most frequent"));
    title->setContentsMargins(14, 10, 14, 4);
    m_titles.push_back(title);
    m_frequent = new BarList;
    m_frequent->setAccessibleName(QStringLiteral("Most frequent values"));
    column->addWidget(title);
    column->addWidget(m_frequent, 1);
    return m_frequentSection;
}

QWidget* TensorPanel::makeBags()
{
    auto* body = new QWidget;
    QVBoxLayout* column = makeColumn(body);
    m_bagTitle = makeTextLabel(Theme::uiFont(11, QFont::Medium));
    m_bagTitle->setContentsMargins(12, 14, 12, 6);
    m_bags = new BarList;
    m_bags->setAccessibleName(QStringLiteral("Bag lengths"));
    m_bagText = makeTextLabel(Theme::uiFont(11));
    m_bagText->setWordWrap(true);
    m_bagText->setContentsMargins(12, 6, 12, 12);
    m_dimTexts.push_back(m_bagTitle);
    m_dimTexts.push_back(m_bagText);
    column->addWidget(m_bagTitle);
    column->addWidget(m_bags);
    column->addWidget(m_bagText);
    m_bagSection = new QWidget;
    QVBoxLayout* section = makeColumn(m_bagSection);
    section->addWidget(makeLine(Qt::Horizontal));
    section->addWidget(body);
    return m_bagSection;
}

QWidget* TensorPanel::makeValues()
{
    m_valueSection = new QWidget;
    QVBoxLayout* column = makeColumn(m_valueSection);
    auto* title = makeTextLabel(Theme::uiFont(12, QFont::DemiBold));
    title->setText(QStringLiteral("Values"));
    m_titles.push_back(title);
    m_valuesText = new ElidedLabel(Theme::uiFont(12));
    m_dimTexts.push_back(m_valuesText);
    m_placeLabel = makeTextLabel(Theme::uiFont(12));
    m_placeLabel->setText(QStringLiteral("Go to"));
    m_dimTexts.push_back(m_placeLabel);
    m_place = new QLineEdit;
    m_place->setFont(Theme::fixedFont(11));
    m_place->setPlaceholderText(QStringLiteral("index"));
    m_place->setFixedWidth(92);
    m_place->setAccessibleName(QStringLiteral("Go to index"));
    m_place->setToolTip(QStringLiteral("An index, indices of all dimensions, or a bag: 17, [3, 5], bag 4"));
    m_copy = makeButton(QStringLiteral("Copy the selected values"));
    m_save = makeButton(QStringLiteral("Save the values as .npy or .csv"));
    auto* head = new QHBoxLayout;
    head->setContentsMargins(14, 6, 8, 6);
    head->setSpacing(8);
    head->addWidget(title);
    head->addWidget(m_valuesText, 1);
    head->addWidget(m_placeLabel);
    for (QWidget* tool : {static_cast<QWidget*>(m_place), static_cast<QWidget*>(m_copy), static_cast<QWidget*>(m_save)}) head->addWidget(tool);
    m_grid = new ValueGrid;
    column->addLayout(head);
    column->addWidget(m_grid, 1);
    return m_valueSection;
}

QWidget* TensorPanel::makeNotice()
{
    m_noticeSection = new QWidget;
    QVBoxLayout* column = makeColumn(m_noticeSection);
    column->setContentsMargins(14, 14, 14, 14);
    column->setSpacing(6);
    m_noticeTitle = makeTextLabel(Theme::uiFont(12));
    m_noticeTitle->setWordWrap(true);
    m_noticeText = new WrappedText(Theme::uiFont(12)); // the names of environment variables are wider than the panel
    column->addWidget(m_noticeTitle);
    column->addWidget(m_noticeText);
    column->addStretch(1);
    return m_noticeSection;
}

QWidget* TensorPanel::makeFooter()
{
    m_footer = new QWidget;
    m_footer->setFixedHeight(24);
    m_footer->setAutoFillBackground(true);
    auto* row = new QHBoxLayout(m_footer);
    row->setContentsMargins(10, 0, 10, 0);
    row->setSpacing(6);
    m_fileIcon = new QLabel;
    m_fileText = new ElidedLabel(Theme::uiFont(11));
    m_orderText = new ElidedLabel(Theme::uiFont(11));
    m_saidIcon = new QLabel;
    m_saidText = new ElidedLabel(Theme::uiFont(11));
    m_saidText->setAlignment(Qt::AlignRight);
    m_dimTexts.push_back(m_orderText);
    m_dimTexts.push_back(m_saidText);
    row->addWidget(m_fileIcon);
    row->addWidget(m_fileText);
    row->addWidget(m_orderText);
    row->addStretch(1);
    row->addWidget(m_saidIcon);
    row->addWidget(m_saidText);
    return m_footer;
}

void TensorPanel::makePages()
{
    makeProgress();
    m_shapeSection = new QWidget;
    m_shapes = new QBoxLayout(QBoxLayout::LeftToRight);
    m_shapes->setContentsMargins(0, 0, 0, 0);
    m_shapes->setSpacing(0);
    m_shapes->addWidget(makeDistribution(), 62);
    m_shapes->addWidget(makeLine(Qt::Vertical));
    m_shapes->addWidget(makeFrequent(), 38);
    QVBoxLayout* shapes = makeColumn(m_shapeSection);
    shapes->addLayout(m_shapes);
    shapes->addWidget(makeLine(Qt::Horizontal));
    m_checkSection = underlined(m_checks);
    m_flowSection = underlined(m_flow);
    makeBags();
    makeValues();
    makeNotice();
    for (QWidget* part : {m_progressRow, m_noticeSection, m_checkSection, m_flowSection}) // no higher than what is in them
        part->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Maximum);

    auto* left = new QWidget;
    m_left = makeColumn(left);
    auto* right = new QWidget;
    m_right = makeColumn(right);
    m_wideBody = new QWidget;
    auto* row = new QHBoxLayout(m_wideBody);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(0);
    QScrollArea* leftScroll = makeScroll(left);
    leftScroll->setFixedWidth(kListWidth);
    row->addWidget(leftScroll);
    row->addWidget(makeLine(Qt::Vertical));
    row->addWidget(makeScroll(right), 1);
    auto* column = new QWidget;
    m_column = makeColumn(column);
    m_narrowBody = makeScroll(column);

    auto* content = new QWidget;
    QVBoxLayout* whole = makeColumn(content);
    whole->addWidget(m_heading);
    whole->addWidget(makeLine(Qt::Horizontal));
    whole->addWidget(m_wideBody, 1);
    whole->addWidget(m_narrowBody, 1);
    whole->addWidget(makeLine(Qt::Horizontal));
    whole->addWidget(makeFooter());
    m_message = makeTextLabel(Theme::uiFont(12));
    m_message->setWordWrap(true);
    m_message->setAlignment(Qt::AlignCenter);
    m_message->setContentsMargins(16, 16, 16, 16);
    m_dimTexts.push_back(m_message);
    auto* pages = new QWidget;
    m_pages = new QStackedLayout(pages);
    m_pages->addWidget(content);
    m_pages->addWidget(m_message);
    makeColumn(this)->addWidget(pages);
    arrange(false);
}

/// The same parts stand in two columns or in one.
void TensorPanel::arrange(bool wide)
{
    m_wide = wide;
    for (QBoxLayout* layout : {m_left, m_right, m_column})
        while (QLayoutItem* item = layout->takeAt(0)) delete item; // the parts stay
    QBoxLayout* list = wide ? m_left : m_column;
    QBoxLayout* rest = wide ? m_right : m_column;
    list->addWidget(m_list);
    if (wide) list->addWidget(m_bagSection);
    if (wide) list->addStretch(1);
    rest->addWidget(m_strip);
    rest->addWidget(m_progressRow);
    rest->addWidget(m_noticeSection);
    rest->addWidget(m_shapeSection);
    rest->addWidget(m_checkSection);
    rest->addWidget(m_flowSection);
    if (!wide) rest->addWidget(m_bagSection);
    rest->addWidget(m_valueSection, 1);
    rest->addStretch(0);
    m_shapes->setDirection(wide ? QBoxLayout::LeftToRight : QBoxLayout::TopToBottom);
    m_heading->setWide(wide);
    m_orderText->setVisible(wide);
    m_placeLabel->setVisible(wide);
    m_place->setPlaceholderText(wide ? QStringLiteral("index") : QStringLiteral("go to index"));
    m_wideBody->setVisible(wide);
    m_narrowBody->setVisible(!wide);
    fitHeights();
}

/// Lists are as high as what is in them, within limits; the values take what is left, or in one column a fixed share.
void TensorPanel::fitHeights()
{
    const int room = height() - 100;
    m_list->setFixedHeight(std::min(m_list->contentHeight(), m_wide ? std::max(6 * TensorListDelegate::kRow, room / 2 + 20)
                                                                    : 8 * TensorListDelegate::kRow));
    m_bags->setFixedHeight(m_bags->heightFor(m_wide ? 200 : 12));
    if (m_wide) {
        m_shapeSection->setFixedHeight(kShapeHeight);
        m_frequent->setMinimumHeight(0);
        m_frequent->setMaximumHeight(QWIDGETSIZE_MAX);
        m_grid->setMinimumHeight(kLeastValues * ValueGrid::kRowHeight);
        m_grid->setMaximumHeight(QWIDGETSIZE_MAX);
    } else {
        m_shapeSection->setMinimumHeight(0);
        m_shapeSection->setMaximumHeight(QWIDGETSIZE_MAX);
        m_histogram->setMinimumHeight(kHistogramNarrow);
        m_frequent->setFixedHeight(m_frequent->heightFor(8));
        m_grid->setFixedHeight(m_grid->heightFor(kValuesNarrow));
    }
}

void TensorPanel::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    const bool wide = event->size().width() >= kWide;
    if (wide != m_wide) arrange(wide);
    else fitHeights();
}

} // namespace opscope
