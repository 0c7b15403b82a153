#include "widgets/tensor/CheckList.h"

#include "widgets/common/Icons.h"
#include "widgets/common/Text.h"
#include "widgets/common/Parts.h"

#include <QGridLayout>
#include <QLabel>
#include <QResizeEvent>

namespace opscope {

namespace {

constexpr int kWide = 560;

} // namespace

CheckList::CheckList(QWidget* parent) : QWidget(parent), m_grid(new QGridLayout(this))
{
    setAccessibleName(QStringLiteral("Checks"));
    m_grid->setContentsMargins(14, 10, 14, 10);
    m_grid->setHorizontalSpacing(8);
    m_grid->setVerticalSpacing(5);
}

void CheckList::setTheme(const Theme& theme)
{
    m_theme = theme;
    for (const Row& row : m_rows) {
        row.icon->setPixmap(icon(row.good ? "ok" : "warning", row.good ? theme.ok : theme.warn).pixmap(16, 16));
        setTextColour(row.text, row.sentence ? theme.textHi : theme.text);
        setTextColour(row.numbers, row.good ? theme.textDim : theme.warn);
    }
}

void CheckList::add(bool good, bool sentence, const std::string& text, const std::string& numbers)
{
    Row row{good, sentence, new QLabel(this), makeTextLabel(Theme::uiFont(12), this), makeTextLabel(Theme::fixedFont(11), this)};
    row.icon->setFixedSize(16, 16);
    row.icon->setAccessibleName(good ? QStringLiteral("good") : QStringLiteral("warning"));
    row.icon->setToolTip(row.icon->accessibleName());
    row.text->setText(displayText(text));
    row.text->setWordWrap(true);
    row.numbers->setText(displayText(numbers));
    row.numbers->setAlignment(Qt::AlignRight | Qt::AlignTop);
    m_rows.push_back(row);
}

void CheckList::setChecks(const std::vector<std::string>& warnings, const std::vector<TensorCheck>& checks)
{
    for (const Row& row : m_rows) {
        delete row.icon;
        delete row.text;
        delete row.numbers;
    }
    m_rows.clear();
    for (const std::string& warning : warnings) add(false, true, warning, {});
    for (const TensorCheck& check : checks) add(check.good, false, check.text, check.numbers);
    setTheme(m_theme);
    arrange(width() >= kWide);
}

QString CheckList::text() const
{
    QStringList lines;
    for (const Row& row : m_rows) {
        lines += (row.good ? QStringLiteral("good: ") : QStringLiteral("warning: ")) + row.text->text() +
                 (row.numbers->text().isEmpty() ? QString() : QStringLiteral(" (") + row.numbers->text() + QLatin1Char(')'));
    }
    return lines.join(QLatin1Char('\n'));
}

void CheckList::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    if ((event->size().width() >= kWide) != m_wide) arrange(!m_wide);
}

/// Columns: icon, text, numbers, gap, icon, text, numbers.
void CheckList::arrange(bool wide)
{
    m_wide = wide;
    while (QLayoutItem* item = m_grid->takeAt(0)) delete item;
    int line = 0, side = 0;
    for (const Row& row : m_rows) {
        if (row.sentence || !wide) {
            m_grid->addWidget(row.icon, line, 0, Qt::AlignTop);
            m_grid->addWidget(row.text, line, 1, 1, row.sentence ? (wide ? 6 : 2) : 1);
            if (!row.sentence) m_grid->addWidget(row.numbers, line, 2);
            row.numbers->setVisible(!row.sentence);
            ++line;
            continue;
        }
        m_grid->addWidget(row.icon, line, side * 4, Qt::AlignTop);
        m_grid->addWidget(row.text, line, side * 4 + 1);
        m_grid->addWidget(row.numbers, line, side * 4 + 2);
        line += side;
        side = 1 - side;
    }
    m_grid->setColumnStretch(1, 1);
    m_grid->setColumnStretch(5, wide ? 1 : 0);
    m_grid->setColumnMinimumWidth(3, wide ? 12 : 0);
}

} // namespace opscope
