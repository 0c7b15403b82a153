#include "core/link/NodeMatch.h"

#include "core/base/Time.h"
#include "core/link/IdTable.h"

#include <algorithm>

// Methods A and C, and the checks of a match.
namespace opscope {

namespace {

constexpr std::uint64_t kShapesLooked = 20'000; // nodes; more would prove no more

std::string counted(std::uint64_t count) { return formatCount(static_cast<std::int64_t>(count)); }

/// The elements of a JSON list at its top level, blanks left out: "[[2, 3], []]" -> "[2,3]", "[]".
std::vector<std::string> listElements(std::string_view text)
{
    std::vector<std::string> elements;
    std::string element;
    int depth = 0;
    for (const char c : text) {
        if (c == '[' && ++depth == 1) continue;
        if (c == ']' && --depth == 0) {
            if (!element.empty()) elements.push_back(std::move(element));
            break;
        }
        if (c == ',' && depth == 1) {
            elements.push_back(std::move(element));
            element.clear();
        } else if (c != ' ') {
            element += c;
        }
    }
    return elements;
}

std::string withoutBlanks(std::string_view text)
{
    std::string out;
    std::copy_if(text.begin(), text.end(), std::back_inserter(out), [](char c) { return c != ' '; });
    return out;
}

/// Compares tensors that are arguments of their own; lists of tensors are written in several ways.
void compareShapes(const Trace& trace, NodeId node, SliceId slice, MatchCheck& check)
{
    const std::int64_t signature = trace.slices().arg(slice, ArgField::Signature);
    if (signature < 0 || static_cast<std::size_t>(signature) >= trace.signatures().size()) return;
    const StringId dims = trace.signatures()[SignatureId(static_cast<std::uint32_t>(signature))].dims;
    const auto tensors = trace.executionTrace()->inputs(node);
    if (!dims || tensors.empty()) return;
    const std::vector<std::string> shapes = listElements(trace.text(dims));
    bool equal = true, compared = false;
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        const TensorDesc& tensor = tensors[i];
        const bool alone = (i == 0 || tensors[i - 1].argument != tensor.argument) &&
                           (i + 1 == tensors.size() || tensors[i + 1].argument != tensor.argument);
        if (!alone || !tensor.shape || tensor.undefined() || tensor.argument >= shapes.size()) continue;
        compared = true;
        equal = equal && withoutBlanks(trace.text(tensor.shape)) == shapes[tensor.argument];
    }
    check.shapesCompared += compared;
    check.shapesEqual += compared && equal;
}

/// Smaller of the two sides, for "do enough of them meet": files of a few nodes are files, too.
bool enoughMeet(std::uint64_t met, std::uint64_t nodes, std::uint64_t events)
{
    return met > 0 && met * 10 >= std::min(nodes, events);
}

} // namespace

bool takesPart(const EtNode& node) { return node.rfId != 0 && !node.synthetic; }

bool takesPart(const Trace& trace, SliceId slice)
{
    const CategoryClass kind = trace.kindOf(slice);
    return kind == CategoryClass::CpuOp || kind == CategoryClass::UserAnnotation;
}

NodeMatch matchById(const NodeMatchInput& input, ArgField field)
{
    const Trace& trace = input.trace;
    const auto nodes = trace.executionTrace()->nodes(input.file);
    NodeMatch match;
    match.method = field == ArgField::RecordFunctionId ? LinkMethod::RecordFunctionId : LinkMethod::ExternalIdAsRf;
    IdTable table(nodes.size());
    std::uint64_t withId = 0, events = 0;
    for (std::uint32_t i = 0; i < nodes.size(); ++i)
        if (takesPart(nodes[i])) withId += table.insert(nodes[i].rfId, i);

    match.slices.resize(nodes.size());
    const BlockColumn& column = trace.slices().column(field);
    for (const TrackId row : input.tracks) {
        const Track& track = trace.track(row);
        for (std::uint32_t s = track.firstSlice; s < track.firstSlice + track.sliceCount; ++s) {
            const std::int64_t value = column[s];
            if (value == BlockColumn::kNone || value == 0 || !takesPart(trace, SliceId(s))) continue;
            const auto id = static_cast<std::uint64_t>(value);
            match.firstId = events ? std::min(match.firstId, id) : id;
            match.lastId = std::max(match.lastId, id);
            ++events;
            const std::uint32_t node = table.find(id);
            if (node == IdTable::kNone || match.slices[node]) continue; // an id that stands twice: the first event
            ++match.met;
            if (nodes[node].name == trace.slices().name(SliceId(s))) {
                match.slices[node] = SliceId(s);
                ++match.matched;
            } else {
                match.otherNames.push_back(NodeId(input.file.firstNode.value + node));
            }
        }
    }
    std::ranges::sort(match.otherNames);
    const char* what = field == ArgField::RecordFunctionId ? "record function id" : "External id";
    if (!withId || !events) {
        match.finding = std::string("no event has a ") + what;
    } else if (!enoughMeet(match.met, withId, events)) {
        match.finding = "of " + counted(withId) + " nodes only " + counted(match.met) + " meet a" + (what[0] == 'E' ? "n " : " ") + what;
    } else {
        match.passed = match.matched * 100 >= match.met * 99;
        const bool all = match.matched == withId;
        match.finding = (all ? "all " : "") + counted(match.matched) +
                        (all ? "" : " of " + counted(match.passed ? withId : match.met)) + " " + what +
                        (match.passed ? "s meet an event of the same name" : "s that meet an event meet one of the same name");
    }
    if (!match.passed) match.slices.clear();
    return match;
}

MatchCheck checkMatch(const NodeMatchInput& input, std::span<const SliceId> slices)
{
    const Trace& trace = input.trace;
    const SliceTable& rows = trace.slices();
    const std::uint32_t first = input.file.firstNode.value;
    MatchCheck check;
    for (std::uint32_t i = 0; i < slices.size(); ++i) {
        if (!slices[i]) continue;
        const NodeId node(first + i);
        if (check.shapesCompared < kShapesLooked) compareShapes(trace, node, slices[i], check);
        const NodeId parent = trace.executionTrace()->node(node).parent;
        if (!parent || !slices[parent.index() - first]) continue;
        const SliceId outer = slices[parent.index() - first];
        if (trace.trackOf(outer) != trace.trackOf(slices[i])) continue;
        ++check.parentsCompared;
        check.parentsEnclose += rows.start(outer) <= rows.start(slices[i]) && rows.end(slices[i]) <= rows.end(outer);
    }
    return check;
}

} // namespace opscope
