// The parts of the first page of the record dialog and how they are laid out; what they do is RecordSetup.cpp.
#include "app/gui/RecordSetup.h"

#include "app/gui/RecordFields.h"
#include "app/gui/RecordText.h"
#include "app/gui/RecordWays.h"
#include "widgets/common/Icons.h"
#include "widgets/common/Parts.h"

#include <QAction>
#include <QComboBox>
#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QGridLayout>
#include <QLabel>
#include <QLineEdit>
#include <QScrollArea>
#include <QScrollBar>
#include <QSpinBox>
#include <QTabBar>
#include <QToolButton>
#include <QVBoxLayout>

namespace opscope {
namespace {

constexpr int kPadding = 14, kLowerLeast = 324;
constexpr int kTypingMs = 200; // backends are asked anew when typing pauses

QLabel* title(const QString& text)
{
    auto* label = new QLabel(text);
    label->setTextFormat(Qt::PlainText);
    label->setFont(Theme::uiFont(13, QFont::DemiBold));
    label->setProperty("role", QStringLiteral("strong"));
    return label;
}

QLabel* dim(const QString& text, const QFont& font = Theme::uiFont(12))
{
    auto* label = new QLabel(text);
    label->setTextFormat(Qt::PlainText);
    label->setFont(font);
    label->setProperty("role", QStringLiteral("dim"));
    return label;
}

QScrollArea* scrolled(QWidget* content)
{
    auto* area = new QScrollArea;
    area->setWidget(content);
    area->setWidgetResizable(true);
    area->setFrameShape(QFrame::NoFrame);
    area->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    area->setFocusPolicy(Qt::NoFocus);
    area->viewport()->setAutoFillBackground(false);
    content->setAutoFillBackground(false);
    return area;
}

QLabel* addLabelled(QGridLayout& grid, const QString& text, QWidget* field, QWidget* shown)
{
    const int row = grid.rowCount();
    QLabel* label = dim(QString(text).remove(QLatin1Char('&')));
    label->setText(text);
    label->setTextFormat(Qt::AutoText);
    label->setBuddy(field);
    field->setAccessibleName(QString(text).remove(QLatin1Char('&')));
    grid.addWidget(label, row, 0);
    grid.addWidget(shown, row, 1);
    return label;
}

QToolButton* flatLink(const Theme& theme, const QString& text)
{
    auto* link = new QToolButton;
    link->setText(text);
    link->setFont(Theme::uiFont(11, QFont::Medium));
    link->setObjectName(QStringLiteral("flatStatus"));
    link->setStyleSheet(QStringLiteral("QToolButton { color: %1; padding: 0 4px; }").arg(theme.accent.name()));
    return link;
}

QWidget* beside(std::initializer_list<QWidget*> parts)
{
    auto* widget = new QWidget;
    auto* layout = new QHBoxLayout(widget);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(8);
    for (QWidget* part : parts)
        layout->addWidget(part);
    layout->addStretch(1);
    return widget;
}

QLineEdit* pathField(const Theme& theme, const QString& tip)
{
    auto* edit = new QLineEdit;
    edit->setFont(Theme::fixedFont(11));
    QAction* browse = edit->addAction(icon("folder", theme.textDim), QLineEdit::TrailingPosition);
    browse->setToolTip(tip);
    return edit;
}

QSpinBox* spin(int low, int high, int value)
{
    auto* box = new QSpinBox;
    box->setRange(low, high);
    box->setValue(value);
    box->setFont(Theme::fixedFont(11));
    box->setAlignment(Qt::AlignRight);
    box->setButtonSymbols(QAbstractSpinBox::NoButtons);
    box->setFixedSize(kRecordNumberWidth, 26);
    return box;
}

} // namespace

RecordSetup::RecordSetup(const Theme& theme, World world, const RecordSettings& settings, QWidget* parent)
    : QWidget(parent), m_theme(theme), m_backends(world.backends),
      m_survey(std::make_shared<RecordSurvey>(world.backends, std::move(world.scan), std::move(world.torchScan))), m_settings(settings)
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(makeHead());
    m_table = new RecordProcessTable(theme, m_backends);
    m_table->setMinimumHeight(24 + 4 * 22);
    m_running = new QWidget;
    auto* running = new QVBoxLayout(m_running);
    running->setContentsMargins(0, 0, 0, 0);
    running->setSpacing(0);
    running->addWidget(m_table, 1);
    running->addWidget(makeLegend());
    column->addWidget(m_running, 2);
    column->addWidget(makeCommandPage(), 2);
    column->addWidget(makeLine(Qt::Horizontal));
    auto* below = new QWidget;
    below->setMinimumHeight(kLowerLeast);
    auto* lower = new QHBoxLayout(below);
    lower->setContentsMargins(0, 0, 0, 0);
    lower->setSpacing(0);
    lower->addWidget(makeHow(), 3);
    lower->addWidget(makeLine(Qt::Vertical));
    lower->addWidget(makeWhat(), 2);
    column->addWidget(below, 1);
    m_timer.setSingleShot(true);
    m_typing.setSingleShot(true);
    m_typing.setInterval(kTypingMs);
    connectParts();
    showWay();
    showHidden_();
    showTab();
}

QWidget* RecordSetup::makeHead()
{
    auto* head = new QWidget;
    head->setFixedHeight(35);
    m_tabs = new QTabBar;
    m_tabs->setExpanding(false);
    m_tabs->addTab(QStringLiteral("&Running process"));
    m_tabs->addTab(QStringLiteral("New &command"));
    m_tabs->setAccessibleName(QStringLiteral("What to record"));
    m_search = new QLineEdit;
    m_search->setPlaceholderText(QStringLiteral("Number, name, user or command"));
    m_search->setAccessibleName(QStringLiteral("Find a process"));
    m_search->setFixedWidth(250);
    m_search->setClearButtonEnabled(false);
    m_search->addAction(icon("find", m_theme.textDim), QLineEdit::LeadingPosition);
    m_refresh = new QToolButton;
    m_refresh->setIcon(icon("refresh", m_theme.text));
    m_refresh->setIconSize({16, 16});
    m_refresh->setShortcut(QKeySequence(Qt::Key_F5));
    m_refresh->setToolTip(QStringLiteral("Look again, and ask every way to record anew (F5)"));
    m_refresh->setAccessibleName(QStringLiteral("Look again"));
    auto* row = new QHBoxLayout(head);
    row->setContentsMargins(4, 0, 10, 0);
    row->setSpacing(6);
    row->addWidget(m_tabs, 0, Qt::AlignBottom);
    row->addStretch(1);
    row->addWidget(m_search);
    row->addWidget(m_refresh);
    head->setAutoFillBackground(true);
    QPalette palette = head->palette();
    palette.setColor(QPalette::Window, m_theme.raised);
    head->setPalette(palette);
    return head;
}

QWidget* RecordSetup::makeLegend()
{
    auto* legend = new QWidget;
    auto* row = new QHBoxLayout(legend);
    row->setContentsMargins(kPadding, 5, kPadding, 6);
    row->setSpacing(6);
    const auto entry = [&](const char* sign, const QColor& colour, const char* word) {
        if (sign) {
            auto* picture = new QLabel;
            picture->setPixmap(icon(sign, colour).pixmap(QSize(14, 14), devicePixelRatioF()));
            row->addWidget(picture);
        } else {
            row->addWidget(dim(QStringLiteral("–"), Theme::fixedFont(11)));
        }
        row->addWidget(dim(QLatin1String(word), Theme::uiFont(11)));
        row->addSpacing(8);
    };
    entry("ok", m_theme.ok, "ready");
    entry("warning", m_theme.warn, "needs permission");
    entry(nullptr, {}, "not possible");
    m_standbyNote = dim({}, Theme::uiFont(11));
    row->addWidget(m_standbyNote);
    row->addStretch(1);
    m_hidden = dim({}, Theme::uiFont(11));
    m_showHidden = flatLink(m_theme, {});
    m_showHidden->setAccessibleName(QStringLiteral("Show or hide workers of data loaders, threads of the kernel, ended processes and this program"));
    row->addWidget(m_hidden);
    row->addWidget(m_showHidden);
    return legend;
}

QWidget* RecordSetup::makeCommandPage()
{
    m_commandPage = new QWidget;
    auto* column = new QVBoxLayout(m_commandPage);
    column->setContentsMargins(kPadding, 12, kPadding, 12);
    auto* form = new QWidget;
    QGridLayout* grid = makeRecordGrid(form);
    m_command = new QLineEdit;
    m_command->setFont(Theme::fixedFont(11));
    m_command->setPlaceholderText(QStringLiteral("python train.py --config \"my config.yaml\""));
    m_folder = pathField(m_theme, QStringLiteral("Choose the folder"));
    m_folder->setText(shortPath(QDir::currentPath()));
    m_environment = new QLineEdit;
    m_environment->setFont(Theme::fixedFont(11));
    m_environment->setPlaceholderText(QStringLiteral("CUDA_VISIBLE_DEVICES=0 OMP_NUM_THREADS=4"));
    m_environment->setToolTip(QStringLiteral("NAME=VALUE, parted by blanks, besides what Opscope itself has; NAME= takes a variable away"));
    addLabelled(*grid, QStringLiteral("C&ommand"), m_command, m_command);
    addLabelled(*grid, QStringLiteral("&In the folder"), m_folder, m_folder);
    addLabelled(*grid, QStringLiteral("&Environment"), m_environment, m_environment);
    column->addWidget(form);
    QLabel* hint = dim(QStringLiteral("It is started by Opscope, without a shell, and recorded from its start."));
    hint->setWordWrap(true);
    hint->setContentsMargins(kRecordLabelWidth + 8, 0, 0, 0);
    column->addWidget(hint);
    column->addStretch(1);
    return m_commandPage;
}

QWidget* RecordSetup::makeHow()
{
    auto* page = new QWidget;
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(kPadding, 12, kPadding, 8);
    column->setSpacing(8);
    m_heading = title(QString());
    m_chooseForMe = flatLink(m_theme, QStringLiteral("Choose for me"));
    m_chooseForMe->setToolTip(QStringLiteral("Take the way that disturbs the process least and can do what is wanted"));
    m_why = dim({}, Theme::uiFont(11));
    m_why->setWordWrap(true);
    m_ways = new RecordWays(m_theme, m_backends);
    auto* head = new QHBoxLayout;
    head->addWidget(m_heading, 1);
    head->addWidget(m_chooseForMe);
    column->addLayout(head);
    column->addWidget(m_why);
    column->addWidget(scrolled(m_ways), 1);
    return page;
}

QWidget* RecordSetup::makeLimits()
{
    auto* form = new QWidget;
    QGridLayout* grid = makeRecordGrid(form);
    m_lengthNumber = spin(1, RecordSettings::kMostSeconds, 1);
    m_lengthKind = new QComboBox;
    m_lengthKind->setAccessibleName(QStringLiteral("Length: a number of seconds, of steps of the training, or until Stop"));
    addLabelled(*grid, QStringLiteral("&Length"), m_lengthNumber, beside({m_lengthNumber, m_lengthKind}));
    m_ranks = new QWidget;
    m_rankRow = new QHBoxLayout(m_ranks);
    m_rankRow->setContentsMargins(0, 0, 0, 0);
    m_rankRow->setSpacing(6);
    m_rankRow->addWidget(dim(QStringLiteral("start at the same instant")));
    m_rankRow->addStretch(1);
    m_ranksLabel = addLabelled(*grid, QStringLiteral("Ranks"), m_ranks, m_ranks);
    m_size = spin(0, RecordSettings::kMostMebibytes, m_settings.mebibytes);
    m_size->setSpecialValueText(QStringLiteral("none"));
    m_size->setToolTip(QStringLiteral("The recording stops, and is saved, when its file is this big; 0: never"));
    m_sizeField = beside({m_size, dim(QStringLiteral("MiB"))});
    m_sizeLabel = addLabelled(*grid, QStringLiteral("Si&ze at most"), m_size, m_sizeField);
    grid->setColumnStretch(1, 1);
    return form;
}

QWidget* RecordSetup::makeSaveTo()
{
    auto* form = new QWidget;
    QGridLayout* grid = makeRecordGrid(form);
    m_saveTo = pathField(m_theme, QStringLiteral("Choose the folder"));
    m_saveTo->setText(m_settings.saveTo.isEmpty() ? RecordSettings::standardSaveTo() : m_settings.saveTo);
    m_saveTo->setToolTip(QStringLiteral("{name}, {pid} and {time} are filled in when the recording starts"));
    addLabelled(*grid, QStringLiteral("&Save to"), m_saveTo, m_saveTo);
    return form;
}

QWidget* RecordSetup::makeWhat()
{
    auto* settings = new QWidget;
    auto* fields = new QVBoxLayout(settings);
    fields->setContentsMargins(0, 0, 0, 0);
    fields->setSpacing(8);
    fields->addWidget(makeLimits());
    m_fieldsHome = new QWidget;
    auto* home = new QVBoxLayout(m_fieldsHome);
    home->setContentsMargins(0, 0, 0, 0);
    fields->addWidget(m_fieldsHome);
    fields->addStretch(1);
    auto* page = new QWidget;
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(kPadding + 2, 12, kPadding + 2, 10);
    column->setSpacing(8);
    column->addWidget(title(QStringLiteral("What to record")));
    column->addWidget(scrolled(settings), 1);
    column->addWidget(makeSaveTo()); // in sight however many settings there are
    return page;
}

void RecordSetup::connectParts()
{
    connect(&m_timer, &QTimer::timeout, this, [this] { look(RecordSurvey::Answers::Keep); });
    connect(&m_typing, &QTimer::timeout, this, &RecordSetup::check);
    connect(m_refresh, &QToolButton::clicked, this, [this] { look(RecordSurvey::Answers::Forget); });
    connect(m_tabs, &QTabBar::currentChanged, this, &RecordSetup::showTab);
    connectProcesses();
    connectCommand();
    connectWays();
    connect(m_lengthKind, &QComboBox::currentIndexChanged, this, &RecordSetup::rememberLength);
    connect(m_lengthNumber, &QSpinBox::valueChanged, this, &RecordSetup::rememberLength);
    connect(m_size, &QSpinBox::valueChanged, this, &RecordSetup::changed);
    connectSaveTo();
}

void RecordSetup::connectProcesses()
{
    m_search->installEventFilter(this);
    connect(m_search, &QLineEdit::textChanged, this, [this](const QString& text) {
        m_table->setSearch(text);
        showHidden_();
    });
    connect(m_table, &RecordProcessTable::chosenChanged, this, [this] {
        m_touched = m_touched || m_table->hasFocus();
        showChosen();
    });
    connect(m_table, &RecordProcessTable::chosenUpdated, this, [this] {
        showRanks();
        if (m_tabs->currentIndex() == Running && !m_checking.running())
            check();
    });
    connect(m_showHidden, &QToolButton::clicked, this, [this] {
        m_table->setShowHidden(!m_table->processes().showsHidden());
        showHidden_();
    });
}

void RecordSetup::connectCommand()
{
    connect(m_command, &QLineEdit::textChanged, this, [this] {
        m_typing.start();
        Q_EMIT changed();
    });
    connect(m_environment, &QLineEdit::textChanged, this, &RecordSetup::changed);
    connect(m_folder->actions().constFirst(), &QAction::triggered, this, [this] {
        const QString folder = QFileDialog::getExistingDirectory(this, QStringLiteral("Start the command in"), expandedPath(m_folder->text(), {}, 0, {}));
        if (!folder.isEmpty())
            m_folder->setText(shortPath(folder));
    });
}

void RecordSetup::connectWays()
{
    connect(m_ways, &RecordWays::chosenChanged, this, &RecordSetup::showWay);
    connect(m_ways, &RecordWays::wishChanged, this, &RecordSetup::rememberWish);
    connect(m_ways, &RecordWays::newStartWanted, this, &RecordSetup::startAnew);
    connect(m_chooseForMe, &QToolButton::clicked, this, [this] {
        wishOfKind().clear();
        m_ways->setWish({});
        showWhy();
    });
}

void RecordSetup::connectSaveTo()
{
    connect(m_saveTo, &QLineEdit::textChanged, this, &RecordSetup::changed);
    connect(m_saveTo->actions().constFirst(), &QAction::triggered, this, [this] {
        const QFileInfo now(expandedPath(m_saveTo->text(), QStringLiteral("{name}"), 0, {}));
        const QString folder = QFileDialog::getExistingDirectory(this, QStringLiteral("Save recordings in"), now.absolutePath());
        const QString name = m_saveTo->text().mid(m_saveTo->text().lastIndexOf(QLatin1Char('/')) + 1);
        if (!folder.isEmpty())
            m_saveTo->setText(shortPath(folder) + QLatin1Char('/') + name);
    });
}

} // namespace opscope
