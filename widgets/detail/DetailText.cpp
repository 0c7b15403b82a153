#include "widgets/detail/DetailText.h"

#include "widgets/detail/DetailLayout.h"

#include <QAbstractTextDocumentLayout>
#include <QMimeData>
#include <QPointer>
#include <QResizeEvent>
#include <QScrollBar>
#include <QTextBlock>
#include <QTextDocument>
#include <QTextTable>

#include <algorithm>
#include <memory>

namespace opscope {

DetailText::DetailText(QWidget* parent) : QTextBrowser(parent)
{
    setOpenLinks(false);
    setUndoRedoEnabled(false);
    setFrameShape(NoFrame);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setAccessibleName(QStringLiteral("Detail"));
}

void DetailText::setTheme(const Theme& theme)
{
    m_theme = theme;
    setStyleSheet(QStringLiteral("QTextBrowser { background: %1; color: %2; border: none; border-radius: 0; "
                                 "selection-background-color: %3; selection-color: %4; }")
                      .arg(theme.panel.name(), theme.text.name(), theme.accentFill.name(), theme.onAccent.name()));
    rebuild();
}

void DetailText::show(const DetailHeading& heading, const std::vector<DetailBlock>& blocks, bool keepPlace)
{
    const int place = keepPlace ? verticalScrollBar()->value() : 0;
    m_heading = heading;
    m_blocks = blocks;
    m_message.clear();
    rebuild();
    verticalScrollBar()->setValue(place);
}

void DetailText::showMessage(const QString& text)
{
    m_message = text;
    rebuild();
}

void DetailText::bringIntoSight()
{
    constexpr int kBelow = 240; // of the block, if there is room
    const QString wanted = QString::fromLatin1(DetailLayout::kInSight);
    for (QTextBlock block = document()->begin(); block.isValid(); block = block.next()) {
        for (auto it = block.begin(); !it.atEnd(); ++it) {
            if (!it.fragment().charFormat().anchorNames().contains(wanted)) continue;
            const QRect title = cursorRect(QTextCursor(block));
            const int height = viewport()->height();
            const int past = title.bottom() + std::min(kBelow, height - title.height() - 8) - height;
            const int by = title.top() < 8 ? title.top() - 8 : std::max(past, 0);
            verticalScrollBar()->setValue(verticalScrollBar()->value() + by);
            return;
        }
    }
}

void DetailText::resizeEvent(QResizeEvent* event)
{
    QTextBrowser::resizeEvent(event);
    if (layoutWidth() != m_builtWidth) rebuild();
}

/// Always with room for the scroll bar: its coming and going must not change the layout.
int DetailText::layoutWidth() const { return width() - 10; }

/// Builds the document apart and swaps it in: nothing of an unfinished layout is ever painted.
void DetailText::rebuild()
{
    m_builtWidth = layoutWidth();
    const int place = verticalScrollBar()->value();
    auto next = std::make_unique<QTextDocument>();
    next->setUndoRedoEnabled(false);
    DetailLayout layout(*next, m_theme, std::max(m_builtWidth, 160), devicePixelRatioF());
    if (!m_message.isEmpty()) {
        layout.message(m_message);
    } else if (!m_heading.name.isEmpty()) {
        layout.heading(m_heading);
        for (const DetailBlock& block : m_blocks) layout.block(block);
    }
    const QPointer<QTextDocument> old = document(); // the first one belongs to the widget, which deletes it itself
    setDocument(next.release());
    document()->setParent(this);
    if (old) old->deleteLater();
    verticalScrollBar()->setValue(place);
}

QString DetailText::plainSelection() const
{
    const QTextCursor cursor = textCursor();
    QString text;
    for (QTextBlock block = document()->findBlock(cursor.selectionStart());
         block.isValid() && block.position() < cursor.selectionEnd(); block = block.next()) {
        QString line;
        for (auto it = block.begin(); !it.atEnd(); ++it) {
            const QTextFragment fragment = it.fragment();
            const int from = std::max(cursor.selectionStart(), fragment.position());
            const int to = std::min(cursor.selectionEnd(), fragment.position() + fragment.length());
            if (from >= to) continue;
            const bool whole = to - from == fragment.length();
            const QString plain = fragment.charFormat().property(DetailLayout::kPlain).toString();
            line += whole && !plain.isEmpty() ? plain : fragment.text().mid(from - fragment.position(), to - from);
        }
        line.remove(QChar::ObjectReplacementCharacter);
        const QTextTable* table = QTextCursor(block).currentTable();
        const bool sameRow = table && table->cellAt(block.position()).column() > 0;
        if (!text.isEmpty()) text += sameRow ? QLatin1Char('\t') : QLatin1Char('\n');
        text += line;
    }
    return text;
}

QString DetailText::valueAt(QPoint position) const
{
    const int at = document()->documentLayout()->hitTest(
        QPointF(position.x() + horizontalScrollBar()->value(), position.y() + verticalScrollBar()->value()), Qt::ExactHit);
    if (at < 0) return {};
    const QTextBlock block = document()->findBlock(at);
    for (auto it = block.begin(); !it.atEnd(); ++it) {
        if (!it.fragment().contains(at)) continue;
        const QString plain = it.fragment().charFormat().property(DetailLayout::kPlain).toString();
        return plain.isEmpty() ? it.fragment().text() : plain;
    }
    return {};
}

QMimeData* DetailText::createMimeDataFromSelection() const
{
    auto* mime = new QMimeData;
    mime->setText(plainSelection());
    return mime;
}

} // namespace opscope
