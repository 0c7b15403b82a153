#include "app/gui/RecentList.h"

#include "core/base/Time.h"

#include <QFileInfo>
#include <QLocale>
#include <QPainter>

#include <algorithm>

namespace opscope {

namespace {

constexpr int kRowHeight = 52;
constexpr int kDayWidth = 104;
constexpr int kCountsWidth = 170;

QString counted(qint64 count, const char* what)
{
    return QString::fromStdString(formatCount(count)) + QLatin1Char(' ') + QLatin1String(what);
}

QString countsText(const RecentEntry& entry)
{
    QStringList parts;
    if (entry.spanNs >= 0)
        parts << counted(entry.events, "events");
    if (entry.nodes > 0)
        parts << counted(entry.nodes, "nodes");
    return parts.join(QStringLiteral(", "));
}

struct Line
{
    QRect rect;
    Qt::Alignment alignment;
};

void drawLine(QPainter& painter, const Line& line, const QFont& font, const QColor& colour, const QString& text)
{
    painter.setFont(font);
    painter.setPen(colour);
    const QString cut = painter.fontMetrics().elidedText(text, Qt::ElideMiddle, line.rect.width());
    painter.drawText(line.rect, static_cast<int>(line.alignment | Qt::AlignVCenter), cut);
}

} // namespace

QString dayText(const QDateTime& moment, const QDateTime& now)
{
    const QLocale words(QLocale::English);
    const qint64 days = moment.date().daysTo(now.date());
    if (days == 0)
        return QStringLiteral("today, ") + words.toString(moment.time(), QStringLiteral("HH:mm"));
    if (days == 1)
        return QStringLiteral("yesterday");
    const bool sameYear = moment.date().year() == now.date().year();
    return words.toString(moment.date(), sameYear ? QStringLiteral("d MMM") : QStringLiteral("d MMM yyyy"));
}

RecentModel::RecentModel(RecentFiles& recent, QObject* parent) : QAbstractListModel(parent), m_recent(recent)
{
    connect(&recent, &RecentFiles::changed, this, &RecentModel::refresh);
    refresh();
}

void RecentModel::setFilter(const QString& text)
{
    m_filter = text;
    refresh();
}

void RecentModel::refresh()
{
    beginResetModel();
    m_rows.clear();
    for (const RecentEntry& entry : m_recent.entries()) {
        if (entry.files.join(QLatin1Char('\n')).contains(m_filter, Qt::CaseInsensitive))
            m_rows.push_back({entry, entry.missing()});
    }
    endResetModel();
}

int RecentModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

QVariant RecentModel::data(const QModelIndex& index, int role) const
{
    if (!index.isValid())
        return {};
    const QStringList& files = entry(index.row()).files;
    if (role == Qt::DisplayRole)
        return QFileInfo(files.first()).fileName();
    if (role == Qt::ToolTipRole)
        return files.join(QLatin1Char('\n')).toHtmlEscaped();
    return {};
}

RecentDelegate::RecentDelegate(const RecentModel& model, ViewSettings& settings, QObject* parent)
    : QStyledItemDelegate(parent), m_model(model), m_settings(settings)
{
}

QSize RecentDelegate::sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const
{
    return {400, kRowHeight};
}

void RecentDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    const Theme& theme = m_settings.theme();
    const RecentEntry& entry = m_model.entry(index.row());
    const bool missing = m_model.missing(index.row());
    const QRect box = option.rect;
    const bool selected = option.state & QStyle::State_Selected;
    if (selected || option.state & QStyle::State_MouseOver)
        painter->fillRect(box, selected ? theme.selectedRow : theme.hover);
    if (selected)
        painter->fillRect(box.left(), box.top(), 2, box.height(), theme.accent);
    painter->fillRect(box.left(), box.bottom(), box.width(), 1, theme.lineSoft);

    const QRect top(box.left() + 14, box.top() + 8, box.width() - 28, 18);
    const QRect bottom = top.translated(0, 18);
    const int left = top.width() - kDayWidth - kCountsWidth - 16;
    const QFileInfo first(entry.files.first());
    const QString with = entry.files.size() > 1 ? QStringLiteral("  with ") + QFileInfo(entry.files.last()).fileName() : QString();
    const QColor high = missing ? theme.textOff : theme.textHi;
    const QColor low = missing ? theme.textOff : theme.textDim;
    drawLine(*painter, {{top.left(), top.top(), left, 18}, Qt::AlignLeft}, Theme::uiFont(12, QFont::DemiBold), high,
             first.fileName() + with);
    drawLine(*painter, {{bottom.left(), bottom.top(), left, 18}, Qt::AlignLeft}, Theme::uiFont(12), low,
             missing ? QStringLiteral("missing: ") + first.path() : first.path());
    const int middle = top.left() + left + 8;
    const QString span = entry.spanNs < 0 ? QStringLiteral("no times") : QString::fromStdString(formatDuration(entry.spanNs));
    drawLine(*painter, {{middle, top.top(), kCountsWidth, 18}, Qt::AlignRight}, Theme::fixedFont(), high, span);
    drawLine(*painter, {{middle, bottom.top(), kCountsWidth, 18}, Qt::AlignRight}, Theme::uiFont(12), low, countsText(entry));
    drawLine(*painter, {{top.right() - kDayWidth, top.top() + 9, kDayWidth, 18}, Qt::AlignRight}, Theme::uiFont(12), low,
             dayText(entry.opened, QDateTime::currentDateTime()));
}

} // namespace opscope
