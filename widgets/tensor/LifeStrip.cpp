#include "widgets/tensor/LifeStrip.h"

#include "widgets/common/Text.h"
#include "widgets/tensor/TensorRows.h"

#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>

#include <algorithm>
#include <cstdlib>

namespace opscope {

namespace {

constexpr int kSide = 6;

} // namespace

LifeStrip::LifeStrip(QWidget* parent) : QWidget(parent)
{
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(QStringLiteral("Life of the tensor's storage"));
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void LifeStrip::setTheme(const Theme& theme)
{
    m_theme = theme;
    update();
}

void LifeStrip::setUses(const Trace* trace, std::vector<TensorUse> uses, TensorId here)
{
    m_trace = trace;
    m_uses = std::move(uses);
    m_here = here;
    const auto found = std::ranges::find(m_uses, here, &TensorUse::tensor);
    setCurrent(found == m_uses.end() ? 0 : static_cast<std::size_t>(found - m_uses.begin()));
}

void LifeStrip::setCurrent(std::size_t use)
{
    m_current = m_uses.empty() ? 0 : std::min(use, m_uses.size() - 1);
    setAccessibleDescription(sentence(m_current));
    update();
}

QString LifeStrip::sentence(std::size_t use) const
{
    if (!m_trace || use >= m_uses.size()) return {};
    const TensorUse& u = m_uses[use];
    return nodeText(*m_trace, u.node) + (u.writes ? QStringLiteral(", writes it") : QStringLiteral(", reads it")) +
           (u.tensor == m_here ? QStringLiteral(" (this tensor)") : QString());
}

int LifeStrip::place(std::size_t use) const
{
    const double first = m_uses.front().node.value, last = m_uses.back().node.value;
    const double share = last > first ? (m_uses[use].node.value - first) / (last - first) : 0.5;
    return kSide + static_cast<int>(share * (width() - 2 * kSide));
}

std::size_t LifeStrip::nearest(int x) const
{
    std::size_t best = 0;
    for (std::size_t use = 1; use < m_uses.size(); ++use) {
        if (std::abs(place(use) - x) < std::abs(place(best) - x)) best = use;
    }
    return best;
}

void LifeStrip::paintEvent(QPaintEvent*)
{
    if (m_uses.empty()) return;
    QPainter painter(this);
    const int middle = height() / 2;
    painter.fillRect(place(0), middle, place(m_uses.size() - 1) - place(0) + 1, 1, m_theme.lineStrong);
    for (std::size_t use = 0; use < m_uses.size(); ++use) {
        const bool writes = m_uses[use].writes;
        painter.fillRect(place(use) - 1, writes ? middle - 7 : middle + 1, 2, 7, writes ? m_theme.linkLaunch : m_theme.accent);
    }
    for (std::size_t use = 0; use < m_uses.size(); ++use) {
        if (m_uses[use].tensor != m_here) continue;
        painter.setPen(m_theme.textHi);
        painter.drawRect(place(use) - 3, middle - 9, 5, 18);
    }
    if (hasFocus()) {
        painter.setPen(m_theme.accent);
        painter.drawRect(rect().adjusted(0, 0, -1, -1));
        painter.fillRect(place(m_current) - 3, height() - 3, 6, 2, m_theme.accent);
    }
}

void LifeStrip::mousePressEvent(QMouseEvent* event)
{
    if (m_uses.empty() || event->button() != Qt::LeftButton) return;
    setCurrent(nearest(static_cast<int>(event->position().x())));
    Q_EMIT chosen(m_uses[m_current].node);
}

void LifeStrip::keyPressEvent(QKeyEvent* event)
{
    switch (event->key()) {
    case Qt::Key_Left: return setCurrent(m_current == 0 ? 0 : m_current - 1);
    case Qt::Key_Right: return setCurrent(m_current + 1);
    case Qt::Key_Home: return setCurrent(0);
    case Qt::Key_End: return setCurrent(m_uses.size());
    case Qt::Key_Return: case Qt::Key_Enter: case Qt::Key_Space:
        if (!m_uses.empty()) Q_EMIT chosen(m_uses[m_current].node);
        return;
    default: QWidget::keyPressEvent(event);
    }
}

bool LifeStrip::event(QEvent* event)
{
    if (event->type() != QEvent::ToolTip || m_uses.empty()) return QWidget::event(event);
    const auto* help = static_cast<QHelpEvent*>(event);
    QToolTip::showText(help->globalPos(), richText(sentence(nearest(help->pos().x()))), this);
    return true;
}

} // namespace opscope
