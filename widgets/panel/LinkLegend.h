#pragma once

#include <QWidget>

namespace opscope {

class ViewSettings;

/// What the patterns of the bars mean, in a row.
class LinkLegend : public QWidget
{
    Q_OBJECT

public:
    explicit LinkLegend(ViewSettings& settings, QWidget* parent = nullptr);
    QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    ViewSettings& m_settings;
};

} // namespace opscope
