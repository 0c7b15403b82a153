#include "app/gui/DropChoice.h"

#include "widgets/common/Icons.h"
#include "widgets/common/Text.h"

#include <QFileInfo>
#include <QPainter>

namespace opscope {

namespace {

constexpr int kMargin = 24, kGap = 16, kWidest = 420, kHeight = 180;

} // namespace

DropChoice::DropChoice(ViewSettings& settings, QWidget* parent) : QWidget(parent), m_settings(settings)
{
    setAttribute(Qt::WA_TransparentForMouseEvents);
    hide();
}

void DropChoice::begin(const QStringList& files)
{
    m_files = files;
    setGeometry(parentWidget()->rect());
    raise();
    show();
}

void DropChoice::follow(const QPoint& position)
{
    m_position = position;
    update();
}

/// The halves of the window answer, not only the framed zones: there is no place to drop beside them.
DropChoice::Answer DropChoice::answerAt(const QPoint& position) const
{
    return position.x() < width() / 2 ? Answer::Join : Answer::Apart;
}

QRect DropChoice::zone(Answer answer) const
{
    const int room = (width() - 2 * kMargin - kGap) / 2;
    const int w = std::min(room, kWidest), h = std::min(kHeight, height() - 2 * kMargin);
    const int x = answer == Answer::Join ? width() / 2 - kGap / 2 - w : width() / 2 + kGap / 2;
    return {x, (height() - h) / 2, w, h};
}

void DropChoice::paintZone(QPainter& painter, Answer answer, const char* sign, const QString& title, const QString& words) const
{
    const Theme& theme = m_settings.theme();
    const QRect area = zone(answer);
    const bool chosen = answerAt(m_position) == answer;
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(chosen ? theme.accent : theme.lineStrong, chosen ? 2 : 1, chosen ? Qt::SolidLine : Qt::DashLine));
    painter.setBrush(chosen ? theme.selectedRow : theme.raised);
    painter.drawRoundedRect(QRectF(area).adjusted(1, 1, -1, -1), 6, 6);
    const int middle = area.center().y();
    icon(sign, chosen ? theme.accent : theme.textDim).paint(&painter, QRect(area.center().x() - 14, middle - 58, 28, 28));
    painter.setPen(theme.textHi);
    painter.setFont(Theme::uiFont(15, QFont::DemiBold));
    painter.drawText(QRect(area.x(), middle - 18, area.width(), 26), Qt::AlignCenter, title);
    painter.setPen(theme.textDim);
    painter.setFont(Theme::uiFont(12));
    painter.drawText(QRect(area.x() + 16, middle + 14, area.width() - 32, 44), Qt::AlignHCenter | Qt::AlignTop | Qt::TextWordWrap, words);
}

void DropChoice::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    QColor veil = m_settings.theme().canvas;
    veil.setAlphaF(0.82f);
    painter.fillRect(rect(), veil);
    const bool one = m_files.size() == 1;
    const QString what = one ? elided(QFileInfo(m_files.first()).fileName(), Theme::uiFont(12), zone(Answer::Join).width() - 120)
                             : QStringLiteral("%1 files").arg(m_files.size());
    paintZone(painter, Answer::Join, "link", QStringLiteral("Join with this trace"),
              what + QStringLiteral(" and what is open become one picture: linked, on one clock"));
    paintZone(painter, Answer::Apart, "external", QStringLiteral("Open apart"),
              one ? QStringLiteral("In a window of its own") : QStringLiteral("In windows of their own"));
}

} // namespace opscope
