#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace opscope::fxt {

/// A place of a record that means something only with what stands elsewhere in the file.
struct Reference
{
    enum class Kind : std::uint8_t {
        Text,            ///< a name or a category
        Message,         ///< of a log: always inline, `number` is its length alone
        ArgumentName,
        ArgumentValue,   ///< text of an argument; the ArgumentName is the reference in front of it
        Thread,          ///< inline ones too: then number is 0
        Koid,            ///< a bare number of an object, in `thread`
        Pointer          ///< in `thread`
    };
    Kind kind = Kind::Text;
    std::uint8_t shift = 0;           ///< where the number stands in its word
    std::uint16_t number = 0;         ///< index, or what says that it is inline
    std::uint32_t word = 0;           ///< of the record: that word
    std::uint32_t argument = 0;       ///< of the record: header of the argument that it is part of; 0: none
    std::uint32_t inlineWord = 0;     ///< where an inline text stands
    std::string_view inlined;         ///< of texts
    std::uint64_t process = 0, thread = 0; ///< of inline threads

    bool isText() const { return kind <= Kind::ArgumentValue; }
    bool isInline() const;
};

/// What a record refers to, in the order in which inline texts stand in it.
struct References
{
    std::vector<Reference> all;
    std::uint32_t tail = 0;           ///< word behind the arguments of an event that has one; 0: none
    bool ofObject = false;            ///< of a kernel object: its koids are of processes

    /// Of a whole record, or of the first words of a large one. Where a record makes no sense, what stands in front of that.
    void find(std::string_view record);
};

inline std::uint64_t wordAt(std::string_view record, std::size_t word)
{
    std::uint64_t value = 0;
    std::memcpy(&value, record.data() + word * sizeof value, sizeof value);
    return value;
}
inline void setWord(std::string& record, std::size_t word, std::uint64_t value)
{
    std::memcpy(record.data() + word * sizeof value, &value, sizeof value);
}

/// `record` with other inline texts: one for each reference of `references.all`, the view itself where it stays. Texts are cut where
/// the record would be too long.
std::string withInlineTexts(std::string_view record, const References& references, const std::vector<std::string_view>& texts);

} // namespace opscope::fxt
