#pragma once

#include <QFont>
#include <QString>

#include <string_view>

namespace opscope {

/// UTF-8 from a trace to text that is safe to show: control characters become their pictures (U+2400...), characters that
/// reorder a line become U+FFFD, so that a name cannot pose as another one.
QString displayText(std::string_view utf8);
/// The same for rich text labels and tooltips: < > & " escaped.
QString richText(std::string_view utf8);
QString richText(const QString& text);
/// Cut on the right with "…" to `width` pixels; "" when not even that fits.
QString elided(const QString& text, const QFont& font, int width);
std::string toUtf8(const QString& text);

} // namespace opscope
