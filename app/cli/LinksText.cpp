#include "app/cli/LinksText.h"

#include "app/cli/TextTable.h"
#include "core/base/Path.h"
#include "core/base/StringPool.h"

namespace opscope {
namespace {

using Lines = std::vector<std::string>;

constexpr std::size_t kWidth = 100;
constexpr std::size_t kTitle = 34;    ///< columns of a row's title
constexpr std::size_t kFigures = 22;

std::string count(std::uint64_t n) { return formatCount(static_cast<std::int64_t>(n)); }

void add(Lines& out, std::string_view indent, std::string_view text)
{
    out.push_back(std::string(indent) + elided(withoutControls(text), kWidth - indent.size()));
}

/// Words in lines of at most kWidth columns.
void addWrapped(Lines& out, std::string_view indent, std::string_view text)
{
    std::string line;
    while (!text.empty()) {
        const std::size_t blank = std::min(text.find(' '), text.size());
        const std::string word(text.substr(0, blank));
        text.remove_prefix(std::min(blank + 1, text.size()));
        if (!line.empty() && indent.size() + displayWidth(line) + 1 + displayWidth(word) > kWidth) {
            add(out, indent, line);
            line.clear();
        }
        line += (line.empty() ? "" : " ") + word;
    }
    if (!line.empty()) add(out, indent, line);
}

std::string methodsText(const LinkCount& row)
{
    std::string text;
    for (const LinkMethod method : row.methods) text += (text.empty() ? "" : " and ") + std::string(title(method));
    if (row.inferred && !row.exact && !row.ambiguous) text += ", inferred";
    else if (row.inferred) text += ", " + count(row.inferred) + " inferred";
    if (row.ambiguous) text += ", " + count(row.ambiguous) + " with two answers";
    return text;
}

void addRow(Lines& out, const Console& console, const LinkCount& row)
{
    const std::string figures = count(row.matched()) + " of " + count(row.total);
    std::string line = "  " + padded(row.title, kTitle) + std::string(kFigures - std::min(kFigures, figures.size()), ' ') + figures;
    const std::string methods = methodsText(row);
    if (!methods.empty()) line += "  " + console.dim(elided(methods, kWidth - kTitle - kFigures - 4));
    out.push_back(std::move(line));
    for (const LinkReason& reason : row.reasons) {
        const std::string text = elided(withoutControls(reason.text), kWidth - 6);
        out.push_back("      " + (reason.unmatched ? console.warning(text) : console.dim(text)));
    }
}

void addPairing(Lines& out, const Console& console, const Trace& trace, const EtPairing& pairing)
{
    const auto file = [&](SourceId source) { return withoutControls(fileName(trace.sources()[source.index()].path)); };
    std::string head = file(pairing.et);
    if (pairing.kineto) head += " and " + file(pairing.kineto) + ": " + std::string(title(pairing.relation));
    out.push_back("  " + console.bold(elided(head, kWidth - 2)));
    addWrapped(out, "      ", pairing.sentence);
    for (const LinkReason& reason : pairing.reasons) add(out, "      ", reason.text);
}

} // namespace

Lines linksText(const Trace& trace, const Console& console)
{
    std::string names;
    for (const SourceFile& source : trace.sources()) names += (names.empty() ? "" : ", ") + displayName(source.path);
    Lines out{console.bold(elided("Links of " + names, kWidth))};
    if (trace.links().report().empty()) out.push_back("  nothing to link: no device, no backward pass, no flows, no second file");
    for (const LinkCount& row : trace.links().report()) addRow(out, console, row);
    if (!trace.links().pairings().empty()) out.emplace_back();
    for (const EtPairing& pairing : trace.links().pairings()) addPairing(out, console, trace, pairing);
    return out;
}

} // namespace opscope
