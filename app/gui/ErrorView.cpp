#include "app/gui/ErrorView.h"

#include "widgets/common/Icons.h"

#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>

namespace opscope {

ErrorView::ErrorView(ViewSettings& settings, QWidget* parent)
    : QWidget(parent), m_settings(settings), m_sign(new QLabel(this)), m_text(new QLabel(this)),
      m_open(new QPushButton(QStringLiteral("Open another file"), this))
{
    auto* heading = new QLabel(QStringLiteral("This could not be opened"), this);
    heading->setFont(Theme::uiFont(13, QFont::DemiBold));
    heading->setProperty("role", QStringLiteral("strong"));
    m_text->setWordWrap(true);
    m_text->setTextFormat(Qt::PlainText);
    m_text->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    auto* retry = new QPushButton(QStringLiteral("Try again"), this);
    m_open->setDefault(true);
    auto* buttons = new QHBoxLayout;
    buttons->addWidget(m_open);
    buttons->addWidget(retry);
    buttons->addStretch(1);
    auto* grid = new QGridLayout;
    grid->setHorizontalSpacing(12);
    grid->setVerticalSpacing(8);
    grid->addWidget(m_sign, 0, 0, Qt::AlignTop);
    grid->addWidget(heading, 0, 1);
    grid->addWidget(m_text, 1, 1);
    grid->addItem(new QSpacerItem(0, 6), 2, 1);
    grid->addLayout(buttons, 3, 1);
    grid->setColumnStretch(1, 1);
    auto* card = new QWidget(this);
    card->setLayout(grid);
    card->setFixedWidth(520);
    auto* outer = new QGridLayout(this);
    outer->addWidget(card, 0, 0, Qt::AlignCenter);
    connect(m_open, &QPushButton::clicked, this, &ErrorView::openClicked);
    connect(retry, &QPushButton::clicked, this, &ErrorView::retryClicked);
    connect(&m_settings, &ViewSettings::changed, this, &ErrorView::showTheme);
    showTheme();
}

void ErrorView::setError(const QString& sentence)
{
    m_text->setText(sentence);
    m_open->setFocus();
}

void ErrorView::showTheme()
{
    m_sign->setPixmap(icon("error", m_settings.theme().err).pixmap(QSize(18, 18), devicePixelRatioF()));
}

} // namespace opscope
