#pragma once

#include "widgets/common/Theme.h"

#include <QAbstractScrollArea>
#include <QString>

#include <cstdint>
#include <functional>

namespace opscope {

struct BarRow
{
    QString label;
    double share = 0;      ///< of the longest bar
    QString count;
    QString note = {};     ///< behind the count, dim: "51.0 %"
};

/// Rows of "label, bar, number", as many as there are: only those in sight are made.
class BarList : public QAbstractScrollArea
{
    Q_OBJECT

public:
    explicit BarList(QWidget* parent = nullptr);
    enum class Bars : std::uint8_t { Accent, Memory };
    void setTheme(const Theme& theme, Bars bars, int rowHeight);
    /// Another colour for the bars than `Bars` says; an invalid one: back to that.
    void setBarColour(const QColor& colour);
    /// `widest` holds the widest label, count and note of all rows.
    void setRows(std::uint64_t count, std::function<BarRow(std::uint64_t)> row, BarRow widest);
    std::uint64_t rows() const { return m_count; }
    BarRow row(std::uint64_t number) const { return m_row(number); }
    /// Height of at most so many rows.
    int heightFor(std::uint64_t rows) const;

Q_SIGNALS:
    /// Clicked, or chosen with Enter.
    void chosen(std::uint64_t row);

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

private:
    void setCurrent(std::uint64_t row);
    void paintRow(QPainter& painter, const BarRow& row, const QRect& area, bool current) const;
    void measure();

    Theme m_theme = Theme::dark();
    Bars m_bars = Bars::Accent;
    QColor m_barColour;
    int m_rowHeight = 22;
    std::uint64_t m_count = 0, m_current = 0;
    std::function<BarRow(std::uint64_t)> m_row;
    BarRow m_widest;
    int m_labelWidth = 0, m_countWidth = 0, m_noteWidth = 0;
};

} // namespace opscope
