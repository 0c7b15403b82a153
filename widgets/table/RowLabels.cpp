#include "widgets/table/RowLabels.h"

#include "core/trace/ShortName.h"

#include <algorithm>
#include <array>
#include <vector>

namespace opscope {

namespace {

constexpr std::size_t kLongest = 4096, kMostWords = 512;
constexpr int kWordsShown = 3;

bool isWordByte(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }
/// Words of the language and of the compiler; they tell nothing apart.
bool isNoise(std::string_view word)
{
    constexpr std::array<std::string_view, 7> kNoise{"anonymous", "namespace", "const", "void", "operator", "lambda", "unnamed"};
    return std::ranges::find(kNoise, word) != kNoise.end();
}

bool isDigit(char c) { return c >= '0' && c <= '9'; }

/// Identifiers of a C++ name without its namespaces; numbers behind them, since they say less.
std::vector<std::string_view> wordsOf(std::string_view name)
{
    std::vector<std::string_view> words, numbers;
    name = name.substr(0, kLongest);
    for (std::size_t i = 0; i < name.size() && words.size() + numbers.size() < kMostWords;) {
        if (!isWordByte(name[i])) {
            ++i;
            continue;
        }
        const std::size_t begin = i;
        while (i < name.size() && isWordByte(name[i])) ++i;
        const std::string_view word = name.substr(begin, i - begin);
        if (name.substr(i).starts_with("::") || isNoise(word)) continue;
        auto& list = isDigit(word.front()) ? numbers : words;
        if (std::ranges::find(list, word) == list.end()) list.push_back(word);
    }
    words.insert(words.end(), numbers.begin(), numbers.end());
    return words;
}

struct Sibling
{
    std::uint32_t number = 0;
    std::vector<std::string_view> own; ///< words that not all siblings have
    std::size_t shown = 0;
    std::string label;
};

/// Words that all have say nothing.
void dropCommon(std::vector<Sibling>& siblings)
{
    std::unordered_map<std::string_view, std::size_t> havers;
    for (const Sibling& sibling : siblings)
        for (const std::string_view word : sibling.own) ++havers[word];
    for (Sibling& sibling : siblings)
        std::erase_if(sibling.own, [&](std::string_view word) { return havers[word] == siblings.size(); });
}

/// One word more for those whose labels are still the same.
bool lengthen(std::vector<Sibling>& siblings)
{
    std::unordered_map<std::string_view, int> sharing;
    for (const Sibling& sibling : siblings) ++sharing[sibling.label];
    std::vector<Sibling*> unclear;
    for (Sibling& sibling : siblings)
        if (sharing[sibling.label] > 1 && sibling.shown < sibling.own.size()) unclear.push_back(&sibling);
    for (Sibling* sibling : unclear) {
        if (!sibling->label.empty()) sibling->label += ' ';
        sibling->label += sibling->own[sibling->shown++];
    }
    return !unclear.empty();
}

} // namespace

std::unordered_map<std::uint32_t, std::string> distinguishing(std::span<const std::string_view> names)
{
    std::unordered_map<std::string_view, std::vector<Sibling>> families;
    for (std::uint32_t i = 0; i < names.size(); ++i)
        if (!names[i].starts_with("_Z")) families[shortNameView(names[i])].push_back({i, {}, 0, {}});
    std::unordered_map<std::uint32_t, std::string> labels;
    for (auto& [shortName, siblings] : families) {
        if (siblings.size() < 2) continue;
        for (Sibling& sibling : siblings) sibling.own = wordsOf(names[sibling.number]);
        dropCommon(siblings);
        for (int word = 0; word < kWordsShown && lengthen(siblings); ++word) {}
        for (Sibling& sibling : siblings)
            if (!sibling.label.empty()) labels.emplace(sibling.number, std::move(sibling.label));
    }
    return labels;
}

} // namespace opscope
