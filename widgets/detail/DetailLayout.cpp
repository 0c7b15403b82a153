#include "widgets/detail/DetailLayout.h"

#include "widgets/common/Text.h"

#include <QFontMetrics>
#include <QImage>
#include <QPainter>
#include <QTextDocument>
#include <QTextLayout>
#include <QTextTable>
#include <QUrl>

#include <algorithm>
#include <cmath>

namespace opscope {

namespace {

constexpr int kBarWidth = 96;
constexpr int kMarkSize = 10;
constexpr int kButtonRoom = 30;  // the copy button stands at the right of the heading

/// The part of `text` that fills `lines` lines, "…" behind it when it is cut.
QString fitted(const QString& text, const QFont& font, int width, int lines)
{
    QTextOption option;
    option.setWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
    QTextLayout layout(text, font);
    layout.setTextOption(option);
    layout.beginLayout();
    int end = 0;
    for (int i = 0; i < lines; ++i) {
        QTextLine line = layout.createLine();
        if (!line.isValid()) break;
        line.setLineWidth(width);
        end = line.textStart() + line.textLength();
    }
    layout.endLayout();
    return end >= text.size() ? text : text.left(std::max(0, end - 2)).trimmed() + QStringLiteral("…");
}

} // namespace

void DetailLayout::setAlignment(QTextCursor& cursor, Qt::Alignment alignment)
{
    QTextBlockFormat format;
    format.setAlignment(alignment);
    cursor.mergeBlockFormat(format);
}

DetailLayout::DetailLayout(QTextDocument& document, const Theme& theme, int width, double pixelRatio)
    : m_document(document), m_theme(theme), m_cursor(&document), m_width(width), m_ratio(pixelRatio)
{
    document.setDocumentMargin(0);
    document.setDefaultFont(Theme::uiFont(12));
    QTextOption option;
    option.setWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
    document.setDefaultTextOption(option);
}

QTextCharFormat DetailLayout::format(const QFont& font, const QColor& colour) const
{
    QTextCharFormat format;
    format.setFont(font);
    format.setForeground(colour);
    return format;
}

QTextCharFormat DetailLayout::format(const DetailRun& run) const
{
    QTextCharFormat result;
    switch (run.tone) {
    case Tone::Value: result = format(Theme::fixedFont(11), m_theme.textHi); break;
    case Tone::Word: result = format(Theme::uiFont(12), m_theme.textHi); break;
    case Tone::Dim: result = format(Theme::uiFont(11), m_theme.textDim); break;
    case Tone::Warn: result = format(Theme::uiFont(12), m_theme.warn); break;
    }
    if (!run.plain.isEmpty()) result.setProperty(kPlain, run.plain);
    if (const QString& hint = run.hint.isEmpty() ? run.plain : run.hint; !hint.isEmpty()) result.setToolTip(richText(hint));
    if (!run.link.empty()) {
        result.setAnchor(true);
        result.setAnchorHref(QString::fromStdString(run.link));
        if (!run.mark) result.setForeground(m_theme.accent);
    }
    return result;
}

void DetailLayout::runs(QTextCursor cursor, const std::vector<DetailRun>& runs) const
{
    bool first = true;
    for (const DetailRun& run : runs) {
        if (!std::exchange(first, false)) cursor.insertText(QStringLiteral(" "), format(Theme::uiFont(11), m_theme.textDim));
        if (run.mark && run.mark->fill.isValid()) {
            image(cursor, QStringLiteral("mark:%1:%2").arg(run.mark->fill.rgba()).arg(run.mark->outline),
                  square(run.mark->fill, run.mark->outline, kMarkSize));
            cursor.insertText(QStringLiteral("\u2002"), format(Theme::uiFont(11), m_theme.textDim));
        }
        if (run.bar) {
            image(cursor, QStringLiteral("bar:%1").arg(*run.bar), bar(*run.bar));
        } else if (run.tag != Tag::None) {
            DetailRun plain = run;
            plain.plain = run.text; // what is copied in place of the picture
            if (plain.hint.isEmpty()) plain.hint = run.text;
            const QString name = QStringLiteral("tag:%1:%2").arg(static_cast<int>(run.tag)).arg(run.text);
            image(cursor, name, tag(run), format(plain));
        } else {
            cursor.insertText(run.text, format(run));
        }
    }
}

void DetailLayout::image(QTextCursor& cursor, const QString& name, const QImage& picture, const QTextCharFormat& base) const
{
    m_document.addResource(QTextDocument::ImageResource, QUrl(name), picture);
    QTextImageFormat format;
    format.merge(base);
    format.setName(name);
    format.setWidth(picture.width() / picture.devicePixelRatio());
    format.setHeight(picture.height() / picture.devicePixelRatio());
    format.setVerticalAlignment(QTextCharFormat::AlignMiddle);
    cursor.insertImage(format);
}

QImage DetailLayout::square(const QColor& fill, bool outline, int size) const
{
    QImage picture(QSize(size, size) * m_ratio, QImage::Format_ARGB32_Premultiplied);
    picture.setDevicePixelRatio(m_ratio);
    picture.fill(outline ? QColor(Qt::transparent) : fill);
    if (outline) {
        QPainter painter(&picture);
        painter.setPen(m_theme.lineStrong);
        painter.drawRect(QRectF(0.5, 0.5, size - 1, size - 1));
    }
    return picture;
}

QImage DetailLayout::bar(double share) const
{
    QImage picture(QSize(kBarWidth, 6) * m_ratio, QImage::Format_ARGB32_Premultiplied);
    picture.setDevicePixelRatio(m_ratio);
    picture.fill(m_theme.line);
    QPainter painter(&picture);
    painter.fillRect(QRectF(0, 0, kBarWidth * std::clamp(share, 0.0, 1.0), 6), m_theme.accentFill);
    return picture;
}

/// A word in a box: dashed for what is inferred or guessed.
QImage DetailLayout::tag(const DetailRun& run) const
{
    const QFont font = Theme::uiFont(11);
    const QSize size(QFontMetrics(font).horizontalAdvance(run.text) + 10, 17);
    QImage picture(size * m_ratio, QImage::Format_ARGB32_Premultiplied);
    picture.setDevicePixelRatio(m_ratio);
    picture.fill(Qt::transparent);
    QPainter painter(&picture);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(m_theme.lineStrong, 1, run.tag == Tag::Open ? Qt::DashLine : Qt::SolidLine));
    painter.drawRoundedRect(QRectF(0.5, 0.5, size.width() - 1, size.height() - 1), 3, 3);
    painter.setFont(font);
    painter.setPen(m_theme.textDim);
    painter.drawText(QRect(QPoint(), size), Qt::AlignCenter, run.text);
    return picture;
}

QTextTable* DetailLayout::table(int rows, const QList<QTextLength>& widths, int left, int top, int right)
{
    QTextTableFormat format;
    format.setBorder(0);
    format.setCellPadding(0);
    format.setCellSpacing(0);
    format.setColumnWidthConstraints(widths);
    format.setLeftMargin(left);
    format.setRightMargin(right);
    format.setTopMargin(top);
    format.setWidth(QTextLength(QTextLength::FixedLength, m_width - left - right));
    m_cursor.movePosition(QTextCursor::End);
    QTextTable* made = m_cursor.insertTable(rows, static_cast<int>(widths.size()), format);
    // A table is always followed by a block; it must not be as high as a line of text.
    m_cursor.movePosition(QTextCursor::End);
    QTextBlockFormat thin;
    thin.setLineHeight(1, QTextBlockFormat::FixedHeight);
    m_cursor.setBlockFormat(thin);
    m_cursor.setBlockCharFormat(this->format(Theme::uiFont(1), m_theme.panel));
    return made;
}

void DetailLayout::paragraph(const QString& text, const QTextCharFormat& format, int left, int top)
{
    m_cursor.movePosition(QTextCursor::End);
    QTextBlockFormat block;
    block.setLeftMargin(left);
    block.setRightMargin(kMargin);
    block.setTopMargin(top);
    m_cursor.insertBlock(block, format);
    m_cursor.insertText(text, format);
}

void DetailLayout::heading(const DetailHeading& heading)
{
    constexpr int kSquareRoom = 22;
    const int cellWidth = m_width - 2 * kMargin - kSquareRoom, textWidth = cellWidth - kButtonRoom;
    QTextTable* grid = table(1, {QTextLength(QTextLength::FixedLength, kSquareRoom), QTextLength(QTextLength::FixedLength, cellWidth)}, kMargin, 14);
    if (heading.fill.isValid()) {
        QTextCursor cell = grid->cellAt(0, 0).firstCursorPosition();
        image(cell, QStringLiteral("fill"), square(heading.fill, heading.outline));
    }
    QTextCursor cell = grid->cellAt(0, 1).firstCursorPosition();
    const QFont nameFont = Theme::uiFont(14, QFont::DemiBold);
    const QFont fullFont = Theme::fixedFont(11);
    QTextCharFormat name = format(nameFont, m_theme.textHi);
    name.setProperty(kPlain, heading.fullName.isEmpty() ? heading.name : heading.fullName);
    QTextBlockFormat next;
    next.setRightMargin(kButtonRoom);
    cell.mergeBlockFormat(next);
    cell.insertText(fitted(heading.name, nameFont, textWidth, 3), name);
    next.setTopMargin(4);
    if (!heading.fullName.isEmpty()) {
        QTextCharFormat full = format(fullFont, m_theme.textDim);
        full.setProperty(kPlain, heading.fullName);
        full.setToolTip(richText(heading.fullName));
        cell.insertBlock(next, full);
        QString whole = heading.fullName;
        whole.replace(QLatin1Char(' '), QChar::Nbsp); // "void" on a line of its own says nothing
        cell.insertText(fitted(whole, fullFont, textWidth, 2), full);
    }
    cell.insertBlock(next, format(Theme::uiFont(12), m_theme.textDim));
    cell.insertText(heading.what, format(Theme::uiFont(12), m_theme.textDim));
}

/// Title and remark, under a line over the whole width.
void DetailLayout::title(const DetailBlock& block)
{
    const QFont titleFont = Theme::uiFont(12, QFont::DemiBold);
    const int left = kMargin + QFontMetrics(titleFont).horizontalAdvance(block.title) + 12;
    QTextTable* grid = table(1, {QTextLength(QTextLength::FixedLength, left), QTextLength(QTextLength::FixedLength, m_width - left)}, 0, 10, 0);
    for (int column = 0; column < 2; ++column) {
        QTextTableCellFormat cell;
        cell.setTopBorder(1);
        cell.setTopBorderStyle(QTextFrameFormat::BorderStyle_Solid);
        cell.setTopBorderBrush(m_theme.line);
        cell.setTopPadding(10);
        cell.setBottomPadding(2);
        if (column == 0) cell.setLeftPadding(kMargin);
        else cell.setRightPadding(kMargin);
        grid->cellAt(0, column).setFormat(cell);
    }
    QTextCharFormat name = format(titleFont, m_theme.text);
    if (block.inSight) {
        name.setAnchor(true);
        name.setAnchorNames({QString::fromLatin1(kInSight)});
    }
    grid->cellAt(0, 0).firstCursorPosition().insertText(block.title, name);
    QTextCursor aside = grid->cellAt(0, 1).firstCursorPosition();
    setAlignment(aside, Qt::AlignRight);
    aside.insertText(block.aside, format(Theme::uiFont(11), m_theme.textDim));
}

void DetailLayout::block(const DetailBlock& block)
{
    title(block);
    if (!block.note.isEmpty()) paragraph(block.note, format(Theme::uiFont(12), m_theme.textDim), kMargin, 4);
    if (!block.table.lines.empty()) lines(block.table);
    if (!block.rows.empty()) rows(block.rows);
}

void DetailLayout::message(const QString& text)
{
    paragraph(text, format(Theme::uiFont(12), m_theme.textDim), kMargin, kMargin);
}

} // namespace opscope
