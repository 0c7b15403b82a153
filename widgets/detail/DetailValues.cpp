#include "widgets/detail/DetailValues.h"

#include "core/base/Time.h"
#include "widgets/common/SliceColors.h"
#include "widgets/common/Text.h"

#include <array>
#include <limits>

namespace opscope {

DetailRun value(const QString& text, const QString& plain) { return {text, Tone::Value, plain}; }
DetailRun words(const QString& text) { return {text, Tone::Word}; }
DetailRun dim(const QString& text) { return {text, Tone::Dim}; }
DetailRun warning(const QString& text) { return {text, Tone::Warn}; }
DetailRun none() { return dim(QStringLiteral("–")); }

DetailRun link(const QString& text, SliceId slice)
{
    return {text, Tone::Word, {}, "slice:" + std::to_string(slice.value)};
}

DetailRun link(const QString& text, NodeId node) { return {text, Tone::Word, {}, "node:" + std::to_string(node.value)}; }

DetailRun link(const QString& text, TensorId tensor) { return {text, Tone::Word, {}, "tensor:" + std::to_string(tensor.value)}; }

namespace {

DetailRun markedName(std::string_view full, DetailRun run)
{
    run.text = full.empty() ? QStringLiteral("(unnamed)") : cutText(shortName(full), 200);
    run.plain = cutText(full, 600);
    return run;
}

} // namespace

DetailRun marked(const Trace& trace, SliceId slice)
{
    DetailRun run = markedName(trace.name(slice), link({}, slice));
    run.mark = DetailMark{slice, {}};
    return run;
}

DetailRun marked(const Trace& trace, NodeId node)
{
    DetailRun run = markedName(trace.text(trace.executionTrace()->node(node).name), link({}, node));
    run.mark = DetailMark{trace.sliceOf(node), node};
    return run;
}

DetailRun tagged(const QString& text, Tag tag)
{
    DetailRun run = dim(text);
    run.tag = tag;
    return run;
}

DetailRun durationRun(Nanos time) { return value(displayText(formatDuration(time)), displayText(formatPlain(time))); }

DetailRun number(std::int64_t number) { return value(QString::number(number)); }

DetailRun counted(std::int64_t count) { return value(displayText(formatCount(count)), QString::number(count)); }

DetailRun timeRun(Nanos time) { return value(displayText(formatExact(time)), displayText(formatPlain(time))); }

DetailRun bytesRun(std::int64_t bytes) { return value(displayText(formatBytes(bytes)), QString::number(bytes)); }

QString cutText(std::string_view utf8, std::size_t bytes)
{
    if (utf8.size() <= bytes) return displayText(utf8);
    std::size_t end = bytes;
    while (end > 0 && (static_cast<unsigned char>(utf8[end]) & 0xC0) == 0x80) --end; // not within a character
    return displayText(utf8.substr(0, end)) + QStringLiteral(" … cut, %1 in all").arg(displayText(formatBytes(static_cast<std::int64_t>(utf8.size()))));
}

QString jsonText(JsonDocument::Ref json, std::size_t bytes)
{
    if (!json.valid()) return {};
    return cutText(json.isString() ? json.string() : json.raw(), bytes);
}

DetailRun jsonRun(JsonDocument::Ref json)
{
    if (!json.valid()) return none();
    if (json.isString() && json.string().empty()) return dim(QStringLiteral("(empty)"));
    return value(jsonText(json));
}

Nanos timeDifference(Nanos a, Nanos b)
{
    Nanos result = 0;
    if (!__builtin_sub_overflow(a, b, &result)) return result;
    return a < b ? std::numeric_limits<Nanos>::min() : std::numeric_limits<Nanos>::max();
}

JsonDocument::Ref take(DetailContext& context, std::string_view key)
{
    const JsonDocument::Ref found = context.args().member(key);
    if (found.valid()) context.used.emplace(key);
    return found;
}

int itemSize(std::string_view shortDtype)
{
    constexpr std::array<std::pair<std::string_view, int>, 19> kSizes{{
        {"f64", 8}, {"f32", 4}, {"f16", 2}, {"bf16", 2}, {"i64", 8}, {"i32", 4}, {"i16", 2}, {"i8", 1}, {"u8", 1}, {"u16", 2},
        {"u32", 4}, {"u64", 8}, {"bool", 1}, {"c32", 4}, {"c64", 8}, {"c128", 16}, {"f8e4m3fn", 1}, {"f8e5m2", 1}, {"f8e4m3", 1}}};
    for (const auto& [name, size] : kSizes)
        if (name == shortDtype) return size;
    return 0;
}

} // namespace opscope
