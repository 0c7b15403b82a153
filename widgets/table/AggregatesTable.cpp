#include "widgets/table/AggregatesTable.h"

#include "widgets/table/AggregatesDelegate.h"
#include "widgets/table/AggregatesModel.h"
#include "widgets/table/AggregateWords.h"

#include <QContextMenuEvent>
#include <QHeaderView>
#include <QKeyEvent>
#include <QMenu>
#include <QScrollBar>

#include <algorithm>

namespace opscope {

namespace {

constexpr int kLeastName = 190;
constexpr int kSides = 12;
constexpr int kBarFrom = 320; // px beside the names

/// Where there is no room for all, the last ones go first.
constexpr std::array kByImportance{AggregateColumn::Calls, AggregateColumn::Total, AggregateColumn::Share, AggregateColumn::Self,
                                   AggregateColumn::Device, AggregateColumn::Mean, AggregateColumn::Median, AggregateColumn::Max,
                                   AggregateColumn::Min, AggregateColumn::P99};

} // namespace

AggregatesTable::AggregatesTable(AggregatesModel& model, QWidget* parent)
    : QTableView(parent), m_model(model), m_delegate(new AggregatesDelegate(this))
{
    setModel(&model);
    setItemDelegate(m_delegate);
    setSelectionBehavior(SelectRows);
    setSelectionMode(SingleSelection);
    setEditTriggers(NoEditTriggers);
    setShowGrid(false);
    setWordWrap(false);
    setTabKeyNavigation(false); // Tab leaves the table
    setAlternatingRowColors(false);
    setFrameShape(NoFrame);
    setMouseTracking(true);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollMode(ScrollPerItem);
    setCornerButtonEnabled(false);
    verticalHeader()->hide();
    verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    verticalHeader()->setMinimumSectionSize(AggregatesDelegate::kRowHeight);
    verticalHeader()->setDefaultSectionSize(AggregatesDelegate::kRowHeight);
    QHeaderView* head = horizontalHeader();
    head->setFixedHeight(24);
    head->setFont(Theme::uiFont(11, QFont::Medium));
    head->setHighlightSections(false);
    head->setSectionsClickable(true);
    head->setSectionsMovable(false);
    head->setMinimumSectionSize(30);
    head->setSectionResizeMode(QHeaderView::Fixed);
    head->setContextMenuPolicy(Qt::CustomContextMenu);
    setAccessibleName(QStringLiteral("Aggregates"));
    connect(head, &QHeaderView::sectionClicked, this, &AggregatesTable::headClicked);
    connect(head, &QWidget::customContextMenuRequested, this,
            [this, head](const QPoint& where) { showColumnMenu(head->mapToGlobal(where)); });
    connect(&model, &QAbstractItemModel::modelReset, this, &AggregatesTable::layOut);
    m_useful.set();
}

void AggregatesTable::setTheme(const Theme& theme)
{
    m_delegate->setTheme(theme);
    viewport()->update();
}

void AggregatesTable::setUseful(std::bitset<kAggregateColumns> useful)
{
    m_useful = useful;
    layOut();
}

bool AggregatesTable::isWanted(AggregateColumn column) const
{
    const auto chosen = m_chosen.find(column);
    return chosen == m_chosen.end() ? m_useful.test(static_cast<std::size_t>(column)) : chosen->second;
}

void AggregatesTable::setWanted(AggregateColumn column, bool wanted)
{
    m_chosen[column] = wanted;
    layOut();
}

QByteArray AggregatesTable::choices() const
{
    QByteArray text;
    for (const auto& [column, wanted] : m_chosen) {
        if (!text.isEmpty()) text += ' ';
        text += id(column);
        text += wanted ? ":1" : ":0";
    }
    return text;
}

void AggregatesTable::setChoices(const QByteArray& text)
{
    m_chosen.clear();
    for (const QByteArray& word : text.split(' '))
        for (const AggregateColumn column : kByImportance)
            if (word.size() > 2 && word.chopped(2) == id(column) && (word.endsWith(":0") || word.endsWith(":1")))
                m_chosen[column] = word.endsWith('1');
    layOut();
}

void AggregatesTable::headClicked(int section)
{
    const auto column = static_cast<AggregateColumn>(section);
    const TableOrder before = m_model.order();
    // Numbers largest first, texts from A; a second click turns round.
    Q_EMIT sortRequested({column, before.column == column ? !before.descending : !isText(column)});
}

void AggregatesTable::showColumnMenu(const QPoint& where)
{
    QMenu menu(this);
    for (const AggregateColumn column : kByImportance) {
        QAction* action = menu.addAction(title(column));
        action->setCheckable(true);
        action->setChecked(isWanted(column));
        action->setToolTip(explained(column));
        connect(action, &QAction::toggled, this, [this, column](bool on) { setWanted(column, on); });
    }
    menu.addSeparator();
    connect(menu.addAction(QStringLiteral("As it was")), &QAction::triggered, this, [this] { setChoices({}); });
    menu.setToolTipsVisible(true);
    menu.exec(where);
}

int AggregatesTable::widthOf(AggregateColumn column) const
{
    const QFontMetrics numbers(m_delegate->numbers()), words(horizontalHeader()->font());
    const char* widest = "999.999 ms";
    if (column == AggregateColumn::Share) widest = "100.0 %";
    if (column == AggregateColumn::Calls) widest = "9,999,999";
    const QString head = title(column) + QStringLiteral(" ↓");
    return std::max(numbers.horizontalAdvance(QLatin1String(widest)), words.horizontalAdvance(head)) + kSides + 2;
}

/// Names take what is left.
void AggregatesTable::layOut()
{
    QHeaderView* head = horizontalHeader();
    if (head->count() != static_cast<int>(kAggregateColumns)) return;
    const bool two = m_model.answer() && m_model.answer()->table->by.size() > 1;
    const int all = viewport()->width();
    int left = all - kLeastName - (two ? kLeastName * 3 / 4 : 0);
    // The bar says more than the last columns; where even the first hardly fit it goes.
    constexpr int kBar = AggregatesDelegate::kLeastBar + AggregatesDelegate::kBarGap;
    const bool bar = isWanted(AggregateColumn::Total) && left >= kBarFrom;
    if (bar) left -= kBar;
    std::bitset<kAggregateColumns> shown;
    std::array<int, kAggregateColumns> widths{};
    for (const AggregateColumn column : kByImportance) {
        const auto at = static_cast<std::size_t>(column);
        widths[at] = widthOf(column);
        if (!isWanted(column) || widths[at] > left) continue;
        shown.set(at);
        left -= widths[at];
    }
    constexpr auto kTotal = static_cast<std::size_t>(AggregateColumn::Total);
    if (bar && shown.test(kTotal)) {
        const int longer = std::clamp(left, 0, AggregatesDelegate::kMostBar - AggregatesDelegate::kLeastBar);
        widths[kTotal] += kBar + longer;
        left -= longer;
    }
    for (const AggregateColumn column : kByImportance) {
        const auto at = static_cast<std::size_t>(column);
        setColumnHidden(static_cast<int>(at), !shown.test(at));
        if (shown.test(at)) setColumnWidth(static_cast<int>(at), widths[at]);
    }
    const int words = std::max(0, left) + kLeastName + (two ? kLeastName * 3 / 4 : 0);
    const int second = two ? words * 2 / 5 : 0;
    setColumnHidden(static_cast<int>(AggregateColumn::Second), !two);
    if (two) setColumnWidth(static_cast<int>(AggregateColumn::Second), second);
    setColumnWidth(static_cast<int>(AggregateColumn::Key), std::min(words - second, all));
}

void AggregatesTable::resizeEvent(QResizeEvent* event)
{
    QTableView::resizeEvent(event);
    layOut();
}

bool AggregatesTable::event(QEvent* event)
{
    if (event->type() == QEvent::ShortcutOverride) { // else a shortcut of the window might take them
        const int key = static_cast<QKeyEvent*>(event)->key();
        if (key == Qt::Key_Period || key == Qt::Key_Comma) event->accept();
    }
    return QTableView::event(event);
}

void AggregatesTable::keyPressEvent(QKeyEvent* event)
{
    if (event->matches(QKeySequence::Copy)) return Q_EMIT copyRequested();
    switch (event->key()) {
    case Qt::Key_Period: Q_EMIT stepRequested(1); return;
    case Qt::Key_Comma: Q_EMIT stepRequested(-1); return;
    case Qt::Key_Return:
    case Qt::Key_Enter: Q_EMIT filterRequested(); return;
    default: QTableView::keyPressEvent(event);
    }
}

void AggregatesTable::contextMenuEvent(QContextMenuEvent* event)
{
    const bool byKey = event->reason() == QContextMenuEvent::Keyboard;
    if (!byKey && !indexAt(event->pos()).isValid()) return;
    Q_EMIT menuRequested(byKey ? viewport()->mapToGlobal(visualRect(currentIndex()).bottomLeft()) : event->globalPos());
}

} // namespace opscope
