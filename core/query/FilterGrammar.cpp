#include "core/query/FilterGrammar.h"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace opscope {

namespace {

using Type = FieldType;
using Op = FilterOp;

constexpr std::int64_t kKi = 1024;
constexpr std::array<FilterUnit, 14> kUnits{
    {{"us", 1000, true}, {"ms", 1'000'000, true}, {"s", 1'000'000'000, true}, {"ns", 1, true}, {"\xC2\xB5s", 1000, true},
     {"\xCE\xBCs", 1000, true}, {"KiB", kKi, false}, {"MiB", kKi * kKi, false}, {"GiB", kKi * kKi * kKi, false}, {"B", 1, false},
     {"kB", 1000, false}, {"KB", 1000, false}, {"MB", 1'000'000, false}, {"GB", 1'000'000'000, false}}};

constexpr std::array<FilterOperator, 10> kOperators{{{"==", Op::Equal}, {"!=", Op::NotEqual}, {"~", Op::Contains}, {"=~", Op::Regex},
                                                     {"like", Op::Like}, {">", Op::Greater}, {">=", Op::GreaterEqual},
                                                     {"<", Op::Less}, {"<=", Op::LessEqual}, {"in", Op::In}}};

constexpr std::size_t kMostDigits = 24; ///< times the largest unit they fit 128 bits

} // namespace

std::span<const FilterOperator> filterOperators() { return kOperators; }
std::span<const FilterUnit> filterUnits() { return kUnits; }

bool isTime(FieldType type) { return type == Type::Duration || type == Type::Moment || type == Type::Stretch; }
bool takesNumbers(FieldType type) { return type != Type::Text && type != Type::Word && type != Type::Shape; }
bool takesTexts(FieldType type) { return !takesNumbers(type) || type == Type::Key || type == Type::Raw; }
bool ordersNumbers(FilterOp op) { return op >= Op::Less && op <= Op::GreaterEqual; }
bool looksInTexts(FilterOp op) { return op == Op::Contains || op == Op::Regex || op == Op::Like; }

bool takesOperator(FieldType type, FilterOp op)
{
    switch (type) {
    case Type::Text:
    case Type::Shape: return !ordersNumbers(op);
    case Type::Word: return !ordersNumbers(op) && !looksInTexts(op);
    case Type::Number:
    case Type::Real:
    case Type::Duration:
    case Type::Moment:
    case Type::Size: return !looksInTexts(op);
    case Type::Stretch: return op == Op::In;
    case Type::Key:
    case Type::Raw: return true;
    }
    return false;
}

std::vector<std::string_view> operatorsOf(FieldType type)
{
    std::vector<std::string_view> out;
    for (const FilterOperator& row : kOperators)
        if (takesOperator(type, row.op)) out.push_back(row.text);
    return out;
}

std::string_view spelling(FilterOp op)
{
    const auto row = std::ranges::find(kOperators, op, &FilterOperator::op);
    return row == kOperators.end() ? "has" : row->text;
}

bool takesUnit(FieldType type, const FilterUnit& unit)
{
    return unit.time ? isTime(type) : type == Type::Size || type == Type::Raw || type == Type::Real;
}

std::string numberOf(FilterValue& out, std::string digits, bool minus, std::int64_t factor, FieldType type)
{
    const bool real = type == Type::Raw || type == Type::Real; // those compare as doubles where `whole` does not say all
    out.real = std::strtod(digits.c_str(), nullptr) * static_cast<double>(factor) * (minus ? -1 : 1);
    out.exact = false;
    std::size_t decimals = 0;
    if (const std::size_t point = digits.find('.'); point != std::string::npos) {
        decimals = digits.size() - point - 1;
        digits.erase(point, 1);
    }
    for (; decimals > 0 && digits.back() == '0'; --decimals) digits.pop_back();
    digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
    if (digits.size() > kMostDigits || decimals > kMostDigits) return real ? "" : "this number is too long";
    __int128 value = 0, divisor = 1;
    for (const char c : digits) value = value * 10 + (c - '0');
    for (std::size_t i = 0; i < decimals; ++i) divisor *= 10;
    value *= factor;
    const bool whole = value % divisor == 0;
    value = value / divisor * (minus ? -1 : 1);
    if (value > INT64_MAX || value <= INT64_MIN) return real ? "" : "this number is too large";
    out.whole = static_cast<std::int64_t>(value);
    out.exact = whole;
    if (whole || real) return {};
    return isTime(type) ? "times are whole nanoseconds" : type == Type::Size ? "sizes are whole bytes" : "expected a whole number";
}

} // namespace opscope
