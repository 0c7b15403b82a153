#include "widgets/table/AggregatesPanel.h"

#include "widgets/common/Icons.h"
#include "widgets/common/Parts.h"
#include "widgets/common/Text.h"
#include "widgets/document/TraceDocument.h"
#include "widgets/document/ViewSettings.h"
#include "widgets/table/AggregatesModel.h"
#include "widgets/table/AggregatesTable.h"
#include "widgets/table/AggregateWords.h"
#include "widgets/table/OccurrencePane.h"
#include "widgets/table/PopulationBar.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QMenu>
#include <QResizeEvent>
#include <QSplitter>
#include <QStackedLayout>
#include <QToolButton>

#include <algorithm>

// How the panel is put together and what it says of itself; what it does is AggregatesPanel.cpp.

namespace opscope {

namespace {

constexpr int kToolsHeight = 36;
constexpr int kWide = 760;          // from here the side stands beside the table
constexpr int kTall = 380;          // from here it may stand below
constexpr int kSpacing = 8;

QToolButton* makeTool(const char* tip)
{
    auto* button = new QToolButton;
    button->setToolTip(QLatin1String(tip));
    button->setAccessibleName(QLatin1String(tip));
    button->setFixedHeight(26);
    return button;
}

} // namespace

void AggregatesPanel::build()
{
    auto* main = new QWidget;
    auto* rows = new QVBoxLayout(main);
    rows->setContentsMargins(0, 0, 0, 0);
    rows->setSpacing(0);
    rows->addWidget(makeTools());
    rows->addWidget(makeTable(), 1);
    main->setMinimumSize(120, 90);
    m_side = new OccurrencePane(m_document);
    // Low docks stay low: what has no room gives way, see OccurrencePane::fit().
    m_side->setMinimumSize(120, 90);
    m_split = new QSplitter(Qt::Horizontal);
    m_split->setChildrenCollapsible(false);
    m_split->setHandleWidth(1);
    m_split->addWidget(main);
    m_split->addWidget(m_side);
    connect(m_split, &QSplitter::splitterMoved, this, [this](int at) {
        if (m_split->orientation() == Qt::Horizontal) m_tableShare = static_cast<double>(at) / std::max(1, width());
    });
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(m_split);
    setFocusProxy(m_table);
    connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this, [this] {
        if (!m_model->answer()) return;
        keepRow();
        showRow();
    });
    connect(m_side, &OccurrencePane::used, this, &AggregatesPanel::keepRow);
}

QWidget* AggregatesPanel::makeTools()
{
    m_tools = new QWidget;
    m_tools->setFixedHeight(kToolsHeight);
    m_populations = new PopulationBar;
    m_scope = makeTool("What the table covers");
    m_scope->setFont(Theme::uiFont(12));
    m_totals = new ElidedLabel(Theme::uiFont(12));
    m_byWord = makeTextLabel(Theme::uiFont(12));
    m_byWord->setText(QStringLiteral("Group by"));
    m_grouping = new QComboBox;
    m_grouping->setFont(Theme::uiFont(12));
    m_grouping->setAccessibleName(QStringLiteral("Group by"));
    m_grouping->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    m_sideToggle = makeTool("Distribution and slowest slices of the chosen row");
    m_sideToggle->setCheckable(true);
    m_sideToggle->setChecked(true);
    m_sideToggle->setIconSize({14, 14});
    auto* row = new QHBoxLayout(m_tools);
    row->setContentsMargins(8, 1, 8, 1);
    row->setSpacing(kSpacing);
    row->addWidget(m_populations, 1);
    row->addWidget(m_scope);
    row->addWidget(m_totals);
    row->addWidget(m_byWord);
    row->addWidget(m_grouping);
    row->addWidget(m_sideToggle);
    connect(m_populations, &PopulationBar::chosen, this, [this] {
        m_chosenByHand = true;
        compute();
    });
    connect(m_scope, &QToolButton::clicked, this, &AggregatesPanel::showScopeMenu);
    connect(m_grouping, &QComboBox::activated, this, &AggregatesPanel::compute);
    connect(m_sideToggle, &QToolButton::toggled, this, &AggregatesPanel::arrange);
    return m_tools;
}

QWidget* AggregatesPanel::makeTable()
{
    auto* body = new QWidget;
    m_model = new AggregatesModel(this);
    m_table = new AggregatesTable(*m_model);
    m_message = makeTextLabel(Theme::uiFont(12));
    m_message->setAlignment(Qt::AlignCenter);
    m_message->setWordWrap(true);
    m_message->setContentsMargins(16, 0, 16, 0);
    m_pages = new QStackedLayout(body);
    m_pages->addWidget(m_table);
    m_pages->addWidget(m_message);
    connect(m_table, &AggregatesTable::sortRequested, this, &AggregatesPanel::sort);
    connect(m_table, &AggregatesTable::stepRequested, this, [this](int direction) { m_side->step(direction); });
    connect(m_table, &AggregatesTable::filterRequested, this, [this] { filterTo(m_table->currentIndex().row(), false); });
    connect(m_table, &AggregatesTable::copyRequested, this, &AggregatesPanel::copyRow);
    connect(m_table, &AggregatesTable::menuRequested, this, &AggregatesPanel::showRowMenu);
    // Each click goes to the next of its slices; keys choose rows and leave the view alone.
    connect(m_table, &QTableView::clicked, this, [this] { m_side->step(1); });
    connect(m_table, &QTableView::doubleClicked, this, [this](const QModelIndex& index) { filterTo(index.row(), false); });
    return body;
}

void AggregatesPanel::lookChanged()
{
    const Theme& theme = m_settings.theme();
    m_populations->setTheme(theme);
    m_model->setTheme(theme, m_settings.colorBy());
    m_table->setTheme(theme);
    m_side->setTheme(theme);
    m_sideToggle->setIcon(icon("histogram", theme.text));
    setTextColour(m_totals, theme.text);
    setTextColour(m_byWord, theme.textDim);
    setTextColour(m_message, theme.textDim);
    if (m_model->answer()) showRow();
}

void AggregatesPanel::showScope()
{
    const TracePtr& trace = m_document.trace();
    QString text = QStringLiteral("Whole trace");
    if (trace && m_scopeShown)
        text = (m_followsView ? QStringLiteral("In view ") : QStringLiteral("In the range ")) + rangeText(*m_scopeShown, *trace);
    if (!m_document.filter().empty()) text += QStringLiteral(", filtered");
    m_scope->setText(text);
    arrange();
}

void AggregatesPanel::showScopeMenu()
{
    QMenu menu(this);
    const auto add = [&](const char* text, bool follows) {
        QAction* action = menu.addAction(QLatin1String(text));
        action->setCheckable(true);
        action->setChecked(m_followsView == follows);
        connect(action, &QAction::triggered, this, [this, follows] { setFollowsView(follows); });
    };
    add("The range, else the whole trace", false);
    add("What is in view", true);
    menu.exec(m_scope->mapToGlobal(QPoint(0, m_scope->height())));
}

void AggregatesPanel::showTotals()
{
    const auto& answer = m_model->answer();
    QString text, tip;
    if (m_job.running()) {
        const std::uint64_t total = m_job.progress().total, done = m_job.progress().done;
        text = QStringLiteral("Adding up …");
        if (total) text += QLatin1Char(' ') + displayText(formatShare(static_cast<double>(done) / static_cast<double>(total)));
    } else if (answer) {
        const Aggregates& table = *answer->table;
        const bool nodes = answer->trace->timeBase() == TimeBase::NodeOrder;
        text = counted(table.slices, nodes ? "node" : "slice", nodes ? "nodes" : "slices");
        if (const QString total = totalText(*answer, m_asked.population); !total.isEmpty() && table.slices) text += QStringLiteral(", ") + total;
        if (table.rows.size() > AggregatesModel::kMostRows)
            tip = QStringLiteral("The first %1 of %2 rows are listed; a saved table has all.")
                      .arg(displayText(formatCount(AggregatesModel::kMostRows)), displayText(formatCount(static_cast<std::int64_t>(table.rows.size()))));
        if (table.beyondRange)
            tip += (tip.isEmpty() ? QString() : QStringLiteral("\n")) + counted(table.beyondRange, "slice reaches", "slices reach") +
                   QStringLiteral(" beyond the range; they count whole.");
        if (table.saturated) tip += QStringLiteral("\nSome sums are beyond what 64 bits hold and stand at that end.");
    }
    m_totals->setText(text);
    m_totals->setToolTip(tip);
    m_scope->setToolTip(QStringLiteral("What the table covers: ") + text); // the totals give way where there is little room
    arrange();
}

QString AggregatesPanel::scopeText() const { return m_scope->text(); }
QString AggregatesPanel::totalsText() const { return m_totals->text(); }
QString AggregatesPanel::message() const { return m_pages->currentIndex() == 1 ? m_message->text() : QString(); }

void AggregatesPanel::showMessage(const QString& text)
{
    m_message->setText(text);
    m_pages->setCurrentIndex(1);
    if (!m_document.trace()) m_totals->setText({});
    arrange();
}

void AggregatesPanel::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    arrange();
}

/// The side stands beside the table, below it where the panel is narrow and tall, nowhere where it is narrow and low. In the tools
/// words give way first, then chips.
void AggregatesPanel::arrange()
{
    const bool trace = m_document.trace() != nullptr;
    const bool rows = m_pages->currentIndex() == 0;
    const bool wide = width() >= kWide, tall = height() >= kTall;
    m_tools->setVisible(trace);
    m_sideToggle->setVisible(rows && (wide || tall));
    m_side->setVisible(rows && m_sideToggle->isChecked() && (wide || tall));
    m_split->setOrientation(wide || !tall ? Qt::Horizontal : Qt::Vertical);
    const int table = static_cast<int>(width() * m_tableShare);
    if (wide) m_split->setSizes({table, width() - table});
    else if (tall) m_split->setSizes({height() * 11 / 20, height() * 9 / 20});
    int room = (wide && m_side->isVisibleTo(this) ? table : width()) - 16;
    const auto take = [&](QWidget* widget, int least) {
        const int wanted = widget->sizeHint().width() + kSpacing;
        widget->setVisible(room - wanted >= least);
        if (widget->isVisibleTo(m_tools)) room -= wanted;
    };
    if (m_sideToggle->isVisibleTo(m_tools)) room -= m_sideToggle->sizeHint().width() + kSpacing;
    const int chips = m_populations->sizeHint().width() + kSpacing;
    take(m_grouping, m_populations->minimumSizeHint().width());
    take(m_scope, m_populations->minimumSizeHint().width()); // what the numbers are of, before chips that the menu has too
    take(m_totals, std::min(chips, 330));
    take(m_byWord, chips);
}

} // namespace opscope
