#pragma once

#include "widgets/common/Theme.h"
#include "widgets/tensor/FxLayout.h"

#include <QAbstractScrollArea>

namespace opscope {

/// An FX graph as boxes and lines. Arrows walk: up to what a node reads, down to who reads it, sideways in its layer.
class FxGraphView : public QAbstractScrollArea
{
    Q_OBJECT

public:
    explicit FxGraphView(QWidget* parent = nullptr);
    void setTheme(const Theme& theme);
    void setGraph(FxGraph graph);
    const FxGraph& graph() const { return m_graph; }
    std::uint32_t current() const { return m_current; }
    void setCurrent(std::uint32_t row);
    /// Name, what it does, and what comes out: "sin: aten.sin, f32[4, 4][4, 1]cuda:0".
    QString sentence(std::uint32_t row) const;

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    bool viewportEvent(QEvent* event) override;

private:
    QRect boxOf(std::uint32_t row) const;      ///< in the viewport
    QPoint origin() const;
    std::uint32_t rowAt(QPoint place) const;   ///< graph size: none
    void measure();
    void paintLines(QPainter& painter, bool ofCurrent) const;
    void paintBox(QPainter& painter, std::uint32_t row) const;

    Theme m_theme = Theme::dark();
    FxGraph m_graph;
    FxLayout m_layout;
    std::uint32_t m_current = 0;
};

/// "call_function[target=torch.ops.aten.sin.default](args = ...)" -> "aten.sin"; "input" and "output" for the edges of the graph.
QString fxTarget(const FxNode& node);
/// Tensor "f32[4, 4][4, 1]cuda:0" -> "f32[4, 4][4, 1]cuda:0".
QString fxAnnotation(const FxNode& node);

} // namespace opscope
