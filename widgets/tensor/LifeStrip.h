#pragma once

#include <QWidget> // first: moc of Qt 6.4 stumbles over the standard library headers of core

#include "core/tensor/TensorFlow.h"
#include "widgets/common/Theme.h"

#include <vector>

namespace opscope {

/// Every use of a tensor's storage from the first to the last, in node order: writes stand high, reads hang low. A click or Enter
/// asks for the node.
class LifeStrip : public QWidget
{
    Q_OBJECT

public:
    explicit LifeStrip(QWidget* parent = nullptr);
    void setTheme(const Theme& theme);
    /// `trace` is borrowed until the next call. `here` is the tensor that the lens shows.
    void setUses(const Trace* trace, std::vector<TensorUse> uses, TensorId here);
    const std::vector<TensorUse>& uses() const { return m_uses; }
    QString sentence(std::size_t use) const;   ///< "aten::cumsum, node 47, reads it"
    void setCurrent(std::size_t use);
    QSize sizeHint() const override { return {200, 22}; }
    QSize minimumSizeHint() const override { return {80, 22}; }

Q_SIGNALS:
    void chosen(NodeId node);

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    bool event(QEvent* event) override;

private:
    int place(std::size_t use) const;
    std::size_t nearest(int x) const;

    Theme m_theme = Theme::dark();
    const Trace* m_trace = nullptr;
    std::vector<TensorUse> m_uses;
    TensorId m_here;
    std::size_t m_current = 0;
};

} // namespace opscope
