#include "core/query/ValueChoices.h"

#include "core/base/Path.h"
#include "core/base/Time.h"
#include "core/query/FilterText.h"
#include "core/trace/ShortName.h"

#include <algorithm>
#include <map>
#include <set>

namespace opscope {

namespace {

constexpr std::size_t kRowsLookedAt = 1 << 17;
constexpr std::size_t kTextLookedAt = 1 << 20; ///< bytes of names

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool has(std::string_view text, std::string_view typed)
{
    return typed.empty() || !std::ranges::search(text, typed, [](char a, char b) { return lower(a) == lower(b); }).empty();
}

std::string written(std::string_view text) { return isPlainWord(text) ? std::string(text) : quoted(text); }

std::string events(std::uint64_t count) { return formatCount(static_cast<std::int64_t>(count)) + (count == 1 ? " event" : " events"); }

/// Names of slices, or of nodes where there are no others.
std::vector<ValueChoice> nameChoices(const Trace& trace, std::string_view typed, std::size_t most, bool shortened)
{
    const std::span<const StringId> names = trace.slices().names();
    const std::size_t step = names.size() / kRowsLookedAt + 1;
    std::vector<std::uint32_t> counts(trace.strings().size());
    std::vector<StringId> seen;
    for (std::size_t i = 0; i < names.size(); i += step) {
        if (!names[i]) continue;
        if (counts[names[i].index()]++ == 0) seen.push_back(names[i]);
    }
    std::vector<StringId> fitting; // those met first are the frequent ones, mostly: the limit of bytes cuts the rare ones
    std::size_t bytes = 0;
    for (const StringId id : seen) {
        const std::string_view text = trace.text(id);
        if ((bytes += std::min<std::size_t>(text.size(), 256)) > kTextLookedAt) break;
        if (has(text.substr(0, 256), typed)) fitting.push_back(id);
    }
    std::ranges::stable_sort(fitting, std::greater(), [&](StringId id) { return counts[id.index()]; });
    std::vector<ValueChoice> out;
    std::set<std::string> taken;
    for (const StringId id : fitting) {
        if (out.size() >= most) break;
        std::string text = shortened ? shortName(trace.text(id)) : std::string(trace.text(id));
        if (text.size() > 400 || (shortened && !has(text, typed)) || !taken.insert(text).second) continue;
        out.push_back({text, quoted(text), step == 1 && !shortened ? events(counts[id.index()]) : "name"});
    }
    return out;
}

std::vector<ValueChoice> categoryChoices(const Trace& trace)
{
    std::vector<const Category*> rows;
    for (const Category& category : trace.categories())
        if (!category.name.empty()) rows.push_back(&category);
    std::ranges::stable_sort(rows, std::greater(), &Category::events);
    std::vector<ValueChoice> out;
    for (const Category* category : rows) out.push_back({category->name, written(category->name), events(category->events)});
    return out;
}

/// Something of each track, the number of its events behind it.
template <class TextOf>
std::vector<ValueChoice> trackChoices(const Trace& trace, TextOf&& textOf)
{
    std::map<std::string, std::uint64_t> counts;
    std::vector<std::string> order;
    for (std::size_t i = 0; i < trace.tracks().size(); ++i) {
        std::string text = textOf(TrackId(i));
        if (text.empty() || !trace.tracks()[i].visible()) continue;
        const auto [row, added] = counts.try_emplace(std::move(text), 0);
        row->second += trace.tracks()[i].events;
        if (added) order.push_back(row->first);
    }
    std::vector<ValueChoice> out;
    for (const std::string& text : order) {
        const bool number = !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
        out.push_back({text, number ? text : quoted(text), events(counts[text])});
    }
    return out;
}

std::vector<ValueChoice> dtypeChoices(const Trace& trace)
{
    std::set<std::string> found;
    for (std::size_t i = 0; i < std::min<std::size_t>(trace.signatures().size(), 2000); ++i) {
        const std::string_view types = trace.text(trace.signatures()[SignatureId(i)].types);
        for (std::size_t from = types.find('"'); from != std::string_view::npos;) { // ["float","Scalar"]: names have no quotes in them
            const std::size_t to = types.find('"', from + 1);
            if (to == std::string_view::npos) break;
            const std::string_view name = types.substr(from + 1, to - from - 1);
            if (!name.empty() && shortDtype(name) != name) found.emplace(shortDtype(name));
            from = types.find('"', to + 1);
        }
    }
    if (const ExecutionTrace* et = trace.executionTrace()) {
        for (const TensorDesc& tensor : et->tensors().first(std::min<std::size_t>(et->tensors().size(), 20'000)))
            if (tensor.dtype) found.emplace(shortDtype(trace.text(tensor.dtype)));
    }
    std::vector<ValueChoice> out;
    for (const std::string& name : found) out.push_back({name, written(name), "type of elements"});
    return out;
}

std::vector<ValueChoice> nodeChoices(const Trace& trace, StringId EtNode::*member)
{
    std::vector<ValueChoice> out;
    std::set<StringId> seen;
    if (!trace.executionTrace()) return out;
    const std::span<const EtNode> nodes = trace.executionTrace()->nodes();
    const std::size_t step = nodes.size() / kRowsLookedAt + 1;
    for (std::size_t i = 0; i < nodes.size() && out.size() < 1000; i += step) {
        const StringId id = nodes[i].*member;
        if (!id || id.value == 0 || !seen.insert(id).second || trace.text(id).size() > 400) continue;
        out.push_back({std::string(trace.text(id)), written(trace.text(id)), "of nodes"});
    }
    return out;
}

std::vector<ValueChoice> sourceChoices(const Trace& trace, bool ranks)
{
    std::vector<ValueChoice> out;
    for (const SourceFile& source : trace.sources()) {
        const std::string file = fileName(source.path);
        if (!ranks) out.push_back({file, quoted(file), "file"});
        else if (source.rank) out.push_back({std::to_string(*source.rank), std::to_string(*source.rank), file});
    }
    return out;
}

std::vector<ValueChoice> all(const Trace& trace, FieldId field, std::string_view typed, std::size_t most)
{
    const auto key = [&](TrackId id) { return trace.keyText(trace.track(id).tid); };
    switch (field) {
    case FieldId::Name: return nameChoices(trace, typed, most, false);
    case FieldId::Short: return nameChoices(trace, typed, most, true);
    case FieldId::Category: return categoryChoices(trace);
    case FieldId::Track: return trackChoices(trace, [&](TrackId id) { return trace.trackName(id); });
    case FieldId::Process: return trackChoices(trace, [&](TrackId id) { return trace.processName(trace.track(id).process); });
    case FieldId::Pid: return trackChoices(trace, [&](TrackId id) { return trace.keyText(trace.process(trace.track(id).process).pid); });
    case FieldId::Tid: return trackChoices(trace, key);
    case FieldId::Stream: return trackChoices(trace, [&](TrackId id) { return trace.track(id).kind == TrackKind::Stream ? key(id) : ""; });
    case FieldId::Device:
        return trackChoices(trace, [&](TrackId id) {
            const Process& process = trace.process(trace.track(id).process);
            return process.side == Side::Device && process.pid.kind == TrackKey::Kind::Number ? trace.keyText(process.pid) : "";
        });
    case FieldId::Series: {
        std::vector<ValueChoice> out;
        std::set<StringId> seen;
        for (const CounterSeries& series : trace.counters().series())
            if (series.name && seen.insert(series.name).second)
                out.push_back({std::string(trace.text(series.name)), quoted(trace.text(series.name)), "counter"});
        return out;
    }
    case FieldId::Rank: return sourceChoices(trace, true);
    case FieldId::File: return sourceChoices(trace, false);
    case FieldId::TensorDtype: return dtypeChoices(trace);
    case FieldId::OpSchema: return nodeChoices(trace, &EtNode::schema);
    case FieldId::KernelBackend: return nodeChoices(trace, &EtNode::kernelBackend);
    case FieldId::KernelFile: return nodeChoices(trace, &EtNode::kernelFile);
    case FieldId::ProcessGroup: return nodeChoices(trace, &EtNode::processGroup);
    case FieldId::Collective: return nodeChoices(trace, &EtNode::collective);
    default: return {};
    }
}

} // namespace

std::vector<ValueChoice> valueChoices(const Trace& trace, FieldId field, std::string_view typed, std::size_t most)
{
    std::vector<ValueChoice> choices = all(trace, field, typed, most);
    std::erase_if(choices, [&](const ValueChoice& choice) { return !has(choice.text, typed); });
    return choices;
}

} // namespace opscope
