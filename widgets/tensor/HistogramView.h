#pragma once

#include <QWidget> // first: moc of Qt 6.4 stumbles over the standard library headers of core

#include "core/tensor/CapturedTensor.h"
#include "widgets/common/Theme.h"

#include <functional>
#include <vector>

namespace opscope {

/// How often which values occur: linear values, counts linear below 100 and logarithmic from there. One bin is told in words: the
/// one under the pointer, chosen with the arrow keys, else the fullest.
class HistogramView : public QWidget
{
    Q_OBJECT

public:
    explicit HistogramView(QWidget* parent = nullptr);
    void setTheme(const Theme& theme);
    /// `text` writes a value (UInt64 reads its bits differently).
    void setBins(std::vector<TensorStatistics::Bin> bins, std::function<std::string(std::int64_t)> text, bool isUnsigned);

    /// "37 bins of 3, logarithmic count"
    QString summary() const;
    /// "314 values in 1 to 3, 76 %"
    QString sentence(std::size_t bin) const;
    std::size_t current() const { return m_current; }
    void setCurrent(std::size_t bin);
    bool logarithmic() const { return m_most >= 100; }
    QSize sizeHint() const override { return {300, 210}; }
    QSize minimumSizeHint() const override { return {160, 150}; }

protected:
    void paintEvent(QPaintEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    QRect plot() const;
    double height(std::uint64_t count) const;  ///< 0 to 1
    double place(double value) const;          ///< x of the left edge of a value
    double number(std::int64_t value) const;
    void paintScale(QPainter& painter) const;
    void paintValues(QPainter& painter) const;
    void paintBins(QPainter& painter) const;
    void paintSentence(QPainter& painter) const;
    std::pair<int, int> edges(std::size_t bin) const;
    std::size_t fullest() const;

    Theme m_theme = Theme::dark();
    std::vector<TensorStatistics::Bin> m_bins;
    std::function<std::string(std::int64_t)> m_text;
    bool m_unsigned = false;
    std::uint64_t m_most = 0, m_total = 0;
    std::size_t m_current = 0;
};

} // namespace opscope
