#include "core/format/JsonReader.h"
#include "core/tensor/CapturedTensor.h"
#include "core/tensor/Lookup.h"
#include "core/tensor/Numbers.h"

#include <algorithm>

namespace opscope {

namespace {

constexpr std::size_t kPage = 64 << 10; // values

std::string shown(const CapturedTensor& captured, std::int64_t value)
{
    return captured.type() == IntegralType::UInt64 ? grouped(static_cast<std::uint64_t>(value)) : grouped(value);
}

bool less(IntegralType type, std::int64_t a, std::int64_t b)
{
    return type == IntegralType::UInt64 ? static_cast<std::uint64_t>(a) < static_cast<std::uint64_t>(b) : a < b;
}

/// visit(values) for the whole file, a page at a time, as long as it returns true.
template <class Visit>
void forPages(const CapturedTensor& captured, Visit&& visit)
{
    std::vector<std::int64_t> page(kPage);
    for (std::uint64_t at = 0; at < captured.fileElements(); at += kPage) {
        const std::size_t got = captured.read(at, page);
        if (!visit(std::span<const std::int64_t>(page).first(got)) || got < std::min<std::uint64_t>(kPage, captured.fileElements() - at)) return;
    }
}

TensorCheck checkSize(const CapturedTensor& captured)
{
    const auto size = static_cast<std::uint64_t>(itemSize(captured.type()));
    std::uint64_t expected = 0;
    if (__builtin_mul_overflow(captured.expectedElements(), size, &expected)) expected = UINT64_MAX;
    if (captured.fileBytes() == expected)
        return {true, "File size agrees with shape and type", grouped(captured.expectedElements()) + " × " + std::to_string(size) + " B"};
    return {false, captured.fileBytes() < expected ? "The file is shorter than shape and type say" : "The file is longer than shape and type say",
            grouped(captured.fileBytes()) + " of " + grouped(expected) + " B"};
}

std::optional<std::int64_t> numberOf(const std::string& text)
{
    const auto json = JsonDocument::parse(text);
    std::int64_t value = 0;
    return json && json->root().integer(value) ? std::optional(value) : std::nullopt;
}

void checkRange(const Trace& trace, NodeId node, std::uint32_t inputIndex, const CapturedTensor& captured,
                const TensorStatistics& statistics, std::vector<TensorCheck>& out)
{
    const auto declared = declaredRange(trace, node, inputIndex);
    const auto low = declared ? numberOf(declared->minimum) : std::nullopt, high = declared ? numberOf(declared->maximum) : std::nullopt;
    if (!low || !high) return;
    const std::string range = shown(captured, *low) + " … " + shown(captured, *high);
    const std::string found = shown(captured, statistics.minimum) + " … " + shown(captured, statistics.maximum);
    if (less(captured.type(), statistics.minimum, *low) || less(captured.type(), *high, statistics.maximum))
        out.push_back({false, "Values lie outside of the declared range", found + ", declared " + range});
    else
        out.push_back({true, "Values lie in the declared range", range});
}

std::uint64_t countOutside(const CapturedTensor& captured, std::int64_t low, std::int64_t rows)
{
    std::uint64_t outside = 0;
    const bool wide = captured.type() == IntegralType::UInt64; // bits of values above 2^63 look negative, and are outside just so
    forPages(captured, [&](std::span<const std::int64_t> values) {
        for (const std::int64_t value : values) outside += value < (wide ? 0 : low) || value >= rows;
        return true;
    });
    return outside;
}

void checkIndices(const IndexRole& role, const CapturedTensor& captured, const TensorStatistics& statistics, std::vector<TensorCheck>& out)
{
    if (!role.rows) return;
    const std::int64_t low = role.negativeAllowed ? -*role.rows : 0;
    const std::string rows = grouped(*role.rows);
    const std::string table = role.largestTable ? "the largest table" : "the table";
    const bool wide = captured.type() == IntegralType::UInt64 && statistics.maximum < 0;
    if (statistics.minimum >= low && statistics.maximum < *role.rows && !wide) {
        out.push_back({true, "Every index exists in " + table, "< " + rows});
        return;
    }
    const std::uint64_t outside = countOutside(captured, low, *role.rows);
    const bool above = wide || statistics.maximum >= *role.rows;
    out.push_back({false, grouped(outside) + " of " + grouped(statistics.count) + " indices lie outside of " + table,
                   above ? shown(captured, statistics.maximum) + " ≥ " + rows : shown(captured, statistics.minimum) + " < " + grouped(low)});
}

struct Offsets
{
    std::int64_t first = 0, last = 0;
    std::uint64_t falls = 0; ///< places where one is smaller than the one in front of it
    bool any = false;
};

Offsets readOffsets(const CapturedTensor& captured)
{
    Offsets offsets;
    forPages(captured, [&](std::span<const std::int64_t> values) {
        for (const std::int64_t value : values) {
            if (!offsets.any) offsets.first = value;
            else offsets.falls += value < offsets.last;
            offsets.last = value;
            offsets.any = true;
        }
        return true;
    });
    return offsets;
}

void checkOffsets(const Trace& trace, NodeId node, TensorId tensor, const CapturedTensor& captured, std::vector<TensorCheck>& out)
{
    const auto bags = bagsOf(trace, node);
    if (!bags) return;
    const auto tensors = trace.executionTrace()->tensors();
    const TensorDesc &mine = tensors[tensor.index()], &values = tensors[bags->values.index()];
    const bool isOffsets = tensor == bags->offsets;
    if (!isOffsets && !isSameTensor(mine, values)) return;
    Offsets offsets;
    if (isOffsets) {
        offsets = readOffsets(captured);
    } else {
        const auto other = CapturedTensor::open(trace, node, bags->offsets);
        if (!other) return; // not captured: that is said elsewhere
        offsets = readOffsets(**other);
    }
    if (!offsets.any) return;
    const std::string range = grouped(offsets.first) + " … " + grouped(offsets.last);
    if (offsets.falls) {
        out.push_back({false, "Offsets fall in " + grouped(offsets.falls) + (offsets.falls == 1 ? " place" : " places"), range});
    } else if (bags->endsAtCount) {
        const bool good = offsets.first == 0 && offsets.last == values.elements;
        out.push_back({good, good ? "Offsets rise and end at the count" : "Offsets do not go from 0 to the count",
                       good ? range : range + ", count " + grouped(values.elements)});
    } else {
        const bool good = offsets.first == 0 && offsets.last <= values.elements;
        out.push_back({good, good ? "Offsets rise and stay within the count" : "Offsets do not begin at 0 or go beyond the count",
                       range + ", count " + grouped(values.elements)});
    }
}

} // namespace

std::optional<TensorRange> declaredRange(const Trace& trace, NodeId node, std::uint32_t inputIndex)
{
    const ExecutionTrace* et = trace.executionTrace();
    if (!et || node.index() >= et->nodes().size()) return std::nullopt;
    const std::string_view text = trace.text(et->node(node).tensorRange);
    if (text.empty()) return std::nullopt;
    const auto json = JsonDocument::parse(text);
    if (!json) return std::nullopt;
    const JsonDocument::Ref pair = json->root().member(std::to_string(inputIndex));
    if (!pair.isArray() || pair.size() != 2) return std::nullopt;
    const JsonDocument::Ref low = pair.first(), high = pair.after(low);
    if (!low.isNumber() || !high.isNumber()) return std::nullopt;
    return TensorRange{std::string(low.raw()), std::string(high.raw())};
}

std::vector<TensorCheck> checksOf(const Trace& trace, NodeId node, TensorId tensor, const CapturedTensor& captured,
                                  const TensorStatistics& statistics)
{
    std::vector<TensorCheck> checks{checkSize(captured)};
    const ExecutionTrace* et = trace.executionTrace();
    if (!et || node.index() >= et->nodes().size() || tensor.index() >= et->tensors().size() || statistics.count == 0) return checks;
    checkRange(trace, node, tensor.value - et->node(node).firstTensor, captured, statistics, checks);
    for (const IndexRole& role : indexRoles(trace, node)) {
        if (role.index != tensor && !isSameTensor(et->tensors()[role.index.index()], et->tensors()[tensor.index()])) continue;
        checkIndices(role, captured, statistics, checks);
        break;
    }
    checkOffsets(trace, node, tensor, captured, checks);
    return checks;
}

} // namespace opscope
