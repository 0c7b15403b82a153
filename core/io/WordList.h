#pragma once

#include "core/io/PrivateKeys.h"

#include <bitset>
#include <string>
#include <string_view>
#include <vector>

namespace opscope {

/// Names to be found in texts, longest first. Asking whether one begins at a place costs a look into a bitmap, nearly always.
class WordList
{
public:
    struct Word
    {
        std::string text;
        PrivateKind kind = PrivateKind::User;
        bool anywhere = true;         ///< false: only where a name stands, as a component of a path
    };
    static constexpr std::size_t kMaxWords = 20'000;  ///< a file that names more than this is no trace of a job
    static constexpr std::size_t kLongestWord = 256;

    /// In any order; of the same text the first counts.
    void set(std::vector<Word> words);
    bool empty() const { return m_words.empty(); }
    /// Whether any word begins with these two bytes.
    bool mayBegin(char first, char second) const { return m_pairs[pair(first, second)]; }
    /// The longest word at `at` that ends where a word ends; null when there is none.
    const Word* at(std::string_view text, std::size_t at) const;

private:
    static std::size_t pair(char a, char b) { return static_cast<std::size_t>(static_cast<unsigned char>(a)) << 8 | static_cast<unsigned char>(b); }
    std::vector<Word> m_words;        ///< sorted by text
    std::bitset<65536> m_pairs;
};

/// Letters, digits, and whatever is not ASCII: a name ends where none of them follows.
inline bool isNameByte(char c)
{
    const auto b = static_cast<unsigned char>(c);
    return (b >= '0' && b <= '9') || (b >= 'A' && b <= 'Z') || (b >= 'a' && b <= 'z') || b >= 0x80;
}

} // namespace opscope
