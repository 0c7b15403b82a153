#include "core/query/FilterFields.h"

#include "core/query/FilterText.h"

#include <algorithm>
#include <array>

namespace opscope {

namespace {

using T = FieldType;
using F = FieldId;

constexpr std::array<std::string_view, 4> kTypes{"slice", "instant", "counter", "node"};
constexpr std::array<std::string_view, 11> kFamilyWords{"matmul", "attention", "elementwise", "reduction", "memory", "communication",
                                                        "other", "runtime", "sync", "annotation", "python"};
constexpr std::array<std::string_view, 1> kShortAlias{"short_name"};
constexpr std::array<std::string_view, 1> kCategoryAlias{"category"};
constexpr std::array<std::string_view, 1> kTrackAlias{"thread"};
constexpr std::array<std::string_view, 1> kDurationAlias{"duration"};
constexpr std::array<std::string_view, 1> kSelfAlias{"self_time"};
constexpr std::array<std::string_view, 1> kExternalAlias{"External id"};
constexpr std::array<std::string_view, 2> kSequenceAlias{"Sequence number", "seq_id"};
constexpr std::array<std::string_view, 2> kRfAlias{"Record function id", "rf id"};
constexpr std::array<std::string_view, 2> kIndexAlias{"Ev Idx", "Profiler Event Index"};
constexpr std::array<std::string_view, 1> kFwTidAlias{"Fwd thread id"};
constexpr std::array<std::string_view, 1> kParentAlias{"ctrl_deps"};
constexpr std::array<std::string_view, 2> kGroupAlias{"pg_name", "process_group"};
constexpr std::array<std::string_view, 1> kCollectiveAlias{"collective_name"};
constexpr std::array<std::string_view, 1> kStridesAlias{"stride"};
constexpr std::array<std::string_view, 2> kRankAlias{"dims", "ndim"};
constexpr std::array<std::string_view, 1> kElementsAlias{"numel"};

// THE LIST. A field that is added here is parsed, completed and shown in help; what it reads stands in FieldTests.cpp.
const std::array kPlain = {
    FieldInfo{F::Name, T::Text, {"name", "text", "name of the event or node", "name ~ \"gemm\""}, {}, {}},
    FieldInfo{F::Short, T::Text, {"short", "text", "name without wrappers, namespaces and arguments", "short == mm"}, kShortAlias, {}},
    FieldInfo{F::Category, T::Text, {"cat", "text", "category as the file has it", "cat == kernel"}, kCategoryAlias, {}},
    FieldInfo{F::Family, T::Word, {"family", "word", "kind of work, as colours show it", "family == matmul"}, {}, kFamilyWords},
    FieldInfo{F::Type, T::Word, {"type", "word", "slice, instant, counter (value) or node", "type == instant"}, {}, kTypes},
    FieldInfo{F::Time, T::Stretch, {"time", "range of times", "what overlaps the range; counts from the first event", "time in 10ms..20ms"}, {}, {}},
    FieldInfo{F::Start, T::Moment, {"start", "time", "begin, counted from the first event", "start >= 10ms"}, {}, {}},
    FieldInfo{F::End, T::Moment, {"end", "time", "end, counted from the first event", "end < 1.5s"}, {}, {}},
    FieldInfo{F::Duration, T::Duration, {"dur", "duration", "length of a slice", "dur > 50us"}, kDurationAlias, {}},
    FieldInfo{F::Self, T::Duration, {"self", "duration", "length less what is nested in it", "self >= 1ms"}, kSelfAlias, {}},
    FieldInfo{F::Depth, T::Number, {"depth", "number", "how many slices (or nodes) enclose it; 0 at the top", "depth == 0"}, {}, {}},
    FieldInfo{F::Track, T::Text, {"track", "text", "name of its track, as the timeline shows it", "track ~ \"stream 7\""}, kTrackAlias, {}},
    FieldInfo{F::Process, T::Text, {"process", "text", "name of its process, as the timeline shows it", "process ~ \"GPU 0\""}, {}, {}},
    FieldInfo{F::Pid, T::Key, {"pid", "number or text", "pid as the file has it", "pid == 0"}, {}, {}},
    FieldInfo{F::Tid, T::Key, {"tid", "number or text", "tid as the file has it; thread number of a node", "tid == 7"}, {}, {}},
    FieldInfo{F::Stream, T::Number, {"stream", "number", "stream of a device op, or of the track", "stream == 7"}, {}, {}},
    FieldInfo{F::Device, T::Number, {"device", "number", "device of a device op, or of the track", "device == 0"}, {}, {}},
    FieldInfo{F::Rank, T::Number, {"rank", "number", "rank of the file that it stands in", "rank in (0, 1)"}, {}, {}},
    FieldInfo{F::File, T::Text, {"file", "text", "name of the file that it stands in, without folder", "file ~ \"rank0\""}, {}, {}},
    FieldInfo{F::Bytes, T::Size, {"bytes", "size", "\"bytes\" of copies, fills and allocations", "bytes >= 1MiB"}, {}, {}},
    FieldInfo{F::Correlation, T::Number, {"correlation", "number", "number shared by a call and what it launched", "correlation == 81"}, {}, {}},
    FieldInfo{F::ExternalId, T::Number, {"external_id", "number", "\"External id\": names the operator", "external_id in 10..20"}, kExternalAlias, {}},
    FieldInfo{F::Sequence, T::Number, {"seq", "number", "autograd sequence number", "seq == 12"}, kSequenceAlias, {}},
    FieldInfo{F::RfId, T::Number, {"rf_id", "number", "\"Record function id\"", "rf_id == 5"}, kRfAlias, {}},
    FieldInfo{F::EventIndex, T::Number, {"ev_idx", "number", "\"Ev Idx\"", "ev_idx < 100"}, kIndexAlias, {}},
    FieldInfo{F::FwTid, T::Number, {"fw_tid", "number", "thread of the forward op of a backward one", "fw_tid == 1"}, kFwTidAlias, {}},
    FieldInfo{F::Series, T::Text, {"series", "text", "name of the series of a counter value", "series ~ \"Allocated\""}, {}, {}},
    FieldInfo{F::Value, T::Real, {"value", "number", "value of a counter", "value > 0"}, {}, {}},
    FieldInfo{F::Id, T::Number, {"id", "number", "id of a node", "id == 12"}, {}, {}},
    FieldInfo{F::Parent, T::Number, {"parent", "number", "id of the parent of a node", "parent == 2"}, kParentAlias, {}},
    FieldInfo{F::OpSchema, T::Text, {"op_schema", "text", "operator schema of a node", "op_schema ~ \"Tensor(a!)\""}, {}, {}},
    FieldInfo{F::Scope, T::Number, {"scope", "number", "scope of a node: 0 operator, 1 backward, 7 user", "scope == 7"}, {}, {}},
    FieldInfo{F::KernelBackend, T::Text, {"kernel_backend", "text", "what compiled the kernel of a node", "kernel_backend == triton"}, {}, {}},
    FieldInfo{F::KernelFile, T::Text, {"kernel_file", "text", "file of the kernel of a node", "kernel_file like \"*.py\""}, {}, {}},
    FieldInfo{F::ProcessGroup, T::Text, {"pg", "text", "process group of a node", "pg == \"0\""}, kGroupAlias, {}},
    FieldInfo{F::Collective, T::Text, {"collective", "text", "name of the collective of a node", "collective ~ \"allreduce\""}, kCollectiveAlias, {}},
};

const FieldInfo kRaw{F::Argument, T::Raw, {"args.KEY", "anything", "an argument as the file has it; reads the file again, so slower", "args.grid == \"[80,1,1]\""}, {}, {}};

const std::array kTensor = {
    FieldInfo{F::TensorDtype, T::Text, {"input[0].dtype", "text", "type of the elements: bf16, or as the file has it", "input[0].dtype == bf16"}, {}, {}},
    FieldInfo{F::TensorShape, T::Shape, {"input[0].shape", "list", "sizes", "input[0].shape == \"[32,512]\""}, {}, {}},
    FieldInfo{F::TensorRank, T::Number, {"input[0].rank", "number", "how many dimensions", "input[0].rank == 4"}, kRankAlias, {}},
    FieldInfo{F::TensorDim, T::Number, {"input[0].dim[-1]", "number", "one size; negative counts from the last; * any", "input[0].dim[-1] >= 4096"}, {}, {}},
    FieldInfo{F::TensorStrides, T::Shape, {"input[0].strides", "list", "steps between elements", "input[0].strides == \"[512,1]\""}, kStridesAlias, {}},
    FieldInfo{F::TensorElements, T::Number, {"input[0].elements", "number", "how many elements", "input[*].elements > 1000000"}, kElementsAlias, {}},
    FieldInfo{F::TensorBytes, T::Size, {"input[0].bytes", "size", "elements times their size", "input[*].bytes >= 64MiB"}, {}, {}},
    FieldInfo{F::TensorDevice, T::Text, {"output[0].device", "text", "where it lies (nodes)", "output[*].device ~ \"cuda\""}, {}, {}},
};

using L = FilterLink;
const std::array kLinks = {
    LinkInfo{L::LaunchedBy, {"launched_by(", "function", "device ops that a match launched: the call, or the operator charged", "launched_by(name ~ \"aten::mm\")"}},
    LinkInfo{L::LaunchedIn, {"launched_in(", "function", "device ops that were launched by a match or anything inside it", "launched_in(name ~ \"ProfilerStep#3\")"}},
    LinkInfo{L::Launches, {"launches(", "function", "calls and operators that launched a match", "launches(name ~ \"gemm\")"}},
    LinkInfo{L::Inside, {"inside(", "function", "what a match encloses on its track, at any depth", "inside(name ~ \"ProfilerStep#3\")"}},
    LinkInfo{L::Contains, {"contains(", "function", "what encloses a match on its track, at any depth", "contains(name == \"aten::mm\")"}},
    LinkInfo{L::ChildOf, {"child_of(", "function", "what lies directly in a match", "child_of(name == \"aten::linear\")"}},
    LinkInfo{L::ParentOf, {"parent_of(", "function", "what a match lies directly in", "parent_of(name == \"aten::addmm\")"}},
    LinkInfo{L::ForwardOf, {"forward_of(", "function", "forward operators of matches", "forward_of(dur > 1ms)"}},
    LinkInfo{L::BackwardOf, {"backward_of(", "function", "backward operators of matches", "backward_of(name == \"aten::linear\")"}},
    LinkInfo{L::LinkedTo, {"linked_to(", "function", "whatever a link of any kind joins with a match", "linked_to(cat == kernel)"}},
};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool sameName(std::string_view a, std::string_view b)
{
    return std::ranges::equal(a, b, [](char x, char y) {
        const auto plain = [](char c) { return c == ' ' ? '_' : lower(c); };
        return plain(x) == plain(y);
    });
}

std::string_view tensorName(const FieldInfo& field)
{
    std::string_view name = field.help.name;
    name.remove_prefix(name.find('.') + 1);
    return name.substr(0, name.find('['));
}

std::string_view functionName(const LinkInfo& link)
{
    const std::string_view name = link.help.name;
    return name.substr(0, name.size() - 1);
}

/// How many letters must change, be added or go; two that changed places count once. Never more than `limit` + 1.
std::size_t distance(std::string_view a, std::string_view b, std::size_t limit)
{
    if (a.size() > b.size() + limit || b.size() > a.size() + limit) return limit + 1;
    std::vector<std::size_t> before, row(b.size() + 1), next(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        next[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const bool same = lower(a[i - 1]) == lower(b[j - 1]);
            next[j] = std::min({row[j] + 1, next[j - 1] + 1, row[j - 1] + (same ? 0 : 1)});
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1])) {
                next[j] = std::min(next[j], before[j - 2] + 1);
            }
        }
        before = row;
        std::swap(row, next);
    }
    return row[b.size()];
}

} // namespace

std::span<const FieldInfo> plainFields() { return kPlain; }
std::span<const FieldInfo> tensorFields() { return kTensor; }
const FieldInfo& rawField() { return kRaw; }
std::span<const LinkInfo> linkFunctions() { return kLinks; }

const FieldInfo& info(FieldId id)
{
    const auto is = [id](const FieldInfo& field) { return field.id == id; };
    if (const auto plain = std::ranges::find_if(kPlain, is); plain != kPlain.end()) return *plain;
    if (const auto tensor = std::ranges::find_if(kTensor, is); tensor != kTensor.end()) return *tensor;
    return kRaw;
}

std::string_view name(FilterLink link)
{
    return functionName(*std::ranges::find_if(kLinks, [link](const LinkInfo& row) { return row.id == link; }));
}

const FieldInfo* plainField(std::string_view text)
{
    for (const FieldInfo& field : kPlain) {
        if (sameName(field.help.name, text)) return &field;
        for (const std::string_view alias : field.aliases)
            if (sameName(alias, text)) return &field;
    }
    return nullptr;
}

const FieldInfo* tensorField(std::string_view text)
{
    for (const FieldInfo& field : kTensor) {
        if (sameName(tensorName(field), text)) return &field;
        for (const std::string_view alias : field.aliases)
            if (sameName(alias, text)) return &field;
    }
    return nullptr;
}

const LinkInfo* linkFunction(std::string_view text)
{
    for (const LinkInfo& link : kLinks)
        if (sameName(functionName(link), text)) return &link;
    return nullptr;
}

std::string text(const FilterFieldRef& field)
{
    if (field.id == FieldId::Argument) {
        std::string out = "args";
        for (const std::string& key : field.path) out += '.' + (isPlainWord(key) ? key : quoted(key));
        return out;
    }
    const FieldInfo& row = info(field.id);
    if (std::ranges::none_of(kTensor, [&](const FieldInfo& tensor) { return tensor.id == field.id; })) return row.help.name;
    const auto index = [](std::int32_t i) { return '[' + (i == FilterFieldRef::kAny ? "*" : std::to_string(i)) + ']'; };
    std::string out = field.side == TensorSide::Input ? "input" : "output";
    out += index(field.tensor) + '.';
    out += tensorName(row);
    if (field.id == FieldId::TensorDim) out += index(field.dim);
    return out;
}

std::string nearestName(std::string_view text, bool tensor)
{
    if (text.size() > 40) return {};
    const std::size_t limit = text.size() <= 3 ? 1 : 2;
    std::string best;
    std::size_t least = limit + 1;
    const auto look = [&](std::string_view name) {
        const std::size_t d = distance(text, name, limit);
        if (d < least) {
            least = d;
            best = name;
        }
    };
    if (tensor) {
        for (const FieldInfo& field : kTensor) look(tensorName(field));
        return best;
    }
    for (const FieldInfo& field : kPlain) {
        look(field.help.name);
        for (const std::string_view alias : field.aliases) look(alias);
    }
    for (const LinkInfo& link : kLinks) look(functionName(link));
    for (const std::string_view word : {"args", "input", "output", "not", "has"}) look(word);
    return best;
}

const std::vector<FilterField>& filterFields()
{
    static const std::vector<FilterField> all = [] {
        std::vector<FilterField> rows;
        for (const FieldInfo& field : kPlain) rows.push_back(field.help);
        rows.push_back(kRaw.help);
        for (const FieldInfo& field : kTensor) rows.push_back(field.help);
        for (const LinkInfo& link : kLinks) rows.push_back(link.help);
        rows.push_back({"has(", "function", "rows that have the field at all", "has(stream)"});
        return rows;
    }();
    return all;
}

} // namespace opscope
