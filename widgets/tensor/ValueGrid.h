#pragma once

#include "widgets/common/Theme.h"
#include "widgets/tensor/ValueLayout.h"

#include <QAbstractScrollArea>
#include <QString>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace opscope {

/// What a grid shows: values by number, in logical order.
struct GridValues
{
    std::uint64_t count = 0;
    std::vector<std::int64_t> shape;                                  ///< of the whole; its product is `count`, or it is not used
    std::function<std::optional<std::int64_t>(std::uint64_t)> at;     ///< none: the file is too short for it
    std::function<std::string(std::int64_t)> text;
    std::function<double(std::int64_t)> size;                         ///< how large a value is, 0 or more: the tint
    ValueLayout::Starts bags;                                         ///< null: not split into bags
};

/// The values of a tensor, however many: only what is in sight is read and drawn. As many columns as fit; a cell is tinted by the
/// log of its value. One cell is current, a stretch of cells can be selected and copied.
class ValueGrid : public QAbstractScrollArea
{
    Q_OBJECT

public:
    static constexpr int kRowHeight = 22;
    static constexpr std::uint64_t kMaxCopied = 500'000;

    explicit ValueGrid(QWidget* parent = nullptr);
    void setTheme(const Theme& theme);
    void setValues(GridValues values);
    /// Widest text and largest size of all values, as far as they are known: width of the columns and full tint.
    void setExtremes(int widestText, double largest);

    const ValueLayout& layout() const { return m_layout; }
    bool empty() const { return m_values.count == 0; }
    std::uint64_t current() const { return m_current; }
    enum class Selecting : std::uint8_t { Anew, Extend };
    void setCurrent(std::uint64_t value, Selecting selecting = Selecting::Anew);
    /// [first, end) of the selected values; one at least, unless empty.
    std::pair<std::uint64_t, std::uint64_t> selected() const;
    void selectAll();
    /// What a copy gives: tabs between values, a line for each line of the grid; at most kMaxCopied values.
    QString selectedText() const;
    /// "17", "[3, 5]", "3 5", "bag 4": goes there and says what stands there; else why not.
    QString goTo(const QString& text);
    /// "[3, 5] = 17, bag 2": for tips and screen readers.
    QString sentence(std::uint64_t value) const;
    /// First line in sight.
    std::uint64_t top() const { return m_top; }
    /// Height that shows that many lines, at most all of them.
    int heightFor(int lines) const;

Q_SIGNALS:
    void said(const QString& text);

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    bool viewportEvent(QEvent* event) override;

private:
    void relayout();
    void setTop(std::uint64_t line);
    void syncBar();
    void copy();
    std::uint64_t linesInSight() const;
    std::uint64_t maxTop() const;
    std::optional<std::uint64_t> valueAt(QPoint place) const;
    std::uint64_t stepped(std::uint64_t from, int key, bool control) const;
    std::optional<std::uint64_t> placeNamed(const QString& text) const;
    QString segmentLabel(std::uint64_t segment) const;
    QString indexText(std::uint64_t value) const;
    bool split() const { return m_values.bags || m_values.shape.size() > 1; }
    void paintLine(QPainter& painter, const ValueLayout::Line& line, int y) const;
    void paintCell(QPainter& painter, std::uint64_t value, const QRect& cell) const;
    QColor tint(double size) const;

    Theme m_theme = Theme::dark();
    GridValues m_values;
    ValueLayout m_layout;
    int m_widest = 4;                ///< characters of a cell
    double m_largest = 1;
    int m_labelWidth = 0, m_indexWidth = 0, m_cellWidth = 30, m_cellsX = 0;
    std::uint64_t m_top = 0, m_current = 0, m_anchor = 0;
};

} // namespace opscope
