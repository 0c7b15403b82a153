#include "core/query/FilterParser.h"

#include "core/base/StringPool.h"
#include "core/query/FilterGrammar.h"
#include "core/query/FilterText.h"
#include "core/query/FilterValueParser.h"

#include <algorithm>
#include <charconv>

namespace opscope {

namespace {

using Kind = FilterToken::Kind;
using Type = FieldType;

/// Fields, operators and what holds comparisons together.
class Parser : private FilterValueParser
{
public:
    explicit Parser(std::string_view text) : FilterValueParser(text), m_text(text) {}

    std::variant<FilterNode, FilterError> run()
    {
        FilterNode root;
        if (!anyOf(root)) return error();
        if (peek().is(")")) return fail(peek(), "there is no ( for this bracket"), error();
        if (peek().kind != Kind::End) return fail(peek(), "expected and, or, or the end here"), error();
        if (unreadable()) return *unreadable();
        return root;
    }

private:
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
        return fail(token, shownPiece(token.text) + " cannot begin a comparison; expected a field, a function or (");
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
        if (!link) return fail(word, shownPiece(word.text) + " is no function" + hint(word.text, false));
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
        skip(words + 1);
        ref.id = field->id;
        return field;
    }

    const FieldInfo* unknownField(const FilterToken& word)
    {
        std::string message = shownPiece(word.text) + " is no field" + hint(word.text, false);
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
        const std::string of(m_text.substr(first.at, endOfTaken() - first.at));
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

    std::string_view m_text;
    int m_depth = 0;
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
