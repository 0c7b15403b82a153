#include "core/io/WordList.h"

#include <algorithm>

namespace opscope {

void WordList::set(std::vector<Word> words)
{
    std::erase_if(words, [](const Word& w) { return w.text.size() < 2 || w.text.size() > kLongestWord; });
    std::ranges::stable_sort(words, {}, &Word::text);
    const auto same = std::ranges::unique(words, {}, &Word::text);
    words.erase(same.begin(), same.end());
    if (words.size() > kMaxWords) words.resize(kMaxWords);
    m_words = std::move(words);
    m_pairs.reset();
    for (const Word& word : m_words) m_pairs.set(pair(word.text[0], word.text[1]));
}

// The words that begin like the text are a run of the sorted list; it narrows with every byte.
const WordList::Word* WordList::at(std::string_view text, std::size_t at) const
{
    const Word* best = nullptr;
    auto first = m_words.begin(), last = m_words.end();
    for (std::size_t n = 0; first != last && at + n < text.size(); ++n) {
        const auto byteOf = [n](const Word& w) { return n < w.text.size() ? static_cast<int>(static_cast<unsigned char>(w.text[n])) : -1; };
        const int wanted = static_cast<unsigned char>(text[at + n]);
        first = std::partition_point(first, last, [&](const Word& w) { return byteOf(w) < wanted; });
        last = std::partition_point(first, last, [&](const Word& w) { return byteOf(w) == wanted; });
        if (first == last || first->text.size() != n + 1) continue;
        if (at + n + 1 == text.size() || !isNameByte(text[at + n + 1])) best = &*first;
    }
    return best;
}

} // namespace opscope
