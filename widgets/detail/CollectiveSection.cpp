#include "core/base/Time.h"
#include "widgets/common/Text.h"
#include "widgets/detail/NodeTensors.h"

#include <algorithm>
#include <array>

namespace opscope {

namespace {

/// One fact under its names in a timed trace and in an execution trace.
enum Fact : std::size_t {
    Name, Group, Description, Ranks, Size, Type, ElementsIn, ElementsOut, SplitIn, SplitOut, Sequence, Asynchronous, FirstRank, RankStride,
    Rank, FromRank, ToRank, CommsId, GroupId, FactCount
};
struct FactKey
{
    std::string_view argument, attribute;
};
constexpr std::array<FactKey, FactCount> kKeys{{
    {"Collective name", "collective_name"}, {"Process Group Name", "pg_name"}, {"Process Group Description", "pg_desc"},
    {"Process Group Ranks", "pg_ranks"}, {"Group size", "pg_size"}, {"dtype", "dtype"}, {"In msg nelems", "in_msg_nelems"},
    {"Out msg nelems", "out_msg_nelems"}, {"In split size", "in_split_size"}, {"Out split size", "out_split_size"}, {"Seq", "seq"},
    {"Is asynchronized op", "is_asynchronized_op"}, {"Global rank start", "global_rank_start"},
    {"Global rank stride", "global_rank_stride"}, {"Rank", "rank"}, {"Src Rank", "src_rank"}, {"Dst Rank", "dst_rank"},
    {"Comms Id", "comms_id"}, {"Process Group ID", "pg_id"},
}};

/// What a collective says of itself, as text; "" where it does not.
struct Collective
{
    std::array<QString, FactCount> facts;
    std::array<std::optional<std::int64_t>, FactCount> numbers;
    bool known() const { return !facts[Name].isEmpty(); }
    void set(Fact fact, QString text, std::optional<std::int64_t> number = std::nullopt)
    {
        facts[fact] = std::move(text);
        numbers[fact] = number;
    }
};

JsonDocument::Ref attributeOf(JsonDocument::Ref node, std::string_view name)
{
    const JsonDocument::Ref attributes = node.member("attrs");
    if (!attributes.isArray()) return node.member(name);
    for (auto item = attributes.first(); item.valid(); item = attributes.after(item))
        if (item.isObject() && item.member("name").string() == name) return item.member("value");
    return {};
}

/// By the inputs of record_param_comms, before there were attributes (execution-trace.md section 7).
void readInputs(const DetailContext& context, Collective& found)
{
    std::vector<std::size_t> plain; // arguments without tensors
    const std::vector<NodeValue> values = valuesOf(context, NodeSide::Inputs);
    for (std::size_t i = 0; i < values.size(); i = behind(values, i))
        if (!hasTensors(values, i)) plain.push_back(i);
    const auto name = std::ranges::find_if(plain, [&](std::size_t i) { return values[i].type == "String"; });
    if (name == plain.end()) return;
    const auto at = static_cast<std::size_t>(name - plain.begin());
    const auto text = [&](std::size_t place) { return place < plain.size() ? listText(values, plain[place]) : QString(); };
    found.set(Name, text(at));
    if (at >= 1) found.set(Rank, text(at - 1));
    if (at >= 3) found.set(Sequence, text(at - 3));
    found.set(SplitIn, text(at + 1));
    found.set(SplitOut, text(at + 2));
    if (at >= 2 && values[plain[at - 2]].kind == NodeValue::Kind::Tuple) {
        const std::size_t tuple = plain[at - 2];
        if (tuple + 1 < values.size()) found.set(Group, displayText(values[tuple + 1].text));
        if (tuple + 2 < values.size()) found.set(Description, displayText(values[tuple + 2].text));
    } else if (at >= 2) {
        found.set(GroupId, text(at - 2));
    }
    const std::size_t more = plain.size() - std::min(plain.size(), at + 3);
    const auto number = [&](std::size_t place) {
        bool whole = false;
        const qlonglong n = text(place).toLongLong(&whole);
        return whole ? std::optional<std::int64_t>(n) : std::nullopt;
    };
    if (more >= 3) {
        found.set(FirstRank, text(at + 3), number(at + 3));
        found.set(RankStride, text(at + 4), number(at + 4));
    }
    if (more >= 1) found.set(Size, text(plain.size() - 1), number(plain.size() - 1));
}

Collective collectiveOf(DetailContext& context)
{
    Collective found;
    const bool comms = context.node && context.trace.text(context.row()->name) == "record_param_comms";
    const bool inArgs = context.args().member(kKeys[Name].argument).valid();
    const JsonDocument::Ref node = comms ? context.nodeJson() : JsonDocument::Ref();
    if (!inArgs && !node.valid()) return found;
    for (std::size_t i = 0; i < FactCount; ++i) {
        JsonDocument::Ref json = inArgs ? take(context, kKeys[i].argument) : JsonDocument::Ref();
        if (!json.valid() && node.valid()) json = attributeOf(node, kKeys[i].attribute);
        if (!json.valid()) continue;
        if (context.own) context.used.insert("node/" + std::string(kKeys[i].attribute));
        std::int64_t number = 0;
        // Comms ids exceed 2^63: their digits count.
        found.set(static_cast<Fact>(i), jsonText(json, 400), json.integer(number) ? std::optional(number) : std::nullopt);
    }
    if (!found.known() && comms && node.valid()) readInputs(context, found);
    return found;
}

/// Bytes of one element of a c10 scalar type ("Float", "BFloat16"); 0 when unknown.
int scalarSize(const QString& name)
{
    constexpr std::array<std::pair<std::string_view, int>, 22> kSizes{{
        {"Byte", 1}, {"Char", 1}, {"Short", 2}, {"Int", 4}, {"Long", 8}, {"Half", 2}, {"Float", 4}, {"Double", 8}, {"Bool", 1},
        {"BFloat16", 2}, {"ComplexHalf", 4}, {"ComplexFloat", 8}, {"ComplexDouble", 16}, {"Float8_e5m2", 1}, {"Float8_e4m3fn", 1},
        {"Float8_e5m2fnuz", 1}, {"Float8_e4m3fnuz", 1}, {"UInt16", 2}, {"UInt32", 4}, {"UInt64", 8}, {"QInt8", 1}, {"QUInt8", 1}}};
    const std::string wanted = toUtf8(name);
    for (const auto& [type, size] : kSizes)
        if (type == wanted) return size;
    return itemSize(shortDtype(wanted));
}

void addText(DetailBlock& block, const char* label, const QString& text, const QString& remark = {})
{
    if (text.isEmpty()) return;
    DetailRow row{QString::fromLatin1(label), {value(text)}};
    if (!remark.isEmpty()) row.runs.push_back(dim(remark));
    block.rows.push_back(std::move(row));
}

/// "12,845,056 elements  49.00 MiB"
void addMessage(DetailBlock& block, const char* label, const Collective& found, Fact fact)
{
    if (!found.numbers[fact]) return addText(block, label, found.facts[fact]);
    DetailRow row{QString::fromLatin1(label), {counted(*found.numbers[fact]), dim(QStringLiteral("elements"))}};
    std::int64_t bytes = scalarSize(found.facts[Type]);
    if (bytes > 0 && !__builtin_mul_overflow(bytes, *found.numbers[fact], &bytes)) row.runs.push_back(bytesRun(bytes));
    block.rows.push_back(std::move(row));
}

/// A list of ranks, else "0, 2, 4 …" by start, stride and size; "all" where the list is empty.
QString ranksText(const Collective& found)
{
    const QString list = found.facts[Ranks];
    if (list == QStringLiteral("[]")) return QStringLiteral("all");
    if (!list.isEmpty()) return list;
    const auto first = found.numbers[FirstRank], stride = found.numbers[RankStride], size = found.numbers[Size];
    if (!first || !stride || *first < 0 || *stride <= 0) return {};
    if (!size || *size < 1) return QStringLiteral("from %1 in steps of %2").arg(*first).arg(*stride);
    std::int64_t last = 0;
    if (__builtin_mul_overflow(*size - 1, *stride, &last) || __builtin_add_overflow(last, *first, &last)) return {};
    if (*size == 1) return QString::number(*first);
    return *stride == 1 ? QStringLiteral("%1 to %2").arg(*first).arg(last)
                        : QStringLiteral("%1 to %2 in steps of %3").arg(*first).arg(last).arg(*stride);
}

QString yesNo(const QString& text)
{
    if (text == QStringLiteral("1") || text == QStringLiteral("true")) return QStringLiteral("yes");
    if (text == QStringLiteral("0") || text == QStringLiteral("false")) return QStringLiteral("no");
    return text;
}

QString split(const QString& text) { return text == QStringLiteral("[]") ? QString() : text; }

} // namespace

/// Of record_param_comms, in either trace, and of the kernels that carry its arguments. A wait is no collective, and says so.
std::vector<DetailBlock> collectiveBlocks(DetailContext& context)
{
    const Collective found = collectiveOf(context);
    if (!found.known()) return {};
    const bool wait = found.facts[Name] == QStringLiteral("wait");
    DetailBlock block{wait ? QStringLiteral("Wait") : QStringLiteral("Collective"), found.facts[Name]};
    if (wait) {
        block.note = QStringLiteral("It waits for a collective and is none itself.");
        addText(block, "Sequence", found.facts[Sequence], QStringLiteral("of what it waits for"));
        addText(block, "Asynchronous", yesNo(found.facts[Asynchronous]));
        return {block};
    }
    addText(block, "Group", found.facts[Group], found.facts[Description]);
    addText(block, "Group id", found.facts[GroupId]);
    addText(block, "Ranks", ranksText(found));
    addText(block, "Group size", found.facts[Size], found.numbers[Size] == 1 ? QStringLiteral("rank") : QStringLiteral("ranks"));
    addText(block, "Rank", found.facts[Rank]);
    addText(block, "From rank", found.facts[FromRank]);
    addText(block, "To rank", found.facts[ToRank]);
    addMessage(block, "Message in", found, ElementsIn);
    addMessage(block, "Message out", found, ElementsOut);
    addText(block, "Type", found.facts[Type]);
    addText(block, "Split in", split(found.facts[SplitIn]));
    addText(block, "Split out", split(found.facts[SplitOut]));
    addText(block, "Sequence", found.facts[Sequence]);
    addText(block, "Asynchronous", yesNo(found.facts[Asynchronous]));
    addText(block, "Comms id", found.facts[CommsId]);
    return {block};
}

/// `## process_group:init ##`: one String input, a JSON list of groups (execution-trace.md 6.4).
std::vector<DetailBlock> processGroupBlocks(DetailContext& context)
{
    if (!context.own || context.trace.text(context.row()->name) != "## process_group:init ##") return {};
    const JsonDocument::Ref inputs = context.nodeJson().member("inputs");
    const JsonDocument::Ref text = (inputs.isObject() ? inputs.member("values") : inputs).first();
    if (!text.isString()) return {};
    DetailBlock block{QStringLiteral("Process groups")};
    const auto parsed = JsonDocument::parse(text.string());
    if (!parsed || !parsed->root().isArray()) {
        block.note = QStringLiteral("Its text is no list of groups.");
        return {block};
    }
    block.table.columns = {{QStringLiteral("Group")}, {QStringLiteral("Description"), false, true}, {QStringLiteral("Backend")},
                           {QStringLiteral("Ranks")}, {QStringLiteral("Size"), true}};
    context.used.insert("node/inputs");
    const JsonDocument::Ref list = parsed->root();
    for (auto group = list.first(); group.valid(); group = list.after(group)) {
        if (block.table.lines.size() >= DetailTable::kMaxLines) {
            ++block.table.left;
            continue;
        }
        const auto cell = [&group](std::string_view key) {
            const JsonDocument::Ref json = group.member(key);
            return json.valid() && jsonText(json) != QString() ? jsonRun(json) : none();
        };
        DetailRun size = cell("group_size"); // with its unit: in a narrow pane it stands below, without the head
        if (std::int64_t members = 0; group.member("group_size").integer(members))
            size.text += members == 1 ? QStringLiteral(" rank") : QStringLiteral(" ranks");
        const JsonDocument::Ref ranks = group.member("ranks");
        const bool all = !ranks.valid() || (ranks.isArray() && ranks.size() == 0);
        const bool config = group.member("backend_config").valid();
        block.table.lines.push_back({{cell("pg_name"), cell("pg_desc"), cell(config ? "backend_config" : "backend_id"),
                                      all ? words(QStringLiteral("all")) : value(jsonText(ranks, 120)), size}});
    }
    const auto count = list.size();
    block.aside = QStringLiteral("%1 %2").arg(count).arg(count == 1 ? QStringLiteral("group") : QStringLiteral("groups"));
    return {block};
}

} // namespace opscope
