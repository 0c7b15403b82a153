#include "widgets/timeline/HoverCard.h"

#include "widgets/common/Text.h"

#include <QPainter>
#include <QTextLayout>

#include <algorithm>

namespace opscope {
namespace {

constexpr int kPadding = 10;
constexpr int kLine = 17;
constexpr int kMaxText = 320;
constexpr int kDistance = 10; // from the pointer

QFont nameFont() { return Theme::uiFont(12, QFont::DemiBold); }
QFont factFont() { return Theme::fixedFont(11); }
QFont noteFont() { return Theme::uiFont(11); }

} // namespace

HoverCard::HoverCard(QWidget* parent) : QWidget(parent)
{
    setObjectName(QStringLiteral("hoverCard"));
    setAttribute(Qt::WA_TransparentForMouseEvents);
    setFocusPolicy(Qt::NoFocus);
    hide();
}

QStringList HoverCard::twoLines(const QString& name, const QFont& font, int width)
{
    QTextLayout layout(name.left(400), font);
    QTextOption option;
    option.setWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
    layout.setTextOption(option);
    layout.beginLayout();
    QTextLine first = layout.createLine();
    if (!first.isValid()) return {name};
    first.setLineWidth(width);
    const int end = first.textStart() + first.textLength();
    layout.endLayout();
    if (end >= name.size()) return {name};
    return {name.left(end), elided(name.mid(end), font, width)};
}

void HoverCard::showAt(const Content& content, const Theme& theme, QPoint pointer, const QRect& avoid)
{
    m_content = content;
    m_theme = theme;
    m_nameLines = twoLines(content.name, nameFont(), kMaxText);
    int width = 0;
    for (const QString& line : m_nameLines) width = std::max(width, QFontMetrics(nameFont()).horizontalAdvance(line));
    const QFontMetrics facts(factFont());
    if (!content.duration.isEmpty())
        width = std::max(width, facts.horizontalAdvance(content.duration) + facts.horizontalAdvance(content.start) + 60);
    for (const QString& note : content.notes) width = std::max(width, std::min(kMaxText, QFontMetrics(noteFont()).horizontalAdvance(note)));
    const int lines = static_cast<int>(m_nameLines.size() + content.notes.size()) + (content.duration.isEmpty() ? 0 : 1);
    const QSize size(width + 2 * kPadding + 2, lines * kLine + 2 * kPadding - 4);

    // below and right of the pointer; above or left where there is no room, and never over the slice itself
    const QRect room = parentWidget()->rect().adjusted(4, 4, -4, -4);
    int x = pointer.x() + kDistance;
    if (x + size.width() > room.right()) x = std::max(room.left(), pointer.x() - kDistance - size.width());
    int y = std::max(pointer.y() + kDistance, avoid.bottom() + 6);
    if (y + size.height() > room.bottom()) y = std::min(pointer.y() - kDistance, avoid.top() - 6) - size.height();
    if (y < room.top()) y = std::max(room.top(), std::min(pointer.y() + kDistance, room.bottom() - size.height()));
    setGeometry(QRect(QPoint(x, y), size));
    raise();
    show();
    update();
}

void HoverCard::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), m_theme.raised);
    painter.setPen(m_theme.lineStrong);
    painter.drawRect(rect().adjusted(0, 0, -1, -1));
    int y = kPadding + 9;
    painter.setFont(nameFont());
    painter.setPen(m_theme.textHi);
    for (const QString& line : m_nameLines) {
        painter.drawText(kPadding, y, line);
        y += kLine;
    }
    if (!m_content.duration.isEmpty()) {
        painter.setFont(factFont());
        painter.drawText(kPadding, y, m_content.duration);
        int x = kPadding + QFontMetrics(factFont()).horizontalAdvance(m_content.duration) + 14;
        if (!m_content.start.isEmpty()) {
            painter.setPen(m_theme.textDim);
            painter.setFont(noteFont());
            painter.drawText(x, y, tr("from"));
            x += QFontMetrics(noteFont()).horizontalAdvance(tr("from")) + 10;
            painter.setFont(factFont());
            painter.setPen(m_theme.text);
            painter.drawText(x, y, m_content.start);
        }
        y += kLine;
    }
    painter.setFont(noteFont());
    painter.setPen(m_theme.textDim);
    for (const QString& note : m_content.notes) {
        painter.drawText(kPadding, y, elided(note, noteFont(), width() - 2 * kPadding));
        y += kLine;
    }
}

} // namespace opscope
