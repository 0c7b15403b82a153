#include "app/gui/FilterBar.h"

#include "app/gui/FilterChips.h"
#include "app/gui/FilterEdit.h"
#include "widgets/common/Icons.h"

#include <QEvent>
#include <QPainter>
#include <QToolButton>

#include <algorithm>

namespace opscope {

namespace {

constexpr int kMargin = 8, kGap = 8, kButton = 26;
constexpr int kCompactBelow = 1360; // look.md section 2
constexpr int kSmallestField = 260, kLargestField = 760;

} // namespace

FilterBar::FilterBar(TraceDocument& document, ViewSettings& settings, QWidget* parent)
    : QWidget(parent), m_document(document), m_settings(settings), m_field(new FilterEdit(document, settings, this)),
      m_dim(addModeButton(QStringLiteral("Dim what the filter does not match"), FilterMode::Dim)),
      m_hide(addModeButton(QStringLiteral("Hide what the filter does not match: rows close up"), FilterMode::Hide)),
      m_chips(new FilterChips(document, settings, this))
{
    setFixedHeight(kHeight);
    setTabOrder(m_field, m_dim);
    setTabOrder(m_dim, m_hide);
    connect(&m_document, &TraceDocument::filterChanged, this, &FilterBar::showMode);
    connect(&m_settings, &ViewSettings::changed, this, &FilterBar::showTheme);
    showTheme();
    showMode();
}

QToolButton* FilterBar::addModeButton(const QString& tip, FilterMode mode)
{
    auto* button = new QToolButton(this);
    button->setToolTip(tip);
    button->setAccessibleName(tip);
    button->setIconSize({16, 16});
    button->setFixedSize(kButton, kButton);
    button->setCheckable(true);
    connect(button, &QToolButton::clicked, this, [this, mode] {
        m_document.setFilterMode(mode);
        showMode(); // a click on the one that is on leaves it on
    });
    return button;
}

void FilterBar::showMode()
{
    const bool hides = m_document.filterMode() == FilterMode::Hide;
    m_dim->setChecked(!hides);
    m_hide->setChecked(hides);
}

void FilterBar::showTheme()
{
    m_dim->setIcon(icon("dim", m_settings.theme().text));
    m_hide->setIcon(icon("eye-off", m_settings.theme().text));
    update();
}

void FilterBar::place()
{
    const bool compact = window()->width() < kCompactBelow;
    const auto words = compact ? FamilyChip::Words::Short : FamilyChip::Words::Full;
    const int chips = m_chips->widthFor(words);
    // The chips have what they need as long as the field has something to write in; what is left over is the field's.
    const int others = 2 * kMargin + 2 * kButton + 2 + 2 * kGap;
    const int field = std::clamp(std::min(width() - others - chips, std::max(kSmallestField, width() * 36 / 100)), std::min(kSmallestField, width() / 2),
                                 kLargestField);
    int x = kMargin;
    m_field->setGeometry(x, (height() - kButton) / 2, field, kButton);
    x += field + kGap;
    m_dim->move(x, (height() - kButton) / 2);
    m_hide->move(x + kButton + 2, (height() - kButton) / 2);
    x += 2 * kButton + 2 + kGap;
    m_chips->setGeometry(x, (height() - m_chips->height()) / 2, std::max(0, width() - kMargin - x), m_chips->height());
    m_chips->setWords(words);
}

bool FilterBar::event(QEvent* event)
{
    if (event->type() == QEvent::LayoutRequest) place(); // the chips of another trace
    return QWidget::event(event);
}

void FilterBar::resizeEvent(QResizeEvent*) { place(); }

void FilterBar::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), m_settings.theme().panel);
    painter.fillRect(0, height() - 1, width(), 1, m_settings.theme().line);
}

} // namespace opscope
