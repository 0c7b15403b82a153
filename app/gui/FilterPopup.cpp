#include "app/gui/FilterPopup.h"

#include "widgets/common/Icons.h"
#include "widgets/common/Parts.h"
#include "widgets/common/Text.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QListWidget>
#include <QPainter>
#include <QStyledItemDelegate>
#include <QVBoxLayout>

#include <algorithm>

namespace opscope {

namespace {

constexpr int kRow = 22, kMostRows = 10, kWidth = 520, kBorder = 1, kPadding = 4;
constexpr int kDetailRole = Qt::UserRole;

/// What is inserted in the fixed font, what it is in dim words at the right.
class ChoiceDelegate : public QStyledItemDelegate
{
public:
    ChoiceDelegate(const ViewSettings& settings, QObject* parent) : QStyledItemDelegate(parent), m_settings(settings) {}

    QSize sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const override { return {0, kRow}; }
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override
    {
        const Theme& theme = m_settings.theme();
        const bool chosen = option.state & QStyle::State_Selected;
        if (chosen) painter->fillRect(option.rect, theme.selectedRow);
        else if (option.state & QStyle::State_MouseOver) painter->fillRect(option.rect, theme.hover);
        const QRect room = option.rect.adjusted(8, 0, -8, 0);
        const QFont fixed = Theme::fixedFont(11), words = Theme::uiFont(11);
        const QString text = elided(index.data().toString(), fixed, room.width() * 2 / 3);
        painter->setFont(fixed);
        painter->setPen(theme.textHi);
        painter->drawText(room, Qt::AlignVCenter | Qt::AlignLeft, text);
        const int rest = room.width() - QFontMetrics(fixed).horizontalAdvance(text) - 20;
        painter->setFont(words);
        painter->setPen(chosen ? theme.text : theme.textDim);
        painter->drawText(room, Qt::AlignVCenter | Qt::AlignRight, elided(index.data(kDetailRole).toString(), words, rest));
    }

private:
    const ViewSettings& m_settings;
};

} // namespace

FilterPopup::FilterPopup(ViewSettings& settings, QWidget* field)
    : QFrame(field->window()), m_settings(settings), m_field(field), m_list(new QListWidget(this)), m_sign(new QLabel(this)),
      m_sentence(new QLabel(this)), m_inForce(new QLabel(this)), m_foot(new QWidget(this))
{
    setObjectName(QStringLiteral("filterPopup"));
    m_list->setFocusPolicy(Qt::NoFocus);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_list->setItemDelegate(new ChoiceDelegate(settings, m_list));
    m_list->setAccessibleName(QStringLiteral("What may stand here"));
    m_list->setMouseTracking(true);
    m_list->viewport()->setAutoFillBackground(false);
    for (QLabel* label : {m_sentence, m_inForce}) {
        label->setWordWrap(true);
        label->setTextFormat(Qt::PlainText);
        label->setFont(Theme::uiFont(12));
    }
    auto* words = new QVBoxLayout;
    words->setSpacing(2);
    words->addWidget(m_sentence);
    words->addWidget(m_inForce);
    auto* foot = new QHBoxLayout(m_foot);
    foot->setContentsMargins(8, 6, 8, 6);
    foot->setSpacing(8);
    foot->addWidget(m_sign, 0, Qt::AlignTop);
    foot->addLayout(words, 1);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(kBorder, kPadding, kBorder, kPadding);
    column->setSpacing(0);
    column->addWidget(m_list);
    column->addWidget(m_foot);
    connect(m_list, &QListWidget::itemClicked, this, [this](QListWidgetItem* item) { Q_EMIT taken(static_cast<std::size_t>(m_list->row(item))); });
    connect(&m_settings, &ViewSettings::changed, this, &FilterPopup::showTheme);
    clearMessage();
    m_list->hide();
    showTheme();
    hide();
}

void FilterPopup::showTheme()
{
    const Theme& theme = m_settings.theme();
    m_list->setStyleSheet(QStringLiteral("QListView { background: transparent; border: none; }"));
    const auto colour = [](QLabel* label, const QColor& ink) {
        QPalette palette = label->palette();
        palette.setColor(QPalette::WindowText, ink);
        label->setPalette(palette);
    };
    colour(m_sentence, m_tone == Tone::Error ? theme.textHi : theme.text);
    colour(m_inForce, theme.textDim);
    const bool isError = m_tone == Tone::Error;
    m_sign->setPixmap(icon(isError ? "error" : "note", isError ? theme.err : theme.textDim).pixmap(QSize(16, 16), devicePixelRatioF()));
    update();
}

void FilterPopup::setChoices(const Completions& choices)
{
    m_choices = choices;
    m_list->clear();
    for (const Completion& choice : choices.choices) {
        auto* item = new QListWidgetItem(displayText(choice.text), m_list);
        item->setData(kDetailRole, displayText(choice.detail));
    }
    m_list->setCurrentRow(-1);
    m_list->setVisible(offers());
}

void FilterPopup::setMessage(Tone tone, const QString& sentence, const QString& inForce)
{
    m_tone = tone;
    m_sentence->setText(sentence);
    m_inForce->setText(inForce);
    m_inForce->setVisible(!inForce.isEmpty());
    m_foot->show();
    showTheme();
}

void FilterPopup::clearMessage()
{
    m_sentence->clear();
    m_foot->hide();
}

QString FilterPopup::message() const { return m_sentence->text(); }

void FilterPopup::place()
{
    if (!offers() && m_sentence->text().isEmpty()) return hide();
    QWidget* area = m_field->window();
    if (parentWidget() != area) setParent(area);
    const int width = std::min(std::max(kWidth, m_field->width()), area->width() - 16);
    const QPoint below = m_field->mapTo(area, QPoint(0, m_field->height() + 2));
    const int list = offers() ? std::min(m_list->count(), kMostRows) * kRow : 0;
    m_list->setFixedHeight(list);
    int foot = 0;
    if (!m_sentence->text().isEmpty()) foot = m_foot->layout()->hasHeightForWidth() ? m_foot->layout()->totalHeightForWidth(width - 2 * kBorder)
                                                                                    : m_foot->sizeHint().height();
    setGeometry(std::clamp(below.x(), 8, std::max(8, area->width() - width - 8)), below.y(), width, list + foot + 2 * kPadding);
    raise();
    show();
}

void FilterPopup::move(int rows)
{
    const int count = m_list->count();
    if (count == 0) return;
    const int row = std::clamp(m_list->currentRow() + rows, -1, count - 1);
    m_list->setCurrentRow(row);
    if (row < 0) m_list->clearSelection();
}

std::optional<std::size_t> FilterPopup::chosen() const
{
    const int row = m_list->currentRow();
    return row >= 0 ? std::optional(static_cast<std::size_t>(row)) : std::nullopt;
}

void FilterPopup::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    paintRaised(painter, rect(), m_settings.theme());
    if (offers() && !m_sentence->text().isEmpty()) {
        painter.fillRect(QRect(8, m_list->geometry().bottom() + 1, width() - 16, 1), m_settings.theme().line);
    }
}

} // namespace opscope
