#include "core/base/Time.h"
#include "core/query/FilterFields.h"
#include "core/query/FilterGrammar.h"
#include "core/query/FilterLexer.h"
#include "core/query/FilterText.h"
#include "core/query/ValueChoices.h"

#include <algorithm>
#include <array>
#include <optional>

namespace opscope {

namespace {

using Kind = FilterToken::Kind;
constexpr std::size_t kMost = 50;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// What the tokens in front of the cursor ask for.
struct Context
{
    enum class What : std::uint8_t { Operand, TensorMember, Operator, Value, Connective, Nothing };
    What what = What::Operand;
    const FieldInfo* field = nullptr;  ///< Operator, Value
};

bool isOperator(const FilterToken& token)
{
    for (int i = 0; i < static_cast<int>(FilterOp::Present); ++i) {
        const std::string_view op = spelling(static_cast<FilterOp>(i));
        if (token.is(op) || token.isWord(op)) return true;
    }
    return false;
}

bool beginsOperand(const FilterToken& token)
{
    return token.isWord("and") || token.isWord("or") || token.isWord("not") || token.is("&&") || token.is("||") || token.is("!");
}

/// The field that ends in front of tokens[end]; null when none does.
const FieldInfo* fieldBefore(std::span<const FilterToken> tokens, std::size_t end)
{
    if (end == 0) return nullptr;
    const FilterToken& last = tokens[end - 1];
    if (last.is("]")) { // input[0].dim[-1]
        while (end > 0 && !tokens[end - 1].is("[")) --end;
        return end >= 2 ? fieldBefore(tokens, end - 1) : nullptr;
    }
    if (last.kind != Kind::Word && last.kind != Kind::Text) return nullptr;
    if (end >= 3 && tokens[end - 2].is(".")) return tokens[end - 3].is("]") ? tensorField(last.text) : &rawField();
    std::string joined;
    const FieldInfo* field = nullptr;
    for (std::size_t back = 1; back <= 3 && back <= end && tokens[end - back].kind == last.kind; ++back) {
        joined = tokens[end - back].text + (joined.empty() ? "" : " ") + joined;
        if (const FieldInfo* longer = plainField(joined)) field = longer;
    }
    return field;
}

/// The operator whose value the tokens in front of `end` belong to: "in (a, b," as well. None when there is no such value.
std::optional<std::size_t> operatorBefore(std::span<const FilterToken> tokens, std::size_t end)
{
    while (end > 0) {
        const FilterToken& token = tokens[end - 1];
        if (isOperator(token)) return end - 1;
        const bool list = token.is(",") || token.is("..") || token.is("-");
        const bool open = token.is("(") && end >= 2 && tokens[end - 2].isWord("in");
        const bool value = token.kind == Kind::Text || token.kind == Kind::Number || token.kind == Kind::Word;
        const bool goesOn = end < tokens.size() && (tokens[end].is(",") || tokens[end].is(".."));
        if (!list && !open && !(value && goesOn)) return std::nullopt;
        --end;
    }
    return std::nullopt;
}

Context contextOf(std::span<const FilterToken> tokens, std::size_t end)
{
    using What = Context::What;
    if (end == 0 || beginsOperand(tokens[end - 1])) return {What::Operand, nullptr};
    const FilterToken& last = tokens[end - 1];
    if (last.is(".")) {
        if (end >= 2 && tokens[end - 2].is("]")) return {What::TensorMember, nullptr};
        return {What::Nothing, nullptr}; // keys of arguments are known to the file alone
    }
    if (const auto op = operatorBefore(tokens, end)) return {What::Value, fieldBefore(tokens, *op)};
    if (last.is("(")) return {What::Operand, nullptr};
    const bool behindOperator = end >= 2 && operatorBefore(tokens, end - 1).has_value();
    if (const FieldInfo* field = behindOperator ? nullptr : fieldBefore(tokens, end)) return {What::Operator, field};
    if (last.kind == Kind::Text || last.kind == Kind::Number || last.kind == Kind::Word || last.is(")") || last.is("]"))
        return {What::Connective, nullptr};
    return {What::Nothing, nullptr};
}

/// Gathers what fits: beginnings first, then what has the letters somewhere.
class Choices
{
public:
    explicit Choices(std::string_view typed) : m_typed(typed) {}
    void offer(std::string text, std::string_view key, std::string detail)
    {
        const std::size_t at = place(key);
        if (at == std::string_view::npos) return;
        (at == 0 ? m_first : m_rest).push_back({std::move(text), std::move(detail)});
    }
    void offer(std::string_view text, std::string detail) { offer(std::string(text), text, std::move(detail)); }
    std::vector<Completion> take()
    {
        m_first.insert(m_first.end(), std::make_move_iterator(m_rest.begin()), std::make_move_iterator(m_rest.end()));
        if (m_first.size() > kMost) m_first.resize(kMost);
        return std::move(m_first);
    }

private:
    std::size_t place(std::string_view text) const
    {
        const auto found = std::ranges::search(text, m_typed, [](char a, char b) { return lower(a) == lower(b); });
        return found.begin() == text.end() && !m_typed.empty() ? std::string_view::npos : static_cast<std::size_t>(found.begin() - text.begin());
    }
    std::string_view m_typed;
    std::vector<Completion> m_first, m_rest;
};

std::string typeAndHelp(const FilterField& field) { return std::string(field.type) + ": " + field.help; }

void offerOperands(Choices& choices, std::string_view typed)
{
    for (const FieldInfo& field : plainFields()) choices.offer(field.help.name, typeAndHelp(field.help));
    for (const LinkInfo& link : linkFunctions()) choices.offer(link.help.name, typeAndHelp(link.help));
    choices.offer("has(", "function: rows that have the field at all");
    choices.offer("not ", "what does not match");
    choices.offer("args.", typeAndHelp(rawField().help));
    choices.offer("input[0].", "tensor that is read: dtype, shape, dim[i], strides, elements, bytes; input[*] is any");
    choices.offer("output[0].", "tensor that is made; nodes of execution traces");
    if (typed.size() >= 2 && !plainField(typed)) choices.offer("name ~ " + quoted(typed), typed, "names that have it in them");
}

std::string_view explain(std::string_view op)
{
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kWords{
        {{"==", "the same"}, {"!=", "another"}, {"~", "contains, in any case"}, {"=~", "regular expression"},
         {"like", "whole text with * and ?"}, {"in", "list, or range A..B"}, {"<", "less"}, {"<=", "at most"},
         {">", "more"}, {">=", "at least"}}};
    const auto found = std::ranges::find(kWords, op, &std::pair<std::string_view, std::string_view>::first);
    return found == kWords.end() ? std::string_view() : found->second;
}

void offerUnits(Choices& choices, FieldType type)
{
    const bool times = type == FieldType::Duration || type == FieldType::Moment || type == FieldType::Stretch;
    if (!times && type != FieldType::Size) return;
    for (const FilterUnit& unit : filterUnits())
        if (unit.time == times && unit.name.size() <= 3 && static_cast<unsigned char>(unit.name[0]) < 0x80) {
            choices.offer(unit.name, times ? formatCount(unit.factor) + " ns" : formatCount(unit.factor) + " bytes");
        }
}

void offerFor(Choices& choices, const Context& context, std::string_view typed, const Trace* trace)
{
    switch (context.what) {
    case Context::What::Operand: return offerOperands(choices, typed);
    case Context::What::TensorMember:
        for (const FieldInfo& field : tensorFields()) {
            const std::string_view name = field.help.name; // "input[0].dim[-1]"
            choices.offer(name.substr(name.find('.') + 1), typeAndHelp(field.help));
        }
        return;
    case Context::What::Operator:
        for (const std::string_view op : operatorsOf(context.field->type)) choices.offer(std::string(op) + ' ', op, std::string(explain(op)));
        return;
    case Context::What::Value:
        if (!context.field) return;
        for (const std::string_view word : context.field->words) choices.offer(word, context.field->help.name);
        if (!trace) return;
        for (ValueChoice& value : valueChoices(*trace, context.field->id, typed, kMost))
            choices.offer(std::move(value.written), value.text, std::move(value.detail));
        return;
    case Context::What::Connective:
        choices.offer("and ", "both");
        choices.offer("or ", "either");
        return;
    case Context::What::Nothing: return;
    }
}

} // namespace

Completions completeFilter(std::string_view text, std::size_t cursor, const Trace* trace)
{
    cursor = std::min(cursor, text.size());
    const FilterTokens lexed = lexFilter(text.substr(0, cursor));
    const std::span<const FilterToken> tokens = std::span(lexed.tokens).first(lexed.tokens.size() - 1);
    Completions out{cursor, cursor, {}};
    std::string typed;
    std::size_t end = tokens.size();
    if (lexed.error) { // a text whose quote is not closed yet, or something that is no filter
        out.from = lexed.error->column;
        const char quote = text[out.from];
        if (quote != '"' && quote != '\'') return {cursor, cursor, {}};
        typed = text.substr(out.from + 1, cursor - out.from - 1);
        if (cursor < text.size() && text[cursor] == quote) ++out.to;
    } else if (end > 0 && tokens[end - 1].at + tokens[end - 1].length == cursor) {
        const FilterToken& last = tokens[end - 1];
        if (last.kind == Kind::Word) {
            typed = last.text;
            out.from = last.at;
            --end;
            while (out.to < text.size() && insideWord(text[out.to])) ++out.to;
        } else if (last.kind == Kind::Number) {
            const auto op = operatorBefore(tokens, end - 1);
            const FieldInfo* field = op ? fieldBefore(tokens, *op) : nullptr;
            Choices units(last.unit);
            if (field) offerUnits(units, field->type);
            out.from = cursor - last.unit.size();
            out.choices = units.take();
            return out;
        }
    }
    Choices choices(typed);
    offerFor(choices, contextOf(tokens, end), typed, trace);
    out.choices = choices.take();
    return out;
}

} // namespace opscope
