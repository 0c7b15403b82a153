#include "app/gui/Settings.h"

#include <QSettings>
#include <QVariant>

#include <algorithm>

namespace opscope {

namespace {

// A number outside the enumeration (another version's, or edited by hand) falls back to the first value.
template <class Enum>
Enum readEnum(const char* key, Enum last, Enum fallback)
{
    const int value = QSettings().value(QLatin1String(key), static_cast<int>(fallback)).toInt();
    return value >= 0 && value <= static_cast<int>(last) ? static_cast<Enum>(value) : fallback;
}

template <class Enum>
void writeEnum(const char* key, Enum value)
{
    QSettings().setValue(QLatin1String(key), static_cast<int>(value));
}

} // namespace

Theme themeFor(ThemeChoice choice)
{
    switch (choice) {
    case ThemeChoice::Light: return Theme::light();
    case ThemeChoice::Dark: return Theme::dark();
    case ThemeChoice::System: break;
    }
    return Theme::system();
}

ThemeChoice Settings::theme() const
{
    return kept() ? readEnum("view/theme", ThemeChoice::Dark, ThemeChoice::System) : m_theme;
}

void Settings::setTheme(ThemeChoice choice)
{
    m_theme = choice;
    if (kept())
        writeEnum("view/theme", choice);
}

Density Settings::density() const
{
    return kept() ? readEnum("view/density", Density::Dense, Density::Normal) : Density::Normal;
}

void Settings::setDensity(Density density)
{
    if (kept())
        writeEnum("view/density", density);
}

ColorBy Settings::colorBy() const
{
    return kept() ? readEnum("view/colorBy", ColorBy::Duration, ColorBy::Family) : ColorBy::Family;
}

void Settings::setColorBy(ColorBy by)
{
    if (kept())
        writeEnum("view/colorBy", by);
}

bool Settings::showLinks() const
{
    return !kept() || QSettings().value(QStringLiteral("view/links"), true).toBool();
}

void Settings::setShowLinks(bool show)
{
    if (kept())
        QSettings().setValue(QStringLiteral("view/links"), show);
}

QByteArray Settings::layout() const
{
    return kept() ? QSettings().value(QStringLiteral("window/layout")).toByteArray() : QByteArray();
}

void Settings::setLayout(const QByteArray& state)
{
    if (kept())
        QSettings().setValue(QStringLiteral("window/layout"), state);
}

QByteArray Settings::panel(const QString& id) const
{
    return kept() ? QSettings().value(QStringLiteral("panel/") + id).toByteArray() : QByteArray();
}

void Settings::setPanel(const QString& id, const QByteArray& state)
{
    if (kept())
        QSettings().setValue(QStringLiteral("panel/") + id, state);
}

QByteArray Settings::geometry() const
{
    return kept() ? QSettings().value(QStringLiteral("window/geometry")).toByteArray() : QByteArray();
}

void Settings::setGeometry(const QByteArray& geometry)
{
    if (kept())
        QSettings().setValue(QStringLiteral("window/geometry"), geometry);
}

QByteArray Settings::recording() const
{
    return kept() ? QSettings().value(QStringLiteral("record/settings")).toByteArray() : m_recording;
}

void Settings::setRecording(const QByteArray& json)
{
    m_recording = json;
    if (kept())
        QSettings().setValue(QStringLiteral("record/settings"), json);
}

QString Settings::lastFolder() const
{
    return kept() ? QSettings().value(QStringLiteral("open/folder")).toString() : QString();
}

void Settings::setLastFolder(const QString& folder)
{
    if (kept())
        QSettings().setValue(QStringLiteral("open/folder"), folder);
}

} // namespace opscope
