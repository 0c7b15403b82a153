#pragma once

#include <QWidget>

#include "core/query/Aggregates.h"
#include "widgets/common/Theme.h"

#include <optional>
#include <utility>

namespace opscope {

/// How often slices of one row take how long: durations from left to right (by their logarithm where they span more than a
/// decade), counts linear below 100 and logarithmic from there, median and p95 as dashed lines. The bin under the pointer, or
/// chosen with the arrow keys, is told in words; a click or Enter lists its slices.
class DurationView : public QWidget
{
    Q_OBJECT

public:
    explicit DurationView(QWidget* parent = nullptr);
    void setTheme(const Theme& theme);
    void setColour(const QColor& colour);
    void set(DurationHistogram histogram);
    const DurationHistogram& histogram() const { return m_histogram; }
    /// "8 slices of 18.9 µs to 22.4 µs, 23.5 %"
    QString sentence(std::size_t bin) const;
    std::optional<std::size_t> chosen() const { return m_chosen; }
    void choose(std::optional<std::size_t> bin);    ///< says nothing
    /// Of the whole column of a bin, as a click is read.
    QRect column(std::size_t bin) const;
    QSize sizeHint() const override { return {300, 150}; }
    QSize minimumSizeHint() const override { return {140, 84}; }

Q_SIGNALS:
    void binChosen(int bin);                        ///< -1: none any more

protected:
    void paintEvent(QPaintEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

private:
    bool empty() const { return m_histogram.counts.empty(); }
    QRect plot() const;
    bool logarithmicCount() const { return m_most >= 100; }
    double tall(std::uint64_t count) const;         ///< 0 to 1
    double place(std::int64_t duration) const;      ///< x
    std::pair<int, int> edges(std::size_t bin) const; ///< x of its bar, the second behind it
    std::optional<std::size_t> binAt(QPoint where) const;
    void setPointed(std::optional<std::size_t> bin);
    void toggle(std::size_t bin);
    void paintScale(QPainter& painter) const;
    void paintBars(QPainter& painter) const;
    void paintAxis(QPainter& painter) const;
    void paintMarks(QPainter& painter) const;
    void paintSentence(QPainter& painter) const;

    Theme m_theme = Theme::dark();
    QColor m_colour;
    DurationHistogram m_histogram;
    std::uint64_t m_most = 0, m_total = 0;
    std::optional<std::size_t> m_pointed, m_chosen;
};

} // namespace opscope
