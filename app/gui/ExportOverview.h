#pragma once

#include "app/gui/ExportPlan.h"
#include "widgets/common/Theme.h"
#include "widgets/timeline/TimelineModel.h"

#include <QWidget>

#include <optional>

namespace opscope {

/// The whole trace on a few pixels: what is kept in its colours, all other dimmed.
class ExportOverview : public QWidget
{
public:
    ExportOverview(const Theme& theme, TimelineModelPtr model, QWidget* parent = nullptr);
    /// None: not known yet, all dimmed.
    void setKept(std::optional<KeptColumns> kept);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    Theme m_theme;
    TimelineModelPtr m_model;                    ///< null: not ready
    std::optional<KeptColumns> m_kept;
};

} // namespace opscope
