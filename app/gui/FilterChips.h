#pragma once

#include "widgets/document/FamilyTerm.h"
#include "widgets/document/Job.h"
#include "widgets/document/TraceDocument.h"
#include "widgets/document/ViewSettings.h"

#include <QAbstractButton>

#include <array>
#include <cstdint>
#include <vector>

class QMenu;
class QToolButton;

namespace opscope {

/// One family: legend and switch. A click hides or shows it, Alt or Ctrl and a click shows nothing else.
class FamilyChip : public QAbstractButton
{
    Q_OBJECT

public:
    enum class Words : std::uint8_t { Full, Short };

    FamilyChip(Family family, const ViewSettings& settings, QWidget* parent);
    Family family() const { return m_family; }
    void setShown(bool shown);
    bool isShown() const { return m_shown; }
    void setWords(Words words);
    int widthFor(Words words) const;

Q_SIGNALS:
    void toggledFamily(Family family);
    void onlyFamily(Family family);

protected:
    void paintEvent(QPaintEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    void act(Qt::KeyboardModifiers modifiers);

    Family m_family;
    const ViewSettings& m_settings;
    Words m_words = Words::Full;
    bool m_shown = true;
};

/// The families that occur in the trace, as chips; where there is no room the rarest go into a menu. What they say stands in the
/// text of the filter and nowhere else.
class FilterChips : public QWidget
{
    Q_OBJECT

public:
    FilterChips(TraceDocument& document, ViewSettings& settings, QWidget* parent = nullptr);
    const std::vector<FamilyChip*>& chips() const { return m_chips; }
    /// Of all chips side by side.
    int widthFor(FamilyChip::Words words) const;
    void setWords(FamilyChip::Words words);
    void fillMenu(QMenu& menu);             ///< the families that have no chip now

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    using Counts = std::array<std::uint64_t, kFamilies>;
    static Counts countFamilies(const Trace& trace, const JobControl& job);
    void traceChanged();
    void showFamilies(const Counts& counts);
    void showFilter();
    void place();
    void toggle(Family family) { m_document.setFilter(withFamilyToggled(m_document.filter(), family)); }
    void only(Family family) { m_document.setFilter(withOnlyFamily(m_document.filter(), family)); }

    TraceDocument& m_document;
    ViewSettings& m_settings;
    std::vector<FamilyChip*> m_chips;       ///< in the order of the legend
    Counts m_counts{};
    FamilyChip::Words m_words = FamilyChip::Words::Full;
    QToolButton* m_more;
    Job m_job;
};

} // namespace opscope
