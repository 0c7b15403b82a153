#include "app/gui/DockTitle.h"

#include "widgets/common/Icons.h"

#include <QDockWidget>
#include <QHBoxLayout>
#include <QPainter>
#include <QToolButton>

namespace opscope {

DockTitle::DockTitle(QDockWidget& dock, const char* iconName, ViewSettings& settings)
    : QWidget(&dock), m_dock(dock), m_iconName(iconName), m_settings(settings), m_close(new QToolButton(this))
{
    m_close->setFixedSize(22, 22);
    m_close->setIconSize({14, 14});
    m_close->setFocusPolicy(Qt::NoFocus);
    m_close->setToolTip(QStringLiteral("Hide this panel; the View menu brings it back"));
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 6, 0);
    row->addStretch(1);
    row->addWidget(m_close);
    connect(m_close, &QToolButton::clicked, &dock, &QDockWidget::close);
    connect(&settings, &ViewSettings::changed, this, &DockTitle::showTheme);
    showTheme();
}

void DockTitle::setFolded(bool folded)
{
    if (folded == m_folded)
        return;
    m_folded = folded;
    m_close->setVisible(!folded);
    updateGeometry();
}

QSize DockTitle::sizeHint() const
{
    return {120, m_folded ? 0 : 30};
}

void DockTitle::showTheme()
{
    m_close->setIcon(icon("close", m_settings.theme().textDim));
    update();
}

void DockTitle::paintEvent(QPaintEvent*)
{
    const Theme& theme = m_settings.theme();
    QPainter painter(this);
    painter.setFont(Theme::uiFont(12, QFont::Medium));
    const QString name = m_dock.windowTitle();
    const int wide = painter.fontMetrics().horizontalAdvance(name) + 12 + 22 + 14;
    painter.fillRect(rect(), theme.raised);
    painter.fillRect(0, 0, wide, height(), theme.panel);
    painter.fillRect(0, 0, wide, 2, theme.accent);
    icon(m_iconName, theme.textHi).paint(&painter, QRect(12, 8, 14, 14));
    painter.setPen(theme.textHi);
    painter.drawText(QRect(34, 1, wide, height() - 1), Qt::AlignLeft | Qt::AlignVCenter, name);
}

} // namespace opscope
