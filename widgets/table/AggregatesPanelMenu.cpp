#include "widgets/table/AggregatesPanel.h"

#include "widgets/common/Icons.h"
#include "widgets/document/ViewSettings.h"
#include "widgets/table/AggregateFilters.h"
#include "widgets/table/AggregatesModel.h"
#include "widgets/table/AggregatesTable.h"
#include "widgets/table/OccurrencePane.h"

#include <QApplication>
#include <QClipboard>
#include <QMenu>

namespace opscope {

void AggregatesPanel::showRowMenu(const QPoint& global)
{
    const int row = m_table->currentIndex().row();
    const AggregateRow* chosen = m_model->rowAt(row);
    if (!chosen) return;
    QMenu menu(this);
    const auto add = [&](const char* text, auto act) {
        QAction* action = menu.addAction(QString::fromUtf8(text));
        connect(action, &QAction::triggered, this, act);
        return action;
    };
    const bool hasFilter = !filterFor(m_model->answer()->table->by, *chosen).empty();
    add("Filter to this\tEnter", [this, row] { filterTo(row, false); })->setEnabled(hasFilter);
    add("Exclude this", [this, row] { filterTo(row, true); })->setEnabled(hasFilter);
    menu.addSeparator();
    add("Next occurrence\t.", [this] { m_side->step(1); });
    add("Previous occurrence\t,", [this] { m_side->step(-1); });
    menu.addSeparator();
    add("Copy name", [this, row] { QApplication::clipboard()->setText(m_model->fullName(row)); });
    menu.exec(global);
}

} // namespace opscope
