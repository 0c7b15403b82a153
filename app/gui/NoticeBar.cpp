#include "app/gui/NoticeBar.h"

#include "core/base/JobControl.h"
#include "widgets/common/Icons.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QPainter>
#include <QProgressBar>
#include <QPushButton>

#include <algorithm>

namespace opscope {

NoticeBar::NoticeBar(ViewSettings& settings, QWidget* parent)
    : QWidget(parent), m_settings(settings), m_row(new QHBoxLayout(this)), m_sign(new QLabel(this)), m_text(new QLabel(this)),
      m_bar(new QProgressBar(this)), m_percent(new QLabel(this))
{
    m_row->setContentsMargins(12, 4, 10, 5);
    m_row->setSpacing(8);
    m_text->setTextFormat(Qt::PlainText);
    m_text->setFont(Theme::uiFont(12));
    m_text->setProperty("role", QStringLiteral("value"));
    m_text->setWordWrap(true);
    m_bar->setTextVisible(false);
    m_bar->setFixedWidth(160);
    m_percent->setFont(Theme::fixedFont(11));
    m_percent->setProperty("role", QStringLiteral("value"));
    m_percent->setFixedWidth(40);
    m_row->addWidget(m_sign, 0, Qt::AlignVCenter);
    m_row->addWidget(m_text, 1);
    m_row->addWidget(m_bar);
    m_row->addWidget(m_percent);
    setAccessibleName(QStringLiteral("Notice"));
    connect(&m_settings, &ViewSettings::changed, this, &NoticeBar::showTheme);
    hide();
}

void NoticeBar::showNotice(Kind kind, const QString& text, std::vector<Action> actions)
{
    m_kind = kind;
    m_words = text;
    m_actions = std::move(actions);
    for (QPushButton* button : m_buttons)
        button->deleteLater();
    m_buttons.clear();
    for (std::size_t i = 0; i < m_actions.size(); ++i) {
        auto* button = new QPushButton(m_actions[i].text, this);
        m_row->addWidget(button);
        m_buttons.push_back(button);
        connect(button, &QPushButton::clicked, this, [this, act = m_actions[i].act] {
            clear();
            if (act)
                act();
        });
    }
    const bool moves = kind == Kind::Progress;
    m_bar->setVisible(moves);
    m_percent->setVisible(moves);
    m_percent->clear();
    m_bar->setRange(0, 0);
    m_text->setText(text);
    m_text->setAccessibleName(text);
    showTheme();
    show();
}

void NoticeBar::showProgress(const Progress& progress)
{
    const std::uint64_t total = progress.total;
    if (m_kind != Kind::Progress || isHidden() || total == 0)
        return;
    const std::uint64_t done = std::min<std::uint64_t>(progress.done, total);
    const double share = static_cast<double>(done) / static_cast<double>(total);
    m_bar->setRange(0, 1000);
    m_bar->setValue(static_cast<int>(share * 1000));
    m_percent->setText(QStringLiteral("%1 %").arg(static_cast<int>(share * 100)));
}

void NoticeBar::clear()
{
    hide();
    m_words.clear();
}

void NoticeBar::showTheme()
{
    const Theme& theme = m_settings.theme();
    const bool warns = m_kind == Kind::Warning;
    m_sign->setPixmap(icon(warns ? "warning" : "link", warns ? theme.warn : theme.textDim).pixmap(QSize(16, 16), devicePixelRatioF()));
    update();
}

void NoticeBar::keyPressEvent(QKeyEvent* event)
{
    // Esc is "not now": the last action is always the one that leaves things as they are.
    if (event->key() == Qt::Key_Escape && !m_buttons.empty())
        m_buttons.back()->click();
    else
        QWidget::keyPressEvent(event);
}

void NoticeBar::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    const Theme& theme = m_settings.theme();
    painter.fillRect(rect(), theme.raised);
    painter.fillRect(0, height() - 1, width(), 1, theme.line);
}

} // namespace opscope
