#pragma once

#include <QColor>
#include <QFont>
#include <QPalette>
#include <array>

namespace opscope {

/// Colour tokens and fonts (look.md sections 3 and 4). A value: handed on through ViewSettings, never global.
struct Theme
{
    bool isDark = true;
    QColor canvas, panel, alternateRow, raised, input, hover, active;
    QColor lineSoft, line, lineStrong, textHi, text, textDim, textOff;
    QColor accent, accentFill, onAccent, selectionOutline, selectedRow;
    QColor ok, warn, err, linkLaunch, linkForward, linkNode, linkSync;
    QColor sliceText, pythonFill, pythonText;
    QColor annotationFill, annotationLine, syncHatch, commRail;

    static Theme dark();
    static Theme light();
    static Theme system();             ///< what the desktop asks for
    QPalette palette() const;
    QString styleSheet() const;        ///< for menus, tool bars, docks, tables: plain Qt widgets

    static QFont uiFont(int px = 12, int weight = QFont::Normal);
    static QFont fixedFont(int px = 11, int weight = QFont::Normal);
};

} // namespace opscope
