#include "widgets/tensor/StatisticsStrip.h"

#include "widgets/common/Parts.h"

#include <QLabel>
#include <QPainter>

namespace opscope {

namespace {

constexpr int kCellHeight = 76, kPad = 14;

} // namespace

StatisticsStrip::StatisticsStrip(QWidget* parent) : QWidget(parent)
{
    setAccessibleName(QStringLiteral("Statistics"));
    QSizePolicy policy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setSizePolicy(policy);
}

void StatisticsStrip::setTheme(const Theme& theme)
{
    m_theme = theme;
    for (const Labels& labels : m_labels) {
        setTextColour(labels.title, theme.textDim);
        setTextColour(labels.value, theme.textHi);
        setTextColour(labels.note, theme.textDim);
    }
    update();
}

void StatisticsStrip::setCells(std::vector<StatisticsCell> cells)
{
    m_cells = std::move(cells);
    while (m_labels.size() < m_cells.size())
        m_labels.push_back({makeTextLabel(Theme::uiFont(11), this), makeTextLabel(Theme::fixedFont(15), this), makeTextLabel(Theme::uiFont(11), this)});
    for (std::size_t i = 0; i < m_labels.size(); ++i) {
        const bool used = i < m_cells.size();
        for (QLabel* label : {m_labels[i].title, m_labels[i].value, m_labels[i].note}) label->setVisible(used);
        if (!used) continue;
        m_labels[i].title->setText(m_cells[i].title);
        m_labels[i].value->setText(m_cells[i].value);
        m_labels[i].note->setText(m_cells[i].note);
        m_labels[i].note->setToolTip(m_cells[i].note.toHtmlEscaped());
    }
    setTheme(m_theme);
    m_columns = 0;
    arrange();
}

void StatisticsStrip::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    arrange();
}

void StatisticsStrip::arrange()
{
    m_columns = width() >= 720 ? 6 : width() >= 420 ? 3 : 2;
    const int count = static_cast<int>(m_cells.size());
    const int rows = (count + m_columns - 1) / m_columns;
    if (height() != rows * kCellHeight || minimumHeight() != rows * kCellHeight) setFixedHeight(rows * kCellHeight);
    for (int i = 0; i < count; ++i) {
        const int left = width() * (i % m_columns) / m_columns, right = width() * (i % m_columns + 1) / m_columns;
        const int top = i / m_columns * kCellHeight, space = right - left - kPad - 4;
        const Labels& labels = m_labels[static_cast<std::size_t>(i)];
        labels.title->setGeometry(left + kPad, top + 9, space, 18);
        // Numbers of twenty digits and their like take the smaller size rather than being cut.
        const bool fits = QFontMetrics(Theme::fixedFont(15)).horizontalAdvance(labels.value->text()) <= space;
        labels.value->setFont(Theme::fixedFont(fits ? 15 : 11));
        labels.value->setGeometry(left + kPad, top + 26, space, 22);
        labels.note->setGeometry(left + kPad, top + 48, space, 18);
    }
    update();
}

void StatisticsStrip::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    for (int column = 1; column < m_columns; ++column) painter.fillRect(width() * column / m_columns, 0, 1, height(), m_theme.line);
    for (int y = kCellHeight; y <= height(); y += kCellHeight) painter.fillRect(0, y - 1, width(), 1, m_theme.line);
}

} // namespace opscope
