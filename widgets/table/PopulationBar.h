#pragma once

#include <QWidget>

#include "widgets/common/Theme.h"
#include "widgets/table/AggregateAnswer.h"

#include <array>

class QToolButton;

namespace opscope {

class PopulationChip;

/// What goes into the table: one chip a population, with the number of different names. Those that the trace lacks are left out,
/// those without room stand in a menu.
class PopulationBar : public QWidget
{
    Q_OBJECT

public:
    explicit PopulationBar(QWidget* parent = nullptr);
    void setTheme(const Theme& theme);
    void setCurrent(Population population);
    Population current() const { return m_current; }
    void setCounts(const std::array<PopulationCount, kPopulationCount>& counts, const std::array<bool, kPopulationCount>& exists);
    PopulationChip& chip(Population population) const { return *m_chips[static_cast<std::size_t>(population)]; }
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

Q_SIGNALS:
    void chosen(Population population);

protected:
    void resizeEvent(QResizeEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    void arrange();
    void showMenu();
    void walk(int direction);
    std::vector<PopulationChip*> existing() const;  ///< in order

    std::array<PopulationChip*, kPopulationCount> m_chips{}; ///< by Population
    QToolButton* m_more;
    Population m_current = Population::All;
};

} // namespace opscope
