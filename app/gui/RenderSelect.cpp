#include "app/gui/RenderSelect.h"

#include "core/base/Time.h"
#include "widgets/document/NameSearch.h"
#include "widgets/document/TraceDocument.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

namespace opscope {

namespace {

struct Chosen
{
    NodeId node;
    TensorId tensor;
};

template <class Number>
std::optional<Number> parse(std::string_view text)
{
    Number value{};
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    return failed == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

bool dropFront(std::string_view& text, std::string_view front)
{
    if (!text.starts_with(front))
        return false;
    text.remove_prefix(front.size());
    return true;
}

/// "in0", "out1"
TensorId tensorOf(const EtNode& node, std::string_view text)
{
    const bool isInput = dropFront(text, "in");
    if (!isInput && !dropFront(text, "out"))
        return {};
    const auto at = parse<std::uint32_t>(text);
    if (!at || *at >= (isInput ? node.inputTensors : node.outputTensors))
        return {};
    return TensorId(node.firstTensor + (isInput ? 0 : node.inputTensors) + *at);
}

/// "36", "36/in0"
std::optional<Chosen> findNode(const ExecutionTrace& et, std::string_view text)
{
    const std::size_t slash = text.find('/');
    const auto id = parse<std::int64_t>(text.substr(0, slash));
    const NodeId node = id ? et.byId(*id) : NodeId();
    if (!node)
        return std::nullopt;
    if (slash == std::string_view::npos)
        return Chosen{node, {}};
    const TensorId tensor = tensorOf(et.node(node), text.substr(slash + 1));
    return tensor ? std::optional(Chosen{node, tensor}) : std::nullopt;
}

/// "9"
std::optional<Chosen> findTensor(const ExecutionTrace& et, std::string_view text)
{
    const auto id = parse<std::int64_t>(text);
    const auto found = std::ranges::find_if(et.tensors(), [&](const TensorDesc& tensor) { return id && tensor.tensorId == *id; });
    if (found == et.tensors().end())
        return std::nullopt;
    const auto row = static_cast<std::uint32_t>(found - et.tensors().begin());
    const NodeId node = et.nodeOf(TensorId(row));
    return node ? std::optional(Chosen{node, TensorId(row)}) : std::nullopt;
}

/// So that a short slice can be seen among its neighbours.
void frameAround(TraceDocument& document, TimeRange range)
{
    const auto margin = static_cast<__int128>(std::max<std::uint64_t>(range.length(), 1)) * 5;
    const auto clamp = [](__int128 t) { return static_cast<Nanos>(std::clamp<__int128>(t, INT64_MIN, INT64_MAX)); };
    document.setVisibleRange({clamp(range.start - margin), clamp(range.end + margin)});
}

void reveal(TraceDocument& document, const Chosen& chosen, Framing framing)
{
    const SliceId slice = document.trace()->sliceOf(chosen.node);
    if (slice && framing == Framing::Around)
        frameAround(document, document.trace()->slices().range(slice));
    document.reveal(chosen.node);
    if (!chosen.tensor)
        return;
    Selection selection = document.selection();
    selection.tensor = chosen.tensor;
    document.setSelection(selection);
}

} // namespace

TimeRange shifted(TimeRange range, Nanos by)
{
    const auto add = [by](Nanos t) { return static_cast<Nanos>(std::clamp<__int128>(static_cast<__int128>(t) + by, INT64_MIN, INT64_MAX)); };
    return {add(range.start), add(range.end)};
}

bool selectByText(TraceDocument& document, const std::string& text, Framing framing)
{
    const Trace& trace = *document.trace();
    std::string_view rest = text;
    if (dropFront(rest, "range:")) {
        const std::optional<TimeRange> range = parseTimeRange(rest);
        if (range)
            document.selectRange(shifted(*range, trace.origin()));
        return range.has_value();
    }
    const bool isNode = dropFront(rest, "node:");
    if (trace.executionTrace() && (isNode || dropFront(rest, "tensor:"))) {
        const ExecutionTrace& et = *trace.executionTrace();
        const std::optional<Chosen> chosen = isNode ? findNode(et, rest) : findTensor(et, rest);
        if (chosen)
            reveal(document, *chosen, framing);
        return chosen.has_value();
    }
    const Match match = findOne(trace, QString::fromStdString(text));
    if (match.slice && framing == Framing::Around)
        frameAround(document, trace.slices().range(match.slice));
    if (match.slice)
        document.reveal(match.slice);
    else if (match.instant)
        document.reveal(match.instant);
    else if (match.node)
        document.reveal(match.node);
    return match.slice || match.instant || match.node;
}

} // namespace opscope
