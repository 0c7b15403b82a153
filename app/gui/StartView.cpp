#include "app/gui/StartView.h"

#include "app/gui/RecentList.h"
#include "app/gui/StartButton.h"
#include "widgets/common/Icons.h"

#include <QAction>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QPainter>
#include <QStackedWidget>
#include <QVBoxLayout>

namespace opscope {

namespace {

constexpr int kSideWidth = 356;

QLabel* label(const QString& text, const QFont& font, const char* role)
{
    auto* made = new QLabel(text);
    made->setFont(font);
    made->setProperty("role", QLatin1String(role));
    return made;
}

QLayout* makeHeading()
{
    auto* sign = new QLabel;
    sign->setPixmap(QIcon(QStringLiteral(":/opscope.svg")).pixmap(QSize(44, 44), sign->devicePixelRatioF()));
    auto* words = new QVBoxLayout;
    words->setSpacing(0);
    words->addWidget(label(QStringLiteral("Opscope"), Theme::uiFont(24, QFont::DemiBold), "strong"));
    words->addWidget(label(QStringLiteral("PyTorch traces, up close"), Theme::uiFont(12), "dim"));
    auto* row = new QHBoxLayout;
    row->setSpacing(14);
    row->addWidget(sign);
    row->addLayout(words);
    row->addStretch(1);
    return row;
}

} // namespace

StartView::StartView(RecentFiles& recent, ViewSettings& settings, Sample sample, QWidget* parent)
    : QWidget(parent), m_recent(recent), m_settings(settings), m_model(new RecentModel(recent, this))
{
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(0);
    row->addWidget(makeSide(sample));
    row->addWidget(makeRecent(), 1);
    connect(&m_recent, &RecentFiles::changed, this, &StartView::showRecent);
    connect(&m_settings, &ViewSettings::changed, this, &StartView::showTheme);
    showTheme();
    showRecent();
}

QWidget* StartView::makeSide(Sample sample)
{
    auto* side = new QWidget(this);
    side->setFixedWidth(kSideWidth);
    auto* column = new QVBoxLayout(side);
    column->setContentsMargins(32, 56, 25, 28);
    column->setSpacing(8);
    column->addLayout(makeHeading());
    column->addSpacing(36);
    auto* open = new StartButton({"open", QStringLiteral("Open"), QStringLiteral("Profiler or execution traces"), QStringLiteral("Ctrl O")},
                                 StartButton::Weight::Main, m_settings, side);
    column->addWidget(open);
    connect(open, &QAbstractButton::clicked, this, &StartView::openClicked);
    setFocusProxy(open);
    auto* record = new StartButton({"record", QStringLiteral("Record"), QStringLiteral("A process or a new command"), QStringLiteral("Ctrl R")},
                                   StartButton::Weight::Quiet, m_settings, side);
    column->addWidget(record);
    connect(record, &QAbstractButton::clicked, this, &StartView::recordClicked);
    if (sample == Sample::Present) {
        auto* tour = new StartButton({"play", QStringLiteral("Look at the sample"), QStringLiteral("A small training step, recorded twice"), {}},
                                     StartButton::Weight::Quiet, m_settings, side);
        column->addWidget(tour);
        connect(tour, &QAbstractButton::clicked, this, &StartView::sampleClicked);
    }
    column->addStretch(1);
    QLabel* hint = label(QStringLiteral("Drop files anywhere in this window. A Kineto trace and its execution trace, "
                                        "dropped together, open together."),
                         Theme::uiFont(12), "dim");
    hint->setWordWrap(true);
    column->addWidget(hint);
    return side;
}

QWidget* StartView::makeRecent()
{
    auto* area = new QWidget(this);
    m_find = new QLineEdit(area);
    m_find->setPlaceholderText(QStringLiteral("Find a file"));
    m_find->setFixedWidth(220);
    m_find->addAction(new QAction(m_find), QLineEdit::LeadingPosition);
    m_list = new QListView(area);
    m_list->setObjectName(QStringLiteral("recentList"));
    m_list->setModel(m_model);
    m_list->setItemDelegate(new RecentDelegate(*m_model, m_settings, m_list));
    m_list->setMouseTracking(true);
    m_list->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    QLabel* nothing = label(QStringLiteral("Nothing was opened yet. Files that you open are listed here."), Theme::uiFont(12), "dim");
    nothing->setAlignment(Qt::AlignLeft | Qt::AlignTop);
    nothing->setContentsMargins(12, 12, 12, 12);
    m_pages = new QStackedWidget(area);
    m_pages->addWidget(nothing);
    m_pages->addWidget(m_list);

    auto* head = new QHBoxLayout;
    head->setContentsMargins(12, 0, 12, 0);
    head->addWidget(label(QStringLiteral("Recent"), Theme::uiFont(15, QFont::DemiBold), "strong"));
    head->addStretch(1);
    head->addWidget(m_find);
    auto* column = new QVBoxLayout(area);
    column->setContentsMargins(20, 40, 24, 20);
    column->setSpacing(10);
    column->addLayout(head);
    column->addWidget(m_pages, 1);

    connect(m_find, &QLineEdit::textChanged, m_model, &RecentModel::setFilter);
    const auto choose = [this](const QModelIndex& index) { Q_EMIT filesChosen(m_model->entry(index.row()).files); };
    connect(m_list, &QListView::clicked, this, choose);
    connect(m_list, &QListView::activated, this, choose);
    return area;
}

void StartView::showRecent()
{
    const bool any = !m_recent.entries().empty();
    m_pages->setCurrentIndex(any ? 1 : 0);
    m_find->setVisible(any);
}

void StartView::showTheme()
{
    m_find->actions().constFirst()->setIcon(icon("find", m_settings.theme().textDim));
    update();
}

void StartView::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), m_settings.theme().panel);
    painter.fillRect(0, 0, width(), 1, m_settings.theme().line);
    painter.fillRect(kSideWidth - 1, 0, 1, height(), m_settings.theme().line);
}

} // namespace opscope
