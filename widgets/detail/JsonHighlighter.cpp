#include "widgets/detail/JsonHighlighter.h"

namespace opscope {

void JsonHighlighter::setTheme(const Theme& theme)
{
    m_key.setForeground(theme.textDim);
    m_mark.setForeground(theme.warn);
    rehighlight();
}

void JsonHighlighter::highlightBlock(const QString& line)
{
    if (line.startsWith(QStringLiteral("… cut"))) return setFormat(0, static_cast<int>(line.size()), m_mark);
    // A key is a string at the front of the line with a colon behind it (prettyJson writes one a line).
    qsizetype from = 0;
    while (from < line.size() && line[from] == QLatin1Char(' ')) ++from;
    if (from == line.size() || line[from] != QLatin1Char('"')) return;
    qsizetype to = from + 1;
    while (to < line.size() && line[to] != QLatin1Char('"')) to += line[to] == QLatin1Char('\\') ? 2 : 1;
    if (to + 1 < line.size() && line[to + 1] == QLatin1Char(':')) setFormat(static_cast<int>(from), static_cast<int>(to + 2 - from), m_key);
}

} // namespace opscope
