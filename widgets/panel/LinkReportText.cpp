#include "widgets/panel/LinkReportText.h"

#include "core/base/Path.h"
#include "core/base/Time.h"
#include "core/link/LinkWords.h"
#include "widgets/common/Text.h"

#include <QStringList>

namespace opscope {

namespace {

QString number(std::uint64_t n) { return displayText(formatCount(static_cast<std::int64_t>(n))); }

QString nameOf(const Trace& trace, SourceId source)
{
    if (source.index() >= trace.sources().size()) return {};
    return displayText(fileName(trace.sources()[source.index()].path));
}

void addPairing(QStringList& lines, const Trace& trace, const EtPairing& pairing)
{
    QString line = pairTitle(trace, pairing);
    if (pairing.kineto) line += QStringLiteral(": ") + displayText(title(pairing.relation));
    if (!pairing.sentence.empty()) line += QStringLiteral(". ") + displayText(pairing.sentence);
    lines += line;
}

void addRow(QStringList& lines, const LinkCount& row)
{
    QStringList methods;
    for (const LinkMethod method : row.methods) methods += displayText(title(method));
    QString line = displayText(row.title) + QStringLiteral(": ") + matchedText(row) + QStringLiteral(" (") + sharesText(row);
    if (!methods.isEmpty()) line += QStringLiteral("; by ") + methods.join(QStringLiteral(", "));
    lines += line + QLatin1Char(')');
    for (const LinkReason& reason : row.reasons) lines += QStringLiteral("  ") + displayText(reason.text);
}

} // namespace

QString matchedText(const LinkCount& row) { return number(row.matched()) + QStringLiteral(" of ") + number(row.total); }

QString sharesText(const LinkCount& row)
{
    QStringList parts;
    const auto add = [&](std::uint64_t n, const char* words) {
        if (n) parts += number(n) + QLatin1Char(' ') + QLatin1String(words);
    };
    add(row.exact, "exact");
    add(row.inferred, "inferred");
    add(row.ambiguous, "with two answers");
    add(row.unmatched, "without a partner");
    return parts.join(QStringLiteral(", "));
}

QString relationText(const Trace& trace)
{
    const std::optional<RunRelation> worst = worstRelation(trace);
    return worst ? displayText(meaning(*worst)) : QString();
}

QString pairTitle(const Trace& trace, const EtPairing& pairing)
{
    const QString et = nameOf(trace, pairing.et);
    return pairing.kineto ? et + QStringLiteral(" with ") + nameOf(trace, pairing.kineto) : et + QStringLiteral(" alone");
}

QString linkReportText(const Trace& trace)
{
    QStringList lines;
    for (const EtPairing& pairing : trace.links().pairings()) addPairing(lines, trace, pairing);
    for (const LinkCount& row : trace.links().report())
        if (row.total) addRow(lines, row);
    return lines.join(QLatin1Char('\n'));
}

} // namespace opscope
