#pragma once

#include "widgets/common/Theme.h"

#include <QString>
#include <QWidget>

#include <vector>

class QLabel;

namespace opscope {

/// "Minimum / 1 / declared 1"
struct StatisticsCell
{
    QString title, value, note;
};

/// Big numbers beside each other, in as many columns as fit: six, three or two. All of it can be selected.
class StatisticsStrip : public QWidget
{
    Q_OBJECT

public:
    explicit StatisticsStrip(QWidget* parent = nullptr);
    void setTheme(const Theme& theme);
    void setCells(std::vector<StatisticsCell> cells);
    const std::vector<StatisticsCell>& cells() const { return m_cells; }
    int columns() const { return m_columns; }

protected:
    void resizeEvent(QResizeEvent* event) override;
    void paintEvent(QPaintEvent* event) override;

private:
    struct Labels
    {
        QLabel *title, *value, *note;
    };
    void arrange();

    Theme m_theme = Theme::dark();
    std::vector<StatisticsCell> m_cells;
    std::vector<Labels> m_labels;
    int m_columns = 0;
};

} // namespace opscope
