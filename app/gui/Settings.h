#pragma once

#include "widgets/document/ViewSettings.h"

#include <QByteArray>

namespace opscope {

enum class ThemeChoice : std::uint8_t { System, Light, Dark };

Theme themeFor(ThemeChoice choice);

/// What is remembered between runs. `Memory::None` (render mode, timing) reads and writes nothing.
class Settings
{
public:
    enum class Memory : std::uint8_t { Kept, None };
    explicit Settings(Memory memory) : m_memory(memory) {}

    ThemeChoice theme() const;
    void setTheme(ThemeChoice choice);
    Density density() const;
    void setDensity(Density density);
    ColorBy colorBy() const;
    void setColorBy(ColorBy by);
    bool showLinks() const;
    void setShowLinks(bool show);
    /// QMainWindow's saved state and geometry; empty when there is none.
    QByteArray layout() const;
    void setLayout(const QByteArray& state);
    /// What the panel of that id wishes to find again (Panel.h: panelState).
    QByteArray panel(const QString& id) const;
    void setPanel(const QString& id, const QByteArray& state);
    QByteArray geometry() const;
    void setGeometry(const QByteArray& geometry);
    /// RecordSettings::toJson(); empty when nothing was recorded yet.
    QByteArray recording() const;
    void setRecording(const QByteArray& json);
    QString lastFolder() const;
    void setLastFolder(const QString& folder);
    bool kept() const { return m_memory == Memory::Kept; }

private:
    Memory m_memory;
    ThemeChoice m_theme = ThemeChoice::System; // holds for this run when nothing is kept
    QByteArray m_recording;                    // likewise
};

} // namespace opscope
