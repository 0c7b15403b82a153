#include "core/query/FilterValueParser.h"

#include "core/base/StringPool.h"
#include "core/query/FilterText.h"
#include "core/query/TextTest.h"

#include <algorithm>

namespace opscope {

namespace {

using Kind = FilterToken::Kind;
using Type = FieldType;

} // namespace

FilterValue FilterValueParser::textValue(std::string text)
{
    FilterValue value;
    value.kind = FilterValue::Kind::Text;
    value.text = std::move(text);
    return value;
}

bool FilterValueParser::list(FilterNode& out, const FieldInfo& field)
{
    if (!accept("(")) {
        FilterItem& item = out.items.emplace_back();
        const FilterToken& token = peek();
        if (!itemOf(item, field)) return false;
        return item.range ||
               fail(token, takesNumbers(field.type) ? "expected a range A..B, or ( and a list"
                                                    : "expected ( and a list, as in cat in (kernel, gpu_memcpy)");
    }
    do {
        if (!itemOf(out.items.emplace_back(), field)) return false;
        if (field.type == Type::Stretch && !out.items.back().range) return fail(peek(), "expected .. and the end of the range");
    } while (accept(","));
    return accept(")") || fail(peek(), "expected , or )");
}

bool FilterValueParser::itemOf(FilterItem& item, const FieldInfo& field)
{
    const FilterToken& first = peek();
    if (!first.is("..") && !value(item.from, field, FilterOp::In)) return false;
    if (!peek().is("..")) return true;
    if (!takesNumbers(field.type) || item.from.kind == FilterValue::Kind::Text) return fail(peek(), "texts have no ranges");
    const FilterToken& dots = take();
    item.range = true;
    const bool more = peek().kind == Kind::Number || peek().is("-");
    if (more && !value(item.to, field, FilterOp::Less)) return false;
    if (!more && item.from.kind == FilterValue::Kind::Open) return fail(dots, "expected a number on one side of ..");
    const bool open = !more || item.from.kind == FilterValue::Kind::Open;
    const bool backwards = !open && (item.to.exact && item.from.exact ? item.to.whole < item.from.whole : item.to.real < item.from.real);
    if (backwards || (!open && field.type == Type::Stretch && item.to.whole == item.from.whole)) {
        return fail(first.at, endOfTaken() - first.at, "the range ends before it begins");
    }
    return true;
}

bool FilterValueParser::value(FilterValue& out, const FieldInfo& field, FilterOp op)
{
    const FilterToken& token = peek();
    if (token.kind == Kind::Number || token.is("-")) return numberValue(out, field, op);
    if (token.is("[") && (field.type == Type::Shape || field.type == Type::Raw)) return bracketList(out);
    if (token.kind != Kind::Text && (token.kind != Kind::Word || isFilterKeyword(token.text)))
        return fail(token, "expected " + wanted(field, op));
    if (!takesTexts(field.type) || ordersNumbers(op)) return fail(token, "expected " + wanted(field, op) + ", not " + shownPiece(token.text));
    take();
    out = textValue(token.text);
    if (field.type == Type::Word) return knownWord(out, field, token);
    if (field.type == Type::Shape) std::erase_if(out.text, [](char c) { return c == ' '; });
    if (op == FilterOp::Regex) {
        if (const std::string wrong = TextTest::whyNoRegex(out.text); !wrong.empty())
            return fail(token, "this is no regular expression: " + withoutControls(wrong));
    }
    return true;
}

bool FilterValueParser::knownWord(FilterValue& value, const FieldInfo& field, const FilterToken& token)
{
    std::ranges::transform(value.text, value.text.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    if (std::ranges::find(field.words, value.text) != field.words.end()) return true;
    std::string message = shownPiece(token.text) + " is no " + field.help.name + "; expected";
    for (std::size_t i = 0; i < field.words.size(); ++i)
        message += (i == 0 ? " " : i + 1 == field.words.size() ? " or " : ", ") + std::string(field.words[i]);
    return fail(token, std::move(message));
}

bool FilterValueParser::bracketList(FilterValue& out)
{
    std::string text;
    int depth = 0;
    const FilterToken& first = peek();
    do {
        const FilterToken& token = take();
        if (token.is("[")) ++depth;
        else if (token.is("]")) --depth;
        else if (!token.is(",") && !token.is("-") && (token.kind != Kind::Number || !token.unit.empty()))
            return fail(token, "expected a number, a comma or ]");
        text += token.text;
    } while (depth > 0);
    out = textValue(std::move(text));
    return out.text.size() < 4096 || fail(first, "this list is too long");
}

const char* FilterValueParser::unitsOf(FieldType type)
{
    if (isTime(type)) return "; expected ns, us, ms or s";
    return type == Type::Size ? "; expected B, KiB, MiB, GiB, kB, MB or GB" : ", a number without unit";
}

std::string FilterValueParser::wanted(const FieldInfo& field, FilterOp op)
{
    if (ordersNumbers(op) || !takesTexts(field.type)) {
        return isTime(field.type) ? "a time with its unit, as in 50us" : field.type == Type::Size ? "a size, as in 1MiB" : "a number";
    }
    if (field.type == Type::Word) return "one of the words of " + std::string(field.help.name);
    return field.type == Type::Text || field.type == Type::Shape || looksInTexts(op) ? "a text in quotes" : "a number or a text in quotes";
}

const FilterUnit* FilterValueParser::unitOf(const FilterToken& number, std::string_view& written)
{
    written = number.unit;
    if (written.empty() && peek().kind == Kind::Word) written = peek().text; // "50 us"
    const auto unit = std::ranges::find(filterUnits(), written, &FilterUnit::name);
    if (unit == filterUnits().end()) {
        if (number.unit.empty()) written = {};
        return nullptr;
    }
    if (number.unit.empty()) take();
    return &*unit;
}

bool FilterValueParser::numberValue(FilterValue& out, const FieldInfo& field, FilterOp op)
{
    const bool minus = accept("-");
    const FilterToken& token = take();
    if (token.kind != Kind::Number) return fail(token, "expected a number behind -");
    std::string_view written;
    const FilterUnit* unit = unitOf(token, written);
    if (!unit && !written.empty())
        return fail(token, shownPiece(written) + " is no unit; expected ns, us, ms, s or B, KiB, MiB, GiB, kB, MB, GB");
    out.text = (minus ? "-" : "") + token.text + std::string(written);
    if (!takesNumbers(field.type) || looksInTexts(op)) { // name == 5 means the text
        if (unit) return fail(token, "expected " + wanted(field, op));
        out.kind = FilterValue::Kind::Text;
        if (field.type == Type::Word) return knownWord(out, field, token);
        return true;
    }
    if (unit && !takesUnit(field.type, *unit)) {
        return fail(token, std::string(written) + " does not go with " + field.help.name + unitsOf(field.type));
    }
    out.kind = FilterValue::Kind::Number;
    const std::string wrong = numberOf(out, token.text, minus, unit ? unit->factor : 1, field.type);
    return wrong.empty() || fail(token, wrong);
}

} // namespace opscope
