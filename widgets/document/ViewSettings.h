#pragma once

#include "widgets/common/Theme.h"

#include <QObject>

namespace opscope {

enum class ColorBy : std::uint8_t { Family, Name, Category, Duration };
enum class Density : std::uint8_t { Comfortable, Normal, Dense };   ///< slice rows of 22, 19, 15 px

/// How a window looks, as opposed to what it shows. Owned by the window, borrowed by the panels. UI thread only.
class ViewSettings : public QObject
{
    Q_OBJECT

public:
    explicit ViewSettings(QObject* parent = nullptr) : QObject(parent) {}

    const Theme& theme() const { return m_theme; }
    void setTheme(const Theme& theme) { m_theme = theme; Q_EMIT changed(); }
    ColorBy colorBy() const { return m_colorBy; }
    void setColorBy(ColorBy by) { m_colorBy = by; Q_EMIT changed(); }
    Density density() const { return m_density; }
    void setDensity(Density density) { m_density = density; Q_EMIT changed(); }
    /// Arrows of the selection, and what is not linked to it dimmed.
    bool showLinks() const { return m_showLinks; }
    void setShowLinks(bool show) { m_showLinks = show; Q_EMIT changed(); }

Q_SIGNALS:
    void changed();

private:
    Theme m_theme = Theme::dark();
    ColorBy m_colorBy = ColorBy::Family;
    Density m_density = Density::Normal;
    bool m_showLinks = true;
};

} // namespace opscope
