#include "core/query/NumberTest.h"

#include <algorithm>

namespace opscope {

namespace {

bool isNumber(const FilterValue& value) { return value.kind == FilterValue::Kind::Number; }

} // namespace

std::int64_t saturatingAdd(std::int64_t a, std::int64_t b)
{
    std::int64_t sum = 0;
    if (!__builtin_add_overflow(a, b, &sum)) return sum;
    return b < 0 ? INT64_MIN : INT64_MAX;
}

NumberTest::NumberTest(const FilterNode& comparison, std::int64_t origin)
{
    if (comparison.op == FilterOp::Present) {
        m_ranges.push_back({INT64_MIN, INT64_MAX});
        return;
    }
    for (const FilterItem& item : comparison.items) {
        if (item.from.kind == FilterValue::Kind::Text) continue;
        const std::int64_t from = isNumber(item.from) ? saturatingAdd(item.from.whole, origin) : INT64_MIN;
        switch (comparison.op) {
        case FilterOp::Equal: m_ranges.push_back({from, from}); break;
        case FilterOp::NotEqual:
            m_ranges.push_back({from, from});
            m_outside = true;
            break;
        // an end beyond int64 leaves nothing on its far side
        case FilterOp::Less:
            if (from > INT64_MIN) m_ranges.push_back({INT64_MIN, from - 1});
            break;
        case FilterOp::LessEqual: m_ranges.push_back({INT64_MIN, from}); break;
        case FilterOp::Greater:
            if (from < INT64_MAX) m_ranges.push_back({from + 1, INT64_MAX});
            break;
        case FilterOp::GreaterEqual: m_ranges.push_back({from, INT64_MAX}); break;
        case FilterOp::In: {
            const std::int64_t to = !item.range ? from : isNumber(item.to) ? saturatingAdd(item.to.whole, origin) : INT64_MAX;
            if (to >= from) m_ranges.push_back({from, to});
            break;
        }
        default: break;
        }
    }
}

bool RealTest::operator()(double value) const
{
    if (m_comparison.op == FilterOp::Present) return true;
    return std::ranges::any_of(m_comparison.items, [&](const FilterItem& item) {
        if (item.from.kind == FilterValue::Kind::Text) return false;
        const double from = item.from.real;
        switch (m_comparison.op) {
        case FilterOp::Equal: return value == from;
        case FilterOp::NotEqual: return value != from;
        case FilterOp::Less: return value < from;
        case FilterOp::LessEqual: return value <= from;
        case FilterOp::Greater: return value > from;
        case FilterOp::GreaterEqual: return value >= from;
        case FilterOp::In:
            if (!item.range) return value == from;
            return (!isNumber(item.from) || value >= from) && (!isNumber(item.to) || value <= item.to.real);
        default: return false;
        }
    });
}

} // namespace opscope
