#pragma once

#include "widgets/common/Theme.h" // Qt before core: moc of Qt 6.4 trips over <concepts>
#include "core/trace/Trace.h"

#include <QWidget>

#include <vector>

namespace opscope {

class LinkLine;

/// One block of the link report: either a row of it (how many, the bar, by which methods, why not all), or a pair of files (what
/// they are to each other, and why we think so).
class LinkBlock : public QWidget
{
    Q_OBJECT

public:
    LinkBlock(const Trace& trace, const LinkCount& row, const Theme& theme, QWidget* parent = nullptr);
    LinkBlock(const Trace& trace, const EtPairing& pairing, const Theme& theme, QWidget* parent = nullptr);
    /// From top to bottom.
    const std::vector<LinkLine*>& lines() const { return m_lines; }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    LinkLine* addLine(LinkLine* line);
    QWidget* makeReasons(const std::vector<LinkReason>& reasons, const std::vector<LinkMethod>& methods);

    Theme m_theme;
    std::vector<LinkLine*> m_lines;
};

} // namespace opscope
