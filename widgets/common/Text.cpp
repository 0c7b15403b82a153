#include "widgets/common/Text.h"

#include "core/base/StringPool.h"

#include <QFontMetrics>

namespace opscope {

namespace {

/// Explicit bidirectional controls and marks: they change the order of what is around them and show nothing themselves.
bool reorders(char16_t c)
{
    return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0x200E || c == 0x200F || c == 0x061C;
}

} // namespace

QString displayText(std::string_view utf8)
{
    const std::string clean = withoutControls(utf8);
    QString text = QString::fromUtf8(clean.data(), static_cast<qsizetype>(clean.size()));
    for (QChar& c : text) {
        if (reorders(c.unicode()))
            c = QChar(QChar::ReplacementCharacter);
    }
    return text;
}

QString richText(std::string_view utf8)
{
    return richText(displayText(utf8));
}

QString richText(const QString& text)
{
    return text.toHtmlEscaped();
}

QString elided(const QString& text, const QFont& font, int width)
{
    const QFontMetrics metrics(font);
    if (metrics.horizontalAdvance(QChar(0x2026)) > width)
        return {};
    return metrics.elidedText(text, Qt::ElideRight, width);
}

std::string toUtf8(const QString& text)
{
    const QByteArray bytes = text.toUtf8();
    return {bytes.constData(), static_cast<std::size_t>(bytes.size())};
}

} // namespace opscope
