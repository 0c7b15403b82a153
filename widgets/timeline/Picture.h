#pragma once

#include "core/base/Result.h"

#include <QString>

namespace opscope {

class TimelineView;

/// The timeline as it stands (overview, ruler, rows with their headers, links, selection) into a file: SVG when the name ends in
/// ".svg", else PNG at the scale of the screen. In an SVG rects are rects and text is text in the system's fonts. A file that is
/// there is replaced as a whole or not at all.
Status saveTimelinePicture(TimelineView& timeline, const QString& path);
/// Whether a name asks for an SVG.
bool isSvgName(const QString& path);


} // namespace opscope
