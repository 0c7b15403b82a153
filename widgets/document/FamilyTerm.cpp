#include "widgets/document/FamilyTerm.h"

#include "core/query/FilterLexer.h"

#include <optional>
#include <span>
#include <variant>
#include <vector>

namespace opscope {

namespace {

using Tokens = std::span<const FilterToken>;
using Kind = FamilyTerm::Kind;

bool isAnd(const FilterToken& token) { return token.isWord("and") || token.is("&&"); }
bool isOr(const FilterToken& token) { return token.isWord("or") || token.is("||"); }
bool isNot(const FilterToken& token) { return token.isWord("not") || token.is("!"); }

int depthChange(const FilterToken& token)
{
    if (token.is("(") || token.is("[")) return 1;
    return token.is(")") || token.is("]") ? -1 : 0;
}

/// The terms that must all be true; none when they are joined by `or`.
std::vector<Tokens> conjuncts(Tokens tokens)
{
    std::vector<Tokens> terms;
    std::size_t from = 0;
    int depth = 0;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        depth += depthChange(tokens[i]);
        if (depth == 0 && isOr(tokens[i])) return {};
        if (depth != 0 || !isAnd(tokens[i])) continue;
        terms.push_back(tokens.subspan(from, i - from));
        from = i + 1;
    }
    terms.push_back(tokens.subspan(from));
    return terms;
}

std::optional<Family> familyIn(const FilterToken& token)
{
    const bool text = token.kind == FilterToken::Kind::Word || token.kind == FilterToken::Kind::Text;
    return text ? familyById(token.text) : std::nullopt;
}

/// "memory" or "(memory, sync)".
std::optional<FamilySet> familiesIn(Tokens tokens)
{
    if (tokens.size() >= 3 && tokens.front().is("(") && tokens.back().is(")")) tokens = tokens.subspan(1, tokens.size() - 2);
    else if (tokens.size() != 1) return std::nullopt;
    FamilySet set;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        if (i % 2 == 1 && !tokens[i].is(",")) return std::nullopt;
        if (i % 2 == 1) continue;
        const auto family = familyIn(tokens[i]);
        if (!family) return std::nullopt;
        set.set(static_cast<std::size_t>(*family));
    }
    return tokens.size() % 2 == 1 ? std::optional(set) : std::nullopt;
}

/// [not] family == A, [not] family in (A, B).
std::optional<FamilyTerm> ownTerm(Tokens tokens)
{
    const bool without = !tokens.empty() && isNot(tokens.front());
    Tokens rest = without ? tokens.subspan(1) : tokens;
    if (rest.size() < 3 || !rest[0].isWord("family")) return std::nullopt;
    const bool list = rest[1].isWord("in");
    if (!list && !rest[1].is("==")) return std::nullopt;
    const auto families = familiesIn(rest.subspan(2));
    if (!families || list != rest[2].is("(")) return std::nullopt;
    const std::size_t end = tokens.back().at + tokens.back().length;
    return FamilyTerm{without ? Kind::Without : Kind::Only, *families, tokens.front().at, end - tokens.front().at};
}

std::string written(Kind kind, const FamilySet& families)
{
    std::string list;
    for (std::size_t i = 0; i < kFamilies; ++i)
        if (families.test(i)) list += (list.empty() ? "" : ", ") + std::string(id(static_cast<Family>(i)));
    if (kind == Kind::Only && families.count() == 1) return "family == " + list;
    return (kind == Kind::Without ? "not family in (" : "family in (") + list + ")";
}

std::string trimmed(std::string_view text)
{
    const std::size_t from = text.find_first_not_of(" \t\r\n");
    return from == std::string_view::npos ? std::string() : std::string(text.substr(from, text.find_last_not_of(" \t\r\n") - from + 1));
}

/// The text without its term and the `and` that joined it.
std::string without(std::string_view text, const FamilyTerm& term)
{
    std::vector<FilterToken> tokens = lexFilter(text).tokens;
    std::size_t from = term.at, to = term.at + term.length;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        if (tokens[i].at == to || (tokens[i].at > to && i > 0 && tokens[i - 1].at < to)) {
            if (isAnd(tokens[i])) return trimmed(std::string(text.substr(0, from)) + trimmed(text.substr(tokens[i].at + tokens[i].length)));
            break;
        }
    }
    for (std::size_t i = tokens.size(); i-- > 0;)
        if (tokens[i].at < from && isAnd(tokens[i])) return trimmed(text.substr(0, tokens[i].at));
    return {};
}

Filter parsed(const std::string& text, const Filter& otherwise)
{
    auto result = Filter::parse(text);
    return std::holds_alternative<Filter>(result) ? std::get<Filter>(std::move(result)) : otherwise;
}

/// The filter with its term replaced by another one; Kind::None: with none.
Filter replaced(const Filter& filter, const FamilyTerm& term, Kind kind, const FamilySet& families)
{
    const std::string& text = filter.text();
    const std::string wanted = kind == Kind::None ? std::string() : written(kind, families);
    if (term.kind == Kind::None) return both(filter, parsed(wanted, {}));
    if (wanted.empty()) return parsed(without(text, term), filter);
    return parsed(text.substr(0, term.at) + wanted + text.substr(term.at + term.length), filter);
}

} // namespace

FamilyTerm FamilyTerm::in(std::string_view text)
{
    const FilterTokens lexed = lexFilter(text);
    if (lexed.error) return {};
    for (const Tokens term : conjuncts(Tokens(lexed.tokens).first(lexed.tokens.size() - 1))) // without End
        if (auto own = ownTerm(term)) return *own;
    return {};
}

Filter withFamilyToggled(const Filter& filter, Family family)
{
    const FamilyTerm term = FamilyTerm::in(filter.text());
    FamilySet families = term.families;
    families.flip(static_cast<std::size_t>(family));
    const bool all = term.kind == Kind::Only ? families.all() : families.none();
    return replaced(filter, term, all ? Kind::None : term.kind == Kind::None ? Kind::Without : term.kind, families);
}

Filter withOnlyFamily(const Filter& filter, Family family)
{
    const FamilyTerm term = FamilyTerm::in(filter.text());
    FamilySet one;
    one.set(static_cast<std::size_t>(family));
    const bool already = term.kind == Kind::Only && term.families == one;
    return replaced(filter, term, already ? Kind::None : Kind::Only, one);
}

} // namespace opscope
