#pragma once

#include "widgets/common/Theme.h"

#include <QWidget>

namespace opscope {

/// Colour, name and place of the node whose tensors are shown; on the right how many were captured. Two lines where it is narrow.
class TensorHeading : public QWidget
{
    Q_OBJECT

public:
    explicit TensorHeading(QWidget* parent = nullptr);
    void setTheme(const Theme& theme);
    void setNode(const QString& name, const QString& place, const QColor& fill, bool outline);
    void setAside(const QString& text);
    void setWide(bool wide);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    Theme m_theme = Theme::dark();
    QString m_name, m_place, m_aside;
    QColor m_fill;
    bool m_outline = false;        ///< annotations have no fill
    bool m_wide = true;
};

} // namespace opscope
