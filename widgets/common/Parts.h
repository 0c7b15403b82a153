#pragma once

#include "widgets/common/Theme.h"

#include <QFrame>
#include <QLabel>
#include <QTextEdit>

namespace opscope {

/// Small parts that panels share.

/// A label for text of files: never markup, can be selected.
QLabel* makeTextLabel(const QFont& font, QWidget* parent = nullptr);
void setTextColour(QWidget* label, const QColor& colour);
/// A line of one pixel in the colour of edges (style sheet: #separator).
QFrame* makeLine(Qt::Orientation orientation);
/// The ground of what hangs over the window, with its edge. The painter stays as it was.
void paintRaised(QPainter& painter, const QRect& rect, const Theme& theme);

/// One line that is cut with "…" where there is no room; the whole is its tip.
class ElidedLabel : public QLabel
{
    Q_OBJECT

public:
    explicit ElidedLabel(const QFont& font, QWidget* parent = nullptr);
    QSize minimumSizeHint() const override { return {0, QLabel::minimumSizeHint().height()}; }
    QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;
    bool event(QEvent* event) override;
};

/// Text of several lines that breaks within long words too, where a QLabel would grow as wide as the longest; can be selected.
class WrappedText : public QTextEdit
{
    Q_OBJECT

public:
    explicit WrappedText(const QFont& font, QWidget* parent = nullptr);
    void setText(const QString& text);
    void setColour(const QColor& colour);
    QSize minimumSizeHint() const override { return {0, minimumHeight()}; }
    QSize sizeHint() const override { return {0, minimumHeight()}; }

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void fitHeight();
};

} // namespace opscope
