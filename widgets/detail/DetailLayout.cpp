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

constexpr int kMargin = 12;
constexpr int kLabelGap = 10;
constexpr int kCellGap = 10;
constexpr int kBarWidth = 96;
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

void setAlignment(QTextCursor& cursor, Qt::Alignment alignment)
{
    QTextBlockFormat format;
    format.setAlignment(alignment);
    cursor.mergeBlockFormat(format);
}

} // namespace

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
    if (!run.plain.isEmpty()) {
        result.setProperty(kPlain, run.plain);
        result.setToolTip(richText(run.plain));
    }
    if (!run.link.empty()) {
        result.setAnchor(true);
        result.setAnchorHref(QString::fromStdString(run.link));
        result.setForeground(m_theme.accent);
    }
    return result;
}

void DetailLayout::runs(QTextCursor cursor, const std::vector<DetailRun>& runs) const
{
    bool first = true;
    for (const DetailRun& run : runs) {
        if (!std::exchange(first, false)) cursor.insertText(QStringLiteral(" "), format(Theme::uiFont(11), m_theme.textDim));
        if (run.bar) image(cursor, QStringLiteral("bar:%1").arg(*run.bar), bar(*run.bar));
        else cursor.insertText(run.text, format(run));
    }
}

void DetailLayout::image(QTextCursor& cursor, const QString& name, const QImage& picture) const
{
    m_document.addResource(QTextDocument::ImageResource, QUrl(name), picture);
    QTextImageFormat format;
    format.setName(name);
    format.setWidth(picture.width() / picture.devicePixelRatio());
    format.setHeight(picture.height() / picture.devicePixelRatio());
    format.setVerticalAlignment(QTextCharFormat::AlignMiddle);
    cursor.insertImage(format);
}

QImage DetailLayout::square(const QColor& fill, bool outline) const
{
    QImage picture(QSize(12, 12) * m_ratio, QImage::Format_ARGB32_Premultiplied);
    picture.setDevicePixelRatio(m_ratio);
    picture.fill(outline ? QColor(Qt::transparent) : fill);
    if (outline) {
        QPainter painter(&picture);
        painter.setPen(m_theme.lineStrong);
        painter.drawRect(QRectF(0.5, 0.5, 11, 11));
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
    const int textWidth = m_width - kMargin - 24 - kMargin - kButtonRoom;
    QTextTable* grid = table(1, {QTextLength(QTextLength::FixedLength, 22), QTextLength(QTextLength::PercentageLength, 100)}, kMargin, 14);
    if (heading.fill.isValid()) {
        QTextCursor cell = grid->cellAt(0, 0).firstCursorPosition();
        image(cell, QStringLiteral("fill"), square(heading.fill, heading.outline));
    }
    QTextCursor cell = grid->cellAt(0, 1).firstCursorPosition();
    const QFont nameFont = Theme::uiFont(14, QFont::DemiBold);
    const QFont fullFont = Theme::fixedFont(11);
    QTextCharFormat name = format(nameFont, m_theme.textHi);
    name.setProperty(kPlain, heading.fullName.isEmpty() ? heading.name : heading.fullName);
    cell.insertText(fitted(heading.name, nameFont, textWidth, 3), name);
    QTextBlockFormat next;
    next.setTopMargin(4);
    next.setRightMargin(kButtonRoom);
    if (!heading.fullName.isEmpty()) {
        QTextCharFormat full = format(fullFont, m_theme.textDim);
        full.setProperty(kPlain, heading.fullName);
        full.setToolTip(richText(heading.fullName));
        cell.insertBlock(next, full);
        cell.insertText(fitted(heading.fullName, fullFont, textWidth, 2), full);
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
    grid->cellAt(0, 0).firstCursorPosition().insertText(block.title, format(titleFont, m_theme.text));
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

void DetailLayout::rows(const std::vector<DetailRow>& rows)
{
    // One width for the labels of a block: what they need, but never over 45 % of the pane.
    const QFont labelFont = Theme::uiFont(12);
    const QFontMetrics metrics(labelFont);
    int labels = 76;
    for (const DetailRow& row : rows) labels = std::max(labels, metrics.horizontalAdvance(row.label) + kLabelGap);
    labels = std::min(labels, (m_width - 2 * kMargin) * 45 / 100);
    QTextTable* grid = table(static_cast<int>(rows.size()),
                             {QTextLength(QTextLength::FixedLength, labels), QTextLength(QTextLength::PercentageLength, 100)}, kMargin, 4);
    for (int i = 0; i < grid->rows(); ++i) {
        const DetailRow& row = rows[static_cast<std::size_t>(i)];
        QTextTableCell label = grid->cellAt(i, 0), values = grid->cellAt(i, 1);
        QTextTableCellFormat cell;
        cell.setTopPadding(2);
        cell.setBottomPadding(2);
        values.setFormat(cell);
        cell.setRightPadding(kLabelGap);
        label.setFormat(cell);
        label.firstCursorPosition().insertText(row.label, format(labelFont, m_theme.textDim));
        runs(values.firstCursorPosition(), row.runs);
    }
}

/// Every column as wide as its widest cell, at most a third of the table; what is left goes to the one that stretches.
QList<QTextLength> DetailLayout::columnWidths(const DetailTable& content) const
{
    const QFontMetrics heads(Theme::uiFont(11, QFont::Medium));
    const int total = m_width - 2 * kMargin;
    int left = total;
    std::vector<int> widths;
    for (std::size_t i = 0; i < content.columns.size(); ++i) {
        int widest = heads.horizontalAdvance(content.columns[i].title);
        for (const DetailLine& line : content.lines)
            if (i < line.cells.size()) widest = std::max(widest, QFontMetrics(format(line.cells[i]).font()).horizontalAdvance(line.cells[i].text));
        widths.push_back(std::min(widest + kCellGap + 3, total / 3));
        if (!content.columns[i].stretch) left -= widths.back();
    }
    QList<QTextLength> lengths;
    for (std::size_t i = 0; i < widths.size(); ++i)
        lengths += QTextLength(QTextLength::FixedLength, content.columns[i].stretch ? std::max(left, 40) : widths[i]);
    return lengths;
}

void DetailLayout::lines(const DetailTable& content)
{
    const int columns = static_cast<int>(content.columns.size());
    int below = 0;
    for (const DetailLine& line : content.lines) below += !line.below.empty();
    const QList<QTextLength> widths = columnWidths(content);
    QTextTable* grid = table(1 + static_cast<int>(content.lines.size()) + below, widths, kMargin, 4);
    const auto pad = [&](int row, int column, bool odd, bool lower, bool upper) {
        QTextTableCellFormat cell;
        cell.setTopPadding(upper ? 3 : 0);
        cell.setBottomPadding(lower ? 3 : 0);
        cell.setRightPadding(column + 1 < columns ? kCellGap : 0);
        if (odd) cell.setBackground(m_theme.alternateRow);
        grid->cellAt(row, column).setFormat(cell);
    };
    for (int column = 0; column < columns; ++column) {
        pad(0, column, false, true, true);
        QTextCursor cursor = grid->cellAt(0, column).firstCursorPosition();
        if (content.columns[static_cast<std::size_t>(column)].right) setAlignment(cursor, Qt::AlignRight);
        cursor.insertText(content.columns[static_cast<std::size_t>(column)].title, format(Theme::uiFont(11, QFont::Medium), m_theme.textDim));
    }
    int row = 1;
    bool odd = false;
    for (const DetailLine& line : content.lines) {
        odd = !odd;
        for (int column = 0; column < columns; ++column) {
            pad(row, column, odd, line.below.empty(), true);
            QTextCursor cursor = grid->cellAt(row, column).firstCursorPosition();
            if (content.columns[static_cast<std::size_t>(column)].right) setAlignment(cursor, Qt::AlignRight);
            if (static_cast<std::size_t>(column) < line.cells.size()) runs(cursor, {line.cells[static_cast<std::size_t>(column)]});
        }
        ++row;
        if (line.below.empty()) continue;
        grid->mergeCells(row, 0, 1, columns);
        pad(row, 0, odd, true, false);
        runs(grid->cellAt(row, 0).firstCursorPosition(), line.below);
        ++row;
    }
    if (content.left > 0)
        paragraph(QStringLiteral("… %1 more; all of them are in Raw").arg(content.left), format(Theme::uiFont(12), m_theme.textDim), kMargin, 4);
}

void DetailLayout::message(const QString& text)
{
    paragraph(text, format(Theme::uiFont(12), m_theme.textDim), kMargin, kMargin);
}

} // namespace opscope
