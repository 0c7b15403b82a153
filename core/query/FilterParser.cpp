#include "core/query/FilterParser.h"

#include "core/base/StringPool.h"
#include "core/query/FilterGrammar.h"
#include "core/query/FilterLexer.h"
#include "core/query/FilterText.h"
#include "core/query/TextTest.h"

#include <algorithm>
#include <charconv>

namespace opscope {

namespace {

using Kind = FilterToken::Kind;
using Type = FieldType;

/// A piece of the filter for a message: short, in quotes, nothing that acts on a terminal.
std::string shown(std::string_view text)
{
    constexpr std::size_t kMost = 40;
    std::string piece(text.substr(0, kMost));
    if (text.size() > kMost) {
        while (!piece.empty() && (static_cast<unsigned char>(piece.back()) & 0xC0) == 0x80) piece.pop_back();
        if (!piece.empty() && (static_cast<unsigned char>(piece.back()) & 0x80)) piece.pop_back();
        piece += "\xE2\x80\xA6";
    }
    return '"' + withoutControls(piece) + '"';
}

class Parser
{
public:
    explicit Parser(std::string_view text) : m_text(text), m_lexed(lexFilter(text)) {}

    std::variant<FilterNode, FilterError> run()
    {
        FilterNode root;
        if (!anyOf(root)) return error();
        if (peek().is(")")) return fail(peek(), "there is no ( for this bracket"), error();
        if (peek().kind != Kind::End) return fail(peek(), "expected and, or, or the end here"), error();
        if (m_lexed.error) return *m_lexed.error;
        return root;
    }

private:
    const FilterToken& peek(std::size_t ahead = 0) const { return m_lexed.tokens[std::min(m_at + ahead, m_lexed.tokens.size() - 1)]; }
    const FilterToken& take() { return m_lexed.tokens[m_at < m_lexed.tokens.size() - 1 ? m_at++ : m_at]; }
    bool accept(std::string_view symbol)
    {
        if (!peek().is(symbol)) return false;
        take();
        return true;
    }
    bool acceptWord(std::string_view word)
    {
        if (!peek().isWord(word)) return false;
        take();
        return true;
    }

    bool fail(std::size_t at, std::size_t length, std::string message)
    {
        if (!m_error) m_error = FilterError{at, length, std::move(message)};
        return false;
    }
    bool fail(const FilterToken& token, std::string message) { return fail(token.at, token.length, std::move(message)); }
    /// Where the pieces end early because one could not be read, that is what is wrong.
    FilterError error() const
    {
        if (m_lexed.error && (!m_error || m_error->column >= m_lexed.error->column)) return *m_lexed.error;
        return *m_error;
    }

    // or, and: chains are one node
    bool anyOf(FilterNode& out) { return chain(out, FilterNode::Kind::Or, "or", "||", &Parser::allOf); }
    bool allOf(FilterNode& out) { return chain(out, FilterNode::Kind::And, "and", "&&", &Parser::unary); }

    bool chain(FilterNode& out, FilterNode::Kind kind, std::string_view word, std::string_view symbol, bool (Parser::*part)(FilterNode&))
    {
        if (!(this->*part)(out)) return false;
        if (!peek().isWord(word) && !peek().is(symbol)) return true;
        FilterNode all;
        all.kind = kind;
        append(all, std::move(out));
        while (acceptWord(word) || accept(symbol)) {
            FilterNode next;
            if (!(this->*part)(next)) return false;
            append(all, std::move(next));
        }
        out = std::move(all);
        return true;
    }
    /// a and (b and c) is a and b and c.
    static void append(FilterNode& all, FilterNode&& part)
    {
        if (part.kind != all.kind) return all.children.push_back(std::move(part));
        for (FilterNode& child : part.children) all.children.push_back(std::move(child));
    }

    bool deeper(const FilterToken& token)
    {
        return ++m_depth <= kFilterDepth || fail(token, "brackets and \"not\" go deeper than " + std::to_string(kFilterDepth) + " here");
    }

    bool unary(FilterNode& out)
    {
        const FilterToken& token = peek();
        if (!token.isWord("not") && !token.is("!")) return primary(out);
        take();
        if (!deeper(token)) return false;
        FilterNode inner;
        if (!unary(inner)) return false;
        --m_depth;
        out = FilterNode();
        out.kind = FilterNode::Kind::Not;
        out.children.push_back(std::move(inner));
        return true;
    }

    bool primary(FilterNode& out)
    {
        const FilterToken& token = peek();
        if (token.is("(")) return bracket(out);
        if (token.isWord("has")) return presence(out);
        if (token.kind == Kind::Word && peek(1).is("(")) return function(out);
        if (token.kind == Kind::Text && !startsOperator(peek(1))) return nameAlone(out);
        if (token.kind == Kind::Word && isFilterKeyword(token.text))
            return fail(token, token.text + " cannot begin a comparison; expected a field, a function or (");
        if (token.kind == Kind::Word || token.kind == Kind::Text) return comparison(out);
        if (token.kind == Kind::End) return fail(token, "expected a field, a function or ( here");
        return fail(token, shown(token.text) + " cannot begin a comparison; expected a field, a function or (");
    }

    bool bracket(FilterNode& out)
    {
        const FilterToken& open = take();
        if (!deeper(open) || !anyOf(out)) return false;
        --m_depth;
        return accept(")") || fail(peek(), "expected ) for the bracket at column " + std::to_string(open.at + 1));
    }

    bool function(FilterNode& out)
    {
        const FilterToken& word = take();
        const LinkInfo* link = linkFunction(word.text);
        if (!link) return fail(word, shown(word.text) + " is no function" + hint(word.text, false));
        out = FilterNode();
        out.kind = FilterNode::Kind::Link;
        out.link = link->id;
        return bracket(out.children.emplace_back());
    }

    bool presence(FilterNode& out)
    {
        take();
        if (!accept("(")) return fail(peek(), "expected ( and a field, as in has(stream)");
        out = FilterNode();
        out.op = FilterOp::Present;
        const FieldInfo* field = fieldRef(out.field);
        if (!field) return false;
        return accept(")") || fail(peek(), "expected ) behind the field");
    }

    /// "gemm" alone finds names.
    bool nameAlone(FilterNode& out)
    {
        out = FilterNode();
        out.op = FilterOp::Contains;
        out.items.push_back({textValue(take().text), {}, false});
        return true;
    }

    static FilterValue textValue(std::string text)
    {
        FilterValue value;
        value.kind = FilterValue::Kind::Text;
        value.text = std::move(text);
        return value;
    }

    static const FilterOperator* operatorAt(const FilterToken& token)
    {
        const auto row = std::ranges::find_if(
            filterOperators(), [&](const FilterOperator& r) { return token.is(r.text) || token.isWord(r.text); });
        return row == filterOperators().end() ? nullptr : &*row;
    }
    static bool startsOperator(const FilterToken& token) { return operatorAt(token) != nullptr; }

    std::string hint(std::string_view word, bool tensor) const
    {
        const std::string near = nearestName(word, tensor);
        return near.empty() ? std::string() : "; did you mean " + near + "?";
    }

    // fields

    const FieldInfo* fieldRef(FilterFieldRef& ref)
    {
        const FilterToken& word = peek();
        if (word.isWord("args") && peek(1).is(".")) return arguments(ref);
        if (word.isWord("input") || word.isWord("inputs") || word.isWord("output") || word.isWord("outputs")) return tensor(ref);
        if (word.kind != Kind::Word && word.kind != Kind::Text) {
            fail(word, "expected a field");
            return nullptr;
        }
        // "External id" as files write it: the longest run of words that is a field
        std::string joined = word.text;
        std::size_t words = 0;
        const FieldInfo* field = plainField(joined);
        for (std::size_t i = 1; i <= 2 && word.kind == Kind::Word && peek(i).kind == Kind::Word && !isFilterKeyword(peek(i).text); ++i) {
            joined += ' ' + peek(i).text;
            if (const FieldInfo* longer = plainField(joined)) {
                field = longer;
                words = i;
            }
        }
        if (!field) return unknownField(word);
        m_at += words + 1;
        ref.id = field->id;
        return field;
    }

    const FieldInfo* unknownField(const FilterToken& word)
    {
        std::string message = shown(word.text) + " is no field" + hint(word.text, false);
        if (!startsOperator(peek(1)) && word.kind == Kind::Word && nearestName(word.text, false).empty()) {
            message += "; write name ~ " + quoted(word.text.substr(0, 40)) + " to find it in names";
        }
        fail(word, std::move(message));
        return nullptr;
    }

    const FieldInfo* arguments(FilterFieldRef& ref)
    {
        take();
        ref.id = FieldId::Argument;
        while (accept(".")) {
            if (ref.path.size() >= 16) return fail(peek(), "arguments are not followed deeper than 16 keys"), nullptr;
            const FilterToken& key = peek();
            if (key.kind != Kind::Word && key.kind != Kind::Text && key.kind != Kind::Number) {
                return fail(key, "expected the key of an argument, as in args.grid or args.\"Input Dims\""), nullptr;
            }
            if (key.kind == Kind::Number && key.text.find('.') != std::string::npos)
                return fail(key, "keys of digits and points stand in quotes"), nullptr;
            take();
            ref.path.push_back(key.kind == Kind::Number ? key.text + key.unit : key.text);
        }
        return &rawField();
    }

    bool index(std::int32_t& out)
    {
        if (!accept("[")) return fail(peek(), "expected [ and a number, as in input[0], or [*] for any");
        if (accept("*")) out = FilterFieldRef::kAny;
        else {
            const bool minus = accept("-");
            const FilterToken& number = take();
            const char* end = number.text.data() + number.text.size();
            if (number.kind != Kind::Number || !number.unit.empty() || number.text.size() > 6 ||
                std::from_chars(number.text.data(), end, out).ptr != end) {
                return fail(number, "expected a whole number, or * for any");
            }
            if (minus) out = -out;
        }
        return accept("]") || fail(peek(), "expected ]");
    }

    const FieldInfo* tensor(FilterFieldRef& ref)
    {
        const FilterToken& word = take();
        ref.side = word.isWord("input") || word.isWord("inputs") ? TensorSide::Input : TensorSide::Output;
        const FilterToken& at = peek(1);
        if (!index(ref.tensor)) return nullptr;
        if (ref.tensor < 0 && ref.tensor != FilterFieldRef::kAny) return fail(at, "arguments count from 0"), nullptr;
        if (!accept(".")) return fail(peek(), "expected . and what of the tensor: dtype, shape, dim[i], strides, elements, bytes"), nullptr;
        const FilterToken& member = take();
        const FieldInfo* field = member.kind == Kind::Word ? tensorField(member.text) : nullptr;
        if (!field)
            return fail(member, "expected dtype, shape, rank, dim[i], strides, elements, bytes or device" +
                                    hint(member.text, true)),
                   nullptr;
        ref.id = field->id;
        if (field->id == FieldId::TensorDim && !index(ref.dim)) return nullptr;
        return field;
    }

    // comparisons

    bool comparison(FilterNode& out)
    {
        out = FilterNode();
        const FilterToken& first = peek();
        const FieldInfo* field = fieldRef(out.field);
        if (!field) return false;
        const FilterToken& token = peek();
        const FilterOperator* row = operatorAt(token);
        const std::string of(m_text.substr(first.at, m_lexed.tokens[m_at - 1].at + m_lexed.tokens[m_at - 1].length - first.at));
        if (!row || !takesOperator(field->type, row->op)) return fail(token, expectedOperator(of, field->type, token));
        take();
        out.op = row->op;
        if (out.op == FilterOp::In) return list(out, *field);
        FilterItem item;
        if (!value(item.from, *field, out.op)) return false;
        out.items.push_back(std::move(item));
        return true;
    }

    static std::string expectedOperator(std::string_view field, FieldType type, const FilterToken& token)
    {
        if (type == Type::Stretch) return "time wants a range, as in time in 10ms..20ms; one moment is compared as start or end";
        std::string message = token.kind == Kind::End || !startsOperator(token) ? "expected an operator behind "
                                                                                : token.text + " does not go with ";
        message += std::string(field.substr(0, 40)) + (token.kind == Kind::End || !startsOperator(token) ? ":" : "; expected");
        for (const std::string_view op : operatorsOf(type)) message += ' ' + std::string(op);
        return withoutControls(message);
    }

    bool list(FilterNode& out, const FieldInfo& field)
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

    bool itemOf(FilterItem& item, const FieldInfo& field)
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
            return fail(first.at, m_lexed.tokens[m_at - 1].at + m_lexed.tokens[m_at - 1].length - first.at, "the range ends before it begins");
        }
        return true;
    }

    bool value(FilterValue& out, const FieldInfo& field, FilterOp op)
    {
        const FilterToken& token = peek();
        if (token.kind == Kind::Number || token.is("-")) return numberValue(out, field, op);
        if (token.is("[") && (field.type == Type::Shape || field.type == Type::Raw)) return bracketList(out);
        if (token.kind != Kind::Text && (token.kind != Kind::Word || isFilterKeyword(token.text)))
            return fail(token, "expected " + wanted(field, op));
        if (!takesTexts(field.type) || ordersNumbers(op)) return fail(token, "expected " + wanted(field, op) + ", not " + shown(token.text));
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

    bool knownWord(FilterValue& value, const FieldInfo& field, const FilterToken& token)
    {
        std::ranges::transform(value.text, value.text.begin(),
                               [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
        if (std::ranges::find(field.words, value.text) != field.words.end()) return true;
        std::string message = shown(token.text) + " is no " + field.help.name + "; expected";
        for (std::size_t i = 0; i < field.words.size(); ++i)
            message += (i == 0 ? " " : i + 1 == field.words.size() ? " or " : ", ") + std::string(field.words[i]);
        return fail(token, std::move(message));
    }

    /// [32, 512] without quotes.
    bool bracketList(FilterValue& out)
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

    static const char* unitsOf(FieldType type)
    {
        if (isTime(type)) return "; expected ns, us, ms or s";
        return type == Type::Size ? "; expected B, KiB, MiB, GiB, kB, MB or GB" : ", a number without unit";
    }

    static std::string wanted(const FieldInfo& field, FilterOp op)
    {
        if (ordersNumbers(op) || !takesTexts(field.type)) {
            return isTime(field.type) ? "a time with its unit, as in 50us" : field.type == Type::Size ? "a size, as in 1MiB" : "a number";
        }
        if (field.type == Type::Word) return "one of the words of " + std::string(field.help.name);
        return field.type == Type::Text || field.type == Type::Shape || looksInTexts(op) ? "a text in quotes" : "a number or a text in quotes";
    }

    const FilterUnit* unitOf(const FilterToken& number, std::string_view& written)
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

    bool numberValue(FilterValue& out, const FieldInfo& field, FilterOp op)
    {
        const bool minus = accept("-");
        const FilterToken& token = take();
        if (token.kind != Kind::Number) return fail(token, "expected a number behind -");
        std::string_view written;
        const FilterUnit* unit = unitOf(token, written);
        if (!unit && !written.empty())
            return fail(token, shown(written) + " is no unit; expected ns, us, ms, s or B, KiB, MiB, GiB, kB, MB, GB");
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

    std::string_view m_text;
    FilterTokens m_lexed;
    std::size_t m_at = 0;
    int m_depth = 0;
    std::optional<FilterError> m_error;
};

} // namespace

std::variant<FilterNode, FilterError> parseFilterNode(std::string_view text)
{
    if (text.size() > kFilterBytes) return FilterError{kFilterBytes, text.size() - kFilterBytes, "a filter may be 64 KiB long"};
    if (std::string repaired; sanitizeUtf8(text, repaired)) {
        // half a character at the end may begin as the one that stands in for it
        const auto at = static_cast<std::size_t>(std::ranges::mismatch(text, repaired).in1 - text.begin());
        return FilterError{std::min(at, text.size() - 1), 1, "this byte is no UTF-8"};
    }
    return Parser(text).run();
}

} // namespace opscope
