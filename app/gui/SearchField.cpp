#include "app/gui/SearchField.h"

#include "core/base/Time.h"
#include "widgets/common/Icons.h"
#include "widgets/document/TraceDocument.h"

#include <QAction>
#include <QKeyEvent>
#include <QLabel>
#include <QStyle>

namespace opscope {

namespace {

QString countText(const NameSearch& search)
{
    if (search.busy())
        return QStringLiteral("…");
    if (search.matches().empty())
        return QStringLiteral("none");
    const QString count = QString::fromStdString(formatCount(static_cast<std::int64_t>(search.matches().size())));
    const std::ptrdiff_t current = search.current();
    if (current < 0)
        return QStringLiteral("%1 found").arg(count);
    return QStringLiteral("%1 of %2").arg(QString::fromStdString(formatCount(current + 1)), count);
}

} // namespace

SearchField::SearchField(NameSearch& search, TraceDocument& document, ViewSettings& settings, QWidget* parent)
    : QLineEdit(parent), m_search(search), m_settings(settings), m_glass(new QAction(this)), m_hint(new QLabel(this))
{
    setPlaceholderText(QStringLiteral("Find a name"));
    setAccessibleName(QStringLiteral("Find a name"));
    setToolTip(QStringLiteral("Find slices by name (/). Enter goes to the next one, Shift+Enter to the one before."));
    addAction(m_glass, QLineEdit::LeadingPosition);
    m_hint->setAttribute(Qt::WA_TransparentForMouseEvents);
    m_typing.setSingleShot(true);
    m_typing.setInterval(120);
    connect(&m_typing, &QTimer::timeout, this, &SearchField::commit);
    connect(this, &QLineEdit::textChanged, this, [this] { m_typing.start(); });
    connect(&m_search, &NameSearch::changed, this, &SearchField::showCount);
    connect(&document, &TraceDocument::selectionChanged, this, &SearchField::showCount);
    connect(&m_settings, &ViewSettings::changed, this, &SearchField::showTheme);
    showTheme();
    showCount();
}

void SearchField::begin()
{
    setFocus(Qt::ShortcutFocusReason);
    selectAll();
}

void SearchField::commit()
{
    m_typing.stop();
    if (text() != m_search.text())
        m_search.setText(text());
}

void SearchField::keyPressEvent(QKeyEvent* event)
{
    switch (event->key()) {
    case Qt::Key_Return:
    case Qt::Key_Enter:
        commit();
        if (event->modifiers() & Qt::ShiftModifier)
            m_search.previous();
        else
            m_search.next();
        return;
    case Qt::Key_Escape:
        clear();
        commit();
        Q_EMIT left();
        return;
    default:
        QLineEdit::keyPressEvent(event);
    }
}

void SearchField::showCount()
{
    const bool searching = !m_search.text().isEmpty();
    m_hint->setText(searching ? countText(m_search) : QStringLiteral("/"));
    m_hint->setObjectName(searching ? QStringLiteral("fieldCount") : QStringLiteral("keycap"));
    m_hint->setProperty("nothing", searching && !m_search.busy() && m_search.matches().empty());
    m_hint->style()->unpolish(m_hint); // the style sheet looks at name and property only when polished
    m_hint->style()->polish(m_hint);
    placeHint();
}

void SearchField::placeHint()
{
    m_hint->adjustSize();
    m_hint->move(width() - m_hint->width() - 7, (height() - m_hint->height()) / 2);
    setTextMargins(0, 0, m_hint->width() + 6, 0);
}

void SearchField::resizeEvent(QResizeEvent* event)
{
    QLineEdit::resizeEvent(event);
    placeHint();
}

void SearchField::showTheme()
{
    m_glass->setIcon(icon("find", m_settings.theme().textDim));
}

} // namespace opscope
