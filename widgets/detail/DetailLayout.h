#pragma once

#include "widgets/common/Theme.h"
#include "widgets/detail/DetailSection.h"

#include <QTextCursor>
#include <QTextFormat>

#include <vector>

class QTextDocument;
class QTextTable;

namespace opscope {

/// Writes heading and blocks into a QTextDocument (no HTML: text of files cannot become markup).
class DetailLayout
{
public:
    /// Property of a run: QString, what a copy gives instead of its text.
    static constexpr int kPlain = QTextFormat::UserProperty + 1;
    /// Name of the anchor at the title of the block that is to be in sight.
    static constexpr const char* kInSight = "in-sight";

    DetailLayout(QTextDocument& document, const Theme& theme, int width, double pixelRatio);
    void heading(const DetailHeading& heading);
    void block(const DetailBlock& block);
    void message(const QString& text);

private:
    static constexpr int kMargin = 12;
    static constexpr int kLabelGap = 10;
    static constexpr int kCellGap = 10;
    static constexpr int kMarkRoom = 16;   ///< the square in front of a name

    static void setAlignment(QTextCursor& cursor, Qt::Alignment alignment);
    QTextTable* table(int rows, const QList<QTextLength>& widths, int left, int top, int right = 12);
    DetailTable folded(DetailTable content) const;
    QList<QTextLength> columnWidths(const DetailTable& content) const;
    void title(const DetailBlock& block);
    void rows(const std::vector<DetailRow>& rows);
    void lines(const DetailTable& table);
    void line(QTextTable& grid, int row, const DetailTable& table, const DetailLine& line, const QList<QTextLength>& widths, bool odd);
    void looseLines(const DetailTable& table);
    void looseLine(QTextCursor cursor, const DetailLine& line, std::size_t nameAt, int width) const;
    void left(const DetailTable& table);
    void paragraph(const QString& text, const QTextCharFormat& format, int left, int top);
    void runs(QTextCursor cursor, const std::vector<DetailRun>& runs) const;
    QTextCharFormat format(const DetailRun& run) const;
    QTextCharFormat format(const QFont& font, const QColor& colour) const;
    void image(QTextCursor& cursor, const QString& name, const QImage& picture, const QTextCharFormat& base = {}) const;
    QImage square(const QColor& fill, bool outline, int size = 12) const;
    QImage bar(double share) const;
    QImage tag(const DetailRun& run) const;
    int widthOf(const DetailRun& run) const;

    QTextDocument& m_document;
    const Theme& m_theme;
    QTextCursor m_cursor;
    int m_width;
    double m_ratio;
};

} // namespace opscope
