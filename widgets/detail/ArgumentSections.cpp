#include "core/base/Time.h"
#include "widgets/common/Text.h"
#include "widgets/detail/DetailValues.h"

#include <algorithm>
#include <array>

namespace opscope {

namespace {

struct KnownKey
{
    std::string_view key;
    const char* label;
    ArgField field = ArgField::Count_;      ///< the column that knows it before the file is read back
};

constexpr KnownKey kIds[] = {
    {"correlation", "Correlation", ArgField::Correlation},
    {"External id", "External id", ArgField::ExternalId},
    {"external id", "External id"},
    {"Record function id", "Record function", ArgField::RecordFunctionId},
    {"Sequence number", "Sequence number", ArgField::SequenceNumber},
    {"Fwd thread id", "Forward thread", ArgField::FwdThreadId},
    {"Ev Idx", "Event index", ArgField::EventIndex},
    {"Profiler Event Index", "Event index"},
    {"device", "Device", ArgField::Device},
    {"context", "Context"},
    {"stream", "Stream", ArgField::Stream},
    {"stream_id", "Stream"},
    {"graph id", "Graph"},
    {"graph node id", "Graph node"},
    {"cbid", "Callback id"},
    {"cid", "Callback id"},
    {"wait_on_stream", "Waits on stream"},
    {"wait_on_cuda_event_record_corr_id", "Waits on record"},
    {"wait_on_cuda_event_id", "Waits on event"},
    {"event_id", "Event"},
    {"Python id", "Python call"},
    {"Python parent id", "Python caller"},
    {"Python module id", "Python module"},
    {"Python thread", "Python thread"},
};

QString label(const char* text) { return QString::fromUtf8(text); }

void addKnown(DetailContext& context, DetailBlock& block, const KnownKey& known)
{
    if (context.used.contains(known.key)) return;
    if (const JsonDocument::Ref json = take(context, known.key); json.valid()) {
        block.rows.push_back({label(known.label), {jsonRun(json)}});
        return;
    }
    if (context.event() || known.field == ArgField::Count_ || !context.selection.slice) return;
    const std::int64_t column = context.trace.slices().arg(context.selection.slice, known.field);
    if (column != BlockColumn::kNone) block.rows.push_back({label(known.label), {number(column)}});
}

/// [16, 1, 32] -> "16 × 1 × 32"; other forms as written.
QString times(JsonDocument::Ref json)
{
    if (!json.isArray() || json.size() > 8) return jsonText(json, 100);
    QStringList parts;
    for (auto item = json.first(); item.valid(); item = json.after(item)) parts += jsonText(item, 40);
    return parts.join(QStringLiteral(" × "));
}

std::optional<DetailRow> byteRow(DetailContext& context, std::string_view key, const char* name)
{
    const JsonDocument::Ref json = take(context, key);
    std::int64_t bytes = 0;
    if (!json.valid()) return std::nullopt;
    if (!json.integer(bytes)) return DetailRow{label(name), {jsonRun(json)}};
    DetailRow row{label(name), {bytesRun(bytes)}};
    if (bytes >= 1024 || bytes <= -1024) row.runs.push_back(dim(displayText(formatCount(bytes)) + QStringLiteral(" B")));
    if (bytes < 0) row.runs.push_back(dim(QStringLiteral("freed")));
    return row;
}

void add(DetailBlock& block, std::optional<DetailRow> row)
{
    if (row) block.rows.push_back(std::move(*row));
}

QString deviceType(std::int64_t type)
{
    switch (type) {
    case 0: return QStringLiteral("CPU");
    case 1: return QStringLiteral("CUDA");
    case 6: return QStringLiteral("HIP");
    case 12: return QStringLiteral("XPU");
    case 20: return QStringLiteral("PrivateUse1");
    default: return {};
    }
}

void addOccupancy(DetailContext& context, DetailBlock& block)
{
    const JsonDocument::Ref json = take(context, "est. achieved occupancy %");
    if (!json.valid()) return;
    DetailRow row{QStringLiteral("Occupancy"), {}};
    const double percent = json.number();
    if (percent > 0 && percent <= 100) {
        DetailRun bar;
        bar.bar = percent / 100;
        row.runs = {value(jsonText(json) + QStringLiteral(" %"), jsonText(json)), bar, dim(QStringLiteral("estimated"))};
    } else if (percent == 0) {
        row.runs = {dim(QStringLiteral("unknown (0 in the file)"))};
    } else {
        row.runs = {jsonRun(json)};
    }
    block.rows.push_back(std::move(row));
}

/// How many warps an SM of the device can hold, by the device properties of the file; 0 when they do not say.
std::int64_t warpLimit(const DetailContext& context)
{
    const Trace& trace = context.trace;
    const SliceId slice = context.selection.slice;
    const std::int64_t device = slice ? trace.slices().arg(slice, ArgField::Device) : BlockColumn::kNone;
    const SourceId source = slice ? trace.process(trace.track(trace.trackOf(slice)).process).source : SourceId();
    for (const TopLevelEntry& entry : trace.topLevel()) {
        if (entry.key != "deviceProperties" || entry.source != source) continue;
        const auto properties = JsonDocument::parse(entry.json);
        if (!properties || !properties->root().isArray()) return 0;
        const JsonDocument::Ref list = properties->root();
        for (auto one = list.first(); one.valid(); one = list.after(one)) {
            std::int64_t id = 0, threads = 0, warp = 0;
            if (!one.member("id").integer(id) || id != device) continue;
            if (!one.member("maxThreadsPerMultiprocessor").integer(threads) && !one.member("maxThreadsPerMultiProcessor").integer(threads)) return 0;
            return one.member("warpSize").integer(warp) && warp > 0 ? threads / warp : 0;
        }
    }
    return 0;
}

void addWarps(DetailContext& context, DetailBlock& block)
{
    const JsonDocument::Ref warps = take(context, "warps per SM");
    if (!warps.valid()) return;
    DetailRow row{QStringLiteral("Warps per SM"), {jsonRun(warps)}};
    if (const std::int64_t limit = warpLimit(context); limit > 0 && warps.number() >= 0) {
        DetailRun bar;
        bar.bar = std::min(1.0, warps.number() / static_cast<double>(limit));
        row.runs.push_back(bar);
        row.runs.push_back(dim(QStringLiteral("of %1").arg(limit)));
    }
    block.rows.push_back(std::move(row));
}

} // namespace

std::vector<DetailBlock> launchBlocks(DetailContext& context)
{
    if (!context.args().member("grid").isArray()) return {}; // the keyword input of a Triton call is a string
    DetailBlock block{QStringLiteral("Launch")};
    const JsonDocument::Ref grid = take(context, "grid"), shape = take(context, "block");
    DetailRow size{QStringLiteral("Grid, block"), {value(times(grid))}};
    if (shape.valid()) size.runs.insert(size.runs.end(), {dim(QStringLiteral("of")), value(times(shape))});
    block.rows.push_back(std::move(size));
    if (const auto registers = take(context, "registers per thread"); registers.valid())
        block.rows.push_back({QStringLiteral("Registers"), {jsonRun(registers), dim(QStringLiteral("a thread"))}});
    add(block, byteRow(context, "shared memory", "Shared memory"));
    if (const auto blocks = take(context, "blocks per SM"); blocks.valid())
        block.rows.push_back({QStringLiteral("Blocks per SM"), {jsonRun(blocks)}});
    addWarps(context, block);
    addOccupancy(context, block);
    for (const KnownKey& known : {KnownKey{"queued", "Queued"}, KnownKey{"priority", "Priority"}}) addKnown(context, block, known);
    return {block};
}

std::vector<DetailBlock> memoryBlocks(DetailContext& context)
{
    DetailBlock block{QStringLiteral("Memory")};
    add(block, byteRow(context, "bytes", "Bytes"));
    add(block, byteRow(context, "Bytes", "Bytes"));
    if (!context.event() && context.selection.slice) {
        const std::int64_t bytes = context.trace.slices().arg(context.selection.slice, ArgField::Bytes);
        if (bytes != BlockColumn::kNone) block.rows.push_back({QStringLiteral("Bytes"), {bytesRun(bytes)}});
    }
    if (const auto speed = take(context, "memory bandwidth (GB/s)"); speed.valid())
        block.rows.push_back({QStringLiteral("Bandwidth"), {jsonRun(speed), dim(QStringLiteral("GB/s"))}});
    if (const auto address = take(context, "Addr"); address.valid()) {
        std::int64_t number = 0;
        DetailRow row{QStringLiteral("Address"), {jsonRun(address)}};
        if (address.integer(number))
            row.runs = {value(QStringLiteral("0x") + QString::number(static_cast<std::uint64_t>(number), 16)), dim(jsonText(address))};
        block.rows.push_back(std::move(row));
    }
    if (const auto type = take(context, "Device Type"); type.valid()) {
        std::int64_t number = -1;
        const QString name = type.integer(number) ? deviceType(number) : QString();
        DetailRow row{QStringLiteral("Device"), {name.isEmpty() ? jsonRun(type) : words(name)}};
        if (const auto id = take(context, "Device Id"); id.valid() && jsonText(id) != QStringLiteral("-1")) row.runs.push_back(jsonRun(id));
        block.rows.push_back(std::move(row));
    }
    add(block, byteRow(context, "Total Allocated", "Allocated"));
    add(block, byteRow(context, "Total Reserved", "Reserved"));
    return {block};
}

std::vector<DetailBlock> idBlocks(DetailContext& context)
{
    DetailBlock block{QStringLiteral("Ids")};
    if (context.isNode()) return {};
    for (const KnownKey& known : kIds) addKnown(context, block, known);
    return {block};
}

/// Everything that no other section has shown, in the order and with the keys of the file.
std::vector<DetailBlock> argumentBlocks(DetailContext& context)
{
    DetailBlock block{QStringLiteral("Arguments")};
    const JsonDocument::Ref args = context.args();
    if (context.isNode() || !args.valid()) return {};
    if (!args.isObject()) {
        block.rows.push_back({QStringLiteral("args"), {jsonRun(args)}});
        return {block};
    }
    std::size_t left = 0;
    for (auto item = args.first(); item.valid(); item = args.after(item)) {
        if (context.used.contains(args.keyOf(item))) continue;
        if (block.rows.size() >= DetailTable::kMaxLines) ++left;
        else block.rows.push_back({cutText(args.keyOf(item), 120), {jsonRun(item)}});
    }
    if (left > 0) block.note = QStringLiteral("%1 more; all of them are in Raw.").arg(left);
    return {block};
}

} // namespace opscope
