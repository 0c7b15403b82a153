#include "app/gui/LoadingView.h"

#include "core/base/Time.h"

#include <QFileInfo>
#include <QGridLayout>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>

#include <algorithm>

namespace opscope {

namespace {

constexpr int kCardWidth = 420;

QString fileNames(const QStringList& files)
{
    QStringList names;
    for (const QString& file : files)
        names << QFileInfo(file).fileName();
    return names.join(QStringLiteral(" and "));
}

} // namespace

LoadingView::LoadingView(QWidget* parent)
    : QWidget(parent), m_title(new QLabel(this)), m_percent(new QLabel(this)), m_bar(new QProgressBar(this)),
      m_step(new QLabel(this)), m_cancel(new QPushButton(QStringLiteral("Cancel"), this))
{
    m_title->setFont(Theme::uiFont(13, QFont::DemiBold));
    m_title->setProperty("role", QStringLiteral("strong"));
    m_title->setTextFormat(Qt::PlainText);
    m_percent->setFont(Theme::fixedFont(11));
    m_percent->setProperty("role", QStringLiteral("value"));
    m_step->setProperty("role", QStringLiteral("dim"));
    m_bar->setTextVisible(false);
    auto* grid = new QGridLayout;
    grid->setVerticalSpacing(8);
    grid->addWidget(m_title, 0, 0);
    grid->addWidget(m_percent, 0, 1, Qt::AlignRight);
    grid->addWidget(m_bar, 1, 0, 1, 2);
    grid->addWidget(m_step, 2, 0);
    grid->addWidget(m_cancel, 2, 1, Qt::AlignRight);
    grid->setColumnStretch(0, 1);
    auto* card = new QWidget(this);
    card->setLayout(grid);
    card->setFixedWidth(kCardWidth);
    auto* outer = new QGridLayout(this);
    outer->addWidget(card, 0, 0, Qt::AlignCenter);
    connect(m_cancel, &QPushButton::clicked, this, &LoadingView::cancelled);
}

void LoadingView::begin(const QStringList& files)
{
    const QString names = QStringLiteral("Opening ") + fileNames(files);
    m_title->setText(m_title->fontMetrics().elidedText(names, Qt::ElideMiddle, kCardWidth - 60));
    m_title->setToolTip(files.join(QLatin1Char('\n')).toHtmlEscaped());
    m_step->clear();
    m_percent->clear();
    m_bar->setRange(0, 0);
    m_cancel->setFocus();
}

void LoadingView::show(const Progress& progress)
{
    const std::uint64_t total = progress.total;
    const std::uint64_t done = std::min<std::uint64_t>(progress.done, total);
    QString step = QString::fromUtf8(progress.step.load());
    if (const std::uint64_t events = progress.events; events > 0) {
        const QString count = QString::fromStdString(formatCount(static_cast<std::int64_t>(events)));
        step += (step.isEmpty() ? QString() : QStringLiteral(", ")) + count + QStringLiteral(" events");
    }
    m_step->setText(step);
    if (total == 0)
        return;
    m_bar->setRange(0, 1000);
    const double share = static_cast<double>(done) / static_cast<double>(total);
    m_bar->setValue(static_cast<int>(share * 1000));
    m_percent->setText(QStringLiteral("%1 %").arg(static_cast<int>(share * 100)));
}

} // namespace opscope
