#include "app/gui/RecordWays.h"

#include "widgets/common/Icons.h"
#include "widgets/common/Parts.h"
#include "widgets/common/Text.h"

#include <QButtonGroup>
#include <QClipboard>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QMouseEvent>
#include <QPainter>
#include <QRadioButton>
#include <QToolButton>
#include <QVBoxLayout>

namespace opscope {
namespace {

constexpr int kIndent = 23; // of the lines below the name: under its first letter

QLabel* wrapped(const QFont& font)
{
    auto* label = new QLabel;
    label->setTextFormat(Qt::PlainText);
    label->setFont(font);
    label->setWordWrap(true);
    label->setContentsMargins(kIndent, 0, 0, 0);
    return label;
}

} // namespace

RecordWay::RecordWay(const Theme& theme, const RecorderBackend& backend, QWidget* parent)
    : QFrame(parent), m_theme(theme), m_backend(backend), m_radio(new QRadioButton(displayText(backend.title))), m_sign(new QLabel),
      m_status(new QLabel), m_detail(wrapped(Theme::uiFont(12))), m_note(wrapped(Theme::uiFont(11))), m_copy(new QToolButton), m_link(new QToolButton)
{
    m_radio->setFont(Theme::uiFont(12, QFont::DemiBold));
    m_radio->setAccessibleDescription(displayText(backend.summary));
    m_status->setTextFormat(Qt::PlainText);
    // What to do about it is often a command: it can be copied.
    m_detail->setTextInteractionFlags(Qt::TextSelectableByMouse);
    auto* head = new QHBoxLayout;
    head->setSpacing(6);
    head->addWidget(m_radio);
    head->addStretch(1);
    head->addWidget(m_sign);
    head->addWidget(m_status);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(10, 6, 10, 7);
    column->setSpacing(2);
    column->addLayout(head);
    column->addWidget(m_detail);
    column->addWidget(m_note);
    column->addWidget(makeButtons());
    setLink({});
    setReadiness(nullptr);
}

QWidget* RecordWay::makeButtons()
{
    auto* buttons = new QWidget;
    auto* row = new QHBoxLayout(buttons);
    row->setContentsMargins(kIndent - 4, 0, 0, 0);
    row->setSpacing(6);
    for (QToolButton* button : {m_copy, m_link}) {
        button->setFont(Theme::uiFont(11, QFont::Medium));
        button->setObjectName(QStringLiteral("flatStatus"));
        button->setStyleSheet(QStringLiteral("QToolButton { color: %1; padding: 0 4px; }").arg(m_theme.accent.name()));
        row->addWidget(button);
    }
    row->addStretch(1);
    connect(m_copy, &QToolButton::clicked, this, [this] {
        QGuiApplication::clipboard()->setText(m_toCopy);
        m_copy->setText(QStringLiteral("Copied"));
    });
    connect(m_link, &QToolButton::clicked, this, &RecordWay::linkClicked);
    return buttons;
}

void RecordWay::setLink(const QString& text)
{
    m_link->setText(text);
    m_link->setVisible(!text.isEmpty());
}

void RecordWay::setReadiness(const Readiness* ready)
{
    const bool possible = ready && ready->state == Readiness::State::Ready;
    const bool needs = ready && ready->state == Readiness::State::NeedsPermission;
    const QString advice = ready ? displayText(ready->advice) : QString();
    const QString reason = ready ? displayText(ready->reason) : QString();
    m_radio->setEnabled(possible);
    m_sign->setVisible(possible || needs);
    if (possible || needs)
        m_sign->setPixmap(icon(possible ? "ok" : "warning", possible ? m_theme.ok : m_theme.warn).pixmap(QSize(14, 14), devicePixelRatioF()));
    m_status->setText(!ready ? QString() : possible ? QStringLiteral("Ready") : !reason.isEmpty() ? reason : needs ? QStringLiteral("Needs permission") : QStringLiteral("Not possible here"));
    setTextColour(m_status, possible ? m_theme.ok : needs ? m_theme.warn : m_theme.textDim);
    m_detail->setText(possible || !ready || advice.isEmpty() ? displayText(m_backend.summary) : advice);
    setTextColour(m_detail, m_theme.textDim);
    m_note->setVisible(possible && !advice.isEmpty());
    m_note->setText(advice);
    setTextColour(m_note, m_theme.textDim);
    const QString copy = ready ? displayText(ready->copy) : QString();
    if (copy != m_toCopy)
        m_copy->setText(QStringLiteral("Copy"));
    m_toCopy = copy;
    m_copy->setVisible(!copy.isEmpty());
    m_copy->setToolTip(richText(ready ? ready->copy : std::string()));
    m_copy->setAccessibleName(QStringLiteral("Copy ") + copy);
    m_radio->setAccessibleName(displayText(m_backend.title) + QStringLiteral(", ") + m_status->text());
    m_radio->setAccessibleDescription(m_detail->text() + QLatin1Char(' ') + m_note->text());
    QFrame::update();
}

QString RecordWay::statusText() const { return m_status->text(); }
QString RecordWay::detailText() const { return m_detail->text(); }

void RecordWay::mousePressEvent(QMouseEvent* event)
{
    if (event->button() == Qt::LeftButton && m_radio->isEnabled()) {
        m_radio->setFocus(Qt::MouseFocusReason);
        m_radio->click();
    }
}

void RecordWay::paintEvent(QPaintEvent*)
{
    if (!m_radio->isChecked() || !m_radio->isEnabled())
        return;
    QPainter painter(this);
    painter.fillRect(rect(), m_theme.selectedRow);
    painter.fillRect(0, 0, 2, height(), m_theme.accent);
}

RecordWays::RecordWays(const Theme& theme, std::span<const RecorderBackend> backends, QWidget* parent)
    : QWidget(parent), m_backends(backends), m_group(new QButtonGroup(this))
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(2);
    for (const RecorderBackend& backend : backends) {
        auto* way = new RecordWay(theme, backend, this);
        m_group->addButton(&way->radio(), static_cast<int>(m_ways.size()));
        m_ways.push_back(way);
        connect(way, &RecordWay::linkClicked, this, &RecordWays::newStartWanted);
        column->addWidget(way);
    }
    m_shown.assign(m_ways.size(), true);
    column->addStretch(1);
    connect(m_group, &QButtonGroup::idClicked, this, &RecordWays::wishFor);
    // Arrow keys tick without a click.
    connect(m_group, &QButtonGroup::idToggled, this, [this](int id, bool on) {
        m_ways[static_cast<std::size_t>(id)]->QWidget::update();
        if (on && m_ways[static_cast<std::size_t>(id)]->radio().hasFocus())
            wishFor(id);
    });
}

void RecordWays::wishFor(int id)
{
    const std::string wish(m_backends[static_cast<std::size_t>(id)].id);
    const bool other = wish != m_wish;
    m_wish = wish;
    choose();
    if (other)
        Q_EMIT wishChanged();
}

void RecordWays::showFor(For what)
{
    for (std::size_t i = 0; i < m_ways.size(); ++i) {
        const RecorderBackend& backend = m_backends[i];
        // Ways that need PyTorch would only be in the way of others; those that start commands stay with a process that could be started anew.
        m_shown[i] = what == For::Command ? backend.startsCommands : what == For::PyTorchProcess || backend.family.empty();
        m_ways[i]->setVisible(m_shown[i]);
        m_ways[i]->setLink(what == For::PyTorchProcess && backend.onlyCommands ? QStringLiteral("Start it anew from here…") : QString());
    }
    choose();
}

void RecordWays::setReadiness(const std::vector<Readiness>& ready)
{
    m_ready = ready;
    for (std::size_t i = 0; i < m_ways.size(); ++i)
        m_ways[i]->setReadiness(i < ready.size() ? &ready[i] : nullptr);
    choose();
}

void RecordWays::setWish(const std::string& id)
{
    m_wish = id;
    choose();
}

void RecordWays::choose()
{
    int wished = -1, first = -1;
    for (std::size_t i = 0; i < m_ready.size() && i < m_backends.size(); ++i) {
        if (!m_shown[i] || m_ready[i].state != Readiness::State::Ready)
            continue;
        if (first < 0)
            first = static_cast<int>(i);
        if (m_backends[i].id == m_wish)
            wished = static_cast<int>(i);
    }
    const int now = wished >= 0 ? wished : first;
    m_group->setExclusive(false); // else the last one cannot be taken back
    for (std::size_t i = 0; i < m_ways.size(); ++i)
        m_ways[i]->radio().setChecked(static_cast<int>(i) == now);
    m_group->setExclusive(true);
    if (now == m_chosen)
        return;
    m_chosen = now;
    Q_EMIT chosenChanged();
}

const RecorderBackend* RecordWays::chosen() const
{
    return m_chosen < 0 ? nullptr : &m_backends[static_cast<std::size_t>(m_chosen)];
}

} // namespace opscope
