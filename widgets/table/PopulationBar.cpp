#include "widgets/table/PopulationBar.h"

#include "widgets/common/Icons.h"
#include "widgets/common/Text.h"
#include "widgets/table/AggregateWords.h"
#include "widgets/table/PopulationChip.h"

#include <QKeyEvent>
#include <QMenu>
#include <QToolButton>

#include <algorithm>

namespace opscope {

namespace {

constexpr int kGap = 2, kMoreWidth = 26;

} // namespace

PopulationBar::PopulationBar(QWidget* parent) : QWidget(parent), m_more(new QToolButton(this))
{
    for (const Population population : kPopulations) {
        auto* chip = new PopulationChip(title(population), this);
        m_chips[static_cast<std::size_t>(population)] = chip;
        connect(chip, &QAbstractButton::clicked, this, [this, population] {
            setCurrent(population);
            Q_EMIT chosen(population);
        });
    }
    m_more->setFixedSize(kMoreWidth, 24);
    m_more->setIconSize({14, 14});
    m_more->setToolTip(QStringLiteral("More kinds of slices"));
    m_more->setAccessibleName(m_more->toolTip());
    connect(m_more, &QToolButton::clicked, this, &PopulationBar::showMenu);
    setCurrent(Population::All);
    setAccessibleName(QStringLiteral("What the table is of"));
}

void PopulationBar::setTheme(const Theme& theme)
{
    for (PopulationChip* chip : m_chips) chip->setTheme(theme);
    m_more->setIcon(icon("more", theme.text));
}

void PopulationBar::setCurrent(Population population)
{
    m_current = population;
    for (const Population each : kPopulations) chip(each).setChecked(each == population);
    arrange();
}

void PopulationBar::setCounts(const std::array<PopulationCount, kPopulationCount>& counts, const std::array<bool, kPopulationCount>& exists)
{
    for (const Population population : kPopulations) {
        const auto at = static_cast<std::size_t>(population);
        m_chips[at]->setProperty("exists", exists[at]);
        m_chips[at]->setNumber(displayText(formatCount(static_cast<std::int64_t>(counts[at].names))));
        const QString tip = counted(counts[at].slices, "slice", "slices") + QStringLiteral(", ") +
                            counted(counts[at].names, "different name", "different names");
        m_chips[at]->setToolTip(tip);
        m_chips[at]->setAccessibleDescription(tip);
    }
    updateGeometry();
    arrange();
}

std::vector<PopulationChip*> PopulationBar::existing() const
{
    std::vector<PopulationChip*> chips;
    for (const Population population : kPopulations) // the chosen one stands even where there is nothing of it
        if (chip(population).property("exists").toBool() || population == m_current) chips.push_back(&chip(population));
    return chips;
}

QSize PopulationBar::sizeHint() const
{
    int width = 0;
    for (const PopulationChip* chip : existing()) width += chip->sizeHint().width() + kGap;
    return {width, 24};
}

QSize PopulationBar::minimumSizeHint() const { return {chip(m_current).sizeHint().width() + kGap + kMoreWidth, 24}; }

void PopulationBar::arrange()
{
    const std::vector<PopulationChip*> chips = existing();
    for (PopulationChip* chip : m_chips)
        if (std::ranges::find(chips, chip) == chips.end()) chip->hide();
    int wanted = 0;
    for (const PopulationChip* chip : chips) wanted += chip->sizeHint().width() + kGap;
    const bool all = wanted - kGap <= width();
    // The chosen one keeps its place, whatever else must go.
    int room = width() - (all ? 0 : kMoreWidth) - chip(m_current).sizeHint().width();
    int x = 0;
    for (PopulationChip* chip : chips) {
        const int wide = chip->sizeHint().width();
        const bool isChosen = chip == &this->chip(m_current);
        const bool fits = all || isChosen || wide + kGap <= room;
        if (!isChosen) room = fits ? room - wide - kGap : 0;
        chip->setVisible(fits);
        if (!fits) continue;
        chip->setGeometry(x, (height() - 24) / 2, wide, 24);
        x += wide + kGap;
    }
    m_more->setVisible(!all);
    m_more->move(x, (height() - 24) / 2);
}

void PopulationBar::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    arrange();
}

void PopulationBar::keyPressEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_Left || event->key() == Qt::Key_Right) walk(event->key() == Qt::Key_Right ? 1 : -1);
    else QWidget::keyPressEvent(event);
}

/// The arrow keys choose the neighbour, as in a row of tabs.
void PopulationBar::walk(int direction)
{
    const std::vector<PopulationChip*> chips = existing();
    const auto at = std::ranges::find(chips, &chip(m_current)) - chips.begin() + direction;
    if (at < 0 || at >= std::ssize(chips)) return;
    PopulationChip* next = chips[static_cast<std::size_t>(at)];
    next->click();
    next->setFocus(Qt::OtherFocusReason);
}

void PopulationBar::showMenu()
{
    QMenu menu(this);
    for (const Population population : kPopulations) {
        if (!chip(population).property("exists").toBool()) continue;
        QAction* action = menu.addAction(title(population) + QLatin1Char('\t') + chip(population).number());
        action->setCheckable(true);
        action->setChecked(population == m_current);
        connect(action, &QAction::triggered, &chip(population), &QAbstractButton::click);
    }
    menu.exec(m_more->mapToGlobal(QPoint(0, m_more->height())));
}

} // namespace opscope
