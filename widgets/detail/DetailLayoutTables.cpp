#include "widgets/detail/DetailLayout.h"

#include "core/base/Time.h"
#include "widgets/common/Text.h"
#include "widgets/detail/DetailValues.h"

#include <QFontMetrics>
#include <QTextTable>

#include <algorithm>
#include <numeric>

// Rows of labels with values, and tables.
namespace opscope {

namespace {

constexpr int kLabelWidth = 76;
constexpr int kListLabelWidth = 64;
constexpr int kBesideTag = 3;  // a tag is higher than text and pushes its line down
constexpr int kEnough = 96;    // for the column that stretches; below that others go under the line

} // namespace

/// One width for the labels of a block: what they need, but never over 45 % of the pane.
void DetailLayout::rows(const std::vector<DetailRow>& rows)
{
    const QFont labelFont = Theme::uiFont(12);
    const QFontMetrics metrics(labelFont);
    int labels = kLabelWidth;
    for (const DetailRow& row : rows) labels = std::max(labels, metrics.horizontalAdvance(row.label) + kLabelGap + 3);
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

/// In a narrow pane the last columns stand in the line below instead: nothing is squeezed, nothing is lost.
DetailTable DetailLayout::folded(DetailTable content) const
{
    const auto stretching = std::ranges::find(content.columns, true, &DetailColumn::stretch);
    if (stretching == content.columns.end()) return content;
    const auto at = static_cast<qsizetype>(stretching - content.columns.begin());
    while (static_cast<qsizetype>(content.columns.size()) > at + 1 && columnWidths(content)[at].rawValue() < kEnough) {
        const std::size_t last = content.columns.size() - 1;
        for (DetailLine& line : content.lines) {
            if (line.cells.size() <= last) continue;
            DetailRun cell = std::move(line.cells[last]);
            line.cells.pop_back();
            const bool says = !cell.text.isEmpty() && cell.text != none().text;
            if (says) line.below.insert(line.below.begin(), std::move(cell));
        }
        content.columns.pop_back();
    }
    return content;
}

int DetailLayout::widthOf(const DetailRun& run) const
{
    const int text = QFontMetrics(format(run).font()).horizontalAdvance(run.text);
    return text + (run.mark ? kMarkRoom : 0) + (run.tag != Tag::None ? 11 : 0);
}

/// Every column as wide as its widest cell, at most a third of the table; what is left goes to the one that stretches.
QList<QTextLength> DetailLayout::columnWidths(const DetailTable& content) const
{
    const QFontMetrics heads(Theme::uiFont(11, QFont::Medium));
    const int total = m_width - 2 * kMargin;
    int left = total;
    std::vector<int> widths;
    for (std::size_t i = 0; i < content.columns.size(); ++i) {
        const DetailColumn& column = content.columns[i];
        int widest = heads.horizontalAdvance(column.title);
        for (const DetailLine& line : content.lines)
            if (i < line.cells.size() && (i + 1 < line.cells.size() || line.cells.size() == content.columns.size()))
                widest = std::max(widest, widthOf(line.cells[i]));
        const int gap = i + 1 < content.columns.size() ? kCellGap + 3 : 3;
        int width = widest == 0 ? 0 : std::min(widest + gap, total * (content.bare ? 40 : 33) / 100);
        if (content.bare && i == 0 && !column.stretch) width = std::max(width, kListLabelWidth);
        widths.push_back(width);
        if (!column.stretch) left -= width;
    }
    QList<QTextLength> lengths;
    for (std::size_t i = 0; i < widths.size(); ++i)
        lengths += QTextLength(QTextLength::FixedLength, content.columns[i].stretch ? std::max(left, 40) : widths[i]);
    return lengths;
}

/// One line and what stands below it, from `row` on.
void DetailLayout::line(QTextTable& grid, int row, const DetailTable& content, const DetailLine& line, const QList<QTextLength>& widths,
                        bool odd)
{
    const int columns = static_cast<int>(content.columns.size()), cells = static_cast<int>(line.cells.size());
    const auto pad = [&](int at, int column, int upper, int lower) {
        QTextTableCellFormat cell;
        cell.setTopPadding(upper);
        cell.setBottomPadding(lower);
        cell.setRightPadding(column + 1 < columns && widths[column].rawValue() > 0 ? kCellGap : 0); // none beside an empty column
        if (line.current) cell.setBackground(m_theme.selectedRow);
        else if (odd && !content.bare) cell.setBackground(m_theme.alternateRow);
        grid.cellAt(at, column).setFormat(cell);
    };
    const int padding = content.bare ? 2 : 3;
    for (int column = 0; column < columns; ++column) pad(row, column, padding, line.below.empty() ? padding : 0);
    if (cells > 0 && cells < columns) grid.mergeCells(row, cells - 1, 1, columns - cells + 1);
    for (int i = 0; i < cells; ++i) {
        const DetailColumn& column = content.columns[static_cast<std::size_t>(i)];
        DetailRun run = line.cells[static_cast<std::size_t>(i)];
        if (run.text.isEmpty() && !run.bar) continue;
        const bool spans = i + 1 == cells && cells < columns;
        QTextCursor cursor = grid.cellAt(row, i).firstCursorPosition();
        if (column.right && !spans) setAlignment(cursor, Qt::AlignRight);
        if (column.elide && !spans) {
            const int room = static_cast<int>(widths[i].rawValue()) - (i + 1 < columns ? kCellGap : 0) - (run.mark ? kMarkRoom : 0) - 2;
            const QString whole = run.text;
            run.text = elided(whole, format(run).font(), room);
            if (run.plain.isEmpty() && run.text != whole) run.plain = whole;
        }
        runs(cursor, {run});
    }
    if (line.below.empty()) return;
    const int from = content.bare ? 1 : 0;
    for (int column = 0; column < columns; ++column) pad(row + 1, column, 0, padding);
    grid.mergeCells(row + 1, from, 1, columns - from);
    runs(grid.cellAt(row + 1, from).firstCursorPosition(), line.below);
}

/// The name as long as the other cells of its line allow, those at the right edge. In a narrow pane the last go to the line below.
void DetailLayout::looseLine(QTextCursor cursor, const DetailLine& line, std::size_t nameAt, int width) const
{
    std::vector<DetailRun> tail, below = line.below;
    for (std::size_t i = nameAt + 1; i < line.cells.size(); ++i)
        if (!line.cells[i].text.isEmpty()) tail.push_back(line.cells[i]);
    const auto room = [&] {
        int left = width - 2;
        for (const DetailRun& run : tail) left -= widthOf(run) + kCellGap;
        return left;
    };
    while (!tail.empty() && room() < kEnough) {
        below.insert(below.begin(), std::move(tail.back()));
        tail.pop_back();
    }
    DetailRun name = line.cells[nameAt];
    const QString whole = name.text;
    name.text = elided(whole, format(name).font(), room() - (name.mark ? kMarkRoom : 0));
    if (name.plain.isEmpty() && name.text != whole) name.plain = whole;
    QTextBlockFormat stops;
    QList<QTextOption::Tab> tabs;
    int x = room() + 1;
    for (const DetailRun& run : tail) {
        tabs += QTextOption::Tab(x + kCellGap, QTextOption::LeftTab);
        x += kCellGap + widthOf(run);
    }
    stops.setTabPositions(tabs);
    cursor.mergeBlockFormat(stops);
    runs(cursor, {name});
    for (const DetailRun& run : tail) {
        cursor.insertText(QStringLiteral("\t"), format(Theme::uiFont(11), m_theme.textDim));
        runs(cursor, {run});
    }
    if (below.empty()) return;
    cursor.insertBlock(QTextBlockFormat());
    runs(cursor, below);
}

void DetailLayout::looseLines(const DetailTable& content)
{
    const std::size_t nameAt = content.columns.front().stretch ? 0 : 1; // behind the label
    const int total = m_width - 2 * kMargin;
    const int label = nameAt == 0 ? 0 : static_cast<int>(columnWidths(content).front().rawValue());
    QList<QTextLength> widths{QTextLength(QTextLength::FixedLength, label), QTextLength(QTextLength::FixedLength, total - label)};
    if (nameAt == 0) widths.removeFirst();
    QTextTable* grid = table(static_cast<int>(content.lines.size()), widths, kMargin, 4);
    for (int row = 0; row < grid->rows(); ++row) {
        const DetailLine& line = content.lines[static_cast<std::size_t>(row)];
        QTextTableCellFormat cell;
        cell.setTopPadding(2);
        cell.setBottomPadding(2);
        for (int column = 0; column < grid->columns(); ++column) grid->cellAt(row, column).setFormat(cell);
        if (nameAt > 0) {
            if (line.cells.size() == content.columns.size()) cell.setTopPadding(kBesideTag);
            grid->cellAt(row, 0).setFormat(cell);
            runs(grid->cellAt(row, 0).firstCursorPosition(), {line.cells.front()});
        }
        QTextCursor rest = grid->cellAt(row, grid->columns() - 1).firstCursorPosition();
        if (line.cells.size() == content.columns.size()) looseLine(rest, line, nameAt, total - label);
        else runs(rest, {line.cells.back()}); // a sentence: it may wrap
    }
    left(content);
}

void DetailLayout::lines(const DetailTable& table)
{
    if (table.loose) return looseLines(table);
    const DetailTable content = folded(table);
    const int columns = static_cast<int>(content.columns.size()), head = content.bare ? 0 : 1;
    const auto below = std::ranges::count_if(content.lines, [](const DetailLine& line) { return !line.below.empty(); });
    const QList<QTextLength> widths = columnWidths(content);
    QTextTable* grid = this->table(head + static_cast<int>(content.lines.size()) + static_cast<int>(below), widths, kMargin, 4);
    for (int column = 0; column < columns && head > 0; ++column) {
        QTextTableCellFormat cell;
        cell.setTopPadding(3);
        cell.setBottomPadding(3);
        cell.setRightPadding(column + 1 < columns ? kCellGap : 0);
        grid->cellAt(0, column).setFormat(cell);
        QTextCursor cursor = grid->cellAt(0, column).firstCursorPosition();
        if (content.columns[static_cast<std::size_t>(column)].right) setAlignment(cursor, Qt::AlignRight);
        cursor.insertText(content.columns[static_cast<std::size_t>(column)].title, format(Theme::uiFont(11, QFont::Medium), m_theme.textDim));
    }
    int row = head;
    bool odd = false;
    for (const DetailLine& one : content.lines) {
        odd = !odd;
        line(*grid, row, content, one, widths, odd);
        row += one.below.empty() ? 1 : 2;
    }
    left(content);
}

/// "… 488 more", which unfolds them or says where they are.
void DetailLayout::left(const DetailTable& content)
{
    if (content.left == 0) return;
    DetailRun more{QStringLiteral("… %1 more").arg(displayText(formatCount(static_cast<std::int64_t>(content.left)))), Tone::Word, {}, content.more};
    if (content.more.empty())
        more.text += QStringLiteral("; ") + (content.leftNote.isEmpty() ? QStringLiteral("all of them are in Raw") : content.leftNote);
    paragraph({}, format(Theme::uiFont(12), m_theme.textDim), kMargin, 4);
    more.tone = content.more.empty() ? Tone::Dim : Tone::Word;
    runs(m_cursor, {more});
}

} // namespace opscope
