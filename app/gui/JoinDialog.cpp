#include "app/gui/JoinDialog.h"

#include "app/gui/JoinOffer.h"
#include "app/gui/LoadFiles.h"
#include "widgets/common/Text.h"

#include <QFileDialog>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QTreeWidget>
#include <QVBoxLayout>

namespace opscope {

namespace {

enum Column { File, What, Why };
constexpr int kPath = Qt::UserRole;

} // namespace

JoinDialog::JoinDialog(const Theme& theme, const QString& folder, QWidget* parent)
    : QDialog(parent), m_folder(folder), m_heading(new QLabel(this)), m_list(new QTreeWidget(this)),
      m_join(new QPushButton(QStringLiteral("Join"), this))
{
    setWindowTitle(QStringLiteral("Join with this trace"));
    setPalette(theme.palette());
    resize(780, 380);
    m_heading->setWordWrap(true);
    m_heading->setProperty("role", QStringLiteral("value"));
    m_list->setHeaderLabels({QStringLiteral("File"), QStringLiteral("What it is"), QStringLiteral("Why")});
    m_list->setRootIsDecorated(false);
    m_list->setAlternatingRowColors(true);
    m_list->setUniformRowHeights(true);
    m_list->header()->resizeSection(File, 270);
    m_list->header()->resizeSection(What, 170);
    auto* other = new QPushButton(QStringLiteral("Other files…"), this);
    auto* cancel = new QPushButton(QStringLiteral("Cancel"), this);
    other->setAutoDefault(false);
    cancel->setAutoDefault(false);
    m_join->setDefault(true);
    auto* buttons = new QHBoxLayout;
    buttons->addWidget(other);
    buttons->addStretch(1);
    buttons->addWidget(cancel);
    buttons->addWidget(m_join);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(16, 14, 16, 14);
    column->setSpacing(10);
    column->addWidget(m_heading);
    column->addWidget(m_list, 1);
    column->addLayout(buttons);
    connect(other, &QPushButton::clicked, this, [this] {
        addFiles(QFileDialog::getOpenFileNames(this, QStringLiteral("Files to join"), m_folder,
                                               QStringLiteral("Traces (*.json *.json.gz *.fxt *.fxt.gz *.gz);;All files (*)")));
    });
    connect(cancel, &QPushButton::clicked, this, &QDialog::reject);
    connect(m_join, &QPushButton::clicked, this, &QDialog::accept);
    connect(m_list, &QTreeWidget::itemChanged, this, &JoinDialog::showState);
    showState();
    m_list->setFocus();
}

void JoinDialog::addRow(const QString& path, const QString& what, const QString& why, bool ticked)
{
    auto* item = new QTreeWidgetItem;
    item->setText(File, displayText(path.mid(path.lastIndexOf(QLatin1Char('/')) + 1).toStdString()));
    item->setText(What, what);
    item->setText(Why, why);
    item->setToolTip(File, richText(path));
    item->setToolTip(Why, richText(why));
    item->setData(File, kPath, path);
    item->setCheckState(File, ticked ? Qt::Checked : Qt::Unchecked);
    m_list->addTopLevelItem(item);
    if (m_list->topLevelItemCount() == 1)
        m_list->setCurrentItem(item);
}

void JoinDialog::setPartners(const std::vector<Partner>& partners)
{
    for (const Partner& partner : partners)
        addRow(fromPath(partner.path), describe(partner), displayText(partner.why), partner.confidence == PartnerConfidence::Likely);
    m_looking = false;
    showState();
}

void JoinDialog::addFiles(const QStringList& files)
{
    for (const QString& file : files)
        addRow(file, QString(), QStringLiteral("chosen by hand"), true);
}

QStringList JoinDialog::chosen() const
{
    QStringList files;
    for (int row = 0; row < m_list->topLevelItemCount(); ++row) {
        const QTreeWidgetItem* item = m_list->topLevelItem(row);
        if (item->checkState(File) == Qt::Checked)
            files << item->data(File, kPath).toString();
    }
    return files;
}

void JoinDialog::showState()
{
    const bool none = m_list->topLevelItemCount() == 0;
    m_heading->setText(m_looking ? QStringLiteral("Looking beside the open files for what belongs to them…")
                       : none    ? QStringLiteral("Nothing beside the open files seems to belong to them. Other files can be chosen.")
                                 : QStringLiteral("These files seem to belong to what is open. Joined, they are one picture: linked, and on one clock."));
    m_join->setEnabled(!chosen().isEmpty());
}

} // namespace opscope
