#include "core/link/Collectives.h"

#include "core/format/JsonReader.h"

#include <algorithm>
#include <cctype>
#include <utility>

// What is a collective, and what it says of itself.
namespace opscope {

namespace {

/// Only letters and digits, small: spellings differ in case and underlines.
std::string plain(std::string_view text)
{
    std::string out;
    for (const char c : text)
        if (std::isalnum(static_cast<unsigned char>(c))) out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out;
}

std::optional<std::int64_t> integer(JsonDocument::Ref object, std::string_view key)
{
    std::int64_t value = 0;
    const JsonDocument::Ref found = object.member(key);
    return found.valid() && found.integer(value) ? std::optional(value) : std::nullopt;
}

std::string textOf(JsonDocument::Ref object, std::string_view key)
{
    const JsonDocument::Ref found = object.member(key);
    if (!found.valid()) return {};
    std::string text(found.isString() ? found.string() : found.raw());
    std::erase(text, ' ');
    return text;
}

/// Key by name and members: one name can stand for the subgroups of different ranks.
std::string groupOf(JsonDocument::Ref args)
{
    std::string ranks = textOf(args, "Process Group Ranks");
    if (ranks.empty() || ranks == "[]") {
        const auto start = integer(args, "Global rank start"), stride = integer(args, "Global rank stride"), size = integer(args, "Group size");
        ranks = start && stride && size && *start >= 0 && *stride >= 0
                    ? std::to_string(*start) + "+" + std::to_string(*stride) + "*" + std::to_string(*size) : "all";
    }
    return textOf(args, "Process Group Name") + " " + ranks;
}

std::optional<std::int64_t> rankOf(JsonDocument::Ref args)
{
    const auto rank = integer(args, "Rank");
    return rank && *rank >= 0 ? rank : std::nullopt;
}

void readArgs(JsonDocument::Ref args, CollectiveItem& item, std::optional<std::int64_t>& rank)
{
    item.hasArgs = true;
    item.kind = collectiveKind(textOf(args, "Collective name"));
    item.group = groupOf(args);
    item.sequence = integer(args, "Seq");
    if (const auto id = integer(args, "Comms Id")) item.commsId = static_cast<std::uint64_t>(*id);
    item.in = integer(args, "In msg nelems").value_or(-1);
    item.out = integer(args, "Out msg nelems").value_or(-1);
    item.dtype = textOf(args, "dtype");
    item.source = integer(args, "Src Rank");
    item.destination = integer(args, "Dst Rank");
    if (!rank) rank = rankOf(args);
}

/// "ncclDevKernel_AllReduce_Sum_f32_RING_LL(...)", "ncclKernel_SendRecv_RING_SIMPLE_Sum_int8_t(...)": kind by the name, or nothing.
std::string kindOfKernel(std::string_view name)
{
    for (const std::string_view prefix : {"ncclDevKernel_", "ncclKernel_", "ncclDevKernel", "ncclKernel"}) {
        if (!name.starts_with(prefix)) continue;
        name.remove_prefix(prefix.size());
        const std::size_t end = name.find_first_of("_(");
        const std::string kind = plain(name.substr(0, end));
        return kind.empty() ? "nccl" : kind == "sendrecv" ? kind : collectiveKind(kind);
    }
    return {};
}

bool isNothing(const CollectiveItem& item) { return item.kind == "wait" || (item.in == 0 && item.out == 0 && item.kind != "barrier"); }

} // namespace

std::string collectiveKind(std::string_view name)
{
    const std::string word = plain(name);
    static constexpr std::pair<std::string_view, std::string_view> kKinds[] = {
        {"allreduce", "allreduce"}, {"allgather", "allgather"}, {"reducescatter", "reducescatter"}, {"alltoall", "alltoall"},
        {"barrier", "barrier"}, {"broadcast", "broadcast"}, {"send", "send"}, {"recv", "recv"}, {"wait", "wait"}};
    for (const auto& [part, kind] : kKinds)
        if (word.find(part) != std::string::npos) return std::string(kind);
    return word;
}

bool CollectiveItem::synchronises() const
{
    return kind == "allreduce" || kind == "allgather" || kind == "reducescatter" || kind == "alltoall" || kind == "barrier";
}

std::optional<std::int64_t> rankInArgs(const Trace& trace)
{
    for (const CollectiveArgs& note : trace.collectiveArgs()) {
        const auto args = JsonDocument::parse(trace.text(note.json));
        if (!args || !args->root().isObject()) continue;
        if (const auto rank = rankOf(args->root())) return rank;
    }
    return {};
}

std::vector<CollectiveItem> collectiveItems(const Trace& trace, SourceId source, std::optional<std::int64_t>& rankInArgs)
{
    std::vector<CollectiveItem> onDevice, onHost;
    const auto notes = trace.collectiveArgs();
    const SliceTable& slices = trace.slices();
    std::vector<std::string> kindOfName; // looked up once a text; one character: not looked up yet
    kindOfName.assign(trace.strings().size(), "?");
    std::uint32_t streams = 0;
    for (const Track& track : trace.tracks()) {
        if (trace.process(track.process).source != source || !track.sliceCount) continue;
        bool any = false;
        for (std::uint32_t s = track.firstSlice; s < track.firstSlice + track.sliceCount; ++s) {
            const CategoryClass kind = trace.kindOf(SliceId(s));
            const bool device = kind == CategoryClass::Kernel || kind == CategoryClass::Collective;
            const bool noted = slices.flags(SliceId(s)) & kCollective;
            if (!device && !noted) continue;
            CollectiveItem item;
            item.slice = SliceId(s);
            if (noted) {
                const auto note = std::ranges::lower_bound(notes, SliceId(s), {}, &CollectiveArgs::slice);
                const auto args = JsonDocument::parse(note != notes.end() && note->slice == SliceId(s) ? trace.text(note->json) : "{}");
                if (!args || !args->root().isObject()) continue;
                readArgs(args->root(), item, rankInArgs);
            } else {
                const StringId name = slices.name(SliceId(s));
                if (!name) continue;
                std::string& known = kindOfName[name.index()];
                if (known == "?") known = kindOfKernel(trace.text(name));
                if (known.empty()) continue;
                item.kind = known;
                item.group = "stream " + std::to_string(streams);
            }
            if (isNothing(item)) continue;
            any = any || device;
            (device ? onDevice : onHost).push_back(std::move(item));
        }
        streams += any;
    }
    std::vector<CollectiveItem>& items = onDevice.empty() ? onHost : onDevice;
    std::ranges::stable_sort(items, {}, [&](const CollectiveItem& i) { return slices.start(i.slice); });
    return std::move(items);
}

} // namespace opscope
