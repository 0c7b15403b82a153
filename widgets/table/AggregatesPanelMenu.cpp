#include "widgets/table/AggregatesPanel.h"

#include "widgets/common/Text.h"
#include "widgets/document/TraceDocument.h"
#include "widgets/table/AggregateFilters.h"
#include "widgets/table/AggregateSave.h"
#include "widgets/table/AggregatesModel.h"
#include "widgets/table/AggregatesTable.h"
#include "widgets/table/AggregateWords.h"
#include "widgets/table/OccurrencePane.h"

#include <QApplication>
#include <QClipboard>
#include <QFile>
#include <QFileDialog>
#include <QFileInfo>
#include <QMenu>

namespace opscope {

void AggregatesPanel::fillRowMenu(QMenu& menu)
{
    const int row = m_table->currentIndex().row();
    const AggregateRow* chosen = m_model->rowAt(row);
    if (!chosen) return;
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
    add("Copy row\tCtrl+C", [this] { copyRow(); });
    add("Copy table as CSV", [this] { copyTable(); });
    menu.addSeparator();
    add("Save table…", [this] { saveByDialog(); });
}

void AggregatesPanel::showRowMenu(const QPoint& global)
{
    QMenu menu(this);
    fillRowMenu(menu);
    if (!menu.isEmpty()) menu.exec(global);
}

void AggregatesPanel::copyRow()
{
    const AggregateRow* chosen = m_model->rowAt(m_table->currentIndex().row());
    if (chosen) QApplication::clipboard()->setText(displayText(rowText(*m_model->answer(), *chosen)));
}

/// What the file would have, made on a worker: a table may have a row for each slice.
void AggregatesPanel::copyTable()
{
    const auto answer = m_model->answer();
    if (!answer) return;
    m_saveJob.run([asked = m_asked, answer, order = m_model->rows()](const JobControl&) { return tableText(asked, *answer, order, TableFormat::Csv); },
                  [this](const std::string& text) {
                      QApplication::clipboard()->setText(QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size())));
                      Q_EMIT m_document.announced(QStringLiteral("The table is copied."));
                  });
}

void AggregatesPanel::save(const QString& path)
{
    const auto answer = m_model->answer();
    if (!answer) return;
    const TableFormat format = path.endsWith(QLatin1String(".json"), Qt::CaseInsensitive) ? TableFormat::Json : TableFormat::Csv;
    m_saveJob.run(
        [asked = m_asked, answer, order = m_model->rows(), format, target = QFile::encodeName(path).toStdString()](const JobControl&) {
            return saveTable(asked, *answer, order, format, target);
        },
        [this, path](const Status& status) {
            Q_EMIT m_document.announced(status.ok() ? QStringLiteral("%1 is written.").arg(QFileInfo(path).fileName())
                                                    : displayText(status.error().text()));
        });
}

void AggregatesPanel::saveByDialog()
{
    const QString path = QFileDialog::getSaveFileName(this, QStringLiteral("Save table"), QStringLiteral("aggregates.csv"),
                                                      QStringLiteral("Comma-separated values (*.csv);;JSON (*.json)"));
    if (!path.isEmpty()) save(path);
}

} // namespace opscope
