#include "core/link/Ranks.h"

#include "core/base/Path.h"
#include "core/format/JsonReader.h"

#include <cctype>
#include <charconv>

namespace opscope {

namespace {

bool isLetter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }

std::string lowerCase(std::string_view text)
{
    std::string lower(text);
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return lower;
}

std::optional<std::int64_t> member(JsonDocument::Ref object, std::string_view key)
{
    std::int64_t value = 0;
    const JsonDocument::Ref found = object.isObject() ? object.member(key) : JsonDocument::Ref();
    return found.valid() && found.integer(value) && value >= 0 ? std::optional(value) : std::nullopt;
}

} // namespace

std::optional<std::int64_t> rankOfName(std::string_view path)
{
    const std::string name = lowerCase(fileName(path));
    std::optional<std::int64_t> rank;
    for (const std::string_view word : {std::string_view("worker"), std::string_view("rank")}) {
        for (std::size_t at = name.find(word); at != std::string::npos; at = name.find(word, at + 1)) {
            if (at > 0 && isLetter(name[at - 1])) continue; // "frank3"
            std::size_t digits = at + word.size();
            if (digits < name.size() && (name[digits] == '-' || name[digits] == '_' || name[digits] == '.')) ++digits;
            std::int64_t value = 0;
            const auto end = std::from_chars(name.data() + digits, name.data() + name.size(), value);
            if (digits < name.size() && std::isdigit(static_cast<unsigned char>(name[digits])) && end.ec == std::errc()) rank = value;
        }
    }
    return rank;
}

void setRanks(std::span<SourceFile> sources, std::span<const TopLevelEntry> topLevel)
{
    for (const TopLevelEntry& entry : topLevel) {
        if (entry.key != "distributedInfo" || entry.source.index() >= sources.size()) continue;
        const auto info = JsonDocument::parse(entry.json);
        if (!info) continue;
        SourceFile& source = sources[entry.source.index()];
        source.rank = member(info->root(), "rank");
        source.worldSize = member(info->root(), "world_size");
        if (source.rank) source.rankFrom = RankOrigin::DistributedInfo;
    }
    for (SourceFile& source : sources) {
        if (source.rank) continue;
        source.rank = rankOfName(source.path);
        if (source.rank) source.rankFrom = RankOrigin::FileName;
    }
}

} // namespace opscope
